"""What the published scripts report of a head, its impact, and why a score of it should not be trusted: its flags."""

from __future__ import annotations

import numpy as np

from allo_core.attention.nulls import FEWEST_ARCS

__all__ = ["COLUMN_SINK", "FEWEST_RESIDUES", "FEW_ARCS", "FEW_RESIDUES", "flags", "impacts"]

FEW_ARCS = "few arcs"
FEW_RESIDUES = "few residues"
COLUMN_SINK = "column sink"
FEWEST_RESIDUES = 3
_LARGEST_SHARE = 0.6  # of w_S, on one residue
_SINK_SHARE = 0.5  # of all attention, on two columns


def impacts(weights: np.ndarray, arcs: np.ndarray, marked: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Shares of attention and of arcs on the marked residues, by column of `HeadScores`; weights and arcs [heads, L].

    NaN where a head has none, or the share needs a threshold.
    """
    on_site, total, n_arcs = weights[:, marked].sum(axis=1), weights.sum(axis=1), arcs.sum(axis=1)
    countable = (n_arcs > 0) & (threshold > 0)
    return {
        "impact": _ratio(on_site, total, total > 0),
        "impact_count": _ratio(on_site, n_arcs, countable),
        "impact_arcs": _ratio(arcs[:, marked].sum(axis=1), n_arcs, countable),
    }


def flags(weights: np.ndarray, n_arcs: np.ndarray, marked: np.ndarray) -> list[str]:
    """Reasons of each head, joined by "; ", empty if there are none; weights [heads, L]."""
    on_site = weights[:, marked]
    few_residues = ((on_site > 0).sum(axis=1) < FEWEST_RESIDUES) | (on_site.max(axis=1) > _LARGEST_SHARE * on_site.sum(axis=1))
    total = weights.sum(axis=1)
    heaviest = -np.partition(-weights, min(1, weights.shape[1] - 1), axis=1)[:, :2].sum(axis=1)
    sink = (total > 0) & (heaviest >= _SINK_SHARE * total)
    reasons = ((FEW_ARCS, n_arcs < FEWEST_ARCS), (FEW_RESIDUES, few_residues), (COLUMN_SINK, sink))
    return ["; ".join(reason for reason, applies in reasons if applies[head]) for head in range(len(weights))]


def _ratio(numerator: np.ndarray, denominator: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=where)
