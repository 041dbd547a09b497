"""Hints that a person has put away for good, kept on this machine."""

import json
from contextlib import suppress

import streamlit as st

from allo_core.storage.home import home
from allo_core.storage.whole_file import write_whole

__all__ = ["is_put_away", "put_away"]

_FILE = "hints_put_away.json"
_STATE = "hints_put_away"


def is_put_away(hint: str) -> bool:
    """Whether a hint was put away, on this machine or, where nothing can be written, in this session."""
    return hint in st.session_state.get(_STATE, ()) or hint in _kept()


def put_away(hint: str) -> None:
    """Never show a hint again."""
    st.session_state[_STATE] = {*st.session_state.get(_STATE, ()), hint}
    with suppress(OSError):  # a folder that cannot be written: the hint is gone for this session at least
        write_whole(home() / _FILE, json.dumps(sorted({*_kept(), hint})).encode())


def _kept() -> list[str]:
    try:
        kept = json.loads((home() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [hint for hint in kept if isinstance(hint, str)] if isinstance(kept, list) else []
