"""Homologues: which receptors of a set are so alike that they count as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from allo_core.protein.alignment import FEWEST_ALIGNED, HOMOLOGUE_IDENTITY, identity
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["Kin", "Relative", "cluster_weights", "homologue_clusters", "identities", "identities_to", "nearest_clusters"]

_WORD = 5  # residues
_NEAREST = 3  # sequences that one is laid on


class Kin(Protocol):
    """A protein that may have homologues."""

    @property
    def kin(self) -> str:
        """The sequence by which its homologues are known, length L."""
        ...

    @property
    def numbers(self) -> ResidueNumbers | None:
        """Of that sequence."""
        ...


@dataclass(frozen=True)
class Relative:
    """A protein that is no receptor of the library, as `identities` takes it."""

    kin: str
    numbers: ResidueNumbers | None


def identities(members: Sequence[Kin]) -> Float[np.ndarray, "n n"]:
    """Share of identical residues of each pair of members, ndarray, dtype=float, shape=(n, n).

    Two receptors of one class are compared at the generic positions that both have, if these are at least 100; two of different classes
    with generic numbers are not compared (0): between classes identity is far below any threshold used here.  All others are aligned
    (local, BLOSUM62, gaps 12 and 1), and fewer than 100 aligned residues give 0.
    """
    table = np.eye(len(members))
    letters = _at_positions(members)
    for i, one in enumerate(members):
        table[i, i + 1 :] = table[i + 1 :, i] = _to_others(one, letters[i], members[i + 1 :], letters[i + 1 :])
    return table


def identities_to(one: Kin, others: Sequence[Kin]) -> Float[np.ndarray, " n"]:
    """Share of identical residues of one member with each of the others, as `identities` counts it; ndarray, dtype=float, shape=(n,)."""
    letters = _at_positions([one, *others])
    return np.array(_to_others(one, letters[0], others, letters[1:]), dtype=float)


def _to_others(one: Kin, letters: np.ndarray, others: Sequence[Kin], their_letters: np.ndarray) -> list[float]:
    both = (letters != 0) & (their_letters != 0)
    shared = both.sum(axis=1)
    same = (both & (letters == their_letters)).sum(axis=1)
    found = []
    for k, other in enumerate(others):
        if one.kin == other.kin:
            value = 1.0
        elif one.numbers is not None and other.numbers is not None and one.numbers.receptor_class != other.numbers.receptor_class:
            value = 0.0
        elif shared[k] >= FEWEST_ALIGNED:
            value = same[k] / shared[k]
        else:
            value = identity(one.kin, other.kin)
        found.append(value)
    return found


def homologue_clusters(table: np.ndarray, above: float = HOMOLOGUE_IDENTITY) -> Integer[np.ndarray, " n"]:
    """Single-linkage clusters: number of the cluster of each member, ndarray, dtype=int, shape=(n,); `table` as from `identities`."""
    return connected_components(table > above, directed=False)[1]


def nearest_clusters(sequences: Sequence[str], above: float = HOMOLOGUE_IDENTITY) -> Integer[np.ndarray, " n"]:
    """Clusters of thousands of sequences, where laying each on each would take days: number of the cluster of each.

    A sequence is laid on the three earlier ones that share most words of five residues with it, and is in the clusters of those above
    the identity; so a cluster may be found in two pieces, but never one that is none.

    Returns
    -------
    ndarray, dtype=int, shape=(n,)
    """
    words: dict[str, list[int]] = {}
    first: dict[str, int] = {}
    links: list[tuple[int, int]] = []
    for at, sequence in enumerate(sequences):
        if sequence in first:
            links.append((first[sequence], at))
            continue
        own = {sequence[i : i + _WORD] for i in range(len(sequence) - _WORD + 1)}
        nearest = Counter(earlier for word in own for earlier in words.get(word, ())).most_common(_NEAREST)
        links += [(earlier, at) for earlier, _ in nearest if identity(sequences[earlier], sequence) > above]
        first[sequence] = at
        for word in own:
            words.setdefault(word, []).append(at)
    rows, columns = np.array(links, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(sequences), len(sequences)))
    return connected_components(graph, directed=False)[1]


def cluster_weights(clusters: np.ndarray) -> Float[np.ndarray, " n"]:
    """Weights that sum to 1: every cluster counts alike, and so does every member of a cluster; ndarray, dtype=float, shape=(n,)."""
    sizes = np.bincount(clusters)
    return 1 / (sizes[clusters] * len(sizes))


def _at_positions(members: Sequence[Kin]) -> np.ndarray:
    """Residue letter of each member at each generic position of its class as a byte, 0 where it has none; shape (n, positions)."""
    columns: dict[tuple[str, str], int] = {}
    found = []
    for member in members:
        if member.numbers is not None:
            named = [(index, number) for index, number in enumerate(member.numbers.gpcrdb) if number]
            place = [columns.setdefault((member.numbers.receptor_class, number), len(columns)) for _, number in named]
            found.append((place, [ord(member.kin[index]) for index, _ in named]))
        else:
            found.append(([], []))
    letters = np.zeros((len(members), len(columns)), dtype=np.uint8)
    for row, (place, codes) in enumerate(found):
        letters[row, place] = codes
    return letters
