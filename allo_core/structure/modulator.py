"""Where a modulator that is named by its component or its chains touches a receptor, whichever copies of both the file has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from allo_core.errors import StructureError
from allo_core.protein.contacts import NEAR_TARGET
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import StructureMap, map_structure
from allo_core.structure.mmcif import UNNUMBERED
from allo_core.structure.neighbours import residues_touching
from allo_core.structure.parts import Parts, scene_parts
from allo_core.structure.polymer import is_heavy
from allo_core.structure.read import Structure

if TYPE_CHECKING:
    from jaxtyping import Bool

__all__ = ["Contacts", "Modulator", "NoContact", "Place", "modulator_contacts"]

_COMPONENT = re.compile(r"[A-Z0-9]{1,5}", re.ASCII)  # www.wwpdb.org, chemical component identifiers
_CHAINS = re.compile(r"pep\(([A-Za-z0-9]{1,4}(?:,[A-Za-z0-9]{1,4})*)\)", re.ASCII)
_MOST_SHOWN = 10


class NoContact(StructureError):
    """The entry has the modulator, and it touches no residue of this receptor."""


@dataclass(frozen=True)
class Modulator:
    """A ligand by its component identifier, or the author chains of a protein or peptide; one of the two is empty."""

    component: str = ""
    chains: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Modulator:
        """``"2CU"``, or ``"pep(C)"`` and ``"pep(A,B)"`` as GPCRdb writes chains; StructureError where the text is neither."""
        if match := _CHAINS.fullmatch(text):
            return cls(chains=tuple(match[1].split(",")))
        if _COMPONENT.fullmatch(text):
            return cls(component=text)
        raise StructureError(f"{text[:20]!r} names no ligand; give a component of the wwPDB (2CU) or chains as pep(C).")

    @property
    def name(self) -> str:
        """``"2CU"``, ``"chain C"`` or ``"chains A, B"``."""
        return self.component or f"chain{'s' if len(self.chains) > 1 else ''} {', '.join(self.chains)}"


@dataclass(frozen=True)
class Place:
    """Residues that touch a copy of the modulator, or several copies that share a residue.

    Parameters
    ----------
    residues : tuple of int
        0-based, ascending, at least one.
    copies : tuple of str
        Which copies these are: ``"2CU 501, chain A"``.
    """

    residues: tuple[int, ...]
    copies: tuple[str, ...]


@dataclass(frozen=True)
class Contacts:
    """Where a modulator touches one copy of a receptor.

    Parameters
    ----------
    mapping : StructureMap
        Of the copy of the receptor with the most residues in contact, the first one among equals.
    places : tuple of Place
        Separate places, in the order of the file; at least one.
    others : tuple of (str, int, int)
        The other copies of the receptor that have contacts: chain, residues in contact, those of them in contact in this copy, too.
    """

    mapping: StructureMap
    places: tuple[Place, ...]
    others: tuple[tuple[str, int, int], ...]

    @property
    def residues(self) -> tuple[int, ...]:
        """The residues of all places."""
        return tuple(sorted({index for place in self.places for index in place.residues}))


def modulator_contacts(structure: Structure, protein: Protein, modulator: Modulator, cutoff: float = NEAR_TARGET) -> Contacts:
    """Residues of a receptor with a heavy atom at most `cutoff` Å from a heavy atom of a modulator, as `residues_near` finds them.

    The copy of the receptor with the most residues in contact is taken; every copy of the modulator that touches it counts, whichever
    chain the file puts it in.  Chains that are named together are one modulator.

    Parameters
    ----------
    structure : Structure
    protein : Protein
        The receptor in the numbering that is wanted; its chains are found by their sequence.
    modulator : Modulator
    cutoff : float
        In Å, at most `TOUCHES_RECEPTOR`.

    Raises
    ------
    NoContact
        It has the modulator, and no residue of the receptor lies so near to it.
    StructureError
        It is not a structure of this receptor, or it has no such modulator.
    """
    best = map_structure(structure, protein)
    found = []
    for chain in best.copies or (best.chain,):
        mapping = best if chain == best.chain else _mapped(structure, protein, chain)
        if mapping is not None:
            parts = scene_parts(structure, mapping)
            found.append((mapping, parts, _touching(structure, parts, modulator, cutoff)))
    _check_there(structure, protein, modulator, found[0][1])
    sizes = [len({index for residues, _ in touching for index in residues}) for _, _, touching in found]
    if not any(sizes):
        raise _too_far(structure, protein, modulator, [(mapping, parts) for mapping, parts, _ in found], cutoff)
    at = int(np.argmax(sizes))
    mapping, _, touching = found[at]
    here = {index for residues, _ in touching for index in residues}
    others = []
    for other, (own, _, theirs) in enumerate(found):
        if other != at and sizes[other]:
            residues = {index for each, _ in theirs for index in each}
            others.append((own.chain, len(residues), len(residues & here)))
    return Contacts(mapping, _places(touching), tuple(others))


def _mapped(structure: Structure, protein: Protein, chain: str) -> StructureMap | None:
    """The map of another copy; None where too little of it is seen."""
    try:
        return map_structure(structure, protein, chain)
    except StructureError:
        return None


def _rows(parts: Parts, modulator: Modulator) -> Bool[np.ndarray, " R"]:
    """The residues of the modulator, wherever they lie."""
    table = parts.table
    if modulator.component:
        return (table.name == modulator.component) & ~table.polymer & ~table.water
    return np.isin(table.chain, modulator.chains) & table.partner_like & ~parts.receptor


def _touching(structure: Structure, parts: Parts, modulator: Modulator, cutoff: float) -> list[tuple[tuple[int, ...], str]]:
    """Residues in contact with each copy of the modulator that has any, and what the copy is called."""
    rows = _rows(parts, modulator)
    if modulator.chains:
        copies = [(rows & parts.partner, modulator.name)]
    else:
        copies = [(np.arange(len(rows)) == row, _copy_name(parts, row)) for row in np.flatnonzero(rows & parts.ligand).tolist()]
    found = [(residues_touching(structure, parts, mask, cutoff), name) for mask, name in copies if mask.any()]
    return [(residues, name) for residues, name in found if residues]


def _copy_name(parts: Parts, row: int) -> str:
    table, number = parts.table, int(parts.table.number[row])
    counted = "" if number == UNNUMBERED else f" {number}{table.insertion[row]}"
    return f"{table.name[row]}{counted}, chain {table.chain[row]}"


def _places(touching: list[tuple[tuple[int, ...], str]]) -> tuple[Place, ...]:
    """Copies that share a residue are at one place."""
    places: list[tuple[set[int], list[str]]] = []
    for residues, name in touching:
        joined, names = set(residues), []
        for place in [place for place in places if place[0] & joined]:
            joined |= place[0]
            names += place[1]
            places.remove(place)
        places.append((joined, [*names, name]))
    return tuple(Place(tuple(sorted(residues)), tuple(names)) for residues, names in places)


def _check_there(structure: Structure, protein: Protein, modulator: Modulator, parts: Parts) -> None:
    if _rows(parts, modulator).any():
        return
    table = parts.table
    if modulator.chains:
        there = dict.fromkeys(table.chain[table.partner_like & ~np.isin(table.chain, table.chain[parts.receptor])].tolist())
        raise StructureError(
            f"{structure.name} has no {modulator.name} beside {protein.name}; it has {', '.join(list(there)[:_MOST_SHOWN]) or 'none'}."
        )
    there = dict.fromkeys(table.name[parts.ligand].tolist())
    raise StructureError(
        f"{structure.name} has no ligand {modulator.name}; near {protein.name} it has {', '.join(list(there)[:_MOST_SHOWN]) or 'none'}."
    )


def _too_far(
    structure: Structure, protein: Protein, modulator: Modulator, copies: list[tuple[StructureMap, Parts]], cutoff: float
) -> NoContact:
    """How far away the nearest residue is, so that a person sees whether it binds another protein of the entry."""
    atoms, heavy = structure.atoms, is_heavy(structure.atoms)
    nearest = (np.inf, "")
    for mapping, parts in copies:
        own = np.flatnonzero(heavy & parts.table.atoms_of(parts.receptor))
        theirs = heavy & parts.table.atoms_of(_rows(parts, modulator))
        distance, _ = cKDTree(atoms.coord[theirs]).query(atoms.coord[own])
        at = int(np.argmin(distance))
        row = int(np.searchsorted(parts.table.starts, own[at], side="right")) - 1
        label = protein.label(int(parts.index[row]))
        nearest = min(nearest, (float(distance[at]), f"{label} of chain {mapping.chain}"))
    return NoContact(
        f"{structure.name} has {modulator.name}, but no residue of {protein.name} within {cutoff:g} Å of it; the nearest, {nearest[1]}, "
        f"is {nearest[0]:.1f} Å away."
    )
