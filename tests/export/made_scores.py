"""Scores of a small made-up run, for the tests of what users take away."""

from dataclasses import replace

import numpy as np

from allo_core.analysis.answer import Answer
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import Columns
from allo_core.attention.scores import score_heads
from allo_core.library.receptors import find_receptor
from allo_core.runs.meta import RunMeta

A2A = find_receptor("AA2AR")
SITES = (51, 90, 279)


def columns_of(threshold=0.3, arcs_each=2):
    """Random columns of 2 x 3 heads over A2A."""
    weights = np.random.default_rng(0).random((2, 3, len(A2A.protein)))
    return Columns(weights, np.full(weights.shape, arcs_each), threshold)


def scores_of(null="uniform", threshold=0.3, arcs_each=2, seed=3, sites=SITES):
    """Scores of 2 x 3 heads over A2A with random columns."""
    strata = A2A.numbers.strata() if null == "matched" else None
    return score_heads(columns_of(threshold, arcs_each), sites, null, strata, draws=50, seed=seed)


META = RunMeta(
    model_id="antiberty", weights_sha256="0" * 64, weights_source="bundled", licence="MIT", protein_name="SECRET",
    sequence=A2A.protein.sequence, dtype="float32", device_type="cpu", versions={"torch": "1"}, layers=2, heads=3, created="",
    seconds=0.1,
)  # fmt: skip


def answer_of(scores, name="AA2AR", numbers=A2A.numbers, sets=None, measure="A"):
    """Scores as the answer of a run; whatever the sets are, the scores are of their own residues."""
    sets = {"A": SITES, "B": (0,)} if sets is None else sets
    subject = Subject(replace(A2A.protein, name=name), numbers)
    question = Question(subject, sets["A"], sets["B"], measure, scores.threshold, scores.null, scores.draws, scores.seed)
    return Answer(question, columns_of(scores.threshold), scores, META)
