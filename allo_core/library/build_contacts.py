"""Write the contacts that ship: which residues touch in one structure of each receptor that has any.

The source table, gpcr_structures_ca_cb.npz, holds CA and CB positions of wwPDB entries (CC0), their chains laid on the human sequences.
Of each receptor the entry with the most residues is taken, of several the one with the best resolution, then the first by name.
"""

from pathlib import Path

import numpy as np

from allo_core.attention.contacts import SEPARATIONS, pairs_of
from allo_core.library.contacts import CONTACTS
from allo_core.protein.contacts import CB_CONTACT

__all__ = ["write_contacts"]


def write_contacts(table: Path, rows: list[dict], target: Path) -> int:
    """Write the contacts of every receptor that has an experimental structure; returns how many have one.

    Parameters
    ----------
    table : Path
        The source table.
    rows : list of dict
        The receptors: entry, sequence.
    target : Path
        The folder of the file.
    """
    with np.load(table, allow_pickle=False) as file:
        source = {name: file[name] for name in file.files}
    lengths = {row["entry"]: len(row["sequence"]) for row in rows}
    entries, resolved, first, second = [], [], [], []
    for receptor, index in sorted(_best(source).items()):
        if receptor not in lengths:
            continue
        cb = _positions(source, index, lengths[receptor])
        pairs = pairs_of(cb, SEPARATIONS[0], CB_CONTACT)
        entries.append((receptor, str(source["id"][index])))
        resolved.append(np.flatnonzero(np.isfinite(cb[:, 0])))
        first.append(pairs.first[pairs.contact])
        second.append(pairs.second[pairs.contact])
    np.savez_compressed(
        target / CONTACTS,
        receptor=np.array([receptor for receptor, _ in entries]),
        entry=np.array([entry for _, entry in entries]),
        resolved_offset=_offsets(resolved),
        resolved=np.concatenate(resolved).astype(np.uint16),
        pair_offset=_offsets(first),
        first=np.concatenate(first).astype(np.uint16),
        second=np.concatenate(second).astype(np.uint16),
    )
    return len(entries)


def _best(source: dict[str, np.ndarray]) -> dict[str, int]:
    """The index of the structure that is taken for each receptor."""
    sizes, resolutions = np.diff(source["offsets"]), np.nan_to_num(source["resolution"], nan=np.inf)
    order = sorted(np.flatnonzero(source["kind"] == "experimental"), key=lambda k: (-sizes[k], resolutions[k], source["id"][k]))
    best: dict[str, int] = {}
    for index in order:
        best.setdefault(str(source["receptor"][index]), int(index))
    return best


def _positions(source: dict[str, np.ndarray], index: int, length: int) -> np.ndarray:
    """CB positions (CA of glycine) [L, 3] of one structure, NaN where it has none."""
    rows = slice(*source["offsets"][index : index + 2])
    known = source["cb"][rows]
    known = np.where(np.isfinite(known), known, source["ca"][rows])
    cb = np.full((length, 3), np.nan)
    cb[source["position"][rows] - 1] = known
    return cb


def _offsets(parts: list[np.ndarray]) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)]).astype(np.int32)
