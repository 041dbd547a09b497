"""By what the receptor is coloured on the page Sequence: tracks that need no head, and what the open tab shows."""

from allo_core.analysis.track import Track, TrackSource, Values
from allo_core.analysis.tracks import OF_PROBABILITIES, TRACKS

__all__ = ["COLOURINGS", "OF_TAB", "tab_track"]

OF_TAB = "tab"
_WITHOUT_HEAD = (*OF_PROBABILITIES, "conservation", "segment", "plddt", "plain")


def tab_track(label: str, values: Values, title: str) -> Track:
    """A track of values that a tab has at hand."""

    def of(source: TrackSource) -> Values:
        return values

    return Track(OF_TAB, label, "", frozenset(), of, title)


# Name -> label, in the order in which they are offered; "" (what the tab shows) stands before them.
COLOURINGS = {name: TRACKS[name].label for name in _WITHOUT_HEAD}
