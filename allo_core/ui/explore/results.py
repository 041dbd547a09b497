"""What follows from a View: the run's columns and scores, what the chosen head looks at.  Kept for the next rerun."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import streamlit as st

from allo_core.analysis.measures import setting
from allo_core.attention.columns import Columns
from allo_core.attention.head import Head
from allo_core.attention.head_card import HeadCard, Pair, Stability, head_card, stability, strongest_pairs
from allo_core.attention.scores import HeadScores, RandomSiteControl, random_site_control, score_heads
from allo_core.runs.layout import FLOOR
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.explore.view import View
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["Asked", "HeadDetails", "Result", "columns_of", "details_of", "result_of"]


class Asked(NamedTuple):
    """What the scores are asked for.

    Parameters
    ----------
    queries, sites : tuple of int
        What the measure counts: only these queries (None: all), attention on these residues.
    null : {"uniform", "matched", "published"}
    strata : tuple of str or None
        Those of the matched null.
    draws : int or None
        Random sets; None for the number that the heads need.
    """

    queries: tuple[int, ...] | None
    sites: tuple[int, ...]
    null: str
    strata: tuple[str, ...] | None
    draws: int | None


@dataclass(frozen=True)
class Result:
    """Scores of all heads of one run, and what the selected head looks at.

    Parameters
    ----------
    maps : AttentionMaps
    measure : str
        A key of MEASURES.
    asked : Asked
    all_columns, columns : Columns
        Of all queries, and of ``queries``.
    scores : HeadScores
    head : (layer, head)
    """

    maps: AttentionMaps
    measure: str
    asked: Asked
    all_columns: Columns
    columns: Columns
    scores: HeadScores
    head: tuple[int, int]

    @property
    def queries(self) -> tuple[int, ...] | None:
        """The residues that look; None for all."""
        return self.asked.queries

    @property
    def sites(self) -> tuple[int, ...]:
        """The residues that are looked at."""
        return self.asked.sites

    @cached_property
    def control(self) -> RandomSiteControl | None:
        """Heads that pass for random sites; None under the published null.  Worked out when asked for, after the pictures are drawn."""
        if self.scores.null == "published":
            return None
        return _control(self.maps.meta.key, self.columns.threshold, self.asked, self.columns)

    @property
    def special_share(self) -> np.ndarray:
        """Share of attention on special tokens, shape (layers, heads)."""
        return self.maps.special_share

    @property
    def head_name(self) -> str:
        """``"Layer 29, head 15"``, counted from 0."""
        return Head(*self.head).name

    @property
    def length(self) -> int:
        """L, residues of the protein."""
        return self.maps.shape[-1]

    @cached_property
    def scores_key(self) -> str:
        """Short and other for each other table of scores, whatever head is selected."""
        parts = (self.maps.meta.key, self.columns.threshold, self.asked)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]

    @property
    def key(self) -> str:
        """The same with the head: tables named by it forget which rows were chosen in the one before."""
        return f"{self.scores_key}_{self.head[0]}_{self.head[1]}"

    @cached_property
    def received(self) -> np.ndarray:
        """Attention that each residue receives from the selected head, without threshold, shape (L,)."""
        return self.maps.received(*self.head)

    @property
    def above(self) -> np.ndarray:
        """Column weights of the selected head above the threshold, shape (L,)."""
        return self.all_columns.weights[self.head]

    @cached_property
    def row(self) -> dict:
        """The scores of the selected head."""
        frame = self.scores.frame
        return frame[(frame["layer"] == self.head[0]) & (frame["head"] == self.head[1])].iloc[0].to_dict()


@dataclass(frozen=True)
class HeadDetails:
    """The selected head by itself: its card, its strongest pairs, and its score over the thresholds."""

    card: HeadCard
    pairs: tuple[Pair, ...]
    stability: tuple[Stability, ...]


def result_of(view: View, maps: AttentionMaps, null: str, strata: tuple[str, ...] | None) -> Result:
    """The result of a view.

    Raises
    ------
    StoreError
        The run was deleted or damaged meanwhile.
    ScoreError
        A set that the measure needs is empty, or no score is defined under these settings.
    """
    queries, sites = setting(view.measure, view.sites, view.sites_b)
    asked = Asked(queries, sites, null, strata if null == "matched" else None, view.draws or None)
    columns = columns_of(maps, view.threshold, queries)
    scores = _scores(maps.meta.key, view.threshold, asked, columns)
    everything = columns if queries is None else columns_of(maps, view.threshold)
    head = view.head or scores.best_head()
    return Result(maps, view.measure, asked, everything, columns, scores, head)


def details_of(result: Result, most: int, loaded: LoadedStructure | None) -> HeadDetails:
    """Card, the ``most`` strongest pairs and stability of the selected head; distances where a structure is loaded."""
    key = (result.maps.meta.key, result.head, result.columns.threshold, result.asked)
    return _details(key, most, loaded.key if loaded is not None else "", result, loaded)


@st.cache_resource(max_entries=32, show_spinner=False)
def _details(key: tuple, most: int, structure: str, _result: Result, _loaded: LoadedStructure | None) -> HeadDetails:
    result, cb = _result, None if _loaded is None else _loaded.cb
    layer, head = result.head
    everything = result.maps.arcs(layer, head, FLOOR, result.queries)
    arcs = result.maps.arcs(layer, head, max(result.columns.threshold, FLOOR), result.queries)
    card = head_card(arcs, result.sites, float(result.special_share[layer, head]), cb, result.columns.weights[layer, head])
    curve = stability(everything, result.sites, result.asked.null, result.asked.strata, length=result.length)
    return HeadDetails(card, strongest_pairs(everything, most, cb), curve)


def columns_of(maps: AttentionMaps, threshold: float, queries: tuple[int, ...] | None = None) -> Columns:
    """``maps.columns(threshold, queries)``, kept for the next rerun."""
    return _columns(maps.meta.key, threshold, queries, maps)


@st.cache_resource(max_entries=12, show_spinner=False)
def _columns(key: str, threshold: float, queries: tuple[int, ...] | None, _maps: AttentionMaps) -> Columns:
    return _maps.columns(threshold, queries)


@st.cache_resource(max_entries=48, show_spinner=False)
def _scores(run: str, threshold: float, asked: Asked, _columns: Columns) -> HeadScores:
    return score_heads(_columns, asked.sites, asked.null, asked.strata, asked.draws)


@st.cache_resource(max_entries=48, show_spinner=False)
def _control(run: str, threshold: float, asked: Asked, _columns: Columns) -> RandomSiteControl:
    return random_site_control(_columns, asked.sites, asked.null, asked.strata, asked.draws)
