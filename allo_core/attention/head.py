"""One attention head: its two numbers, and how people write them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Head", "heads_in_words"]

_TEXT = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})")


class Head(NamedTuple):
    """A head of a model; equal to the plain pair (layer, head).

    Parameters
    ----------
    layer, head : int
        Counted from 0, for people too, as everywhere in the field.
    """

    layer: int
    head: int

    @property
    def text(self) -> str:
        """As in links, options and tables: ``3.6``."""
        return f"{self.layer}.{self.head}"

    @property
    def name(self) -> str:
        """As in titles: ``Layer 3, head 6``; within a sentence ``name.lower()``."""
        return f"Layer {self.layer}, head {self.head}"

    @classmethod
    def parse(cls, text: str) -> "Head | None":
        """The head of ``"3.6"``; None where the text names none.  Whether a model has it is another question."""
        match = _TEXT.fullmatch(text)
        return None if match is None else cls(int(match[1]), int(match[2]))


def heads_in_words(heads: Sequence[tuple[int, int]], most: int = 6) -> str:
    """``"layer 3, head 6"``, or ``"mean of 2 heads (3.6, 4.1)"``; of many the first few are named."""
    if len(heads) == 1:
        return Head(*heads[0]).name.lower()
    named = ", ".join(Head(*head).text for head in heads[:most])
    return f"mean of {len(heads)} heads ({named}{', ...' if len(heads) > most else ''})"
