"""Scores are kept for long, by several sessions: what they hold, and that they travel."""

import pickle
import threading
from dataclasses import replace

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.scores import score_heads


def scored(sites=tuple(range(40)), draws=50_000):
    weights = np.random.default_rng(0).gamma(0.5, size=(3, 4, 200))
    return score_heads(Columns(weights, np.full(weights.shape, 2), 0.1), sites, draws=draws)


def test_scores_can_be_pickled_and_give_the_same_control():
    scores = scored()
    copy = pickle.loads(pickle.dumps(scores))
    assert copy.control == scores.control
    assert copy.frame.equals(scores.frame)


def test_scores_hold_no_draws():
    scores = scored()
    held = len(pickle.dumps(scores))
    assert held < 3 * 4 * 200 * 8 + 50_000  # column weights and the frame; the draws take 50,000 x 40 x 2 bytes
    assert scores.control is scores.control


def test_one_control_does_not_wait_for_another():
    """Each goes on only when the other has begun."""
    both = threading.Barrier(2, timeout=20)
    several = [replace(scored(draws=500), make_control=both.wait) for _ in range(2)]
    threads = [threading.Thread(target=lambda scores=scores: scores.control) for scores in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not both.broken
    assert not any(thread.is_alive() for thread in threads)
