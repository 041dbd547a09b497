"""Predicted sites as a track: the probability of each residue."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.track import Track, TrackSource, Values
from allo_core.errors import PredictionError
from allo_core.figures.colours import value_ceiling
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    from allo_core.runs.maps import AttentionMaps

__all__ = ["predicted_track"]

_LABEL = "predicted sites"


def predicted_track(probabilities: "Callable[[AttentionMaps, Protein], np.ndarray]") -> Track:
    """The track of the site predictor.

    Parameters
    ----------
    probabilities : callable(maps, protein) -> ndarray, dtype=float, shape=(L,)
        What the predictor says of a run; PredictionError where it was not fitted to that model.
    """

    def values(source: TrackSource) -> Values:
        try:
            found = probabilities(source.run, source.subject.protein)
        except PredictionError:  # the panel below says why
            return Values.none(len(source), _LABEL, "not from this model")
        # Half of the residues are not told apart: every residue has some probability, and only the highest are of interest.
        ceiling, ceiling_name = value_ceiling(found)
        floor = float(np.median(found))
        if floor < ceiling:
            return Values(found, f"{_LABEL}, probability", ceiling, ceiling_name, floor=floor, floor_name="median")
        return Values(found, f"{_LABEL}, probability", ceiling, ceiling_name)

    return Track("predicted", _LABEL, "probability", frozenset({"run"}), values, title="Predicted sites")
