"""The structures that ship with the app."""

import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import LibraryError
from allo_core.library.receptors import DATA

if TYPE_CHECKING:  # reading structures needs biotite, which is slow to import
    from allo_core.structure.read import Structure

__all__ = ["ShippedStructure", "shipped_receptors", "shipped_structure", "shipped_structures"]


@dataclass(frozen=True)
class ShippedStructure:
    """A structure file of the library; it keeps the numbers and coordinates of the PDB entry.

    ``state`` is "active" or "inactive", ``species`` that of the receptor, ``fusion`` the protein fused to it ("" if none), and ``partners``
    says what the author's chains that touch it are.
    """

    entry: str
    receptor: str
    description: str
    title: str
    chain: str
    state: str
    species: str
    fusion: str
    partners: dict[str, str] = field(hash=False)

    @property
    def path(self) -> Path:
        return DATA / "structures" / f"{self.entry}.cif.gz"

    def described(self, structure: "Structure") -> "Structure":
        """The structure as read from `path`, which holds coordinates alone, or from the whole entry, with what is known of it besides."""
        organisms = {self.chain: (self.species,)} | structure.organisms
        molecules = structure.molecules | self.partners
        return replace(structure, entry=self.entry, title=self.title, molecules=molecules, organisms=organisms)


def shipped_structures(entry: str) -> tuple[ShippedStructure, ...]:
    """The structures of one receptor that ship with the app."""
    return tuple(structure for structure in _structures() if structure.receptor == entry)


def shipped_receptors() -> tuple[str, ...]:
    """UniProt entry names of the receptors that have a structure here, in alphabetical order."""
    return tuple(sorted({structure.receptor for structure in _structures()}))


def shipped_structure(entry: str) -> ShippedStructure:
    """The shipped structure with this PDB entry; LibraryError with those there are."""
    for structure in _structures():
        if structure.entry == entry.upper():
            return structure
    raise LibraryError(f"{entry[:20]!r} does not ship with the app; {', '.join(s.entry for s in _structures())} do.")


@cache
def _structures() -> tuple[ShippedStructure, ...]:
    return tuple(ShippedStructure(**row) for row in json.loads((DATA / "structures.json").read_text(encoding="utf-8")))
