"""The file of averages and templates that ships, `allo_core/data/folds.npz`: how it is written and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.averaging import PairDistances
from allo_core.library.predicted import LICENCE, LICENCE_URL
from allo_core.library.receptors import DATA

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = [
    "ANY",
    "FEWEST_RECEPTORS",
    "FOLDS",
    "STATES",
    "AverageState",
    "FoldState",
    "Template",
    "class_average",
    "class_counts",
    "templates",
    "write_folds",
]

FOLDS = "folds.npz"
FEWEST_RECEPTORS = 5  # of one class and state, for an average

FoldState = Literal["active", "inactive"]
AverageState = Literal["active", "inactive", "any"]
ANY = "any"
STATES: tuple[AverageState, ...] = ("active", "inactive", ANY)

_TENTHS, _HUNDREDTHS = 10, 100  # steps in 1 Å of distances and spreads, and of coordinates
_NOT_KNOWN = 0  # of a distance; a spread then means nothing
_WIDEST = np.iinfo(np.uint8).max / _TENTHS  # Å, of a spread
_SAID = ("receptor", "entry", "receptor_class", "state", "identity", "resolution")  # of a template
_LICENCE = (
    "Templates and the averages of the active and inactive state: from entries of the Protein Data Bank (wwPDB), CC0 1.0. Averages of any "
    f"state: from models; {LICENCE} ({LICENCE_URL}), changed: distances are averages over receptors. States: GPCRdb, CC BY 4.0."
)


@dataclass(frozen=True, eq=False)
class Template:
    """An experimental structure of a receptor at its numbered residues.

    Parameters
    ----------
    receptor, entry : str
        Entry name of the receptor; PDB entry.
    receptor_class : str
    state : str
        "active", "inactive", "intermediate", or "" where it is not known.
    identity : float
        Of its chain with the human sequence.
    resolution : float
        Å; NaN where it is not known here.
    index : ndarray, dtype=int, shape=(n,)
        0-based residues of the human sequence.
    xyz : ndarray, dtype=float64, shape=(n, 3)
        CA, Å.
    """

    receptor: str
    entry: str
    receptor_class: str
    state: str
    identity: float
    resolution: float
    index: Integer[np.ndarray, " n"] = field(repr=False)
    xyz: Float64[np.ndarray, "n 3"] = field(repr=False)

    @property
    def label(self) -> str:
        """``"OPRX 8F7X (active)"``."""
        return f"{self.receptor} {self.entry}" + (f" ({self.state})" if self.state else " (state not known)")


def write_folds(
    path: Path,
    averages: Mapping[tuple[str, AverageState], PairDistances],
    counts: Mapping[tuple[str, AverageState], int],
    experiments: Sequence[Template],
) -> None:
    """Write the file: distances and spreads in tenths, coordinates in hundredths of 1 Å.

    Parameters
    ----------
    path : Path
    averages : mapping of (class, state) to PairDistances
    counts : mapping of (class, state) to int
        Receptors with a structure, also where they are too few for an average.
    experiments : sequence of Template
    """
    arrays: dict[str, np.ndarray] = {"licence": np.array(_LICENCE)}
    arrays["counts"] = np.array([f"{receptor_class} {state} {count}" for (receptor_class, state), count in counts.items()])
    for (receptor_class, state), average in averages.items():
        upper = np.triu_indices(len(average.positions), 1)
        name = f"average {receptor_class} {state} "
        known = np.isfinite(average.mean[upper])
        arrays[name + "positions"] = np.array(average.positions)
        arrays[name + "receptors"] = np.array(average.receptors)
        arrays[name + "mean"] = np.where(known, np.rint(np.nan_to_num(average.mean[upper]) * _TENTHS), _NOT_KNOWN).astype(np.uint16)
        spread = np.minimum(np.nan_to_num(average.sd[upper]), _WIDEST)
        arrays[name + "sd"] = np.where(known, np.rint(spread * _TENTHS), 0).astype(np.uint8)
    for name in _SAID:
        arrays[f"template {name}"] = np.array([getattr(one, name) for one in experiments])
    arrays["template offsets"] = np.cumsum([0, *(len(one.index) for one in experiments)]).astype(np.int32)
    arrays["template index"] = np.concatenate([one.index for one in experiments]).astype(np.uint16)
    centred = [one.xyz - one.xyz.mean(axis=0) for one in experiments]
    arrays["template xyz"] = np.rint(np.concatenate(centred) * _HUNDREDTHS).astype(np.int16)
    arguments: Any = arrays  # the signature of savez has a name of its own that no array here has
    np.savez_compressed(path, **arguments)


@cache
def _file() -> dict[str, np.ndarray]:
    with np.load(DATA / FOLDS, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@cache
def class_counts() -> dict[tuple[str, str], int]:
    """How many receptors of each class have a structure in a state, by (class, state); models count in "any" alone."""
    found = (row.rsplit(" ", 2) for row in _file()["counts"].tolist())
    return {(receptor_class, state): int(count) for receptor_class, state, count in found}


@cache
def class_average(receptor_class: str, state: AverageState) -> PairDistances:
    """The averaged distances of a class.

    Parameters
    ----------
    receptor_class : str
        "A", "B", "C", "F" or "T".
    state : {"active", "inactive", "any"}
        "any" are the AlphaFold models, whose state is not labelled.

    Raises
    ------
    FoldError
        Structures of fewer than five receptors: with how many there are, and the states that have an average.
    """
    source, name = _file(), f"average {receptor_class} {state} "
    if name + "mean" not in source:
        there = [other for other in STATES if f"average {receptor_class} {other} mean" in source]
        count = class_counts().get((receptor_class, state), 0)
        advice = f"the states with an average are: {', '.join(there)}" if there else "choose a receptor of class A, B, C, F or T"
        which = "" if state == ANY else f" in the {state} state"
        raise FoldError(
            f"There is no average fold of class {receptor_class}{which}: {count} of its receptors have such a structure here, and "
            f"{FEWEST_RECEPTORS} are needed; {advice}."
        )
    positions = tuple(source[name + "positions"].tolist())
    mean = _square(source[name + "mean"], len(positions))
    sd = _square(source[name + "sd"], len(positions))
    known = (mean > _NOT_KNOWN) | np.eye(len(positions), dtype=bool)
    receptors = tuple(source[name + "receptors"].tolist())
    return PairDistances(positions, np.where(known, mean / _TENTHS, np.nan), np.where(known, sd / _TENTHS, np.nan), receptors)


@cache
def templates() -> tuple[Template, ...]:
    """The experimental structures that ship, one for each receptor and state, by entry name of the receptor."""
    source = _file()
    index, xyz = source["template index"].astype(np.int64), source["template xyz"].astype(np.float64) / _HUNDREDTHS
    said = [source[f"template {name}"].tolist() for name in _SAID]
    parts = [slice(*ends) for ends in pairwise(source["template offsets"].tolist())]
    return tuple(
        Template(receptor, entry, receptor_class, state, identity, resolution, index[part], xyz[part])
        for receptor, entry, receptor_class, state, identity, resolution, part in zip(*said, parts, strict=True)
    )


def _square(upper: np.ndarray, length: int) -> Float64[np.ndarray, "P P"]:
    """A symmetric matrix, 0 on the diagonal, from its upper triangle."""
    found = np.zeros((length, length))
    found[np.triu_indices(length, 1)] = upper
    return found + found.T
