"""The shape of a trunk, and which of its options are on."""

from __future__ import annotations

from dataclasses import dataclass

from allo_core.errors import FoldError

__all__ = ["TrunkSettings"]


@dataclass(frozen=True)
class TrunkSettings:
    """Everything that decides which weights a trunk has and what it does with them.

    Parameters
    ----------
    width : int
        Numbers of each pair, and of each residue of an aligned sequence.
    heads : int
        Attention heads; each has width / heads numbers.
    layers : int
    expansion : int
        Of the feed-forward: its hidden width is ``expansion * width``.
    msa : bool
        Whether there is a track of aligned sequences beside that of the pairs.
    inter_msa : bool
        Whether residues of different aligned sequences see each other; False: each sequence alone.
    compression : int
        How many successive keys of the attention between the two tracks become one.
    sparse : tuple of bool
        For each layer whether its attention over pairs is block sparse; empty: none.
    block : int
        Residues of a block of the sparse attention.
    reversible : bool
        Whether the layers can be computed backwards, so that training keeps no activations.
    dropout : float
        Share of the numbers that training drops of what each attention and feed-forward adds.

    Raises
    ------
    FoldError
        Naming the setting with a value that is out of range, or that does nothing beside the others.
    """

    width: int = 32
    heads: int = 4
    layers: int = 2
    expansion: int = 2
    msa: bool = False
    inter_msa: bool = False
    compression: int = 1
    sparse: tuple[bool, ...] = ()
    block: int = 16
    reversible: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("width", "heads", "layers", "expansion", "compression", "block"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        _check("width", self.width, self.width % self.heads == 0, f"a multiple of the heads, {self.heads}")
        _check("sparse", self.sparse, len(self.sparse) in (0, self.layers), f"empty or have a value for each of the {self.layers} layers")
        _check("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        _check("inter_msa", self.inter_msa, self.msa or not self.inter_msa, "False where msa is False")
        _check("compression", self.compression, self.msa or self.compression == 1, "1 where msa is False")

    def is_sparse(self, layer: int) -> bool:
        """Whether the attention over pairs of a layer (from 0) is block sparse."""
        return bool(self.sparse) and self.sparse[layer]


def _check(name: str, value: object, good: bool, wanted: str) -> None:
    if not good:
        raise FoldError(f"The trunk's {name} is {value}; it must be {wanted}.")
