"""What the structure shows: a value and a colour for each residue, the legend that explains them, pairs and labels."""

from allo_core.analysis.subject import Subject
from allo_core.analysis.track import Selected, TrackSource, Values
from allo_core.analysis.tracks import OF_PROBABILITIES, RECEIVED
from allo_core.attention.head import Head
from allo_core.figures.colours import Theme
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.weighted import WeightedMaps
from allo_core.ui.explore.network import NETWORK, central_values, report_of, route_of
from allo_core.ui.explore.results import HeadDetails, Result, columns_of, counted_of
from allo_core.ui.explore.tracks import tracks
from allo_core.ui.explore.view import View
from allo_core.ui.protein.expectation import kept_probabilities
from allo_core.ui.protein.panel import marked_sets
from allo_core.ui.shared.painting import Painting, painting_of, residue_labels, short_label
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["MOST_LABELS", "paint", "source_of", "values_to_take_away"]

MOST_LABELS = 6
_MOST_NAMED_PAIRS = 2


def paint(
    view: View,
    protein: Protein,
    result: Result | None,
    details: HeadDetails | None,
    theme: Theme,
    maps: AttentionMaps | None = None,
    loaded: LoadedStructure | None = None,
    browsed: tuple[int, int] | None = None,
) -> Painting:
    """The painting of a view; without a result the colourings that need one are plain.

    ``maps`` is the run where there is no result and ``browsed`` the head that is then looked at, ``loaded`` the structure that is painted.
    """
    labels = residue_labels(protein)
    track = tracks()[view.colouring]
    sets = marked_sets(view, protein)
    looked_at = Head(*browsed).name if browsed is not None else "Structure"
    title = track.title or (result.head_name if result is not None else looked_at)
    steps = route_of(report_of(view, protein, loaded, result)) if track.name == NETWORK else None
    extra = {"title": title, "pairs": _pairs(view, protein, details, steps), "tags": _tags(view, protein, result, details, loaded)}
    if steps:
        extra["pairs_name"] = "steps of a route from A to B"
    shown = track.of(source_of(view, protein, result, maps, loaded, browsed))
    whose = f" · {title}" if track.of_one_head else ""
    state = f"{view.scale}:{title}:{view.threshold}:{view.weighting}"
    return painting_of(shown, track, labels, sets, theme, whose, state, **extra)


def source_of(
    view: View,
    protein: Protein,
    result: Result | None,
    maps: AttentionMaps | None = None,
    loaded: LoadedStructure | None = None,
    browsed: tuple[int, int] | None = None,
) -> TrackSource:
    """What the tracks of a view take their values from; ``maps``, ``loaded`` and ``browsed`` as in `paint`."""
    selected = None if result is None else Selected(result.answer, result.head)
    run = maps if result is None else result.maps
    confidence = None if loaded is None else loaded.plddt
    of_fold = None if loaded is None or loaded.fold is None else loaded.fold.confidence
    counted = result.counted if result is not None else None if run is None else counted_of(view, run)
    weighted = counted if isinstance(counted, WeightedMaps) else None
    expected = kept_probabilities(view, protein) if view.colouring in OF_PROBABILITIES else None
    network = None
    if view.colouring == NETWORK:
        network = central_values(report_of(view, protein, loaded, result), view.centrality, len(protein))
    return TrackSource(
        Subject.of(protein), columns_of, view.sites, run, selected, view.scale == "model", confidence, browsed, weighted, expected, network,
        of_fold,
    )  # fmt: skip


def values_to_take_away(view: View, protein: Protein, result: Result, loaded: LoadedStructure | None = None) -> Values:
    """The numbers behind the chosen colouring; attention received where it has none."""
    source = source_of(view, protein, result, loaded=loaded)
    for name in (view.colouring, RECEIVED):
        values = tracks()[name].of(source)
        if isinstance(values, Values) and not values.missing:
            return values
    raise LookupError("attention received has values wherever there is a result")


def _pairs(
    view: View, protein: Protein, details: HeadDetails | None, steps: list[tuple[int, int]] | None
) -> list[tuple[int, int, float, bool]]:
    """The strongest pairs, or the ``steps`` of a route in their place, and the pair that is pointed out."""
    drawn = [] if details is None else [(pair.query, pair.key, pair.weight, False) for pair in details.pairs[: view.pairs]]
    if steps is not None:
        drawn = [(one, other, 1.0, False) for one, other in steps]
    if view.pair is not None:
        drawn = [item for item in drawn if item[:2] != view.pair] + [(*view.pair, 1.0, True)]
    return [(protein.number(query), protein.number(key), round(float(weight), 4), chosen) for query, key, weight, chosen in drawn]


def _tags(
    view: View, protein: Protein, result: Result | None, details: HeadDetails | None, loaded: LoadedStructure | None
) -> list[tuple[int, str]]:
    """The pair that is pointed out, the ends of the strongest pairs, then the marked residues that receive most attention."""
    drawn = () if details is None else details.pairs[: min(view.pairs, _MOST_NAMED_PAIRS)]
    ends = [index for pair in drawn for index in (pair.query, pair.key)]
    marked = sorted({*view.sites, *view.sites_b})
    if result is not None:
        received = result.received
        marked.sort(key=lambda index: -received[index])
    chosen = list(dict.fromkeys((*(view.pair or ()), *ends, *marked)))[:MOST_LABELS]
    return [(protein.number(index), short_label(protein, index, loaded)) for index in chosen]
