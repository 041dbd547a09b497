"""What a set of pairs gives away: names and lengths alone, by pair as published and with no protein on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allo_core.interaction.baselines import identity_probabilities, length_probabilities
from allo_core.interaction.metrics import PairMetrics, chance_metrics, pair_metrics
from allo_core.interaction.pairs import PairSet
from allo_core.interaction.splits import Split, by_pair, by_protein

__all__ = ["GivenAway", "GivenAwayRow", "given_away"]

_IDENTITY, _LENGTHS = "names", "lengths"


@dataclass(frozen=True)
class GivenAwayRow:
    """One baseline in one split.

    Parameters
    ----------
    baseline : {"names", "lengths"}
    split : Split
    tested : int
        Pairs.
    metrics, chance : PairMetrics
        Of the baseline, and of the tested pairs without any knowledge.
    """

    baseline: str
    split: Split
    tested: int
    metrics: PairMetrics
    chance: PairMetrics


@dataclass(frozen=True)
class GivenAway:
    """Names and lengths, in both splits.

    Parameters
    ----------
    pairs, proteins, positives : int
    in_positives, in_negatives, in_both : int
        Proteins that are in pairs that interact, in others, and in both.
    rows : tuple of GivenAwayRow
    without : str
        Why lengths were not tested; "" where they were.
    """

    pairs: int
    proteins: int
    positives: int
    in_positives: int
    in_negatives: int
    in_both: int
    rows: tuple[GivenAwayRow, ...]
    without: str

    @property
    def sentence(self) -> str:
        """What the set gives away, first."""
        shown = {row.split.kind: row for row in self.rows if row.baseline == _IDENTITY}
        pair, protein = shown["pair"], shown["protein"]
        return (
            f"Names alone, without any sequence, reach accuracy {_said(pair.metrics.accuracy)} (chance {_said(pair.chance.accuracy)}) and "
            f"AUC {_said(pair.metrics.auc)} (chance 0.5) where pairs are divided as published, and AUC {_said(protein.metrics.auc)} where "
            "no protein is on both sides: a model of pairs has to be above names and lengths in the same split."
        )


def given_away(pairs: PairSet, count: int = 5, seed: int = 42) -> GivenAway:
    """What names and lengths alone tell of a set of pairs.

    Parameters
    ----------
    pairs : PairSet
    count : int
        Folds of each split.
    seed : int

    Returns
    -------
    GivenAway

    Raises
    ------
    PairError
        Too few pairs or proteins for the folds.
    """
    splits = (by_pair(pairs, count, seed), by_protein(pairs, count, seed))
    known = len({len(protein) for protein in pairs.proteins}) > 1
    rows = [_row(pairs, split, _IDENTITY) for split in splits]
    rows += [_row(pairs, split, _LENGTHS) for split in splits] if known else []
    positive, negative = (np.union1d(pairs.first[pairs.labels == label], pairs.second[pairs.labels == label]) for label in (1, 0))
    return GivenAway(
        len(pairs),
        len(np.union1d(pairs.first, pairs.second)),
        int(pairs.labels.sum()),
        len(positive),
        len(negative),
        len(np.intersect1d(positive, negative)),
        tuple(rows),
        "" if known else "lengths were not tested: all proteins have one length, or their sequences are not known",
    )


def _row(pairs: PairSet, split: Split, baseline: str) -> GivenAwayRow:
    found = (identity_probabilities if baseline == _IDENTITY else length_probabilities)(pairs, split)
    tested = ~np.isnan(found)
    labels = pairs.labels[tested]
    return GivenAwayRow(baseline, split, int(tested.sum()), pair_metrics(labels, found[tested]), chance_metrics(labels))


def _said(value: float) -> str:
    return "not defined" if np.isnan(value) else f"{value:.3f}"
