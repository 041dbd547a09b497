"""Whether near things are of one kind: the nearest neighbour left out, and clusters beside kinds, each with its chance level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from scipy.special import comb

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer, Shaped

__all__ = ["adjusted_rand", "clusters_at", "cosine_distances", "nearest_agrees", "neighbour_chance"]


def cosine_distances(vectors: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n n"]:
    """1 - cosine between vectors, from their mean: without that all vectors of a language model point nearly one way."""
    return squareform(pdist(vectors - vectors.mean(axis=0, dtype=np.float64), "cosine"))


def clusters_at(distances: Float[np.ndarray, "n n"], count: int) -> Integer[np.ndarray, " n"]:
    """So many clusters by average linkage: number of the cluster of each, ndarray, dtype=int, shape=(n,)."""
    return fcluster(linkage(squareform(distances, checks=False), "average"), count, "maxclust")


def adjusted_rand(one: Shaped[np.ndarray, " n"], other: Shaped[np.ndarray, " n"]) -> float:
    """Agreement of two divisions of the same things (Hubert and Arabie 1985): 1 where they are one, about 0 by chance."""
    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(other, return_inverse=True)
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)
    together, rows, columns = comb(table, 2).sum(), comb(table.sum(axis=1), 2).sum(), comb(table.sum(axis=0), 2).sum()
    expected, most = rows * columns / comb(len(first), 2), (rows + columns) / 2
    return float((together - expected) / (most - expected)) if most != expected else 1.0


def nearest_agrees(
    distances: Float[np.ndarray, "n n"], kinds: Shaped[np.ndarray, " n"], excluded: Bool[np.ndarray, "n n"]
) -> Bool[np.ndarray, " n"]:
    """Whether the nearest other thing is of the same kind, ndarray, dtype=bool, shape=(n,).

    Parameters
    ----------
    distances : ndarray, dtype=float, shape=(n, n)
    kinds : ndarray, shape=(n,)
    excluded : ndarray, dtype=bool, shape=(n, n)
        Who may not be whose neighbour, besides each itself; where nobody is left, the answer is no.
    """
    barred = excluded | np.eye(len(kinds), dtype=bool)
    nearest = np.where(barred, np.inf, distances).argmin(axis=1)
    return (kinds[nearest] == kinds) & ~barred.all(axis=1)


def neighbour_chance(kinds: Shaped[np.ndarray, " n"], excluded: Bool[np.ndarray, "n n"]) -> Float64[np.ndarray, " n"]:
    """The share of those who may be one's neighbour that are of the same kind; parameters as in `nearest_agrees`; 0 where nobody may be."""
    allowed = ~(excluded | np.eye(len(kinds), dtype=bool))
    same = allowed & (kinds[:, None] == kinds[None, :])
    return same.sum(axis=1) / np.maximum(allowed.sum(axis=1), 1)
