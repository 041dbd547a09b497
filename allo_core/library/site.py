"""A site of the library: a named set of residues, and where its list comes from."""

from dataclasses import dataclass
from typing import Literal

from allo_core.protein.contacts import NEAR_TARGET

__all__ = ["APP", "ASD", "ASD_BY_DISTANCE", "RULES", "Rule", "Site", "describe_site"]

Rule = Literal["contacts", "within 7", "listed", "published", "positions"]

# By which rule the residues of a list were chosen.  7 Å are those of the script by which the lists were compiled.
RULES: dict[Rule, str] = {
    "contacts": f"residues with a heavy atom within {NEAR_TARGET:g} Å of the modulator",
    "within 7": "all residues within 7 Å of the modulator",
    "listed": "residues as the compiler lists them, who names no cut-off",
    "published": "residues as published with the attention analysis",
    "positions": "the same generic positions in every class A receptor, not read off its structure",
}
# Who compiled a list.
APP = "AlloScope"
ASD = "AlloSteric Database, release 2019-09"
ASD_BY_DISTANCE = "PLM_Allosteric_Classification, from the modulators of the AlloSteric Database, release 2023-06"


@dataclass(frozen=True)
class Site:
    """A named set of residues, and what its list was read off.

    Parameters
    ----------
    name : str
    kind : {"allosteric", "orthosteric", "transducer"}
    evidence : str
        In two words, as sites are chosen by it: "ligand contacts", "neighbourhood"; others stand for themselves.
    residues : str
        Text that `parse_residues` reads, in UniProt or generic numbers.
    modulation : str
        "PAM", "NAM", "agonist" ..., "" where there is none.
    modulator : str
        Its usual name.
    pdb : str
        The entry of the wwPDB that the residues were read off; "" for positions of a whole class.
    ligand : str
        The modulator in that entry: a component ("2CU") or chains ("pep(A,B)"); "" where no structure was asked.
    rule : str
        A key of `RULES`.
    compiler : str
        Who made the list.
    source : str
        The structure's publication, or whom the list was taken from.
    chain : str
        The copy of the receptor that was measured; "" where that is not known.
    note : str
        What else to know: other copies, residues that the structure shows otherwise.
    """

    name: str
    kind: str
    evidence: str
    residues: str
    modulation: str = ""
    modulator: str = ""
    pdb: str = ""
    ligand: str = ""
    rule: Rule = "published"
    compiler: str = ""
    source: str = ""
    chain: str = ""
    note: str = ""


def describe_site(site: Site) -> str:
    """Entry, ligand, rule, compiler and source in one sentence; what stands in it may come from a file, so escape it for a page."""
    who, ligand = site.modulator, site.ligand
    if ligand.startswith("pep("):
        ligand = f"chain{'s' if ',' in ligand else ''} {ligand[4:-1].replace(',', ', ')}"
    if ligand and ligand != who:
        who = f"{who} ({ligand})" if who else ligand
    where = ", ".join(part for part in (f"PDB {site.pdb}" if site.pdb else "", f"chain {site.chain}" if site.chain else "", who) if part)
    compiled = f"compiled by {site.compiler}" if site.compiler else ""
    said = [where, RULES[site.rule], compiled, site.source, site.note]
    return "; ".join(part for part in said if part) + "."
