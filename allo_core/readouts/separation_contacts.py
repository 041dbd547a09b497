"""What separation along the chain alone tells of contacts: the baseline that knows no residue of a protein."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.contacts import SEPARATIONS, far_pairs
from allo_core.library.contacts import known_contacts
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.readouts.known import others_than, unrelated

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["separation_contacts", "separation_scores"]

_GIVE = 2  # residues; with none, five or ten, and with counts drawn to the mean, it is the same within its error (docs/sequence.md)


def separation_contacts(protein: Protein, numbers: ResidueNumbers | None) -> "Float64[np.ndarray, 'L L']":
    """`separation_scores` by receptors of the library that are no homologues of a protein, nor of one another."""
    return separation_scores(len(protein), others_than(protein, numbers, unrelated()))


def separation_scores(length: int, among: Sequence[str]) -> "Float64[np.ndarray, 'L L']":
    """The share of pairs as far apart along the chain, give or take two residues, that touch in some receptors.

    Parameters
    ----------
    length : int
        L.
    among : sequence of str
        Entry names of receptors with known contacts.

    Returns
    -------
    ndarray, dtype=float64, shape=(L, L)
        NaN for pairs less than six residues apart, and for those farther apart than any pair in these receptors.
    """
    touching, pairs = np.zeros(length), np.zeros(length)
    for entry in among:
        known = known_contacts()[entry]
        first, second = far_pairs(known.resolved, SEPARATIONS[0])
        pairs += np.bincount(second - first, minlength=length)[:length]
        touching += np.bincount(known.second - known.first, minlength=length)[:length]
    near = np.ones(2 * _GIVE + 1)
    touching, pairs = (np.convolve(counts, near)[_GIVE : _GIVE + length] for counts in (touching, pairs))
    pairs[: SEPARATIONS[0]] = 0
    share = np.divide(touching, pairs, out=np.full(length, np.nan), where=pairs > 0)
    place = np.arange(length)
    return share[np.abs(place[:, None] - place)]
