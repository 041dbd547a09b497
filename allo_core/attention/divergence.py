"""How far rows of attention are from each other: the Jensen-Shannon divergence in bits, 0 where they are alike, at most 1.

Rows are whole distributions: the columns of special tokens belong to them, each as a column of its own.  Where a map was cut to residues,
what its rows lack of 1 must be put back, as one more column, before they are compared here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["divergence_at", "row_divergence"]


def row_divergence(first: Float[np.ndarray, "... L T"], second: Float[np.ndarray, "... L T"]) -> Float[np.ndarray, "... L"]:
    """Jensen-Shannon divergence of each row of two stacks of maps, ndarray, dtype as theirs, shape=(..., L), in bits.

    One map at a time, so that what is worked out beside the result is as large as a map.  With s = p + q and d = (p - q) / s the sum is
    that of s [(1 + d) log2(1 + d) + (1 - d) log2(1 - d)] / 4 over columns, which loses nothing where rows are nearly alike, unlike the
    difference of entropies.  Source: Lin, IEEE Trans. Inf. Theory 37, 145 (1991), with equal weights.

    Parameters
    ----------
    first, second : ndarray, dtype=float, shape=(..., L, T)
        Rows are queries and sum to 1; columns are all tokens, special ones too.
    """
    found = np.empty(first.shape[:-1], dtype=first.dtype)
    for where in np.ndindex(first.shape[:-2]):
        found[where] = _rows(first[where], second[where])
    return found


def divergence_at(
    first: Float[np.ndarray, "... L T"], second: Float[np.ndarray, "... L T"], columns: Integer[np.ndarray, " k"]
) -> Float[np.ndarray, "... L"]:
    """The part of `row_divergence` that some columns make: that of the rows with all other columns put together into one.

    By the chain rule it is never more than the whole, and equal to it where the other columns keep their ratios to each other.

    Parameters
    ----------
    first, second : ndarray, dtype=float, shape=(..., L, T)
    columns : ndarray, dtype=int, shape=(k,)
        Distinct.
    """
    return row_divergence(*(_put_together(rows[..., columns]) for rows in (first, second)))


def _put_together(kept: np.ndarray) -> np.ndarray:
    others = np.maximum(1 - kept.sum(axis=-1, keepdims=True), 0)
    return np.concatenate([kept, others], axis=-1)


def _rows(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    tiny = np.finfo(p.dtype).tiny
    total = p + q
    relative = (p - q) / np.maximum(total, tiny)
    above, below = 1 + relative, 1 - relative
    # 0 log 0 is 0.
    terms = above * np.log(np.maximum(above, tiny)) + below * np.log(np.maximum(below, tiny))
    # Rounding may leave a little less than 0.
    return np.maximum(np.einsum("ij,ij->i", total, terms) / (4 * np.log(2)), 0)
