"""What a heatmap of heads can show.  A new score is one entry in `SCORES`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allo_core.figures.colours import BROWSING_SCALE, CHANCE_SCALE, QUANTITY_SCALE, Theme

__all__ = ["ARCS", "SCORES", "HeadScore", "scores_of_sets"]


@dataclass(frozen=True)
class HeadScore:
    """One number a head, and how a heatmap shows it.

    Parameters
    ----------
    label : str
        As a person reads it.
    set_label : str
        The same over a set of receptors, where the frame of a consensus has the columns snr, enrichment and q_value; "" where a consensus
        has no such score.
    values : callable(frame) -> ndarray, dtype=float, shape=(heads,)
        From the frame of HeadScores; not finite where undefined.
    smallest_span : float
        What the colour scale reaches at least, so that noise around chance stays pale; and where it always ends if that is asked for.
    white : str
        What the pale end or middle of the scale means.
    from_zero : bool
        Whether the scale begins at 0; else it is symmetric around chance.
    grey : bool
        Whether it has no colour, because it is no result.
    """

    label: str
    set_label: str
    values: Callable[[pd.DataFrame], np.ndarray]
    smallest_span: float
    white: str = "chance"
    from_zero: bool = False
    grey: bool = False

    def colour_range(self, values: np.ndarray, theme: Theme = "light", fixed: bool = False) -> tuple[float, float, tuple[str, ...]]:
        """Ends of the colour scale for some values (NaN where undefined), and its colours; ``fixed`` ends do not follow the values."""
        largest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() and not fixed else 0.0
        span = max(self.smallest_span, largest)
        if self.grey:
            return 0.0, span, BROWSING_SCALE[theme]
        return (0.0, span, QUANTITY_SCALE[theme]) if self.from_zero else (-span, span, CHANCE_SCALE[theme])


def _numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame[column].to_numpy(dtype=float)


# Score, as links hold it -> what it is; in the order in which they are offered.
SCORES = {
    "enrichment": HeadScore("log₂ enrichment", "log₂ mean enrichment", lambda frame: np.log2(_numbers(frame, "enrichment")), 2.0),
    "snr": HeadScore("SNR", "mean SNR", lambda frame: _numbers(frame, "snr"), 3.0),
    "q": HeadScore(
        "−log₁₀ q", "−log₁₀ combined q", lambda frame: -np.log10(_numbers(frame, "q_value")), 2.0, white="q = 1", from_zero=True
    ),
}


# What is shown of the heads before anything is asked of them.
ARCS = HeadScore("arcs, log₁₀", "", lambda frame: np.log10(1 + _numbers(frame, "n_arcs")), 1.0, white="no arc", from_zero=True, grey=True)


def scores_of_sets() -> dict[str, HeadScore]:
    """Those that a consensus over receptors has, too."""
    return {name: score for name, score in SCORES.items() if score.set_label}
