"""The shape of a cloud of vectors: how alike two clouds of the same things are, in how many directions one extends, and pictures of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

from allo_core.errors import PredictionError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["PrincipalAxes", "linear_cka", "participation_ratio", "principal_axes", "tsne", "two_nn"]

_FEWEST = 4  # vectors: the unbiased estimate divides by n - 3
_FAR_PAIRS = 0.1  # of TwoNN: the share of largest ratios that is left out, Facco et al. 2017
_EQUAL = 1e-6  # of the mean distance to the nearest: below it two vectors are one


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Principal components of some vectors.

    Parameters
    ----------
    mean : ndarray, dtype=float64, shape=(d,)
    axes : ndarray, dtype=float64, shape=(k, d)
        Of length 1; the largest number of each, without its sign, is positive.
    shares : ndarray, dtype=float64, shape=(k,)
        Share of the variance along each.
    """

    mean: Float64[np.ndarray, " d"] = field(repr=False)
    axes: Float64[np.ndarray, "k d"] = field(repr=False)
    shares: Float64[np.ndarray, " k"]

    def place(self, vectors: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n k"]:
        """Coordinates of vectors, ndarray, dtype=float64, shape=(n, k), also of others than the axes were fitted to."""
        return (vectors - self.mean) @ self.axes.T


def principal_axes(vectors: Float[np.ndarray, "n d"], count: int = 2) -> PrincipalAxes:
    """The first principal components of vectors.

    Raises
    ------
    PredictionError
        Fewer vectors or dimensions than components.
    """
    if min(vectors.shape) < count:
        raise PredictionError(f"{len(vectors)} vectors of {vectors.shape[1]} numbers have no {count} principal components.")
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    values, axes = eigh(centred.T @ centred, subset_by_index=(vectors.shape[1] - count, vectors.shape[1] - 1))
    axes, values = axes.T[::-1], np.maximum(values[::-1], 0)
    axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=1, keepdims=True), axis=1))
    total = float((centred**2).sum())
    return PrincipalAxes(mean, axes, values / total if total > 0 else np.full(count, np.nan))


def tsne(vectors: Float[np.ndarray, "n d"], seed: int = 0, perplexity: float = 30.0) -> Float[np.ndarray, "n 2"]:
    """Coordinates of t-SNE (van der Maaten and Hinton 2008), ndarray, shape=(n, 2); only who is near whom means anything.

    It begins at the principal components, so that it is the same each time on one machine.

    Parameters
    ----------
    seed : int
    perplexity : float
        About how many neighbours count; lowered to a third of the vectors where there are few.

    Raises
    ------
    PredictionError
        scikit-learn is not installed, or fewer than four vectors.
    """
    if len(vectors) < _FEWEST:
        raise PredictionError(f"t-SNE of {len(vectors)} vectors says nothing; at least {_FEWEST} are needed.")
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise PredictionError("t-SNE needs scikit-learn, which is not installed; pip install scikit-learn, or use PCA.") from error
    given = np.asarray(vectors, dtype=np.float32)
    return TSNE(2, perplexity=min(perplexity, (len(vectors) - 1) / 3), init="pca", random_state=seed, n_jobs=1).fit_transform(given)


def linear_cka(one: Float[np.ndarray, "n d"], other: Float[np.ndarray, "n e"]) -> float:
    """Linear centred kernel alignment of two clouds of the same n things, from unbiased HSIC.

    1 for clouds that are equal up to rotation and scale, about 0 for unrelated ones, also a little below it.

    The usual estimate grows with dimensions over n (it is near 1 for random vectors with d > n), so layers would look alike for few
    residues; the unbiased one (Song et al., J. Mach. Learn. Res. 13, 1393 (2012); for networks Nguyen et al., ICLR 2021) does not.

    Parameters
    ----------
    one : ndarray, dtype=float, shape=(n, d)
    other : ndarray, dtype=float, shape=(n, e)

    Returns
    -------
    float
        NaN where one of them does not vary.

    Raises
    ------
    PredictionError
        Fewer than four vectors.
    """
    x, y = (cloud - cloud.mean(axis=0, dtype=np.float64) for cloud in (one, other))
    within = unbiased_hsic(x, x) * unbiased_hsic(y, y)
    return float(unbiased_hsic(x, y) / np.sqrt(within)) if within > 0 else float("nan")


def unbiased_hsic(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "n e"]) -> float:
    """HSIC_1 of Song et al. 2012, equation 5, with linear kernels, without the n x n kernels.

    Their diagonals count as 0: what is subtracted below are the products of a vector with itself.
    """
    n = len(x)
    if n < _FEWEST:
        raise PredictionError(f"{n} vectors cannot be compared; at least {_FEWEST} are needed.")
    own_x, own_y = (x**2).sum(axis=1), (y**2).sum(axis=1)
    trace = float(((x.T @ y) ** 2).sum() - own_x @ own_y)
    rows_x, rows_y = x @ x.sum(axis=0) - own_x, y @ y.sum(axis=0) - own_y
    return (trace + rows_x.sum() * rows_y.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * float(rows_x @ rows_y)) / (n * (n - 3))


def participation_ratio(vectors: Float[np.ndarray, "n d"]) -> float:
    """In how many directions vectors extend: (sum of variances)² / sum of squared variances along principal axes; NaN where none varies."""
    centred = vectors - vectors.mean(axis=0, dtype=np.float64)
    small = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    squared = float((small**2).sum())
    return float(np.trace(small) ** 2 / squared) if squared > 0 else float("nan")


def two_nn(vectors: Float[np.ndarray, "n d"]) -> float:
    """Intrinsic dimension from the ratios of the distances to the second and the first neighbour (Facco et al., Sci. Rep. 7, 12140 (2017)).

    1 / mean log(r2 / r1) over the ratios without the largest tenth, corrected for leaving these out (a type II censored sample).

    Returns
    -------
    float
        NaN where most vectors equal another one: then r1 is 0, as for token embeddings, of which there are only twenty.
    """
    distance = np.sort(cdist(vectors, vectors), axis=1)[:, 1:3] if len(vectors) >= _FEWEST else np.zeros((1, 2))
    apart = distance[:, 0] > _EQUAL * distance[:, 1].mean()
    if apart.mean() <= 0.5:
        return float("nan")
    logs = np.sort(np.log(distance[apart, 1] / distance[apart, 0]))
    kept = max(int(len(logs) * (1 - _FAR_PAIRS)), 1)
    total = logs[:kept].sum() + (len(logs) - kept) * logs[kept - 1]
    return float(kept / total) if total > 0 else float("nan")
