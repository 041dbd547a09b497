"""CA traces of real receptors, by place in the sequence."""

from functools import cache
from pathlib import Path

import numpy as np

from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

__all__ = ["SHIPPED", "mirrored", "same_receptor_pairs", "shipped_trace"]

SHIPPED = ("3SN6", "4LDO", "8FYN", "1U19")


@cache
def shipped_trace(entry: str) -> np.ndarray:
    """CA of a structure that ships, shape (L, 3), NaN where it shows no residue."""
    known = shipped_structure(entry)
    structure = read_structure(known.path)
    protein = find_receptor(known.receptor).protein
    return ca_positions(structure, map_structure(structure, protein), len(protein))


def mirrored(points: np.ndarray) -> np.ndarray:
    return points * [1.0, 1.0, -1.0]


def same_receptor_pairs(shared: Path, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two structures of one receptor, so many times: AlphaFold's model and an experiment, or two experiments; shape (L, 3) each."""
    stored = np.load(shared / "data/gpcr_structures_ca_cb.npz")
    offsets, receptors, experimental = stored["offsets"], stored["receptor"], stored["kind"] == "experimental"
    position, ca = stored["position"], stored["ca"].astype(float)
    pairs = []
    for receptor in np.unique(receptors):
        own = np.flatnonzero(receptors == receptor)
        if len(own) < 2 or not experimental[own].any():
            continue
        first, second = own[np.argsort(experimental[own], kind="stable")][[0, -1]]
        rows = [slice(offsets[at], offsets[at + 1]) for at in (first, second)]
        length = max(int(position[row].max()) for row in rows)
        points = np.full((2, length, 3), np.nan)
        for at, row in enumerate(rows):
            points[at, position[row] - 1] = ca[row]
        pairs.append((points[0], points[1]))
    return pairs[:: len(pairs) // count][:count]
