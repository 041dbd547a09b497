"""Everything that a person can choose on the page Batch, and what of it a URL holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from allo_core.figures.batch import SUMMARIES
from allo_core.ui.shared import inputs
from allo_core.ui.shared.link import head_in_link, one_of, read_any_head, read_fields

__all__ = ["BatchView", "from_query", "to_query"]

_LONGEST = 60  # characters of a name in a link


@dataclass(frozen=True)
class BatchView:
    """Which batch is open, and what of it is looked at.

    Parameters
    ----------
    shows : str
        A key of SUMMARIES.
    head : (layer, head), optional
        None until a person chooses; the page then shows the best one.
    folder, stamp : str
        Of the open batch, and what the folder looked like when it was read; empty: none is open.  A path comes from the page alone: text
        from outside must not become one.
    batch : str
        Key of the folder (`inputs.keep_folder`), which a link may hold.
    row : int, optional
        Number of the chosen record in the file.
    threshold : float, optional
        Of the record's profile; None: that of the scores.
    property, value : str
        Of a batch of what heads look at: a property and one of its values; "" for the first, and for the one that is looked at most.
    """

    shows: str = "share"
    head: tuple[int, int] | None = None
    folder: str = ""
    stamp: str = ""
    batch: str = ""
    row: int | None = None
    threshold: float | None = None
    property: str = ""
    value: str = ""


def to_query(view: BatchView) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    query = {"batch": view.batch} if view.batch else {}
    if view.shows != BatchView.shows:
        query["shows"] = view.shows
    query |= {name: text for name in ("property", "value") if (text := getattr(view, name))}
    if view.row is not None:
        query["row"] = str(view.row)
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    return query


def from_query(query: Mapping[str, str]) -> tuple[BatchView, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    foreign = [f"The link's {name[:40]!r} means nothing here." for name in query if name not in _READERS]
    view, notices = read_fields(BatchView(), query, _READERS)
    return view if view.batch else replace(view, row=None), [*foreign, *notices][:6]


def _read_batch(text: str, view: BatchView) -> str:
    inputs.kept_folder(text)
    return text


def _read_row(text: str, view: BatchView) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(f"{text[:20]!r} is not the number of a record.")
    return int(text)


def _read_name(text: str, view: BatchView) -> str:
    """Whether the batch has it is seen when it is open."""
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text):,} characters are too long.")
    return text


_READERS = {
    "batch": _read_batch,
    "shows": one_of(SUMMARIES),
    "property": _read_name,
    "value": _read_name,
    "row": _read_row,
    "head": read_any_head,
}
