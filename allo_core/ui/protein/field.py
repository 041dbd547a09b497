"""Widgets that are bound to one field of the View."""

from collections.abc import Sequence
from typing import Any

from allo_core.ui.protein import session
from allo_core.ui.shared.mirror import mirrored

__all__ = ["mirrored_field"]


def mirrored_field(field: str, value: Any, options: Sequence | None = None) -> dict[str, Any]:
    """``mirrored`` for a widget whose value is a field of the view."""
    return mirrored(field, value, lambda chosen: session.page().change(**{field: chosen}), options)
