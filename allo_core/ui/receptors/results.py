"""What follows from a SetView: the runs of its members, their columns, the consensus.  Kept for the next rerun."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.attention.columns import Columns
from allo_core.attention.head import Head
from allo_core.errors import AlloScopeError
from allo_core.family.consensus import Consensus, consensus
from allo_core.family.each import q_values_of_each
from allo_core.family.members import ReceptorSet
from allo_core.family.places import SetPlaces, rank_set, table_with_places
from allo_core.family.profile import commonest_class, family_profile
from allo_core.family.runs import SetRun, kept_set, shuffled
from allo_core.family.swap import SwapControl, swap_control
from allo_core.ui.receptors import session
from allo_core.ui.receptors.view import SetView
from allo_core.ui.shared.jobs import Job, SetRequest

__all__ = ["SetResult", "SmallColumns", "result_of", "runs_of", "shuffled_passing", "shuffled_request"]


class SmallColumns(Sequence):
    """Columns of many receptors in as little memory as they are kept in; each is widened when it is asked for."""

    def __init__(self, done: SetRun, threshold: float):
        self.threshold = threshold
        self._kept = [run.arrays(threshold) for run in done.runs]

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, at):
        weights, arcs = self._kept[at]
        return Columns(weights.astype(np.float64), arcs.astype(np.int64), self.threshold)

    def head(self, layer: int, head: int) -> list[np.ndarray]:
        """Column weights of one head in each receptor."""
        return [weights[layer, head] for weights, _ in self._kept]


@dataclass(frozen=True, eq=False)
class SetResult:
    """A set that has been run and scored, and the selected head.

    Parameters
    ----------
    done : SetRun
    columns : SmallColumns
    found : Consensus
    head : (layer, head)
    """

    done: SetRun
    columns: SmallColumns
    found: Consensus
    head: tuple[int, int]
    key: str
    kept: dict = field(repr=False)

    @property
    def head_name(self) -> str:
        return Head(*self.head).name

    @property
    def at(self) -> int:
        """Row of the selected head in the tables."""
        return self.head[0] * self.found.heads + self.head[1]

    @cached_property
    def q_of_each(self) -> np.ndarray:
        """q of every head in each receptor alone, shape (R, heads); takes some seconds for hundreds of receptors, once."""
        return _each(self.key, self)

    @property
    def places_known(self) -> bool:
        """Whether `places` costs nothing now."""
        return "places" in self.kept

    @property
    def places(self) -> SetPlaces | str:
        """How the asked residues stand among places like them (`rank_set`); takes seconds where each receptor has its own, once."""
        if "places" not in self.kept:
            self.kept["places"] = rank_set(self.found, self.columns)
        return self.kept["places"]

    @property
    def known_places(self) -> SetPlaces | str | None:
        """`places` where these cost nothing; None while they are to come."""
        return self.places if self.places_known else None

    @cached_property
    def judged(self) -> pd.DataFrame:
        """The table of heads with p and q among places: none where these are to come, those of random residues where they are not known."""
        frame = table_with_places(self.found, self.known_places)
        if isinstance(self.known_places, str):
            return frame
        return frame.assign(p_value=frame["p_places"], q_value=frame["q_places"])

    @property
    def judged_by(self) -> str:
        """What a head passes that passes in `judged`, to end a sentence; "" while that is to come."""
        if self.known_places is None:
            return ""
        return "against random matched residues" if isinstance(self.known_places, str) else "among places like these"

    @property
    def swapped(self) -> SwapControl | str:
        """The own sites beside those of other receptors (`swap_control`); takes seconds, once."""
        if "swapped" not in self.kept:
            self.kept["swapped"] = swap_control(self.found, self.columns)
        return self.kept["swapped"]

    @cached_property
    def of_one_class(self) -> tuple[str, list[int]]:
        """The class of most members, and which members are of it (`commonest_class`)."""
        return commonest_class(self.found.members)

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The selected head by generic position over the members of that class; ScoreError where there are none."""
        _, chosen = self.of_one_class
        members, columns = [self.found.members[at] for at in chosen], [self.columns[at] for at in chosen]
        return family_profile(members, columns, self.found.weights[chosen], *self.head)


def runs_of(view: SetView, asked: ReceptorSet, job: Job | None) -> tuple[SetRun | None, int]:
    """The members that have been run, and how many have not; looked for again when a job has ended."""
    # Title, notes and what was refused are no part of a set's key, but two tables of the same members differ in them.
    said = (asked.title, asked.refused, tuple(member.note for member in asked.members))
    key = (asked.key, said, view.model, view.device, view.dtype, job.state if job is not None else "")
    remembered = session.page().runs
    if key not in remembered:
        while len(remembered) > 16:
            remembered.pop(next(iter(remembered)))
        remembered[key] = kept_set(view.model, asked, device=view.device, dtype=view.dtype)
    return remembered[key]


def forget_runs() -> None:
    """Look for the runs again: some were deleted or damaged meanwhile."""
    session.page().runs = {}


def result_of(view: SetView, done: SetRun) -> SetResult:
    """The result of a view.

    Raises
    ------
    StoreError
        Kept columns were deleted or damaged meanwhile; they are looked for again.
    ScoreError
        No score is defined under these settings.
    """
    key = f"{done.asked.key}:{done.runs[0].meta.key}:{view.threshold:g}"
    try:
        columns = _columns(key, done, view.threshold)
    except AlloScopeError:
        forget_runs()
        raise
    combined, kept = _consensus(key, done, columns)
    found = replace(combined, members=done.asked.members)  # their notes are no part of the key
    return SetResult(done, columns, found, view.head or found.best_head(), key, kept)


def shuffled_request(view: SetView, done: SetRun) -> SetRequest:
    """The control: the same set with shuffled sequences."""
    return session.request_of(view, _shuffled(done.asked.key, done.asked))


def shuffled_passing(view: SetView, request: SetRequest, job: Job | None) -> int | None:
    """How many heads pass for shuffled sequences; None where the control was not run."""
    done, missing = runs_of(view, request.asked, job)
    if done is None or (missing and (job is None or job.state != "done")):
        return None
    return len(result_of(view, done).found.passing())


@st.cache_resource(max_entries=4, show_spinner=False)
def _shuffled(key: str, _asked: ReceptorSet) -> ReceptorSet:
    return shuffled(_asked)


@st.cache_resource(max_entries=3, show_spinner="Reading the columns")
def _columns(key: str, _done: SetRun, threshold: float) -> SmallColumns:
    return SmallColumns(_done, threshold)


@st.cache_resource(max_entries=16, show_spinner="Combining the receptors")
def _consensus(key: str, _done: SetRun, _columns: SmallColumns) -> tuple[Consensus, dict]:
    """The consensus, and where what is worked out from it later is kept."""
    return consensus(_done.asked, _columns), {}


@st.cache_resource(max_entries=8, show_spinner="Scoring each receptor by itself")
def _each(key: str, _result: SetResult) -> np.ndarray:
    return q_values_of_each(_result.found.members, _result.columns)
