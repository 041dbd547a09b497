"""What the structure shows: a value and a colour for each residue, the legend that explains them, pairs and labels."""

from dataclasses import dataclass, replace

import numpy as np

from allo_core.errors import PredictionError
from allo_core.figures.colours import SEGMENTS, SET_COLOURS, attention_scale, ceiling_of_all, hex_colours, segment_colours, value_ceiling
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.explore.prediction import prediction_of
from allo_core.ui.explore.results import HeadDetails, Result, columns_of
from allo_core.ui.explore.view import COLOURINGS, View
from allo_core.ui.shared.painting import Painting, residue_labels

__all__ = ["MOST_LABELS", "Values", "paint", "short_label", "shown_values", "values_to_take_away"]

MOST_LABELS = 6
_OF_ONE_HEAD = ("received", "above threshold", "from A", "to A")


@dataclass(frozen=True)
class Values:
    """One number for each residue, length L (NaN where there is none), and the ends of its colour scale.

    ``name`` says what the numbers are, ``ceiling_name`` where the scale ends and for whom; ``missing`` why there are none, or "".
    ``floor`` is where the scale begins, and ``floor_name`` what that is where it is not 0.
    """

    values: np.ndarray
    name: str
    ceiling: float
    ceiling_name: str
    missing: str = ""
    floor: float = 0.0
    floor_name: str = ""

    @property
    def reached(self) -> bool:
        """Whether no value can lie beyond the end of the scale."""
        return not self.ceiling_name.startswith("98th")


def short_label(protein: Protein, index: int) -> str:
    """``"D52 2.50"``, as it is written beside the residue."""
    numbers = numbers_for(protein)
    generic = "" if numbers is None else numbers.ballesteros[index] or numbers.gpcrdb[index]
    return f"{protein.label(index)} {generic}".strip()


def paint(
    view: View, protein: Protein, result: Result | None, details: HeadDetails | None, theme: str, maps: AttentionMaps | None = None
) -> Painting:
    """The painting of a view; without a result the colourings that need one are plain.  ``maps`` is the run where there is no result."""
    labels = residue_labels(protein)
    numbers = numbers_for(protein)
    sets = {name: ([protein.number(i) for i in view.sets[name]], colour) for name, colour in SET_COLOURS.items()}
    title = "Predicted sites" if view.colouring == "predicted" else result.head_name if result is not None else "Structure"
    extra = {"title": title, "pairs": _pairs(view, protein, details), "tags": _tags(view, protein, result)}
    if view.colouring == "segment" and numbers is not None:
        legend = {"title": "segment", "low": "TM1", "high": "H8", "colours": list(SEGMENTS.values())}
        names = [name or "no segment" for name in numbers.segment]
        return Painting(segment_colours(numbers.segment), labels, names, "segment", sets, legend, "segment", **extra)
    shown = shown_values(view, protein, result, maps)
    if shown is None:
        return Painting([], labels, [], "", sets, None, "plain", **extra)
    if shown.missing:
        legend = {"title": f"{shown.name}: {shown.missing}", "low": "", "high": "", "colours": []}
        return Painting([], labels, [], "", sets, legend, f"{view.colouring}:missing", **extra)
    scale = attention_scale(theme)
    whose = f" · {title}" if view.colouring in _OF_ONE_HEAD else ""
    legend = {
        "title": f"{shown.name}{whose}",
        "low": f"≤ {shown.floor:.3g} ({shown.floor_name})" if shown.floor_name else "0",
        "high": f"{'' if shown.reached else '≥ '}{shown.ceiling:.3g} ({shown.ceiling_name})",
        "colours": list(scale),
    }
    formatted = ["none" if np.isnan(value) else f"{value:.3f}" for value in shown.values]
    colouring = f"{view.colouring}:{view.scale}:{title}:{view.threshold}"
    return Painting(
        hex_colours(shown.values, shown.ceiling, scale, shown.floor), labels, formatted, shown.name, sets, legend, colouring, **extra
    )


def values_to_take_away(view: View, protein: Protein, result: Result) -> Values:
    """The numbers behind the chosen colouring; attention received where it has none."""
    shown = shown_values(view, protein, result)
    if shown is None or shown.missing:
        return _of_one_head(replace(view, colouring="received"), result, COLOURINGS["received"])
    return shown


