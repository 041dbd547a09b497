"""The mean contact map of the family by generic number: what is known of the contacts of a receptor before any model is asked."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.readouts.known import others_than

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["FamilyContacts", "family_contacts"]


@dataclass(frozen=True, eq=False)
class FamilyContacts:
    """In which share of other receptors of the class two residues touch.

    Parameters
    ----------
    scores : ndarray, dtype=float32, shape=(L, L)
        Share of the receptors that have both positions; NaN where a residue has no generic number, or no receptor has both.
    receptors : tuple of str
        Entry names of those that were counted; homologues of the protein are left out.
    """

    scores: "Float32[np.ndarray, 'L L']"
    receptors: tuple[str, ...]


def family_contacts(protein: Protein, numbers: ResidueNumbers | None) -> FamilyContacts | None:
    """The mean contact map of the class of a protein; None where it has no generic numbers, or no other receptor of its class is known."""
    if numbers is None:
        return None
    own_class = [
        entry for entry in known_contacts() if (found := receptors()[entry].numbers) and found.receptor_class == numbers.receptor_class
    ]
    chosen = others_than(protein, numbers, own_class)
    if not chosen:
        return None
    place = {number: index for index, number in enumerate(numbers.gpcrdb) if number}
    touching, together = (np.zeros((len(protein), len(protein)), dtype=np.float32) for _ in range(2))
    for entry in chosen:
        shared = [(place[number], index) for number, index in _resolved(entry) if number in place]
        own, theirs = np.array(shared, dtype=np.int64).reshape(-1, 2).T
        contacts = known_contacts()[entry].map(len(receptors()[entry].protein))
        touching[np.ix_(own, own)] += contacts[np.ix_(theirs, theirs)]
        together[np.ix_(own, own)] += 1
    return FamilyContacts(touching / np.where(together > 0, together, np.nan), chosen)


@cache
def _resolved(entry: str) -> tuple[tuple[str, int], ...]:
    """Generic number and index of the residues of a library receptor that have both a number and a position."""
    numbers = receptors()[entry].numbers
    assert numbers is not None
    return tuple((numbers.gpcrdb[index], int(index)) for index in known_contacts()[entry].resolved if numbers.gpcrdb[index])
