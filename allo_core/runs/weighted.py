"""Attention maps and value norms together: the value-weighted attention of one run, read as the maps are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.arcs import Arcs
from allo_core.attention.columns import Columns
from allo_core.attention.value_weighted import value_factors
from allo_core.errors import ScoreError
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.meta import RunMeta
from allo_core.runs.store import find_norms
from allo_core.runs.value_norms import ValueNorms

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Float64

__all__ = ["HeadMaps", "WeightedMaps", "find_weighted"]


class WeightedMaps:
    """Value-weighted attention over residues of every head of one run: A_ij |v_j W_O|, each head divided by its mean over queries.

    What it offers is what `AttentionMaps` offers, at threshold 0 alone.

    Parameters
    ----------
    attention : AttentionMaps
    norms : ValueNorms
        Of the same model and protein, computed alike; ValueError otherwise.
    """

    def __init__(self, attention: AttentionMaps, norms: ValueNorms):
        if norms.meta.of_kind("attention").key != attention.meta.key:
            raise ValueError(f"the norms {norms.meta.key[:12]} are not those of the run {attention.meta.key[:12]}")
        self.attention, self.norms = attention, norms

    @property
    def meta(self) -> RunMeta:
        """What the norms were computed from, which is what the maps were computed from but for the kind."""
        return self.norms.meta

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(layers, heads, L, L)."""
        return self.attention.shape

    @property
    def special_share(self) -> Float64[np.ndarray, "layers heads"]:
        """Mean share of value-weighted attention that residues spend on special tokens."""
        return self.norms.special_share

    @cached_property
    def factors(self) -> Float64[np.ndarray, "layers heads L"]:
        """What columns of attention are multiplied with, as from `value_factors`; StoreError if a run was deleted or damaged."""
        return value_factors(self.attention.columns(0.0).weights, self.norms.norms())

    def __getitem__(self, where: tuple[int, int]) -> Float32[np.ndarray, "L L"]:
        """Value-weighted attention of one head; as precise as the maps, which are kept as float16."""
        return self.attention[where] * self.factors[where].astype(np.float32)

    def received(self, layer: int, head: int) -> Float64[np.ndarray, " L"]:
        """Value-weighted attention that each residue receives from one head, ndarray, dtype=float64, shape=(L,)."""
        return self.attention.received(layer, head) * self.factors[layer, head]

    def columns(self, threshold: float, queries: Iterable[int] | None = None) -> Columns:
        """Column weights of all heads, as `AttentionMaps.columns` gives them; arcs are the entries that count, all of them.

        Raises
        ------
        ScoreError
            A threshold above 0, or queries that do not exist.
        StoreError
            A run was deleted or damaged.
        """
        _no_threshold(threshold)
        found = self.attention.columns(0.0, queries)
        return Columns(found.weights * self.factors, found.arcs, 0.0)

    def above(self, layer: int, threshold: float) -> Float32[np.ndarray, "heads L L"]:
        """One layer's value-weighted attention, ndarray, dtype=float32, shape=(heads, L, L); threshold and errors as `columns`."""
        _no_threshold(threshold)
        return self.attention.above(layer, 0.0) * self.factors[layer][:, None].astype(np.float32)

    def arcs(self, layer: int, head: int, threshold: float, queries: Iterable[int] | None = None) -> Arcs:
        """The entries of one head whose attention is above a threshold, the largest value-weighted attention first.

        Parameters
        ----------
        threshold : float
            Of attention, 0.01 to 0.95, as the maps have it; the weights of the arcs are value-weighted.
        queries : iterable of int, optional
            0-based residues; only their rows count.

        Raises
        ------
        ScoreError, StoreError
            As `AttentionMaps.arcs`.
        """
        found = self.attention.arcs(layer, head, threshold, queries)
        weights = found.weights * self.factors[layer, head][found.keys]
        order = np.lexsort((found.keys, found.queries, -weights))
        return Arcs(found.queries[order], found.keys[order], weights[order].astype(np.float32), found.threshold)


HeadMaps = AttentionMaps | WeightedMaps


def _no_threshold(threshold: float) -> None:
    if threshold != 0:
        raise ScoreError(f"Value-weighted attention has no threshold, so {float(threshold):g} is not possible; choose 0.")


def find_weighted(maps: AttentionMaps) -> WeightedMaps | None:
    """The value-weighted attention of a kept run; None where its norms are not kept."""
    norms = find_norms(maps.meta)
    return None if norms is None else WeightedMaps(maps, norms)
