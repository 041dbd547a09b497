"""All heads over the sequences of a batch: in how many each passes, and its medians.

The sequences are whatever the file held.  Homologues among them are not independent, so these are counts and no test; the test over
receptors is `allo_core.family.consensus`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.batch.dataset import BatchResults
from allo_core.errors import BatchError

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pandas as pd

__all__ = ["FEW_SEQUENCES", "BatchSummary", "summarise"]

FEW_SEQUENCES = "few sequences"
_FEWEST_TESTED = 0.5  # of the scored sequences; the consensus over receptors asks for half of their weight, too
_MEASURES = ("snr", "enrichment", "q_value", "n_arcs", "attention_on_site")


@dataclass(frozen=True, eq=False)
class BatchSummary:
    """The heads over the scored sequences of a batch.

    Parameters
    ----------
    frame : DataFrame
        One row a head, layer by layer: layer, head, tested (in how many sequences), passing (q < 0.05 in how many), share_passing (of the
        scored sequences), median_snr, median_log2_enrichment (over the sequences in which the head is tested), flags ("few sequences"
        where those are less than half of the scored ones).  A sequence in which nothing falls on the site has no SNR and is counted below
        all others; a median that falls there is NaN.
    rows : ndarray, dtype=int, shape=(R,)
        Numbers of the scored records in the file, ascending.
    snr, enrichment, q : ndarray, dtype=float, shape=(R, layers * heads)
        Of each sequence by itself; NaN where the head is not tested there (fewer than 10 arcs, or no spread over random sites), and
        where nothing falls on the site.
    layers, heads : int
    """

    frame: "pd.DataFrame"
    rows: "np.ndarray"
    snr: "np.ndarray"
    enrichment: "np.ndarray"
    q: "np.ndarray"
    layers: int
    heads: int

    def best_head(self) -> tuple[int, int]:
        """(layer, head) of the unflagged head that passes most often; among equals, that of the highest median SNR."""
        order = self.frame.assign(few=self.frame["flags"] != "")
        row = order.sort_values(["few", "passing", "median_snr"], ascending=[True, False, False], kind="stable").iloc[0]
        return int(row["layer"]), int(row["head"])


def summarise(results: BatchResults) -> BatchSummary | None:
    """Count and summarise what each head scores over the sequences; None where nothing was scored.

    Raises
    ------
    BatchError
        A batch of another task, a damaged file, or scores that are not those of every head once.
    """
    import numpy as np

    settings = results.scored
    if settings.sites is None:
        return None
    frame = results.scores(measures=_MEASURES)
    if frame.empty:
        return None
    shape = (frame["row"].nunique(), settings.layers * settings.heads)
    at = frame["layer"].to_numpy(dtype=int) * settings.heads + frame["head"].to_numpy(dtype=int)
    # In the order of records and heads, so that a table of all of them can be folded into a matrix.
    if len(frame) != shape[0] * shape[1] or not np.array_equal(at, np.tile(np.arange(shape[1]), shape[0])):
        raise BatchError(f"{results.folder} has records without the scores of every head; run the same batch again into a new folder.")
    snr, enrichment, q, n_arcs, on_site = (frame[name].to_numpy(dtype=float).reshape(shape) for name in _MEASURES)
    tested = _tested(n_arcs, on_site, snr)
    table = _table(tested, q, snr, enrichment, settings.heads)
    rows = frame["row"].to_numpy()[:: shape[1]]
    snr, enrichment = (np.where(tested & np.isfinite(values), values, np.nan) for values in (snr, enrichment))
    return BatchSummary(table, rows, snr, enrichment, q, settings.layers, settings.heads)


def _tested(n_arcs: "np.ndarray", on_site: "np.ndarray", snr: "np.ndarray") -> "np.ndarray":
    """Where a head is tested: it has arcs, and an SNR or nothing on the site.  (q is not asked: it is NaN where nothing is on the site.)"""
    import numpy as np

    from allo_core.attention.nulls import FEWEST_ARCS

    return (n_arcs >= FEWEST_ARCS) & (np.isfinite(snr) | (on_site == 0))


def _table(tested: "np.ndarray", q: "np.ndarray", snr: "np.ndarray", enrichment: "np.ndarray", heads: int) -> "pd.DataFrame":
    """`BatchSummary.frame` from matrices of shape (R, layers * heads)."""
    import numpy as np
    import pandas as pd

    from allo_core.attention.control import LEVEL

    scored, count = tested.shape
    passing = (q < LEVEL).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log2 = np.log2(enrichment)
    return pd.DataFrame(
        {
            "layer": np.repeat(np.arange(count // heads), heads),
            "head": np.tile(np.arange(heads), count // heads),
            "tested": tested.sum(axis=0),
            "passing": passing,
            "share_passing": passing / scored,
            "median_snr": _medians(snr, tested),
            "median_log2_enrichment": _medians(log2, tested),
            "flags": np.where(tested.sum(axis=0) >= _FEWEST_TESTED * scored, "", FEW_SEQUENCES),
        }
    )


def _medians(values: "np.ndarray", tested: "np.ndarray") -> "np.ndarray":
    """Median of each column over the tested rows, those without a value below all others; NaN where it has none."""
    import numpy as np

    found = np.full(values.shape[1], np.nan)
    for at in range(values.shape[1]):
        column = values[tested[:, at], at]
        if len(column):
            found[at] = np.median(np.where(np.isfinite(column), column, -np.inf))
    return np.where(np.isfinite(found), found, np.nan)
