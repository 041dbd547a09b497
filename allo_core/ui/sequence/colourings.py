"""By what the receptor is coloured on the page Sequence: tracks that need no head, and what the open tab shows."""

import numpy as np

from allo_core.analysis.track import Track, TrackSource, Values
from allo_core.analysis.tracks import OF_PROBABILITIES, TRACKS
from allo_core.figures.colours import value_ceiling
from allo_core.readouts.state_changes import CHANGES, Change, StateChanges

__all__ = ["COLOURINGS", "OF_TAB", "changes_track", "tab_track"]

OF_TAB = "tab"
_WITHOUT_HEAD = (*OF_PROBABILITIES, "conservation", "segment", "plddt", "plain")


def tab_track(label: str, values: Values, title: str) -> Track:
    """A track of values that a tab has at hand."""

    def of(source: TrackSource) -> Values:
        return values

    return Track(OF_TAB, label, "", frozenset(), of, title)


def changes_track(which: Change, span: tuple[int, int], found: StateChanges | None) -> Track:
    """The track of what layers change; without values where that was not computed."""

    def of(source: TrackSource) -> Values:
        name = f"{CHANGES[which]}, layers {span[0]} to {span[1]}"
        if found is None:
            return Values.none(len(source), CHANGES[which], "not computed for this model; the tab Layers does it")
        values = found.mean(which, span)
        ends = (1.0, "the same direction") if which == "cosine" else value_ceiling(values)
        return Values(values, name, *ends, floor=float(np.nanmin(values)), floor_name="lowest")

    return Track(which, CHANGES[which], "", frozenset(), of, "Change of state")


# Name -> label, in the order in which they are offered; "" (what the tab shows) stands before them.
COLOURINGS: dict[str, str] = {**{name: TRACKS[name].label for name in _WITHOUT_HEAD}, **CHANGES}
