"""Reading what any page may find in a link; each reader takes a text and the view so far, and raises ValueError for what means nothing."""

import re
from collections.abc import Callable, Collection
from typing import Protocol

from allo_core.models.registry import MODELS

__all__ = ["one_of", "read_any_head", "read_head"]

_HEAD = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})")


class _HasModel(Protocol):
    """A view of any page."""

    @property
    def model(self) -> str: ...


def one_of(allowed: Collection[str]) -> Callable[[str, object], str]:
    """A reader of one of these words."""

    def read(text: str, view: object) -> str:
        if text not in allowed:
            raise ValueError(f"{text[:40]!r} is not one of {', '.join(word or 'any' for word in allowed)}.")
        return text

    return read


def read_head(text: str, view: _HasModel) -> tuple[int, int]:
    """(layer, head) of ``"3.6"``, if the model of the view has it."""
    match = _HEAD.fullmatch(text)
    spec = MODELS[view.model]
    if match is None or int(match[1]) >= spec.layers or int(match[2]) >= spec.heads:
        raise ValueError(f"{text[:20]!r} is not a head of {spec.label} ({spec.layers} layers x {spec.heads} heads, counted from 0).")
    return int(match[1]), int(match[2])


def read_any_head(text: str, view: object) -> tuple[int, int]:
    """(layer, head) of ``"3.6"``, where the model is not known yet."""
    match = _HEAD.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a head, as in 3.6.")
    return int(match[1]), int(match[2])
