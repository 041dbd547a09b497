"""What the residues of the receptor can be near to in a structure, and which of them are."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from biotite.structure.info import get_from_ccd
from scipy.spatial import cKDTree

from allo_core.errors import StructureError
from allo_core.protein.contacts import NEAR_TARGET
from allo_core.structure.components import LIPIDS
from allo_core.structure.mapping import StructureMap
from allo_core.structure.mmcif import UNNUMBERED
from allo_core.structure.parts import Parts, scene_parts
from allo_core.structure.pdbtext import plain
from allo_core.structure.polymer import is_heavy
from allo_core.structure.read import Structure
from allo_core.structure.side_chains import require_side_chains

__all__ = ["Target", "residues_near", "residues_touching", "targets"]

_LONGEST_NAME = 60
_LONGEST_CODE = 8  # of a chain or a component in a name
_MOST_LIGANDS = 200  # a longer list, of a whole membrane, say, is no choice
_MOST_CHAINS = 6  # named one by one
_ORDER = ("ligand", "ion", "partner", "lipid", "copy")
_ANOTHER_COPY = "another copy of the receptor"


@dataclass(frozen=True)
class Target:
    """A ligand, an ion, or the chains of one partner, that touch the receptor.

    Parameters
    ----------
    key : str
        Short and of plain letters; the same whenever the same file is read.
    name : str
        For people: ``"P0G 1601"``, ``"Na+ 2426"``, ``"Gs, chains A and B"``.  It may hold text from the file, on one line and printable;
        escape it before it goes into HTML.
    kind : {"ligand", "ion", "partner", "lipid", "copy"}
        A lipid is also what was added to solve or crystallise the receptor; a copy is the receptor once more.
    """

    key: str
    name: str
    kind: Literal["ligand", "ion", "partner", "lipid", "copy"]


def targets(structure: Structure, mapping: StructureMap) -> tuple[Target, ...]:
    """What residues can be near to: ligands, ions, partners, lipids and other copies of the receptor, each in file order.

    Chains whose molecule (`Structure.molecules`) has the same name are one partner.  Waters are no target, and a CA trace has none, since
    what is near is measured between atoms of side chains.

    Raises
    ------
    StructureError
        The map is that of another structure.
    """
    parts = scene_parts(structure, mapping)
    return () if structure.trace else tuple(target for target, _ in _found(structure, parts, mapping))


def residues_near(structure: Structure, mapping: StructureMap, key: str, cutoff: float = NEAR_TARGET) -> tuple[int, ...]:
    """Residues with a heavy atom at most `cutoff` Å from a heavy atom of a target.

    Parameters
    ----------
    key : str
        Of one of `targets`.

    Returns
    -------
    tuple of int
        0-based indices into the sequence, ascending.

    Raises
    ------
    StructureError
        The structure has no such target or is a CA trace, or the map is that of another structure.
    """
    require_side_chains(structure, "What lies near a target")
    parts = scene_parts(structure, mapping)
    rows = {target.key: rows for target, rows in _found(structure, parts, mapping)}
    if key not in rows:
        there = ", ".join(list(rows)[:10]) or "none"
        raise StructureError(f"{structure.name} has nothing called {key[:_LONGEST_NAME]!r} near the receptor; there is: {there}.")
    return residues_touching(structure, parts, rows[key], cutoff)


def residues_touching(structure: Structure, parts: Parts, rows: np.ndarray, cutoff: float = NEAR_TARGET) -> tuple[int, ...]:
    """Residues of the receptor with a heavy atom at most `cutoff` Å from a heavy atom of other residues.

    Parameters
    ----------
    parts : Parts
        Of the structure.
    rows : ndarray, dtype=bool, shape=(R,)
        Those other residues.

    Returns
    -------
    tuple of int
        0-based indices into the sequence, ascending.

    Raises
    ------
    StructureError
        The structure is a CA trace.
    """
    require_side_chains(structure, "What touches other residues")
    atoms, heavy = structure.atoms, is_heavy(structure.atoms)
    own = np.flatnonzero(heavy & parts.table.atoms_of(parts.receptor))
    tree = cKDTree(atoms.coord[heavy & parts.table.atoms_of(rows)])
    # The bound of the search is exclusive.
    distance, _ = tree.query(atoms.coord[own], distance_upper_bound=np.nextafter(cutoff, np.inf))
    near = np.searchsorted(parts.table.starts, own[np.isfinite(distance)], side="right") - 1
    return tuple(sorted(set(parts.index[near].tolist())))


def _found(structure: Structure, parts: Parts, mapping: StructureMap) -> list[tuple[Target, np.ndarray]]:
    """Each target with the mask [R] of its residues; keys are made unique."""
    found = _partners(structure, parts, mapping) + _ligands(structure, parts, mapping)
    found.sort(key=lambda item: _ORDER.index(item[0].kind))
    seen: Counter[str] = Counter()
    unique = []
    for target, rows in found:
        seen[target.key] += 1
        key = target.key if seen[target.key] == 1 else f"{target.key}.{seen[target.key]}"
        unique.append((Target(key, target.name, target.kind), rows))
    return unique


def _partners(structure: Structure, parts: Parts, mapping: StructureMap) -> list[tuple[Target, np.ndarray]]:
    table = parts.table
    chains = list(dict.fromkeys(table.chain[parts.partner].tolist()))
    by_name: dict[tuple[str, str], list[str]] = {}
    for chain in chains:
        name = _ANOTHER_COPY if chain in mapping.copies else structure.molecules.get(chain, "")
        by_name.setdefault((name, "" if name else chain), []).append(chain)  # chains without a name stay apart
    found = []
    for (name, _), members in by_name.items():
        kind = "copy" if name == _ANOTHER_COPY else "partner"
        target = Target(_key("partner", *members[:_MOST_CHAINS]), _partner_name(name, members), kind)
        found.append((target, parts.partner & np.isin(table.chain, members)))
    return found


def _ligands(structure: Structure, parts: Parts, mapping: StructureMap) -> list[tuple[Target, np.ndarray]]:
    table, found = parts.table, []
    for row in np.flatnonzero(parts.ligand)[:_MOST_LIGANDS]:
        component, number, code = str(table.name[row]), int(table.number[row]), str(table.insertion[row])
        chain = str(table.chain[row])
        kind = "ion" if parts.ion[row] else "lipid" if component in LIPIDS else "ligand"
        shown = _ion(component, structure, int(table.starts[row])) if kind == "ion" else component
        counted = "" if number == UNNUMBERED else f" {number}{code}"
        name = _printable(f"{_printable(shown, _LONGEST_CODE)}{counted}", _LONGEST_NAME)
        if chain != mapping.chain:
            name += f", {_chain_names([chain])}"
        only = np.zeros(len(table), dtype=bool)
        only[row] = True
        found.append((Target(_key(component, chain, f"{number}{code}"), name, kind), only))
    return found


def _ion(component: str, structure: Structure, first_atom: int) -> str:
    """``"Na+"``, ``"Zn2+"``: element, and charge in the wwPDB's Chemical Component Dictionary; the bare name if it is not there."""
    charges = get_from_ccd("chem_comp", component, "pdbx_formal_charge")
    charge = 0 if charges is None else int(charges.as_array(int, masked_value=0)[0])
    if not charge:
        return component
    element = str(structure.atoms.element[first_atom]).capitalize()
    return f"{element}{abs(charge) if abs(charge) > 1 else ''}{'+' if charge > 0 else '-'}"


def _partner_name(name: str, chains: list[str]) -> str:
    name = _printable(name, _LONGEST_NAME)
    return f"{name}, {_chain_names(chains)}" if name else _chain_names(chains)


def _chain_names(chains: list[str]) -> str:
    """``"chain A"``, ``"chains A and B"``, ``"chains A, B and C"``."""
    shown = [_printable(chain, _LONGEST_CODE) or "(blank)" for chain in chains]
    if len(shown) > _MOST_CHAINS:
        return f"chains {', '.join(shown[:_MOST_CHAINS])} and {len(shown) - _MOST_CHAINS} more"
    if len(shown) == 1:
        return f"chain {shown[0]}"
    return f"chains {', '.join(shown[:-1])} and {shown[-1]}"


def _key(*words: str) -> str:
    return ".".join(plain(word, 12, "x") for word in words)


def _printable(text: str, most: int) -> str:
    """Text from the file on one line, cut with an ellipsis."""
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable()).strip()
    return text if len(text) <= most else f"{text[: most - 1].strip()}…"
