"""The positions of class A receptors that touch a G protein, from the two complexes with Gs."""

import json
from functools import cache

from allo_core.library.receptors import DATA
from allo_core.protein.numbering import ResidueNumbers

__all__ = ["CONTACTS", "gprotein_positions", "gprotein_residues"]

CONTACTS = "gprotein_contacts.json"
_CLASS = "A"  # that of both receptors; other classes number their residues by a scheme of their own


@cache
def gprotein_positions() -> tuple[str, ...]:
    """GPCRdb numbers with a heavy atom at most 4.5 Å from one of the alpha subunit, in the complex of ADRB2 (3SN6) or AA2AR (5G53).

    Both hold Gs: what is known of other G proteins does not go into them.
    """
    rows = json.loads((DATA / CONTACTS).read_text(encoding="utf-8"))["complexes"]
    return tuple(sorted({number for row in rows for number in row["numbers"]}, key=_along_the_chain))


def gprotein_residues(numbers: ResidueNumbers | None) -> tuple[int, ...] | None:
    """The residues at these positions, 0-based and ascending.

    Parameters
    ----------
    numbers : ResidueNumbers or None
        Of the protein.

    Returns
    -------
    tuple of int or None
        None where it is not known: no numbers, or those of another class.
    """
    if numbers is None or numbers.receptor_class != _CLASS:
        return None
    positions = set(gprotein_positions())
    return tuple(index for index, number in enumerate(numbers.gpcrdb) if number in positions)


def _along_the_chain(number: str) -> tuple[float, int]:
    """34x50 stands between helix 3 and helix 4."""
    helix, place = number.split("x")
    return float(helix) if len(helix) == 1 else float(helix[0]) + 0.5, int(place)
