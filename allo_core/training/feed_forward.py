"""The feed-forward layer in training: torch's own GELU, one operation forward and one backward.

Instead of the layer of models/feed_forward.py, whose gradients are those of transformers bit for bit, which a training does not need.
"""

from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers.models.esm.modeling_esm import EsmIntermediate

__all__ = ["fuse_gelu"]


class _Fused(EsmIntermediate):
    """transformers spells GELU out in four operations over the widest states of the model, and keeps each result for the gradient."""

    def forward(self, hidden_states: Tensor) -> Tensor:
        return gelu(self.dense(hidden_states))


def fuse_gelu(module: nn.Module) -> None:
    """Let every feed-forward layer of an ESM-2 use torch's GELU (the exact one, by erf); its weights and their names stay."""
    for part in module.modules():
        if isinstance(part, EsmIntermediate):
            part.__class__ = _Fused
