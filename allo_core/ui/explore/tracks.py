"""What the structure of Explore can be coloured by: the tracks of the analysis, and the predicted sites among them."""

from allo_core.analysis.track import Track
from allo_core.analysis.tracks import TRACKS
from allo_core.prediction.track import predicted_track
from allo_core.ui.explore.prediction import prediction_of
from allo_core.ui.shared.link import one_of

__all__ = ["read_track", "tracks"]

_PREDICTED = predicted_track(lambda maps, protein: prediction_of(maps, protein).probabilities)
_BEHIND_IT = "conservation"  # what is known of the protein without a run


def tracks() -> dict[str, Track]:
    """Every track by name, in the order in which a person is offered them."""
    offered = {}
    for name, track in TRACKS.items():
        if name == _BEHIND_IT:
            offered[_PREDICTED.name] = _PREDICTED
        offered[name] = track
    return offered


def read_track(text: str, view: object) -> str:
    """The name of a track in a link."""
    return one_of(tuple(tracks()))(text, view)
