"""Which G protein families a receptor is reported to couple to: a table that ships, and the pairs that it gives.

The file, allo_core/data/gprotein_families.json, is written by ``python -m allo_core.library.build``; it is GtoPdb's through GPCRdb and
under terms of its own (ODbL, contents CC BY-SA 4.0), which stand in it.
"""

import json
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from allo_core.errors import PairError
from allo_core.interaction.pairs import PairSet
from allo_core.library.receptors import DATA, find_receptor, receptors
from allo_core.protein.sequence import Protein

__all__ = ["COUPLING_SOURCE", "GProteinFamily", "coupling_pairs", "families", "partner_called", "reported", "studied", "unknown"]

COUPLING_SOURCE = "GtoPdb through GPCRdb (ODbL, contents CC BY-SA 4.0)"
_FILE = "gprotein_families.json"


@dataclass(frozen=True)
class GProteinFamily:
    """A family of G proteins and the one alpha subunit that stands for it.

    Parameters
    ----------
    name : str
        "Gs", "Gi/o", "Gq/11" or "G12/13".
    accession : str
        UniProt's, of the alpha subunit.
    partner : Protein
        The human alpha subunit.
    """

    name: str
    accession: str
    partner: Protein = field(repr=False)


@cache
def families() -> tuple[GProteinFamily, ...]:
    """The four families, in the order in which labels stand."""
    return tuple(GProteinFamily(name, accession, Protein(partner, letters)) for name, partner, accession, letters in _content()["partners"])


def partner_called(text: str) -> Protein | None:
    """The alpha subunit of "Gs", or of its own name ("GNAS2"), in any case; None for what names no family."""
    own = {name.lower(): family.partner for family in families() for name in (family.name, family.partner.name)}
    return own.get(text.strip().lower())


def reported(receptor: str) -> tuple[str, ...] | None:
    """The families that are reported of a receptor, in their order; others are not reported, which is less than "does not couple".

    Parameters
    ----------
    receptor : str
        Entry name or accession, as `find_receptor` takes it.

    Returns
    -------
    tuple of str, or None
        None where none is reported: it is not known, and the receptor is no negative.

    Raises
    ------
    LibraryError
        No such receptor.
    """
    labels = _labels().get(find_receptor(receptor).entry)
    return None if labels is None else tuple(family.name for family, label in zip(families(), labels, strict=True) if label == "1")


def studied() -> tuple[str, ...]:
    """Entry names of the receptors of which at least one family is reported, ascending."""
    return tuple(_labels())


def unknown() -> tuple[str, ...]:
    """Entry names of the library's receptors of which no family is reported, ascending; they are in no pair."""
    return tuple(_content()["unknown"])


def coupling_pairs() -> PairSet:
    """Every receptor of which a family is reported with each of the four families: 251 receptors, 1,004 pairs, 385 of them reported.

    Returns
    -------
    PairSet
        Proteins: the receptors of `studied`, then the partners of `families`.  Side A is the receptor, side B the partner; the four pairs
        of a receptor stand together.
    """
    members = [receptors()[entry].protein for entry in studied()]
    partners = [family.partner for family in families()]
    first, which = np.divmod(np.arange(len(members) * len(partners)), len(partners))
    labels = np.array([int(label) for line in _labels().values() for label in line], dtype=np.int64)
    return PairSet((*members, *partners), first, len(members) + which, labels)


@cache
def _labels() -> dict[str, str]:
    """Entry -> "1" or "0" for each family."""
    return dict(_content()["reported"])


@cache
def _content() -> dict:
    try:
        return json.loads((DATA / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PairError(f"The table of G protein families ({DATA / _FILE}) is missing or damaged; get AlloScope again.") from error
