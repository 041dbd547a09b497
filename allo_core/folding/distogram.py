"""From a distogram, the probabilities of distances of each pair of residues, to one distance, its spread and how much it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.errors import FoldError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["DistogramDistances", "beyond_last_edge", "distogram_distances"]

_SURE = 0.9  # benchmarks/folds.py --weights compares it with others
_SUM_OFF = 0.01  # half precision over a hundred bins is off by less


class DistogramDistances(NamedTuple):
    """What a distogram says of the distance of each pair.

    Parameters
    ----------
    centre : ndarray, dtype=float64, shape=(L, L)
        Å: the mean distance within the bins of known distances; 0 on the diagonal, NaN for a pair that is surely beyond them.
    spread : ndarray, dtype=float64, shape=(L, L)
        Å: its standard deviation within these bins; NaN where the centre is.
    weights : ndarray, dtype=float64, shape=(L, L)
        1 / Å²: probability that the distance is within the bins, over the square of its spread.  0 on the diagonal and where this
        probability is below 0.9: within its bins such a pair seems nearer than it is, and pulls the fold together.
    """

    centre: Float64[np.ndarray, "L L"]
    spread: Float64[np.ndarray, "L L"]
    weights: Float64[np.ndarray, "L L"]


def distogram_distances(probabilities: Float[np.ndarray, "L M K"], edges: Float[np.ndarray, " E"]) -> DistogramDistances:
    """Distances, their spreads and weights for `scale_distances`, from probabilities over bins of distance.

    Within a bin every distance counts alike, so a pair that is surely in one bin of width b has the spread b / √12.  The two directions of
    a pair are averaged.

    Parameters
    ----------
    probabilities : ndarray, dtype=float, shape=(L, L, K)
        They sum to 1 over the bins; what is on the diagonal is not read.
    edges : ndarray, dtype=float, shape=(K + 1,)
        Å, rising.  The last one is inf where the last bin is "farther": its probability is what `beyond_last_edge` gives, and lowers the
        weight.

    Raises
    ------
    FoldError
        Logits or other numbers that are no probabilities, or edges that are not those of the bins.
    """
    edges = _checked_edges(probabilities, edges)
    low, high = edges[:-1], np.where(np.isfinite(edges[1:]), edges[1:], edges[:-1])
    middle, inside = (low + high) / 2, np.isfinite(edges[1:]).astype(float)
    moments = np.stack([inside, inside * middle, inside * (middle**2 + (high - low) ** 2 / 12)], axis=1)
    known, first, second = np.moveaxis(_sums(probabilities, moments), 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(known > 0, first / known, np.nan)
        spread = np.sqrt(np.maximum(second / known - centre**2, 0))
        weights = np.where(known >= _SURE, known / spread**2, 0)  # the spread is that of a bin at least
    for values in (centre, spread, weights):
        np.fill_diagonal(values, 0)
    return DistogramDistances(centre, spread, weights)


def beyond_last_edge(probabilities: Float[np.ndarray, "L M K"], edges: Float[np.ndarray, " E"]) -> Float64[np.ndarray, "L M"]:
    """Probability that a pair is farther apart than the last finite edge, ndarray, dtype=float64, shape=(L, L); 0 on the diagonal.

    Parameters and errors as for `distogram_distances`.
    """
    farther = ~np.isfinite(_checked_edges(probabilities, edges)[1:])
    beyond = _sums(probabilities, farther[:, None].astype(float))[..., 0]
    np.fill_diagonal(beyond, 0)
    return beyond


def _checked_edges(probabilities: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The edges in double precision, shape (K + 1,), where they are those of the bins."""
    shape, edges = np.shape(probabilities), np.asarray(edges, dtype=float)
    if len(shape) != 3 or shape[0] != shape[1]:
        raise FoldError(f"The probabilities have the shape {shape}; [residues, residues, bins] is needed.")
    if edges.shape != (shape[2] + 1,):
        raise FoldError(f"There are {edges.size} edges for {shape[2]} bins; give {shape[2] + 1}, the last one inf if it means 'farther'.")
    rising = (edges[1:] > edges[:-1]).all()  # NaN is above nothing
    if not rising or edges[0] < 0 or not np.isfinite(edges[:2]).all():
        raise FoldError("The edges of the bins have to rise from 0 Å or more, and only the last one may be inf.")
    return edges


def _sums(probabilities: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Sum over the bins of probability times moment, both directions of a pair averaged, shape (L, L, m); the moments have shape (K, m).

    Row by row, since a distogram of a long protein takes a gigabyte.
    """
    length = len(probabilities)
    sums = np.zeros((length, length, moments.shape[1]))
    for at in range(length):
        row = np.asarray(probabilities[at], dtype=float)
        _check_row(np.delete(row, at, axis=0), at)
        sums[at] = row @ moments
    return (sums + sums.transpose(1, 0, 2)) / 2


def _check_row(row: np.ndarray, at: int) -> None:
    """Refuse what is no probability; `row` is that of residue `at` without itself, shape (L - 1, K)."""
    totals = row.sum(axis=1)
    wrong = ~((row >= 0).all(axis=1) & (np.abs(totals - 1) <= _SUM_OFF))  # NaN is wrong, too
    if wrong.any():
        other = int(np.flatnonzero(wrong)[0])
        least, total = float(row[other].min()), float(totals[other])
        pair = f"({at + 1}, {other + 1 + (other >= at)})"
        raise FoldError(
            f"The numbers of the pair of residues {pair} sum to {total:.4g}, the lowest is {least:.4g}: these are no probabilities. If they"
            " are logits, take the softmax over the bins (the last axis) first."
        )
