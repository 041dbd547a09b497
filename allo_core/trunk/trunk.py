"""The trunk of a distance head: layers of attention over pairs of residues, and over aligned sequences beside them.

After an early replication of AlphaFold 2 (github.com/lucidrains/alphafold2, version 0.0.19), rewritten.  It knows no protein: what a pair
is, its place in the sequence included, is told by the numbers that enter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from allo_core.errors import FoldError
from allo_core.trunk.axial import AxialAttention
from allo_core.trunk.cross_attention import CrossAttention
from allo_core.trunk.feed_forward import FeedForward
from allo_core.trunk.msa_attention import MsaAttention
from allo_core.trunk.reversible import run_reversibly
from allo_core.trunk.sparse import SparsePattern
from allo_core.trunk.steps import Step, run

if TYPE_CHECKING:  # the app need not wait for it
    from collections.abc import Iterator

    from jaxtyping import Bool, Float
    from torch import Tensor

    from allo_core.trunk.trunk_settings import TrunkSettings

__all__ = ["Trunk"]

_CHUNK = 1 << 16  # tokens: 8 MB of float32 for a width of 32


class Trunk(nn.Module):
    """Pre-norm residual layers; what leaves the last one is not normalised.

    Length is not limited and the number of aligned sequences neither.  Nothing tells residues of the same place of two aligned
    sequences apart or together but the numbers that enter.

    Parameters
    ----------
    settings : TrunkSettings

    Attributes
    ----------
    chunk : int
        At most how many tokens are worked out at a time where no gradients are wanted; it changes memory and no result.
    reversible_in_backward : bool
        Whether a reversible trunk keeps no activations for the backward pass; it changes memory and time, and gradients by rounding alone.
    """

    def __init__(self, settings: TrunkSettings) -> None:
        super().__init__()
        self.settings = settings
        self.chunk = _CHUNK
        self.reversible_in_backward = settings.reversible
        self.layers = nn.ModuleList(_layer(settings, number) for number in range(settings.layers))

    def forward(
        self,
        pair: Float[Tensor, "B L L width"],
        pair_mask: Bool[Tensor, "B L L"] | None = None,
        msa: Float[Tensor, "B M L width"] | None = None,
        msa_mask: Bool[Tensor, "B M L"] | None = None,
    ) -> Float[Tensor, "B L L width"]:
        """What the layers make of pairs.

        Parameters
        ----------
        pair : Tensor, shape=(B, L, L, width)
            Finite also where the mask is False.
        pair_mask : Tensor, dtype=bool, shape=(B, L, L), optional
            Pairs that may be seen; None: all.
        msa : Tensor, shape=(B, M, L, width), optional
            Aligned sequences; needed if, and only if, the settings have a track for them.
        msa_mask : Tensor, dtype=bool, shape=(B, M, L), optional
            Their residues that may be seen; None: all.

        Raises
        ------
        FoldError
            Aligned sequences are missing, or there is no track for them.
        """
        if self.settings.msa and msa is None:
            raise FoldError("This trunk reads aligned sequences (msa=True), and got none.")
        if not self.settings.msa and msa is not None:
            raise FoldError("This trunk reads no aligned sequences; set msa=True or leave them out.")
        tracks, masks = [pair], [pair_mask]
        if msa is not None:
            tracks.append(msa)
            masks.append(msa_mask)
        steps = list(self._steps())
        if self.settings.reversible:
            # Each track twice: one half adds to the other, and both begin as what enters.
            streams, masks = [track for track in tracks for _ in range(2)], [mask for mask in masks for _ in range(2)]
            if torch.is_grad_enabled() and self.reversible_in_backward:
                first, second = run_reversibly(steps, streams, masks)[:2]
            else:
                first, second = run(steps, streams, masks, self._chunk_now())[:2]
            return (first + second) / 2
        return run(steps, tracks, masks, self._chunk_now())[0]

    def _chunk_now(self) -> int | None:
        return None if torch.is_grad_enabled() else self.chunk

    def _steps(self) -> Iterator[Step]:
        """In the order in which they are taken."""
        streams = _REVERSIBLE if self.settings.reversible else _PLAIN
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleDict)
            for name, module in layer.items():
                target, sources = streams[name]
                yield Step(target, sources, module)


# What each part adds to, and what it reads.  0: pairs, 1: aligned sequences.
_PLAIN: dict[str, tuple[int, tuple[int, ...]]] = {
    "pair_attention": (0, (0,)),
    "msa_attention": (1, (1,)),
    "pair_from_msa": (0, (0, 1)),
    "msa_from_pair": (1, (1, 0)),
    "pair_feed_forward": (0, (0,)),
    "msa_feed_forward": (1, (1,)),
}
# 0 and 1: the halves of the pairs, 2 and 3: those of the aligned sequences.
_REVERSIBLE: dict[str, tuple[int, tuple[int, ...]]] = {
    "pair_attention": (0, (1,)),
    "pair_feed_forward": (1, (0,)),
    "msa_attention": (2, (3,)),
    "msa_feed_forward": (3, (2,)),
    "pair_from_msa": (0, (1, 3)),
    "second_pair_feed_forward": (1, (0,)),
    "msa_from_pair": (2, (3, 1)),
    "second_msa_feed_forward": (3, (2,)),
}


_WITHOUT_MSA = {"pair_attention", "pair_feed_forward"}


def _layer(settings: TrunkSettings, number: int) -> nn.ModuleDict:
    """The parts of a layer in the order in which they work."""
    names = list(_REVERSIBLE if settings.reversible else _PLAIN)
    if not settings.msa:
        names = [name for name in names if name in _WITHOUT_MSA]
    elif number == settings.layers - 1:  # nobody reads the aligned sequences after the last layer
        unread = {"msa_from_pair", "second_msa_feed_forward" if settings.reversible else "msa_feed_forward"}
        names = [name for name in names if name not in unread]
    return nn.ModuleDict({name: _part(name, settings, number) for name in names})


def _part(name: str, settings: TrunkSettings, number: int) -> nn.Module:
    shape, dropout = (settings.width, settings.heads), settings.dropout
    if name == "pair_attention":
        return AxialAttention(*shape, dropout, SparsePattern(settings.block, number) if settings.is_sparse(number) else None)
    if name == "msa_attention":
        return MsaAttention(*shape, settings.inter_msa, dropout)
    if name in ("pair_from_msa", "msa_from_pair"):
        return CrossAttention(*shape, settings.compression, dropout)
    return FeedForward(settings.width, settings.expansion, dropout)
