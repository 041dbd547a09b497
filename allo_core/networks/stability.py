"""How many of the most central residues stay so when every residue moves a little, and by another contact rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.networks.centrality import Measure, centrality, highest
from allo_core.networks.edges import moved
from allo_core.networks.network import network_of
from allo_core.networks.points import Points, Rule

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["REPEATS", "Stability", "stability_of"]

REPEATS = 20


@dataclass(frozen=True, eq=False)
class Stability:
    """Of one measure: in which share of the repeats each residue is among the highest 15 %.

    Parameters
    ----------
    under_noise : ndarray, dtype=float64, shape=(L,)
        NaN where a residue is not resolved, and everywhere without repeats.
    by_rule : dict of rule -> ndarray, dtype=float64, shape=(L,)
        1 where the residue is among the highest by that rule, else 0; NaN where it is not resolved.
    """

    under_noise: Float64[np.ndarray, " L"] = field(repr=False)
    by_rule: dict[Rule, Float64[np.ndarray, " L"]] = field(repr=False)


def stability_of(
    points: Points,
    others: Mapping[Rule, Points],
    measures: Sequence[Measure],
    attention: Float[np.ndarray, "L L"] | None = None,
    repeats: int = REPEATS,
    seed: int = 0,
    step: Callable[[int, int], None] | None = None,
) -> dict[Measure, Stability]:
    """The stability of several measures over the same moved coordinates.

    Parameters
    ----------
    points : Points
    others : mapping of rule to Points
        The same structure by other rules.
    measures : sequence of str
    attention : ndarray, dtype=float, shape=(L, L), optional
        As in `network_of`.
    repeats : int
    seed : int
    step : callable(done, total), optional
        Told before each network; what it raises ends the work.
    """
    generator, total = np.random.default_rng(seed), repeats + len(others)
    resolved = np.isin(np.arange(len(points)), points.nodes)
    kept = {measure: np.zeros(len(points)) for measure in measures}
    for repeat in range(repeats):
        if step is not None:
            step(repeat, total)
        network = network_of(moved(points, generator), attention)
        for measure in measures:
            kept[measure] += highest(centrality(network, measure))
    by_rule: dict[Measure, dict[Rule, np.ndarray]] = {measure: {} for measure in measures}
    for done, (rule, other) in enumerate(others.items()):
        if step is not None:
            step(repeats + done, total)
        network = network_of(other, attention)
        for measure in measures:
            by_rule[measure][rule] = np.where(resolved, highest(centrality(network, measure)), np.nan)
    return {
        measure: Stability(np.where(resolved, kept[measure] / repeats if repeats else np.nan, np.nan), by_rule[measure])
        for measure in measures
    }
