"""Which receptor of the library a protein is or comes from, and which of its sites lie in it."""

from functools import cache

from allo_core.errors import ResidueError
from allo_core.library.receptors import Receptor, find_receptor, numbers_for, receptors, site_indices
from allo_core.protein.sequence import Protein

__all__ = ["receptor_of", "sites_of"]


def receptor_of(protein: Protein) -> Receptor | None:
    """The receptor with this very sequence, else the one that the protein's generic numbers come from, else None."""
    if protein.sequence in _by_sequence():
        return find_receptor(_by_sequence()[protein.sequence])
    numbers = numbers_for(protein)
    return None if numbers is None else find_receptor(numbers.receptor)


def sites_of(protein: Protein) -> dict[str, tuple[int, ...]]:
    """Library sites by name, as 0-based residues of the protein; sites of which it lacks a residue are left out."""
    receptor = receptor_of(protein)
    found = {}
    for site in receptor.sites if receptor is not None else ():
        try:
            found[site.name] = site_indices(site, protein, numbers_for(protein))
        except ResidueError:
            continue  # a part of the receptor may lack some of the residues
    return found


@cache
def _by_sequence() -> dict[str, str]:
    return {receptor.protein.sequence: entry for entry, receptor in receptors().items()}
