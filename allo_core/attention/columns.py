"""Column weights: what each residue receives from one head above a threshold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = ["DEFAULT_THRESHOLD", "LARGEST_THRESHOLD", "Columns", "check_positions", "check_threshold", "columns", "index_dtype"]

# Vig et al. 2021 ("BERTology meets biology") and Dong et al. 2024 count attention above 0.3 as an arc.
DEFAULT_THRESHOLD = 0.3
LARGEST_THRESHOLD = 0.95


def index_dtype(length: int) -> type[np.unsignedinteger]:
    """The smaller integer that can hold a position in, and a count over, `length` residues."""
    return np.uint16 if length < 1 << 16 else np.uint32


@dataclass(frozen=True)
class Columns:
    """Column weights and arc counts of one or many heads.

    Parameters
    ----------
    weights : ndarray, dtype=float64, shape=(..., L)
        c_j = sum_i A_ij [A_ij > threshold].
    arcs : ndarray, dtype=int64, shape=(..., L)
        #{i : A_ij > threshold}.  At threshold 0 nothing is selected, so every query counts and scores that divide by arcs are undefined.
    threshold : float
        The threshold (theta) that both were computed with.
    """

    weights: Float64[np.ndarray, "... L"]
    arcs: Integer[np.ndarray, ...]  # that it has the shape of weights is checked below
    threshold: float = DEFAULT_THRESHOLD

    def __post_init__(self):
        if np.shape(self.weights) != np.shape(self.arcs):
            raise ScoreError(
                f"Column weights of shape {np.shape(self.weights)} and arcs of shape {np.shape(self.arcs)} do not belong together."
            )


def columns(attention: ArrayLike, threshold: float, queries: Iterable[int] | None = None) -> Columns:
    """Column weights of attention maps.

    Parameters
    ----------
    attention : array_like, shape=(..., L, L)
        Rows are queries, columns are keys.
    threshold : float
        Only attention above it counts; 0 counts everything.  It is compared in the precision of `attention` (at least float32).
    queries : iterable of int, optional
        0-based rows; only these count.

    Raises
    ------
    ScoreError
        Maps that are not square, a threshold outside 0 to 0.95, queries that do not exist.

    Examples
    --------
    >>> columns([[0.6, 0.4], [0.1, 0.9]], 0.3).weights
    array([0.6, 1.3])
    """
    maps = np.asarray(attention)
    if maps.ndim < 2 or maps.shape[-1] != maps.shape[-2] or maps.shape[-1] == 0:
        raise ScoreError(f"Attention maps must be square, [..., L, L]; these have the shape {maps.shape}.")
    if maps.dtype not in (np.float32, np.float64):
        maps = maps.astype(np.float32)
    threshold = check_threshold(threshold)
    length = maps.shape[-1]
    rows = slice(None) if queries is None else check_positions(queries, length, "query")
    weights = np.empty((*maps.shape[:-2], length))
    arcs = np.empty((*maps.shape[:-2], length), dtype=np.int64)
    for where in np.ndindex(maps.shape[:-2]):  # one map at a time: a stack of maps is far larger than its columns
        chosen = maps[where][rows]
        kept = chosen > threshold if threshold > 0 else np.ones(chosen.shape, dtype=bool)
        weights[where] = np.where(kept, chosen, 0).sum(axis=0, dtype=np.float64)
        arcs[where] = kept.sum(axis=0)
    return Columns(weights, arcs, threshold)


def check_threshold(threshold: float, smallest: float = 0.0) -> float:
    """The threshold as a plain float; ScoreError unless it is 0 or lies between `smallest` and 0.95."""
    value = float(threshold)
    if value == 0 or (smallest <= value <= LARGEST_THRESHOLD and math.isfinite(value)):
        # A plain float takes the precision of the array it is compared with; a numpy float64 would not, and 0.3 is no float32.
        return value
    range_text = f"from 0 to {LARGEST_THRESHOLD}" if smallest == 0 else f"0, or from {smallest} to {LARGEST_THRESHOLD}"
    raise ScoreError(f"The threshold {value:g} is not possible; choose {range_text}.")


def check_positions(positions: Iterable[int], length: int, what: str) -> np.ndarray:
    """Distinct 0-based positions in ascending order.

    Parameters
    ----------
    what : str
        What a person calls one of them ("site", "query"), for the message.

    Raises
    ------
    ScoreError
        None given, or one that lies outside 0 to ``length - 1``.
    """
    given = np.asarray(list(positions))
    if given.size == 0:
        raise ScoreError(
            "Nothing is marked; mark at least one residue." if what == "site" else f"No {what} residue is given; give at least one."
        )
    if given.dtype.kind not in "iu":
        raise ScoreError(f"A {what} residue must be a whole number, not {given.ravel()[0]!r}.")
    outside = given[(given < 0) | (given >= length)]
    if outside.size:
        raise ScoreError(f"The {what} index {outside[0]} does not exist; indices run from 0 to {length - 1}.")
    return np.unique(given).astype(np.intp)
