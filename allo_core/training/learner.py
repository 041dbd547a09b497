"""A model and its optimiser: one step, and the loss on crops that are not learnt from."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allo_core.errors import TrainingError
from allo_core.models.devices import Device, computes_bfloat16, keep_working_memory, memory_errors
from allo_core.models.language_model import filled_module, random_module
from allo_core.models.registry import ModelSpec
from allo_core.training.batches import Piece, pieces
from allo_core.training.masking import NOT_ASKED, MaskedCrop

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Learner", "Step"]

# As ESM-2 (Lin et al. 2023, supplement A.2.4), which decays weights alike; here matrices only, and gradients are clipped.
_BETAS, _EPSILON, _WEIGHT_DECAY, _LARGEST_GRADIENT = (0.9, 0.98), 1e-8, 0.01, 1.0
# Tokens that are worked on at once: more is not faster on the CPU, and crops of one piece differ more in length.
_AT_ONCE = {"cpu": 2048, "mps": 2048, "cuda": 16_384}


@dataclass(frozen=True)
class Step:
    """What one step gave: the mean loss (nats) over all residues that were asked for, the norm of the gradient, the tokens read."""

    loss: float
    gradient_norm: float
    tokens: int


class Learner:
    """A masked language model of ESM-2's architecture that learns.

    Attributes
    ----------
    module : transformers.EsmForMaskedLM
        In evaluation mode: nothing of ESM-2 but dropout depends on the mode, and none is used here.
    optimiser : torch.optim.AdamW
    device : {"cpu", "cuda", "mps"}
    """

    def __init__(self, spec: ModelSpec, device: Device, seed: int, start: Path | None = None):
        import torch

        from allo_core.training.attention import attention_for
        from allo_core.training.feed_forward import fuse_gelu

        self.spec = spec
        self.device: Device = device
        if device == "cpu":
            keep_working_memory()
        # transformers declares the parts of its modules as tensors or modules, and its `to` as a method of an instance.
        module: Any = random_module(spec, seed) if start is None else _module_from(spec, start)
        module.set_attn_implementation(attention_for(device))
        fuse_gelu(module)
        self.module: Any = module.to(device)
        parameters = list(self.module.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": _WEIGHT_DECAY},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, betas=_BETAS, eps=_EPSILON, fused=True)

    @property
    def precision(self) -> str:
        # Autocast to bfloat16 is not reliable on MPS; a CPU made for it is more than twice as fast with it, others are far slower.
        return "bfloat16" if self.device != "mps" and computes_bfloat16(self.device) else "float32"

    def learn(self, crops: Sequence[MaskedCrop], learning_rate: float) -> Step:
        """One step of the optimiser; TrainingError if the loss or the gradient is not finite (nothing is changed then)."""
        import torch

        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.zero_grad(set_to_none=True)
        asked = _asked(crops)
        total = torch.zeros((), device=self.device)
        with memory_errors(self.spec, self.device):
            for piece in pieces(crops, _AT_ONCE[self.device]):
                loss = self._summed_loss(piece) / asked
                loss.backward()
                total += loss.detach()
            norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), _LARGEST_GRADIENT)
        step = Step(total.item(), norm.item(), sum(map(len, crops)))
        if not (math.isfinite(step.loss) and math.isfinite(step.gradient_norm)):
            raise TrainingError(f"The loss is {step.loss}, the gradient {step.gradient_norm}; train anew with a lower --lr.")
        self.optimiser.step()
        return step

    def loss(self, crops: Sequence[MaskedCrop]) -> float:
        """Mean loss (nats) over the residues that are asked for; nothing is learnt."""
        import torch

        with memory_errors(self.spec, self.device), torch.inference_mode():
            total = sum(self._summed_loss(piece).item() for piece in pieces(crops, _AT_ONCE[self.device]))
        return total / _asked(crops)

    def _summed_loss(self, piece: Piece) -> "Tensor":
        from torch.nn.functional import cross_entropy

        mask = None if piece.attention_mask is None else piece.attention_mask.to(self.device)
        targets = piece.targets.to(self.device)
        asked = targets != NOT_ASKED
        with self._autocast():
            states = self.module.esm(input_ids=piece.inputs.to(self.device), attention_mask=mask).last_hidden_state
            logits = self.module.lm_head(states[asked])
        return cross_entropy(logits.float(), targets[asked], reduction="sum")

    def _autocast(self) -> AbstractContextManager:
        import torch

        return nullcontext() if self.precision == "float32" else torch.autocast(self.device, torch.bfloat16)


def _asked(crops: Sequence[MaskedCrop]) -> int:
    # At least 1: crops without any standard residue have no loss.
    return max(1, sum(int((crop.targets != NOT_ASKED).sum()) for crop in crops))


def _module_from(spec: ModelSpec, path: Path) -> "nn.Module":
    module = filled_module(spec, path, "transformers", "float32")
    # The input embedding and the output layer are one matrix; filling has made two of them.
    module.tie_weights()
    return module.requires_grad_(True)
