"""Frozen dataclasses from the JSON of a file: the format is looked at first, then the names of the fields, then their types."""

from dataclasses import fields
from typing import TypeVar

__all__ = ["OtherVersion", "check_version", "from_plain"]

_Kind = TypeVar("_Kind")
_QUOTED = 40  # letters of a name that stands in a file and is shown


class OtherVersion(ValueError):
    """Values that another version wrote; the text goes on after the word "written": ``in format 2, this version reads 1``."""


def check_version(values: object, kind: type, current: int, optional: frozenset[str] = frozenset()) -> dict:
    """The values, if they are those of a dataclass in this version; to be asked before their types, which another version may have changed.

    Parameters
    ----------
    values : object
        What `json.loads` gave.
    kind : type
        A dataclass with a field ``format``.
    current : int
        The format that this version reads.
    optional : frozenset of str
        Fields that may be missing.

    Raises
    ------
    OtherVersion
        Another format, a field that is unknown, or one that is missing.
    ValueError
        There is no format, so no version wrote it.
    """
    if not isinstance(values, dict) or type(values.get("format")) is not int:
        raise ValueError("the values do not fit any version: they have no format")
    if values["format"] != current:
        raise OtherVersion(f"in format {values['format']}, this version reads {current}")
    names = {item.name for item in fields(kind)}
    if unknown := sorted(values.keys() - names):
        raise OtherVersion(f"with fields that do not fit this version: {_quoted(unknown[0])} is unknown")
    if missing := sorted(names - values.keys() - optional):
        raise OtherVersion(f"with fields that do not fit this version: {_quoted(missing[0])} is missing")
    return values


def from_plain(kind: type[_Kind], values: object) -> _Kind:
    """A dataclass, or a container of some, from plain JSON values.

    Parameters
    ----------
    kind : type
        What to make; other fields in it may be dataclasses, tuples and dicts of them.
    values : object
        What `json.loads` gave.

    Raises
    ------
    ValueError
        A value of another type, or a field that is missing or unknown, with its place.
    """
    import msgspec  # takes 30 ms, which only those wait for who read such a file

    made = msgspec.convert(values, kind)
    if place := _surplus(values, msgspec.to_builtins(made)):
        raise ValueError(f"the field {place} is unknown")
    return made


def _surplus(values: object, kept: object, place: str = "") -> str | None:
    """Place of the first field that is not in what was kept: msgspec passes over such fields of a dataclass."""
    if isinstance(values, dict) and isinstance(kept, dict):
        if unknown := values.keys() - kept.keys():
            return f"{place}{_quoted(min(unknown))}"
        inner = [(name, value, kept[name]) for name, value in values.items()]
    elif isinstance(values, list | tuple) and isinstance(kept, list | tuple):
        inner = [(number, *pair) for number, pair in enumerate(zip(values, kept, strict=True))]
    else:
        return None
    return next((found for name, value, other in inner if (found := _surplus(value, other, f"{place}{name}."))), None)


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _QUOTED else f"{name[:_QUOTED]}…")
