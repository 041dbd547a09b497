"""The arcs of every head on one protein, counted: how many go to each value, and as many as were to be expected."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.heads.arcs import ReceptorArcs
from allo_core.heads.properties import NEAREST, OFFSETS, contact_rate
from allo_core.library.contacts import known_contacts

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Shaped

__all__ = ["Counts", "count_contacts", "count_offsets", "count_targets"]


class Counts(NamedTuple):
    """Of one protein; H heads (layer * heads a layer + head), V values.

    Parameters
    ----------
    hits, expected, known : ndarray, dtype=float64, shape=(H, V)
        Arcs that go to a value, as many as were to be expected, and arcs of which it is known.
    could : ndarray, dtype=float64, shape=(2, V)
        Residues or pairs that have it, and of which it is known.
    """

    hits: "Float64[np.ndarray, 'H V']"
    expected: "Float64[np.ndarray, 'H V']"
    known: "Float64[np.ndarray, 'H V']"
    could: "Float64[np.ndarray, '2 V']"


def count_targets(one: ReceptorArcs, labels: "Shaped[np.ndarray, ' L']", values: Sequence[str], heads: int) -> Counts:
    """By the residue that is looked at.

    Parameters
    ----------
    one : ReceptorArcs
    labels : ndarray, dtype=str, shape=(L,)
        Of each residue, "" where it is not known.
    values : sequence of str
        The labels that are counted.
    heads : int
        H, of all layers.
    """
    count = len(values)
    place = {name: at for at, name in enumerate(values)}
    # Values, then "known, but none of them", then "not known".
    codes = np.array([place.get(str(label), count) if label else count + 1 for label in labels])
    table = np.bincount(one.heads * (count + 2) + codes[one.keys], minlength=heads * (count + 2)).reshape(heads, count + 2).astype(float)
    own = np.bincount(codes, minlength=count + 2).astype(float)
    known_arcs, known = table[:, : count + 1].sum(axis=1), own[: count + 1].sum()
    of_known = np.repeat(known_arcs[:, None], count, axis=1)
    return Counts(table[:, :count], of_known * (own[:count] / max(known, 1)), of_known, np.stack([own[:count], np.full(count, known)]))


def count_offsets(one: ReceptorArcs, length: int, heads: int) -> Counts:
    """By how far away along the chain of so many residues the one that is looked at is; arguments as for `count_targets`."""
    apart = one.keys - one.queries
    hits = np.stack([np.bincount(one.heads[apart == offset], minlength=heads) for offset in OFFSETS], axis=1).astype(float)
    pairs = np.array([max(length - abs(offset), 0) for offset in OFFSETS], dtype=float)
    arcs = np.repeat(np.bincount(one.heads, minlength=heads)[:, None].astype(float), len(OFFSETS), axis=1)
    could = np.stack([pairs, np.full(len(OFFSETS), float(length**2))])
    return Counts(hits, arcs * (pairs / length**2), arcs, could)


def count_contacts(one: ReceptorArcs, length: int, heads: int) -> Counts:
    """By whether both residues touch in the structure that the library knows of the receptor; arguments as for `count_targets`."""
    known = known_contacts()[one.receptor]
    resolved = np.zeros(length, dtype=bool)
    resolved[known.resolved] = True
    apart = np.abs(one.keys - one.queries)
    valid = resolved[one.keys] & resolved[one.queries] & (apart >= NEAREST)
    touching = known.map(length)[one.queries, one.keys] & valid
    hits, of_known = (np.bincount(one.heads[which], minlength=heads).astype(float)[:, None] for which in (touching, valid))
    expected = np.bincount(one.heads[valid], weights=contact_rate(apart[valid]), minlength=heads)[:, None]
    separations = np.abs(known.resolved[:, None] - known.resolved[None, :])
    return Counts(hits, expected, of_known, np.array([[2.0 * len(known.first)], [float((separations >= NEAREST).sum())]]))
