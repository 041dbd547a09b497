"""What a site predictor learns from: receptors with listed allosteric sites, which residues those are, and on which evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.library.nearest import numbers_for, seven_tm_domain
from allo_core.library.receptors import Receptor, Site, receptors
from allo_core.library.sites import receptor_of, site_indices, sites_of
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool

__all__ = [
    "CLASS_A_LIGAND_POSITIONS",
    "EVIDENCE",
    "LONGEST",
    "Example",
    "OrthostericSite",
    "listed_sites",
    "orthosteric_site",
    "site_examples",
]

# How a site came to be listed: residues that touch the modulator in one structure, or a generous list around it, whole turns of helix
# among it.  The generic sodium pocket of class A has neither for any one receptor, so it is no example.
EVIDENCE = ("ligand contacts", "neighbourhood")

# Residues; longer receptors are read by their 7TM domain.  What the model with the shortest input reads (AntiBERTy), so that every model
# sees the same examples.
LONGEST = 510

# The ten positions (Ballesteros-Weinstein) that touch a ligand in all 37 receptors of class A with a structure in Suku and Giorgetti,
# AIMS Biophys. 4, 543 (2017).
CLASS_A_LIGAND_POSITIONS = "3.32 3.33 3.36 6.48 6.51 6.52 6.55 7.35 7.39 7.43".split()
_FEWEST_POSITIONS = 5  # half of them; a part of a receptor that holds fewer has no pocket


@dataclass(frozen=True)
class OrthostericSite:
    """Where the receptor's own ligand binds: 0-based residues, and in words where they are known from."""

    residues: tuple[int, ...]
    source: str


@dataclass(frozen=True, eq=False)
class Example:
    """One receptor with listed allosteric sites, as the model reads it.

    Parameters
    ----------
    protein : Protein
        The receptor, or its 7TM domain.
    numbers : ResidueNumbers or None
        Of `protein`.
    sites : dict of str to tuple of int
        Evidence -> 0-based residues of all sites with it.
    orthosteric : OrthostericSite or None
    """

    protein: Protein
    numbers: ResidueNumbers | None
    sites: dict[str, tuple[int, ...]]
    orthosteric: OrthostericSite | None

    @property
    def name(self) -> str:
        return self.protein.name

    @property
    def kin(self) -> str:
        """The sequence by which its homologues are known."""
        return self.protein.sequence

    @property
    def residues(self) -> tuple[int, ...]:
        """The residues of all listed allosteric sites, 0-based, ascending."""
        return tuple(sorted(set().union(*self.sites.values())))

    @property
    def labels(self) -> Bool[np.ndarray, " L"]:
        """Which residues are listed, ndarray, dtype=bool, shape=(L,).  One that is not listed is unlabelled, not known to be no site."""
        labels = np.zeros(len(self.protein), dtype=bool)
        labels[list(self.residues)] = True
        return labels


def site_examples() -> tuple[Example, ...]:
    """Every receptor of the library with a listed allosteric site, by entry name."""
    return tuple(_example(receptor) for _, receptor in sorted(receptors().items()) if listed_sites(receptor))


def listed_sites(receptor: Receptor) -> tuple[Site, ...]:
    """The allosteric sites that a receptor has on evidence of its own, so without the generic sodium pocket."""
    return tuple(site for site in receptor.sites if site.kind == "allosteric" and site.evidence in EVIDENCE)


def orthosteric_site(protein: Protein, numbers: ResidueNumbers | None) -> OrthostericSite | None:
    """The orthosteric site of a receptor, a part or a construct of it.

    The one that the library lists; else, in class A, the ten positions that touch a ligand throughout the class; else None.
    """
    receptor = receptor_of(protein)
    if receptor is not None:
        places = sites_of(protein)
        own = [places[site.name] for site in receptor.sites if site.kind == "orthosteric" and site.name in places]
        if own:
            return OrthostericSite(tuple(sorted(set().union(*own))), f"listed for {receptor.entry}")
    if numbers is None or numbers.receptor_class != "A":
        return None
    found = tuple(index for index, number in enumerate(numbers.ballesteros) if number in CLASS_A_LIGAND_POSITIONS)
    return OrthostericSite(found, "the ligand positions of class A") if len(found) >= _FEWEST_POSITIONS else None


def _example(receptor: Receptor) -> Example:
    sites = listed_sites(receptor)
    protein = _part_to_read(receptor, sites)
    numbers = numbers_for(protein)
    by_evidence = {
        evidence: tuple(sorted(set().union(*(site_indices(site, protein, numbers) for site in sites if site.evidence == evidence))))
        for evidence in EVIDENCE
    }
    known = {evidence: residues for evidence, residues in by_evidence.items() if residues}
    return Example(protein, numbers, known, orthosteric_site(protein, numbers))


def _part_to_read(receptor: Receptor, sites: Iterable[Site]) -> Protein:
    """The whole receptor; its 7TM domain where the receptor is long and the domain holds every residue of the sites."""
    whole = receptor.protein
    if len(whole) <= LONGEST:
        return whole
    domain = seven_tm_domain(whole, receptor.numbers)
    numbers = [whole.number(index) for site in sites for index in parse_residues(site.residues, whole, receptor.numbers)]
    if domain is None or min(numbers) < domain.number(0) or max(numbers) > domain.number(len(domain) - 1):
        return whole
    return domain
