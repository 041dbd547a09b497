"""How work under way is told to stop."""

from typing import Protocol

__all__ = ["CancelEvent"]


class CancelEvent(Protocol):
    """Anything like ``threading.Event``."""

    def is_set(self) -> bool: ...
