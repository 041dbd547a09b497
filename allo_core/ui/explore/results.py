"""What follows from a View: the run's columns and scores, what the chosen head looks at.  Kept for the next rerun."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from allo_core.analysis.answer import Answer, answer_from_columns
from allo_core.analysis.explained import explained_by_covariates
from allo_core.analysis.measures import Weighting
from allo_core.analysis.question import Question
from allo_core.analysis.strata import possible_null
from allo_core.analysis.subject import Subject
from allo_core.analysis.testable import highest_testable
from allo_core.analysis.verdict import MOSTLY_TESTED
from allo_core.attention.columns import Columns
from allo_core.attention.explained import Explained
from allo_core.attention.head import Head
from allo_core.attention.head_card import HeadCard, Pair, Stability, head_card, stability, strongest_pairs
from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.attention.scores import HeadScores
from allo_core.protein.sequence import Protein
from allo_core.runs.layout import FLOOR
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.weighted import HeadMaps, WeightedMaps, find_weighted
from allo_core.ui.explore.view import View
from allo_core.ui.shared.choices import THRESHOLDS
from allo_core.ui.shared.structures import LoadedStructure

__all__ = [
    "HeadDetails",
    "Result",
    "columns_of",
    "counted_of",
    "details_of",
    "explained_of",
    "opening_threshold",
    "question_of",
    "result_of",
    "testable_threshold",
]

# Scores hold on to the column weights that their control is worked out from: 2 MB each for ESM-2 650M on 400 residues.
_MOST_SCORES = 24


@dataclass(frozen=True)
class Result:
    """The answer to what the page asks, and what the selected head looks at.

    Parameters
    ----------
    answer : Answer
    maps : AttentionMaps
    counted : AttentionMaps or WeightedMaps
        What counts of them.
    all_columns : Columns
        Of all queries, also where the question has some alone.
    head : (layer, head)
    """

    answer: Answer
    maps: AttentionMaps
    counted: HeadMaps
    all_columns: Columns
    head: tuple[int, int]

    @property
    def question(self) -> Question:
        """What is asked."""
        return self.answer.question

    @property
    def scores(self) -> HeadScores:
        """Scores of all heads."""
        return self.answer.scores

    @property
    def special_share(self) -> np.ndarray:
        """Share of what counts on special tokens, shape (layers, heads)."""
        return self.counted.special_share

    @property
    def weighted(self) -> WeightedMaps | None:
        """The value-weighted attention, where that counts."""
        return self.counted if isinstance(self.counted, WeightedMaps) else None

    @property
    def weighting_name(self) -> str:
        """``"value-weighted"`` where that counts, "" for attention itself."""
        return "" if self.weighted is None else "value-weighted"

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
        parts = (self.counted.meta.key, self.question.key, self.scores.pending)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]

    @property
    def key(self) -> str:
        """The same with the head: tables named by it forget which rows were chosen in the one before."""
        return f"{self.scores_key}_{self.head[0]}_{self.head[1]}"

    @cached_property
    def received(self) -> np.ndarray:
        """What each residue receives from the selected head, without threshold, shape (L,)."""
        return self.counted.received(*self.head)

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
    """The selected head by itself: its card, its strongest pairs, and its score over the thresholds (none of value-weighted attention)."""

    card: HeadCard
    pairs: tuple[Pair, ...]
    stability: tuple[Stability, ...]


def counted_of(view: View, maps: AttentionMaps) -> HeadMaps:
    """What counts of a run as a view wants it; attention where the value norms that the view wants are not kept yet."""
    return (find_weighted(maps) if view.weighting == "value" else None) or maps


def question_of(view: View, protein: Protein, weighting: Weighting | None = None) -> Question:
    """What a view asks, by default of what it counts; of attention where the norms for value-weighted attention are still missing.

    Raises
    ------
    ScoreError
        A set that the measure needs is empty.
    """
    subject = Subject.of(protein)
    null = possible_null(view.null, subject.numbers)
    counted = weighting or view.weighting
    threshold = view.threshold if counted == "attention" else 0.0
    return Question(subject, view.sites, view.sites_b, view.measure, threshold, null, view.draws or None, weighting=counted)


def result_of(view: View, protein: Protein, maps: AttentionMaps) -> Result:
    """The result of a view.

    Raises
    ------
    StoreError
        The run was deleted or damaged meanwhile.
    ScoreError
        A set that the measure needs is empty, or no score is defined under these settings.
    """
    counted = counted_of(view, maps)
    question = question_of(view, protein, "value" if isinstance(counted, WeightedMaps) else "attention")
    columns = columns_of(counted, question.threshold, question.queries)
    scores, kept = _scores(counted.meta.key, question.key, question, columns)
    answer = Answer(question, columns, scores, counted.meta, counted, kept)
    if answer.pockets_known:
        answer = answer.completed()
    everything = columns if question.queries is None else columns_of(counted, question.threshold)
    return Result(answer, maps, counted, everything, view.head or answer.scores.first_head())


def details_of(result: Result, most: int, loaded: LoadedStructure | None) -> HeadDetails:
    """Card, the ``most`` strongest pairs and stability of the selected head; distances where a structure is loaded."""
    key = (result.counted.meta.key, result.head, result.question.key)
    return _details(key, most, loaded.key if loaded is not None else "", result, loaded)


@st.cache_resource(max_entries=32, show_spinner=False)
def _details(key: tuple, most: int, structure: str, _result: Result, _loaded: LoadedStructure | None) -> HeadDetails:
    result, cb = _result, None if _loaded is None else _loaded.cb
    layer, head = result.head
    question, weights = result.question, result.answer.columns.weights[layer, head]
    everything = result.counted.arcs(layer, head, FLOOR, question.queries)
    arcs = everything if question.threshold <= FLOOR else result.counted.arcs(layer, head, question.threshold, question.queries)
    card = head_card(arcs, question.sites, float(result.special_share[layer, head]), cb, weights)
    has_curve = result.weighted is None  # of value-weighted attention there are no thresholds
    curve = stability(everything, question.sites, question.null, question.strata, length=result.length) if has_curve else ()
    return HeadDetails(card, strongest_pairs(everything, most, cb, question.sites if question.queries is not None else ()), curve)


def explained_of(result: Result) -> Explained | str:
    """What covariates explain of the selected head, and what is left at the site; the first time for a site it takes a second."""
    question = result.question
    return _explained((result.counted.meta.key, result.head, question.queries, question.sites, question.seed), result)


@st.cache_resource(max_entries=256, show_spinner=False)
def _explained(key: tuple, _result: Result) -> Explained | str:
    return explained_by_covariates(_result.question, _result.received)


def testable_threshold(result: Result) -> float | None:
    """The highest threshold at which most heads can be tested; None where they can be, or there are few arcs at any threshold."""
    question = result.question
    if (result.scores.frame["n_arcs"] >= FEWEST_ARCS).mean() >= MOSTLY_TESTED:
        return None
    found = _testable(result.maps.meta.key, question.queries, result.maps)
    return found if found < question.threshold else None


def opening_threshold(maps: AttentionMaps, queries: tuple[int, ...], threshold: float) -> float:
    """The threshold at which a coupling opens: the one that is chosen, or a lower one at which most heads can be tested."""
    return min(threshold, _testable(maps.meta.key, queries, maps))


@st.cache_data(max_entries=64, show_spinner=False)
def _testable(run: str, queries: tuple[int, ...] | None, _maps: AttentionMaps) -> float:
    return highest_testable(lambda threshold: columns_of(_maps, threshold, queries).arcs, THRESHOLDS)


def columns_of(maps: HeadMaps, threshold: float, queries: tuple[int, ...] | None = None) -> Columns:
    """``maps.columns(threshold, queries)``, kept for the next rerun."""
    return _columns(maps.meta.key, threshold, queries, maps)


@st.cache_resource(max_entries=12, show_spinner=False)
def _columns(key: str, threshold: float, queries: tuple[int, ...] | None, _maps: HeadMaps) -> Columns:
    return _maps.columns(threshold, queries)


@st.cache_resource(max_entries=_MOST_SCORES, show_spinner=False)
def _scores(run: str, key: tuple, _question: Question, _columns: Columns) -> tuple[HeadScores, dict]:
    """The scores, and where what an answer works out on demand is kept."""
    answered = answer_from_columns(_question, _columns, wait=_question.queries is not None)  # pairs for a coupling take seconds
    return answered.scores, answered.kept
