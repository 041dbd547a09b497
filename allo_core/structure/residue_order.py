"""Residues that a file lists apart from their chain, put where they belong: loops modelled later, modified residues behind the chain."""

import numpy as np
from biotite.structure import AtomArray, get_residue_starts

__all__ = ["in_chain_order"]

_LONGEST_PEPTIDE_BOND = 2.0  # Å, as for chains (allo_core.structure.polymer)


def in_chain_order(atoms: AtomArray) -> tuple[AtomArray, int]:
    """The atoms with each such residue behind the one that it is bonded to, and how many residues were moved.

    A residue is moved where the residue before it by number, in the same chain, ends within a peptide bond of it and is followed by
    another one in the file.  Numbers alone move nothing, so the fusion proteins that interrupt a receptor stay where they are.
    """
    starts = get_residue_starts(atoms, add_exclusive_stop=True)
    first = starts[:-1]
    n, c = (_positions(atoms, starts, name) for name in ("N", "C"))
    backbone = np.flatnonzero(np.isfinite(n[:, 0] + c[:, 0]))
    if len(backbone) < 2:
        return atoms, 0
    bonded_in_file = np.zeros(len(first), dtype=bool)
    bonded_in_file[1:] = (atoms.chain_id[first[1:]] == atoms.chain_id[first[:-1]]) & _bonded(c[:-1], n[1:])
    loose = [row for row in backbone.tolist() if not bonded_in_file[row]]
    if len(loose) < 2:
        return atoms, 0
    by_number = {(str(atoms.chain_id[first[row]]), int(atoms.res_id[first[row]])): row for row in reversed(backbone.tolist())}
    behind: dict[int, int] = {}
    for row in loose:
        before = by_number.get((str(atoms.chain_id[first[row]]), int(atoms.res_id[first[row]]) - 1))
        if before is None or before in (row, row - 1) or (before + 1 < len(first) and bonded_in_file[before + 1]):
            continue
        if _bonded(c[before], n[row]):
            behind[before] = row
    if not behind:
        return atoms, 0
    return _reordered(atoms, starts, _segments(bonded_in_file, behind))


def _segments(bonded_in_file: np.ndarray, behind: dict[int, int]) -> list[int]:
    """Rows in their new order: each run that belongs behind another residue follows it."""
    heads = np.flatnonzero(~bonded_in_file).tolist()
    runs = {start: range(start, stop) for start, stop in zip(heads, [*heads[1:], len(bonded_in_file)], strict=True)}
    moved = set(behind.values())
    order: list[int] = []
    for start in runs:
        if start in moved:
            continue
        while start is not None:
            order += runs[start]
            start = behind.get(order[-1])
    return order


def _reordered(atoms: AtomArray, starts: np.ndarray, order: list[int]) -> tuple[AtomArray, int]:
    if len(order) != len(starts) - 1:  # a ring of runs that follow each other: left as it is
        return atoms, 0
    moved = int((np.diff(order) != 1).sum())
    return atoms[np.concatenate([np.arange(starts[row], starts[row + 1]) for row in order])], moved


def _bonded(c: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.linalg.norm(c - n, axis=-1) < _LONGEST_PEPTIDE_BOND


def _positions(atoms: AtomArray, starts: np.ndarray, name: str) -> np.ndarray:
    """Position [R, 3] of the first atom of that name in each residue, NaN where there is none."""
    found = np.flatnonzero(atoms.atom_name == name)[::-1]
    positions = np.full((len(starts) - 1, 3), np.nan)
    positions[np.searchsorted(starts, found, side="right") - 1] = atoms.coord[found]
    return positions
