"""Which residue of a structure is which residue of the sequence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.errors import StructureError
from allo_core.protein.sequence import Protein
from allo_core.structure.chain_alignment import align_chain
from allo_core.structure.polymer import ResidueTable, residue_table
from allo_core.structure.read import ReferenceRange, Structure
from allo_core.structure.references import as_referenced, rows_of

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["ResidueId", "StructureMap", "map_structure", "receptor_index"]

_LEAST_IDENTITY = 0.5
_LEAST_ALIGNED = 50
_LONGEST_CHAIN = 10_000  # residues, what the numbers of the PDB format can count; bounds the memory of the alignment

_WORD = 4  # residues in the words by which chains are ranked: a chance hit between two receptors is rare, a true pair shares dozens
_MOST_ALIGNED_CHAINS = 4
_COPY = 0.5  # of the words that the mapped chain shares with the sequence; other receptors share a few, copies nearly all

# The smallest fusion proteins in use have about 50 residues; insertions in the loops of related receptors are shorter than this.
_SHORTEST_FUSION = 20
# Chance alone seldom aligns eight identical residues of a fusion protein with a missing loop.
_SURE_IDENTICAL = 8
_SURE_IDENTITY = 0.4
_LIKELY_IDENTITY = 0.75


class ResidueId(NamedTuple):
    """A residue as the authors of the structure name it."""

    chain: str
    number: int
    insertion: str


@dataclass(frozen=True)
class StructureMap:
    """One chain of a structure laid over a sequence of length L.

    Parameters
    ----------
    chain : str
        Author chain.
    identity : float
        Identical residues divided by aligned ones.
    aligned : int
        Residues of the sequence that the structure shows.
    residues : tuple of ResidueId or None, length L
    substitutions : tuple of (int, str, str)
        0-based index, letter in the sequence, letter in the structure.
    copies : tuple of str
        The author chains that are this protein, in file order, the mapped one among them.
    """

    chain: str
    identity: float
    aligned: int
    residues: tuple[ResidueId | None, ...]
    substitutions: tuple[tuple[int, str, str], ...]
    copies: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def index_of(self) -> dict[ResidueId, int]:
        """The 0-based index of each mapped residue."""
        return {residue: index for index, residue in enumerate(self.residues) if residue is not None}


class _Candidate(NamedTuple):
    """A mapped chain with the alignment it rests on: residues aligned, share of them identical.

    A chain is judged by its whole alignment, or the alike parts that are left of a distant relative would make it look near.
    """

    mapping: StructureMap
    aligned: int
    identity: float

    @property
    def n_identical(self) -> int:
        return self.mapping.aligned - len(self.mapping.substitutions)


def map_structure(structure: Structure, protein: Protein, chain: str | None = None) -> StructureMap:
    """Find the chain that is this protein, and the place of its residues in the sequence.

    Fusion proteins, tags and linkers get no place.  The chain with the most identical residues is taken, the first one among equals.

    Parameters
    ----------
    chain : str, optional
        Author chain to take instead, where a file has several copies of the protein.

    Raises
    ------
    StructureError
        If no chain, or not the one that is asked for, has 50 aligned residues at 50 % identity.
    """
    table = residue_table(structure.atoms)
    chains = _chains(table)
    if not chains:
        raise StructureError(f"{structure.name} has no protein chain; choose a structure of {protein.name}.")
    _check_lengths(structure, table, chains)
    shared = _shared_words(table, chains, protein)
    asked = _likely(chains, shared) if chain is None else [_chain_called(chain, chains, table, structure)]
    maps = [_map_chain(table, rows, protein, structure.references) for rows in asked]
    best = max(maps, key=lambda found: found.n_identical)
    if best.aligned < _LEAST_ALIGNED or best.identity < _LEAST_IDENTITY:
        name = best.mapping.chain or "(blank)"
        which = f"its best chain, {name}," if chain is None else f"its chain {name}"
        raise StructureError(
            f"{structure.name} is not a structure of {protein.name}: {which} has {best.aligned} aligned residues with {best.identity:.0%} "
            f"identity, and {_LEAST_ALIGNED} with {_LEAST_IDENTITY:.0%} are needed; choose another structure or check the sequence."
        )
    return replace(best.mapping, copies=_copies(best.mapping.chain, chains, shared, table))


def receptor_index(structure: Structure, mapping: StructureMap, table: ResidueTable) -> Integer[np.ndarray, " R"]:
    """0-based index in the sequence of each residue of the table, -1 for those that are not mapped; ndarray, dtype=int, shape=(R,).

    A name that stands twice in a chain (a ligand numbered like a residue) counts once, as in the mapping.

    Raises
    ------
    StructureError
        The map is that of another structure.
    """
    index = np.full(len(table), -1)
    wanted = dict(mapping.index_of)
    for row in np.flatnonzero(table.polymer & (table.chain == mapping.chain)):
        residue = ResidueId(str(table.chain[row]), int(table.number[row]), str(table.insertion[row]))
        index[row] = wanted.pop(residue, -1)
    if wanted:
        raise StructureError(
            f"The map does not belong to {structure.name}: it has no residue {next(iter(wanted))}; map the structure again."
        )
    return index


def _chains(table: ResidueTable) -> list[np.ndarray]:
    """Rows of each protein chain, in file order."""
    rows = np.flatnonzero(table.polymer)
    names, first, which = np.unique(table.chain[rows], return_index=True, return_inverse=True)
    return [rows[which == chain] for chain in np.argsort(first)] if len(names) else []


def _check_lengths(structure: Structure, table: ResidueTable, chains: list[np.ndarray]) -> None:
    longest = max(chains, key=len)
    if len(longest) > _LONGEST_CHAIN:
        raise StructureError(
            f"Chain {table.chain[longest[0]]} of {structure.name} has {len(longest)} residues, and {_LONGEST_CHAIN} can be aligned; "
            "remove that chain."
        )


def _chain_called(name: str, chains: list[np.ndarray], table: ResidueTable, structure: Structure) -> np.ndarray:
    for rows in chains:
        if table.chain[rows[0]] == name:
            return rows
    there = ", ".join(str(table.chain[rows[0]]) or "(blank)" for rows in chains[:10])
    raise StructureError(f"{structure.name} has no protein chain {name[:8]!r}; there is: {there}.")


def _shared_words(table: ResidueTable, chains: list[np.ndarray], protein: Protein) -> list[int]:
    """How many words of each chain the sequence has, too."""
    words = set(_words(protein.sequence))
    return [sum(word in words for word in _words("".join(table.letter[rows]))) for rows in chains]


def _copies(mapped: str, chains: list[np.ndarray], shared: list[int], table: ResidueTable) -> tuple[str, ...]:
    names = [str(table.chain[rows[0]]) for rows in chains]
    least = max(_COPY * shared[names.index(mapped)], 1)
    return tuple(name for name, count in zip(names, shared, strict=True) if count >= least or name == mapped)


def _likely(chains: list[np.ndarray], shared: list[int]) -> list[np.ndarray]:
    """The few chains that share most words with the sequence; aligning every chain of a large assembly would take seconds."""
    if len(chains) <= _MOST_ALIGNED_CHAINS:
        return chains
    chosen = sorted(range(len(chains)), key=lambda chain: -shared[chain])[:_MOST_ALIGNED_CHAINS]
    return [chains[chain] for chain in sorted(chosen)]


def _words(sequence: str) -> list[str]:
    return [sequence[start : start + _WORD] for start in range(len(sequence) - _WORD + 1)]


def _map_chain(table: ResidueTable, rows: np.ndarray, protein: Protein, references: tuple[ReferenceRange, ...]) -> _Candidate:
    letters, sequence = table.letter[rows], np.array(list(protein.sequence))
    bonded = table.bonded[rows] & (np.diff(rows, prepend=-1) == 1)
    number = table.number[rows].astype(int)
    aligned = align_chain("".join(letters), protein.sequence, bonded, number)
    identical = (aligned >= 0) & (letters == sequence[aligned])
    places = _without_chance_blocks(aligned, identical, bonded, number)
    # Peeling may leave a remnant of a block that was no more than chance.
    places = _without_chance_blocks(_peeled(places, identical, bonded, number), identical, bonded, number)
    chain = str(table.chain[rows[0]])
    own_references = [reference for reference in references if reference.chain == chain]
    ranges = [rows_of(reference, number, table.insertion[rows]) for reference in own_references]
    places = as_referenced(places, identical, bonded, number, ranges, len(sequence))
    mapping = _structure_map(table, rows, places, protein.sequence)
    n_aligned = int((aligned >= 0).sum())
    # Where next to nothing is left of the alignment, that remainder is what the person should read about.
    if mapping.aligned >= _LEAST_ALIGNED or not n_aligned:
        return _Candidate(mapping, n_aligned, float(identical.sum() / max(n_aligned, 1)))
    return _Candidate(mapping, mapping.aligned, mapping.identity)


def _structure_map(table: ResidueTable, rows: np.ndarray, places: np.ndarray, sequence: str) -> StructureMap:
    residues: list[ResidueId | None] = [None] * len(sequence)
    substitutions = []
    for row, place in zip(rows[places >= 0], places[places >= 0], strict=True):
        residues[place] = ResidueId(str(table.chain[row]), int(table.number[row]), str(table.insertion[row]))
        if table.letter[row] != sequence[place]:
            substitutions.append((int(place), sequence[place], str(table.letter[row])))
    aligned = int((places >= 0).sum())
    identity = (aligned - len(substitutions)) / aligned if aligned else 0.0
    return StructureMap(str(table.chain[rows[0]]), identity, aligned, tuple(residues), tuple(substitutions))


def _blocks(places: np.ndarray) -> list[tuple[int, int]]:
    """Stretches [start, stop) in which the places rise one by one."""
    mapped = places >= 0
    joined = mapped[1:] & mapped[:-1] & (np.diff(places) == 1)
    starts = np.flatnonzero(mapped & ~np.append(False, joined))
    stops = np.flatnonzero(mapped & ~np.append(joined, False)) + 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _most_common(values: np.ndarray) -> int | None:
    return Counter(values.tolist()).most_common(1)[0][0] if len(values) else None


def _foreign(places: np.ndarray) -> np.ndarray:
    """Mask of long stretches without a place, and of those that reach an end of the chain: fusion proteins and tags."""
    free = places < 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]])))
    foreign = np.zeros(len(places), dtype=bool)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        foreign[start:stop] = stop - start >= _SHORTEST_FUSION or start == 0 or stop == len(places)
    return foreign


def _without_chance_blocks(places: np.ndarray, identical: np.ndarray, bonded: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Drop short blocks that only chance has put there, such as a few residues of BRIL on a loop that it replaces."""
    usual = _most_common((number - places)[places >= 0])
    joined = np.append(bonded, False)
    n_identical = {block: int(identical[slice(*block)].sum()) for block in _blocks(places)}
    doubtful = [(start, stop) for (start, stop), n in n_identical.items() if n < _SURE_IDENTICAL or n < _SURE_IDENTITY * (stop - start)]
    kept = places.copy()
    for start, stop in doubtful:
        kept[start:stop] = -1
    foreign = _foreign(kept)
    for start, stop in doubtful:
        as_numbered = _most_common(number[start:stop] - places[start:stop]) == usual
        apart = not (joined[start] or joined[stop])
        likely = as_numbered and (apart or n_identical[start, stop] >= _LIKELY_IDENTITY * (stop - start))
        if likely or not foreign[start:stop].any():
            kept[start:stop] = places[start:stop]
    return kept


def _peeled(places: np.ndarray, identical: np.ndarray, bonded: np.ndarray, number: np.ndarray) -> np.ndarray:
    """At a junction with a fusion protein, take back what resembles the sequence by chance or is not counted along with the rest."""
    kept = places.copy()
    foreign = _foreign(places)
    for start, stop in _blocks(places):
        offset = number[start:stop] - places[start:stop]
        fits = identical[start:stop] & (offset == _most_common(offset))
        if start > 0 and foreign[start - 1] and bonded[start]:
            kept[start : start + _n_foreign(fits)] = -1
        if stop < len(places) and foreign[stop] and bonded[stop]:
            kept[stop - _n_foreign(fits[::-1]) : stop] = -1
    return kept


def _n_foreign(fits: np.ndarray) -> int:
    """How many residues to take back, so that from there on never less than a third fit (at 50 % identity that is sure to come soon)."""
    balance = np.concatenate([[0], np.cumsum(np.where(fits, 2, -1))])
    return int(np.flatnonzero(balance == balance.min())[-1])
