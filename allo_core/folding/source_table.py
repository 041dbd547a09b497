"""The collected structures of receptors, laid on generic numbers: what averages, templates and their judgement are built from.

The table, gpcr_structures_ca_cb.npz, does not ship; it holds CA positions of wwPDB entries (CC0) and of models of the AlphaFold Protein
Structure Database (CC BY 4.0), their chains laid on the human sequences, with the states that GPCRdb gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.folding.averaging import in_chain_order
from allo_core.folding.shipped import ANY, AverageState
from allo_core.library.receptors import receptors

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Integer

__all__ = ["SURE", "Placed", "SourceTable", "average_sources", "best_of_each"]

SURE = 70.0  # pLDDT; below it the AlphaFold database calls a residue of low confidence, and it is left out


@dataclass(frozen=True, eq=False)
class Placed:
    """One structure with generic numbers.

    Parameters
    ----------
    receptor, entry : str
        Entry name of the receptor; PDB entry, or the database's name of the model.
    receptor_class : str
    state : str
        "active", "inactive", "intermediate", or "" where it is not known; always "" for a model.
    experimental : bool
    identity : float
        Of the chain with the human sequence; below 1 where it is that of another species, or has substitutions.
    resolution : float
        Å; NaN where it is not known.
    index : ndarray, dtype=int, shape=(n,)
        0-based residues of the human sequence with a generic number and a place.
    xyz : ndarray, dtype=float64, shape=(n, 3)
        Å.
    """

    receptor: str
    entry: str
    receptor_class: str
    state: str
    experimental: bool
    identity: float
    resolution: float
    index: Integer[np.ndarray, " n"] = field(repr=False)
    xyz: Float64[np.ndarray, "n 3"] = field(repr=False)

    def at(self, positions: Sequence[str]) -> Float[np.ndarray, "P 3"]:
        """Places at the generic numbers, NaN where there is none; ndarray, dtype=float64, shape=(P, 3)."""
        numbers = receptors()[self.receptor].numbers
        row = {numbers.gpcrdb[index]: k for k, index in enumerate(self.index.tolist())} if numbers is not None else {}
        found = np.full((len(positions), 3), np.nan)
        for k, number in enumerate(positions):
            if number in row:
                found[k] = self.xyz[row[number]]
        return found


class SourceTable:
    """The structures of receptors that have generic numbers.

    Parameters
    ----------
    path : Path
        Of gpcr_structures_ca_cb.npz.
    """

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as file:
            self._file = {name: file[name] for name in file.files}

    @cached_property
    def structures(self) -> tuple[Placed, ...]:
        """In the order of the table; of models the residues with a pLDDT of 70 or more."""
        return self._all(SURE)

    @cached_property
    def models(self) -> dict[str, Placed]:
        """The AlphaFold models with all their residues, by receptor."""
        return {one.receptor: one for one in self._all(0.0) if not one.experimental}

    def positions(self, receptor_class: str) -> tuple[str, ...]:
        """The generic numbers of a class along the chain."""
        of_class = (one.numbers for one in receptors().values() if one.numbers is not None and one.receptor_class == receptor_class)
        return in_chain_order(number for numbers in of_class for number in numbers.gpcrdb if number)

    def _all(self, least: float) -> tuple[Placed, ...]:
        library, found = receptors(), []
        for k, receptor in enumerate(self._file["receptor"].tolist()):
            numbers = library[receptor].numbers if receptor in library else None
            if numbers is not None:
                numbered = np.array([bool(number) for number in numbers.gpcrdb])
                found.append(self._placed(k, receptor, numbers.receptor_class, numbered, least))
        return tuple(one for one in found if len(one.index))

    def _placed(self, k: int, receptor: str, receptor_class: str, numbered: np.ndarray, least: float) -> Placed:
        rows = slice(*self._file["offsets"][k : k + 2])
        index, xyz = self._file["position"][rows].astype(int) - 1, self._file["ca"][rows].astype(float)
        experimental = str(self._file["kind"][k]) == "experimental"
        kept = numbered[index] & np.isfinite(xyz).all(axis=1)
        if not experimental:
            kept &= self._file["plddt"][rows] >= least
        return Placed(
            receptor,
            str(self._file["id"][k]),
            receptor_class,
            str(self._file["state"][k]),
            experimental,
            float(self._file["identity"][k]),
            float(self._file["resolution"][k]),
            index[kept],
            xyz[kept],
        )


def average_sources(structures: Sequence[Placed], receptor_class: str, state: AverageState) -> list[Placed]:
    """What an average is made of: the experiments in a state, or, for any state, the AlphaFold models, whose state is not labelled."""
    of_class = [one for one in structures if one.receptor_class == receptor_class]
    return [one for one in of_class if (not one.experimental if state == ANY else one.experimental and one.state == state)]


def best_of_each(structures: Sequence[Placed]) -> tuple[Placed, ...]:
    """The experiment with the most numbered residues of each receptor and state, of several that with the best resolution, then by name."""
    best: dict[tuple[str, str], Placed] = {}
    for one in sorted(structures, key=lambda one: (-len(one.index), np.nan_to_num(one.resolution, nan=np.inf), one.entry)):
        if one.experimental:
            best.setdefault((one.receptor, one.state), one)
    return tuple(best[key] for key in sorted(best))
