"""One head along the family: how much it looks at each generic position, on average over a set of receptors, and how far they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allo_core.attention.columns import Columns
from allo_core.errors import ScoreError
from allo_core.family.members import Member
from allo_core.family.positions import along_the_sequence

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["commonest_class", "family_profile"]


def commonest_class(members: Sequence[Member]) -> tuple[str, list[int]]:
    """The class of most members, and which members are of it: the positions of several classes cannot be put under each other.

    Returns
    -------
    (str, list of int)
        Of classes that are equally common the first; an empty name and no member where none has generic numbers.
    """
    classes = [member.numbers.receptor_class if member.numbers is not None else "" for member in members]
    commonest = Counter(name for name in classes if name).most_common(1)
    return (commonest[0][0], [at for at, name in enumerate(classes) if name == commonest[0][0]]) if commonest else ("", [])


def family_profile(
    members: Sequence[Member], columns: Sequence[Columns], weights: Float[np.ndarray, " R"], layer: int, head: int
) -> pd.DataFrame:
    """A head's attention by generic number.

    In each receptor a residue's column weight is divided by the mean over its residues, so that receptors of any length and any sharpness
    of attention can be averaged: 1 is what every residue would get if the head looked everywhere alike.

    Parameters
    ----------
    members : sequence of Member, length R
        Those without generic numbers, and those in which the head has no attention above the threshold, take no part.
    columns : sequence of Columns, length R
        Shape (layers, heads, L).
    weights : ndarray, dtype=float, shape=(R,)
        How much each receptor counts.

    Returns
    -------
    DataFrame
        One row a position, in the order of the sequence: position, segment, mean, low and high (weighted quartiles over receptors),
        receptors (that have it), asked (in how many it is asked about), conservation (share of the commonest residue over the class).

    Raises
    ------
    ScoreError
        Members of several classes, whose positions cannot be averaged; none that takes part.
    """
    classes = sorted({member.numbers.receptor_class for member in members if member.numbers is not None})
    if len(classes) > 1:
        raise ScoreError(f"These receptors are of classes {', '.join(classes)}, whose positions name other residues; choose one class.")
    values: dict[str, list[tuple[float, float]]] = {}
    facts: dict[str, tuple[Counter, float]] = {}
    asked: Counter = Counter()
    for member, each, weight in zip(members, columns, weights, strict=True):
        received = each.weights[layer, head]
        if member.numbers is None or received.sum() == 0:
            continue
        relative = received / received.mean()
        sites = set(member.sites)
        for index, number in enumerate(member.numbers.gpcrdb):
            if number:
                values.setdefault(number, []).append((float(relative[index]), float(weight)))
                segments, _ = facts.setdefault(number, (Counter(), float(member.numbers.family_conservation[index])))
                segments[member.numbers.segment[index]] += 1
                asked[number] += index in sites
    if not values:
        raise ScoreError("No receptor of this set has generic numbers and attention above the threshold; choose a lower threshold.")
    rows = []
    for number in sorted(values, key=along_the_sequence):
        received, share = np.array(values[number]).T
        low, high = _quantiles(received, share, (0.25, 0.75))
        segments, conservation = facts[number]
        mean = float(np.average(received, weights=share))
        rows.append((number, segments.most_common(1)[0][0], mean, low, high, len(received), asked[number], conservation))
    return pd.DataFrame(rows, columns=["position", "segment", "mean", "low", "high", "receptors", "asked", "conservation"])


def _quantiles(values: np.ndarray, weights: np.ndarray, at: Sequence[float]) -> list[float]:
    """Weighted quantiles: the smallest value below or at which lies this share of the weight."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return [float(values[order][min(np.searchsorted(reached, share - 1e-12), len(values) - 1)]) for share in at]
