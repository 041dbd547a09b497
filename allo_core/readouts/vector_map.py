"""Residues of one protein, or receptors, as points on a plane: principal components, or t-SNE where scikit-learn is installed."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.learning.geometry import principal_axes, tsne

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["MapMethod", "VectorMap", "vector_map"]

MapMethod = Literal["PCA", "t-SNE"]


@dataclass(frozen=True, eq=False)
class VectorMap:
    """Points on a plane.

    Parameters
    ----------
    method : {"PCA", "t-SNE"}
    coordinates : ndarray, dtype=float64, shape=(n, 2)
    shares : tuple of float
        Of PCA, the share of the variance of the vectors that were fitted along each axis; empty for t-SNE.
    shown : float
        Of PCA, the share of the variance of the vectors that are drawn which the plane holds; NaN for t-SNE.
    fitted_to : int
        Vectors that the axes were fitted to; those that are drawn, unless there was a reference.
    """

    method: MapMethod
    coordinates: "Float[np.ndarray, 'n 2']" = field(repr=False)
    shares: tuple[float, ...]
    shown: float
    fitted_to: int

    @property
    def axes(self) -> tuple[str, str]:
        """The titles of the axes."""
        if self.method == "PCA":
            first, second = (f"PC{at} ({share:.0%})" for at, share in enumerate(self.shares, 1))
            return first, second
        return "t-SNE 1", "t-SNE 2"


def vector_map(
    vectors: "Float[np.ndarray, 'n width']",
    method: MapMethod = "PCA",
    reference: "Float[np.ndarray, 'm width'] | None" = None,
    seed: int = 0,
) -> VectorMap:
    """Vectors of one state on a plane.

    Parameters
    ----------
    vectors : ndarray, dtype=float, shape=(n, width)
        Of the residues of a protein, ``embed(...).state(k)``, or of receptors.
    method : {"PCA", "t-SNE"}
        t-SNE keeps neighbours alone: distances between groups and their sizes mean nothing, and it has no reference.
    reference : ndarray, dtype=float, shape=(m, width), optional
        Vectors that the principal components are fitted to instead, so that proteins can be compared: ``kept_states(...)[k]``.
    seed : int
        Of t-SNE.

    Raises
    ------
    PredictionError
        Fewer than two vectors (t-SNE: four), or scikit-learn is missing.
    """
    if method == "t-SNE":
        return VectorMap(method, tsne(vectors, seed).astype(np.float64), (), float("nan"), len(vectors))
    fitted = vectors if reference is None else reference
    axes = principal_axes(fitted)
    coordinates = axes.place(vectors)
    spread = float(np.var(vectors, axis=0, dtype=np.float64).sum())
    shown = float(coordinates.var(axis=0).sum() / spread) if spread > 0 else float("nan")
    return VectorMap(method, coordinates, tuple(axes.shares.tolist()), shown, len(fitted))
