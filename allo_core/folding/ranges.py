"""What folds of one kind reached over several receptors: a median with the range in which most lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["FEWEST_CASES", "Range", "range_of"]

FEWEST_CASES = 5  # receptors; a range of fewer says nothing
_QUANTILES = (0.1, 0.5, 0.9)
_DIGITS = 4


@dataclass(frozen=True)
class Range:
    """The 10 % quantile, the median and the 90 % quantile over receptors."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def range_of(values: Sequence[float], receptors: int) -> Range | None:
    """Quantiles of values that come from so many receptors; None where these are fewer than five."""
    if receptors < FEWEST_CASES:
        return None
    return Range(*(round(float(value), _DIGITS) for value in np.quantile(values, _QUANTILES)))
