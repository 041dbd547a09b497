"""The receptors of a set one by one, as Explore scores them under the matched null."""

from collections.abc import Callable, Sequence

import numpy as np

from allo_core.analysis.answer import answer_from_columns
from allo_core.analysis.question import Question
from allo_core.analysis.strata import possible_null
from allo_core.attention.columns import Columns
from allo_core.attention.control import LEVEL
from allo_core.family.members import Member

__all__ = ["passing_alone", "q_values_of_each"]


def q_values_of_each(
    members: Sequence[Member],
    columns: Sequence[Columns],
    draws: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """q of every head in each receptor alone, under its matched null (uniform where it has no generic numbers).

    Not the pocket null: for hundreds of receptors that takes minutes, because each has a structure of its own to grow pockets on.

    Parameters
    ----------
    members, columns : sequences of length R
    progress : callable(done, members), optional

    Returns
    -------
    ndarray, dtype=float, shape=(R, layers * heads)
        NaN where no score is defined or the head is not tested.
    """
    found = []
    for done, (member, each) in enumerate(zip(members, columns, strict=True)):
        if progress is not None:
            progress(done, len(members))
        null = possible_null("matched", member.numbers)
        question = Question(member.subject, member.sites, threshold=each.threshold, null=null, draws=draws, seed=seed)
        found.append(answer_from_columns(question, each).scores.frame["q_value"].to_numpy())
    return np.stack(found)


def passing_alone(q: np.ndarray) -> np.ndarray:
    """In how many receptors heads pass (q < 0.05) by themselves; `q` has the receptors along its first axis."""
    return (q < LEVEL).sum(axis=0)
