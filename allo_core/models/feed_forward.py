"""The first half of ESM-2's feed-forward layer in a quarter of the memory: the operations of transformers, bit for bit, but in place."""

import math

import torch
from torch import Tensor, nn
from transformers.models.esm.modeling_esm import EsmIntermediate

__all__ = ["in_place"]

_PART_BYTES = 1 << 20  # of the states at a time: what is worked out beside them stays in the processor's own memory (cache)


class _InPlace(EsmIntermediate):
    """Holds the widest states of the model (5,120 numbers a token in the 650M) once, where `EsmIntermediate` holds them four times."""

    def forward(self, hidden_states: Tensor) -> Tensor:
        if torch.is_grad_enabled():  # a gradient needs what would be overwritten
            return super().forward(hidden_states)
        states = self.dense(hidden_states)
        rows = max(1, _PART_BYTES // (4 * states.shape[-1])) if states.device.type == "cpu" else states.shape[-2]
        for part in states.split(rows, dim=-2):
            # x * 0.5 * (1 + erf(x / sqrt(2))), as gelu of transformers 5.23 (models/esm/modeling_esm.py) works it out.
            factors = (part / math.sqrt(2.0)).erf_().add_(1.0)
            part.mul_(0.5).mul_(factors)
        return states


def in_place(module: nn.Module) -> None:
    """Let every feed-forward layer of an ESM-2 work in place where no gradients are wanted; its weights and their names stay."""
    for part in module.modules():
        if type(part) is EsmIntermediate:
            part.__class__ = _InPlace
