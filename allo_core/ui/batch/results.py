"""Reading a batch once for each state of its folder; every click after that finds it in memory."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.attention.columns import Columns
from allo_core.batch import BatchResults, open_batch
from allo_core.batch.heads_summary import properties_of, shares_over
from allo_core.batch.layout import METADATA, parts
from allo_core.batch.summary import BatchSummary, summarise
from allo_core.batch.task_heads import HeadsSettings
from allo_core.batch.task_scores import ScoreSettings
from allo_core.errors import BatchError
from allo_core.heads.shares import HeadShares
from allo_core.ui.batch.view import BatchView
from allo_core.ui.shared.head_shares import first_value

__all__ = [
    "AnyBatch",
    "HeadsBatch",
    "OpenBatch",
    "ScoredBatch",
    "columns_of",
    "read",
    "shares_of_batch",
    "shown_property",
    "shown_value",
    "stamp_of",
]


@dataclass(frozen=True, eq=False)
class AnyBatch:
    """A batch that has been read, of a task that the page shows.

    Parameters
    ----------
    key : str
        The same for the same state of the same folder.
    results : BatchResults
        With its table of sequences read.
    """

    key: str
    results: BatchResults

    @property
    def sequences(self) -> pd.DataFrame:
        return self.results.sequences

    @property
    def failed(self) -> int:
        """How many records have no results."""
        return int(self.sequences["error"].notna().sum())


class HeadsBatch(AnyBatch):
    """A batch of what heads look at."""

    @property
    def properties(self) -> tuple[str, ...]:
        return properties_of(self.results)


class OpenBatch(AnyBatch):
    """A batch of scores, or of column weights alone."""

    @property
    def settings(self) -> ScoreSettings:
        return self.results.scored

    @property
    def why_unscored(self) -> str:
        """Why there is no heatmap."""
        if self.settings.sites is None:
            return "This batch was run without --sites, so there are column weights and arcs, but no scores and no heatmap of heads."
        if not len(self.sequences):
            return "Nothing is finished yet; read the folder again in a while."
        return "No sequence of this batch could be scored, so there is no heatmap; the column notes says why."

    def head_of(self, wanted: tuple[int, int] | None) -> tuple[int, int]:
        """The wanted head if the model has it, else the one that passes most often."""
        if wanted is not None and wanted[0] < self.settings.layers and wanted[1] < self.settings.heads:
            return wanted
        return self._usual_head()

    def _usual_head(self) -> tuple[int, int]:
        return 0, 0


@dataclass(frozen=True, eq=False)
class ScoredBatch(OpenBatch):
    """A batch in which sequences were scored.

    Parameters
    ----------
    summary : BatchSummary
    """

    summary: BatchSummary

    def _usual_head(self) -> tuple[int, int]:
        return self.summary.best_head()

    def of_head(self, values: np.ndarray, head: tuple[int, int]) -> np.ndarray:
        """One head's column of a matrix of the summary, as a number for each row of `sequences` (NaN where it was not scored)."""
        found = np.full(len(self.sequences), np.nan)
        found[np.searchsorted(self.sequences["row"], self.summary.rows)] = values[:, head[0] * self.settings.heads + head[1]]
        return found


def stamp_of(folder: str) -> str:
    """What a folder looks like now: its parts and when they and the metadata were written; BatchError where it is no batch."""
    place = Path(folder)
    open_batch(place)
    try:
        seen = [(path.name, path.stat().st_mtime_ns) for path in (place / METADATA, *parts(place).values())]
    except OSError:
        raise BatchError(f"{place} changed while it was read; read it again.") from None
    return hashlib.sha256(repr((os.path.realpath(place), seen)).encode()).hexdigest()[:16]


@st.cache_resource(max_entries=3, show_spinner="Reading the batch")
def read(folder: str, stamp: str) -> OpenBatch | HeadsBatch:
    """The batch in a folder that looks like this; BatchError where it is none, damaged, or of a task that the page does not show."""
    results = open_batch(folder)
    looks = isinstance(results.metadata.settings, HeadsSettings)
    summary = None if looks else summarise(results)  # which refuses a batch of another task
    sequences = results.sequences
    if not sequences["row"].between(1, results.metadata.records).all() or sequences["name"].isna().any():
        raise BatchError(f"{folder} holds records that do not fit its {METADATA}; take both from the same copy of the folder.")
    if looks:
        return HeadsBatch(stamp, results)
    return OpenBatch(stamp, results) if summary is None else ScoredBatch(stamp, results, summary)


@st.cache_resource(max_entries=12, show_spinner=False)
def columns_of(key: str, row: int, threshold: float, _batch: OpenBatch) -> Columns:
    """Column weights of one record; kept, so that another head of it needs no file."""
    return _batch.results.columns(row, threshold)


@st.cache_resource(max_entries=12, show_spinner="Counting arcs")
def shares_of_batch(key: str, name: str, _batch: HeadsBatch) -> HeadShares:
    """What the heads look at; HeadsError where it is known of too few sequences."""
    return shares_over(_batch.results, name)


def shown_property(view: BatchView, batch: HeadsBatch) -> str:
    """The property that is looked at: the chosen one if it was counted, else the first."""
    return view.property if view.property in batch.properties else batch.properties[0]


def shown_value(view: BatchView, shares: HeadShares) -> int:
    """The value that is looked at: the chosen one if there is one of this name, else the one that is looked at most beyond expectation."""
    values = shares.what.values
    return values.index(view.value) if view.value in values else first_value(shares)
