"""The paths from A to B beside those of pocket pairs that lie as far apart: a path through a folded chain is mostly a distance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from allo_core.attention.pairs_like import PAIRS, pairs_like
from allo_core.attention.pockets import FEWEST_PLACES
from allo_core.errors import ScoreError
from allo_core.networks.network import Network
from allo_core.networks.paths import AS_SHORT, Paths, load_of, mean_length
from allo_core.networks.points import Points

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["AS_FAR", "PathNull", "path_null"]

AS_FAR = 3.0  # Å by which the distance of a pair may differ from that of A and B
_LOADED = 200  # pairs whose load of residues is worked out


@dataclass(frozen=True, eq=False)
class PathNull:
    """A and B among random pairs of pockets of their sizes and shapes, at the same distance.

    Parameters
    ----------
    distance : float
        Å between the centres of A and B.
    pairs : int
        Random pairs whose centres lie within 3 Å of that distance.
    mean : float
        Of the mean path lengths of the pairs.
    as_short : float
        Share of the pairs whose mean path is as short or shorter.
    correlation : float
        Spearman's, of path and distance over random pairs of residues: how far a path is no more than a distance.
    load : ndarray, dtype=float64, shape=(L,)
        Share of the pairs of a residue of A and one of B with a shortest path through each residue.
    usual_load : ndarray, dtype=float64, shape=(L,)
        Its mean over 200 random pairs.
    as_loaded : ndarray, dtype=float64, shape=(L,)
        Share of these 200 in which the residue carries as much or more.
    """

    distance: float
    pairs: int
    mean: float
    as_short: float
    correlation: float
    load: Float64[np.ndarray, " L"] = field(repr=False)
    usual_load: Float64[np.ndarray, " L"] = field(repr=False)
    as_loaded: Float64[np.ndarray, " L"] = field(repr=False)


def path_null(network: Network, points: Points, paths: Paths, count: int = PAIRS, seed: int = 0) -> PathNull | str:
    """Compare the paths of two sets with those of pocket pairs; in words why they are not compared.

    Parameters
    ----------
    network : Network
    points : Points
        Of the same structure.
    paths : Paths
    count : int
        Random pairs.
    seed : int
    """
    places = np.full_like(points.places, np.nan)
    part = list(paths.ends.part)
    places[part] = points.places[part]
    first, second = np.array(paths.ends.first), np.array(paths.ends.second)
    try:
        pairs = pairs_like(first, second, places, count, seed)
    except ScoreError as error:
        return str(error).rstrip(".")
    wanted = float(_apart(places, first[None], second[None])[0])
    there = _apart(places, *pairs)
    same = np.abs(there - wanted) <= AS_FAR
    if same.sum() < FEWEST_PLACES:
        return f"only {int(same.sum())} random pairs of pockets lie {wanted:.0f} Å apart as A and B do, and {FEWEST_PLACES} are needed"
    every = mean_length(network, pairs.first, pairs.second)
    lengths = every[same]
    load = load_of(network, first, second)
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(same))[:_LOADED]
    loads = np.stack([load_of(network, pairs.first[pair], pairs.second[pair]) for pair in chosen])
    return PathNull(
        wanted,
        len(lengths),
        float(lengths.mean()),
        float((lengths <= paths.mean * (1 + AS_SHORT)).mean()),
        _of_distance(network, places, paths, seed),
        load,
        loads.mean(axis=0),
        (loads >= load - AS_SHORT).mean(axis=0),
    )


def _of_distance(network: Network, places: np.ndarray, paths: Paths, seed: int) -> float:
    """Spearman's correlation of path and distance over random pairs of residues of the part, which lie at all distances."""
    generator = np.random.default_rng(seed)
    one, other = generator.choice(np.array(paths.ends.part), (2, 2_000))
    differ = one != other
    one, other = one[differ], other[differ]
    apart = np.linalg.norm(places[one] - places[other], axis=1)
    return float(spearmanr(network.distances[one, other], apart).statistic)


def _apart(places: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Å between the centres of sets [B, n] and [B, m], shape (B,)."""
    return np.linalg.norm(np.nanmean(places[first], axis=1) - np.nanmean(places[second], axis=1), axis=1)
