"""Which receptor of the library a protein is or comes from, which of its sites lie in it, and residues by name."""

import json
import re
from functools import cache
from hashlib import sha256

from allo_core.errors import LibraryError, ResidueError
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import Receptor, Site, find_receptor, own_site_library, receptors
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein

__all__ = ["find_site", "is_site_name", "own_lists", "receptor_of", "residues_of", "site_indices", "sites_of"]


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


def find_site(receptor: Receptor, name: str) -> Site:
    """The site of this receptor with this name (in any case); LibraryError with the names it has."""
    for site in receptor.sites:
        if site.name.lower() == name.strip().lower():
            return site
    names = ", ".join(site.name for site in receptor.sites) or "none"
    raise LibraryError(f"{receptor.entry} has no site {name.strip()[:60]!r} in the library; its sites: {names}.")


def is_site_name(text: str) -> bool:
    """Whether a receptor of the library has a site of this name (in any case)."""
    return any(site.name.lower() == text.strip().lower() for receptor in receptors().values() for site in receptor.sites)


def own_lists(name: str) -> str:
    """A sha256 of the sites of this name (in any case) that this machine has computed itself; "" where it has none."""
    library = own_site_library()
    sites = [] if library is None else [own for own in library.sites if own.site.name.lower() == name.strip().lower()]
    rows = sorted([own.receptor, own.site.residues] for own in sites)
    return sha256(json.dumps(rows).encode()).hexdigest() if rows else ""


def site_indices(site: Site, protein: Protein, numbers: ResidueNumbers | None) -> tuple[int, ...]:
    """The residues of a library site in a protein, 0-based: a receptor, a part or a construct of it.

    ``numbers`` are those of the protein; they say which receptor the site is numbered in and which residue stands for which.

    Raises
    ------
    ResidueError
        A residue of the site is not in the protein.
    """
    if numbers is None:
        return parse_residues(site.residues, protein)
    receptor = receptors()[numbers.receptor]
    place = {origin: index for index, origin in enumerate(numbers.origin) if origin is not None}
    there = parse_residues(site.residues, receptor.protein, receptor.numbers)
    missing = [receptor.protein.label(index) for index in there if index not in place]
    if missing:
        raise ResidueError(f"{site.name}: {', '.join(missing)} of {receptor.entry} is not in {protein.name}.")
    return tuple(sorted(place[index] for index in there))


def residues_of(text: str, protein: Protein, numbers: ResidueNumbers | None, receptor: Receptor | None) -> tuple[int, ...]:
    """Residues as text, or the name of a library site; 0-based.

    Parameters
    ----------
    text : str
        ``"D52 S91"``, ``"2.50 3x50"``, ``"52-55"`` or ``"sodium pocket"``.
    protein : Protein
    numbers : ResidueNumbers or None
        Of the protein.
    receptor : Receptor or None
        Whose sites may be named, as from `receptor_of`.

    Raises
    ------
    ResidueError, LibraryError
        The text names no residues of the protein, and no site either.
    """
    if receptor is not None and text.strip().lower() in {site.name.lower() for site in receptor.sites}:
        return site_indices(find_site(receptor, text), protein, numbers)
    try:
        return parse_residues(text, protein, numbers)
    except ResidueError:
        if receptor is not None and receptor.sites and _is_name(text):
            find_site(receptor, text)  # says which sites there are
        raise


def _is_name(text: str) -> bool:
    """Whether a text that names no residues means a site: words and no digit, or a word too long for an amino acid."""
    return re.search(r"\d", text) is None or re.search(r"\b[^\W\d_]{4,}\b", text) is not None
