"""Everything that a person can choose on the page Heads, and its form as a URL."""

from collections.abc import Mapping
from dataclasses import dataclass

from allo_core.heads.properties import PROPERTIES
from allo_core.models.devices import DEVICES, DTYPES, DeviceChoice, Dtype
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.ui.shared.link import head_in_link, one_of, read_fields, read_head

__all__ = ["OWN", "SAMPLES", "SHOWS", "HeadsView", "from_query", "to_query"]

OWN = "own"  # as a property: a table of one's own
SAMPLES = {0: "one of each cluster of homologues", 30: "30 receptors", 60: "60 receptors", 150: "150 receptors"}
SHOWS = {"share": "share of arcs", "enrichment": "enrichment over what is expected", "published": "share, as published"}
_LONGEST = 60  # characters of a value in a link


@dataclass(frozen=True)
class HeadsView:
    """What heads are asked for, over which receptors, and what is looked at.

    Parameters
    ----------
    property : str
        A key of `PROPERTIES`, or `OWN`.
    value : str
        One of its values; "" for the one that is looked at most beyond expectation.
    minus : str
        Another one, whose shares are taken away; "" for none.
    sample : int
        A key of SAMPLES.
    shows : str
        A key of SHOWS.
    model : str
    head : (layer, head), optional
        None until a person chooses; the page then shows the best one.
    device, dtype : str
        As `load_model` takes them.
    """

    property: str = "residue type"
    value: str = ""
    minus: str = ""
    sample: int = 0
    shows: str = "share"
    model: str = DEFAULT_MODEL
    head: tuple[int, int] | None = None
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"


def to_query(view: HeadsView) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    usual = HeadsView()
    names = ("property", "value", "minus", "sample", "shows", "model", "device", "dtype")
    query = {name: str(getattr(view, name)) for name in names if getattr(view, name) != getattr(usual, name)}
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    return query


def from_query(query: Mapping[str, str]) -> tuple[HeadsView, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    foreign = [f"The link's {name[:40]!r} means nothing here." for name in query if name not in _READERS]
    view, ignored = read_fields(HeadsView(), query, _READERS)
    return view, [*foreign, *ignored][:6]


def _read_value(text: str, view: HeadsView) -> str:
    """Whether the property has this value is seen when it has been counted."""
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text):,} characters are too long.")
    return text


def _read_sample(text: str, view: HeadsView) -> int:
    return int(one_of([str(count) for count in SAMPLES])(text, view))


_READERS = {
    "property": one_of((*PROPERTIES, OWN)),
    "value": _read_value,
    "minus": _read_value,
    "sample": _read_sample,
    "shows": one_of(tuple(SHOWS)),
    "model": one_of(MODELS),
    "device": one_of(DEVICES),
    "dtype": one_of(DTYPES),
    "head": read_head,
}
