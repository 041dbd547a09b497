"""The network that moves the CA of a fold: its shape, and how it is learnt."""

from __future__ import annotations

from dataclasses import dataclass, fields

from allo_core.errors import FoldError

__all__ = ["CHAIN", "RefinementSettings"]

CHAIN = 2  # residues so near along the chain are joined in any fold
_FEWEST_NEAREST = 2 * CHAIN


@dataclass(frozen=True)
class RefinementSettings:
    """The network, and how it is learnt (Adam, one protein a step).

    Parameters
    ----------
    features : int
        F, numbers of each residue.
    width : int
    layers : int
    nearest : int
        Residues that each is joined to, the four next ones along the chain among them.
    epochs : int
        Times over all cases.
    learning_rate : float
    seed : int
        Of the first parameters and of the order of cases.

    Raises
    ------
    FoldError
        A value with which nothing can be learnt.
    """

    features: int
    width: int = 32
    layers: int = 3
    nearest: int = 24
    epochs: int = 12
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"features": 1, "width": 1, "layers": 1, "nearest": _FEWEST_NEAREST, "epochs": 1, "seed": 0}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name in least and value < least[one.name]:
                raise FoldError(f"{one.name} of a refinement is {value}; it must be at least {least[one.name]}.")
        if not 0 < self.learning_rate < 1:
            raise FoldError(f"The learning rate of a refinement is {self.learning_rate:g}; it must be above 0 and below 1.")