def shown_values(view: View, protein: Protein, result: Result | None, maps: AttentionMaps | None = None) -> Values | None:
    """The numbers behind the chosen colouring; None for those that have none (plain, segment) or need what is not there."""
    name = COLOURINGS[view.colouring]
    if view.colouring == "predicted":
        maps = maps if result is None else result.maps
        return None if maps is None else _predicted(protein, maps, name)
    if view.colouring == "conservation":
        numbers = numbers_for(protein)
        if numbers is None:
            return Values(np.full(len(protein), np.nan), name, 1.0, "", "no generic numbers")
        return Values(numbers.family_conservation, name, 1.0, "all receptors of the class alike")
    if result is None or view.colouring in ("plain", "segment"):
        return None
    if view.colouring == "passing":
        return _mean_of_passing(result, name)
    if view.colouring in ("from A", "to A") and not view.sites:
        return Values(np.full(result.length, np.nan), name, 1.0, "", "nothing is marked in set A")
    return _of_one_head(view, result, name)


def _of_one_head(view: View, result: Result, name: str) -> Values:
    layer, head = result.head
    a = list(view.sites)
    everyone = None
    if view.colouring == "received":
        values = result.received
        everyone = columns_of(result.maps, 0.0).weights if view.scale == "model" else None
    elif view.colouring == "above threshold":
        name, values = f"received above {view.threshold:.2f}", result.above
        everyone = result.all_columns.weights if view.scale == "model" else None
    elif view.colouring == "from A":
        values = result.maps[layer, head][a].sum(axis=0, dtype=float)
        everyone = columns_of(result.maps, 0.0, view.sites).weights if view.scale == "model" else None
    else:
        values = result.maps[layer, head][:, a].sum(axis=1, dtype=float)
        if view.scale == "model":
            return Values(values, name, 1.0, "all of its attention, the same for all heads")
    if everyone is not None:
        return Values(values, name, *ceiling_of_all(everyone))
    ceiling, ceiling_name = value_ceiling(values)
    return Values(values, name, ceiling, f"{ceiling_name} of this head" if ceiling_name != "nothing above 0" else ceiling_name)


def _predicted(protein: Protein, maps: AttentionMaps, name: str) -> Values:
    try:
        values = prediction_of(maps, protein).probabilities
    except PredictionError:  # the panel below says why
        return Values(np.full(len(protein), np.nan), name, 1.0, "", "not from this model")
    # Half of the residues are not told apart: every residue has some probability, and only the highest are of interest.
    ceiling, ceiling_name = value_ceiling(values)
    floor = float(np.median(values))
    begins = {"floor": floor, "floor_name": "median"} if floor < ceiling else {}
    return Values(values, f"{name}, probability", ceiling, ceiling_name, **begins)


def _mean_of_passing(result: Result, name: str) -> Values:
    passing = result.scores.passing()
    if not len(passing):
        return Values(np.full(result.length, np.nan), name, 1.0, "", "no head passes")
    weights = columns_of(result.maps, 0.0).weights
    values = weights[passing["layer"].to_numpy(), passing["head"].to_numpy()].mean(axis=0)
    ceiling, ceiling_name = value_ceiling(values)
    return Values(values, f"attention received, mean of {len(passing)} passing heads", ceiling, ceiling_name)


def _pairs(view: View, protein: Protein, details: HeadDetails | None) -> list[tuple[int, int, float, bool]]:
    drawn = [] if details is None else [(pair.query, pair.key, pair.weight, False) for pair in details.pairs[: view.pairs]]
    if view.pair is not None:
        drawn = [item for item in drawn if item[:2] != view.pair] + [(*view.pair, 1.0, True)]
    return [(protein.number(query), protein.number(key), round(float(weight), 4), chosen) for query, key, weight, chosen in drawn]


def _tags(view: View, protein: Protein, result: Result | None) -> list[tuple[int, str]]:
    """The pair that is pointed out, then the marked residues that receive most attention."""
    marked = sorted({*view.sites, *view.sites_b})
    if result is not None:
        received = result.received
        marked.sort(key=lambda index: -received[index])
    chosen = list(dict.fromkeys((*(view.pair or ()), *marked)))[:MOST_LABELS]
    return [(protein.number(index), short_label(protein, index)) for index in chosen]
