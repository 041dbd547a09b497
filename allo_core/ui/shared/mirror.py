"""Widgets that show a part of the view, which also changes without them: by a click on a picture, or by something that has been fetched.

With every message the browser sends the values of all its widgets, also those that the server has meanwhile set to something else without
having told the browser yet: with the second of two quick clicks on the structure, say, or with the poll of a progress bar.  Streamlit takes
such an old value for a change, and acting on it would undo what the person did just before.  So a widget whose value changes without it
becomes another widget, with another key, and what the one before repeats is not heard.  While only a person moves it, it stays the same.

A select box is sent as the words of its option.  Where the words have changed under the same value, the browser still names the old ones,
which Streamlit hands on as if they had been chosen: they are no option, and are not heard either.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import streamlit as st

__all__ = ["mirrored"]


class _Shown(NamedTuple):
    """How often a widget was replaced, what it shows, and what it showed at first."""

    times: int
    value: Hashable
    first: Any


def mirrored(name: str, value: Any, act: Callable[[Any], None], options: Sequence | None = None, default: str = "value") -> dict[str, Any]:
    """The arguments of a widget that shows ``value`` and calls ``act`` with what a person makes of it.

    The key is ``name-N``, so the class of its element is ``st-key-name-N``.  What it shows at first is given as its default, not put into
    the session's state: that reaches the browser with one run of the page alone, and a run may be cut short by the next one.

    Parameters
    ----------
    options : sequence, optional
        Of a select box, whose default is an ``index`` into them.
    default : str
        What other widgets call their default.
    """
    mirrors: dict[str, _Shown] = st.session_state.setdefault("mirrors", {})
    shown = mirrors.get(name)
    if shown is None or shown.value != _hashable(value):
        shown = mirrors[name] = _Shown(shown.times + 1 if shown else 0, _hashable(value), value)
    key = f"{name}-{shown.times}"
    if key not in st.session_state:  # made now, perhaps again: another page was shown meanwhile
        shown = mirrors[name] = shown._replace(first=value)

    def changed() -> None:
        chosen = st.session_state[key]
        if mirrors[name].times == shown.times:
            mirrors[name] = shown._replace(value=_hashable(chosen))
        elif _hashable(chosen) == shown.value:
            return  # replaced meanwhile, and the browser only repeats what it showed
        if options is None or chosen is None or chosen in options:
            act(chosen)

    # The same as long as the widget lives: another default is another widget to Streamlit.
    first = shown.first
    shown_at_first = {default: first} if options is None else {"index": list(options).index(first) if first in options else None}
    return {"key": key, "on_change": changed, **shown_at_first}


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value
