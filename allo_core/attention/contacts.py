"""Contacts from attention: symmetrised and APC-corrected maps, and how many of the best pairs touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Integer

__all__ = ["PARTS", "SEPARATIONS", "Pairs", "Precision", "apc", "far_pairs", "pairs_of", "precision_at", "precisions_among"]

# CASP's short, medium and long range begin here: residues apart along the chain.
SEPARATIONS = (6, 12, 24)
# How many of the best pairs are looked at: what L is divided by, as CASP names it.
PARTS = {"L": 1, "L/2": 2, "L/5": 5}


def apc(maps: Float[np.ndarray, "... L L"]) -> Float[np.ndarray, "... L L"]:
    """Average product correction of symmetrised maps: F_ij - F_i F_j / F, where F = A + A^T and F_i, F are its sums.

    Dunn et al., Bioinformatics 24, 333 (2008).  A map of zeros stays zero.

    Parameters
    ----------
    maps : ndarray, shape=(..., L, L)
        Special tokens are cut off before, as by fair-esm.
    """
    both = maps + np.swapaxes(maps, -1, -2)
    rows = both.sum(axis=-1, keepdims=True)
    total = rows.sum(axis=-2, keepdims=True)
    return both - rows * np.swapaxes(rows, -1, -2) / np.where(total == 0, 1, total)


class Pairs(NamedTuple):
    """Pairs of residues i < j of which is known whether they touch: three arrays of one length."""

    first: Integer[np.ndarray, " n"]
    second: Integer[np.ndarray, " n"]
    contact: Bool[np.ndarray, " n"]


def far_pairs(places: Integer[np.ndarray, " n"], separation: int) -> tuple[Integer[np.ndarray, " m"], Integer[np.ndarray, " m"]]:
    """The first and second residue of all pairs of some residues (ascending) that are at least ``separation`` apart along the chain."""
    first, second = (places[index] for index in np.triu_indices(len(places), 1))
    far = second - first >= separation
    return first[far], second[far]


def pairs_of(cb: Float[np.ndarray, "L 3"], separation: int, cutoff: float) -> Pairs:
    """Resolved pairs at least so many residues apart along the chain, and whether they touch.

    Parameters
    ----------
    cb : ndarray, shape=(L, 3)
        CB positions in Å (CA of glycine), NaN where there is none.
    separation : int
        In residues.
    cutoff : float
        In Å: nearer pairs touch.
    """
    first, second = far_pairs(np.flatnonzero(np.isfinite(cb[:, 0])), separation)
    return Pairs(first, second, np.linalg.norm(cb[first] - cb[second], axis=1) < cutoff)


def precision_at(scores: Float[np.ndarray, " n"], contact: Bool[np.ndarray, " n"], number: int) -> float:
    """Share of contacts among the `number` best pairs; of pairs that tie for the last places each counts for its chance of a place.

    NaN if there is no pair.
    """
    number = min(number, len(scores))
    if number < 1:
        return float("nan")
    bar = np.partition(scores, -number)[-number]
    above, level = scores > bar, scores == bar
    hits = contact[above].sum() + (number - above.sum()) * contact[level].mean()
    return float(hits / number)


class Precision(NamedTuple):
    """Share of contacts among the best L, L/2 and L/5 pairs at least ``separation`` apart; ``random``: among all of these pairs.

    L counts the residues that have a position.
    """

    separation: int
    values: tuple[float, ...]
    random: float
    pairs: int


def precisions_among(
    scores: Float[np.ndarray, "L L"],
    resolved: Integer[np.ndarray, " n"],
    contacts: Bool[np.ndarray, "L L"],
    separations: tuple[int, ...] = SEPARATIONS,
) -> tuple[Precision, ...]:
    """How many of the best pairs touch, at each separation, where it is known which residues do.

    Parameters
    ----------
    scores : ndarray, shape=(L, L)
        The higher, the likelier a contact; pairs with NaN count as the least likely, so that a map of few residues is no better for it.
    resolved : ndarray, shape=(n,)
        Residues of which it is known.
    contacts : ndarray, dtype=bool, shape=(L, L)
    """
    found = []
    for separation in separations:
        pairs = far_pairs(resolved, separation)
        values = np.where(np.isnan(scores[pairs]), -np.inf, scores[pairs])
        contact = contacts[pairs]
        best = tuple(precision_at(values, contact, len(resolved) // part) for part in PARTS.values())
        found.append(Precision(separation, best, float(contact.mean()) if len(contact) else float("nan"), len(contact)))
    return tuple(found)
