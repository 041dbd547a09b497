"""One line of what `doctor` finds."""

from typing import Literal, NamedTuple

__all__ = ["Finding", "Level", "first_line"]

Level = Literal["ok", "note", "problem"]


class Finding(NamedTuple):
    """Whether it is as it should be, what was looked at, and what was found or is to be done."""

    level: Level
    what: str
    text: str


def first_line(error: Exception) -> str:
    """Kind of an error and the first line of its text."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
