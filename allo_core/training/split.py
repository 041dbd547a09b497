"""Which receptors a validation model never sees: whole receptors, with every ortholog of them."""

import hashlib
from collections.abc import Iterable

__all__ = ["ALWAYS_HELD_OUT", "held_out"]

# The receptors whose structures the contact benchmark uses (8FYN and 5G53, 3SN6, 1U19).
ALWAYS_HELD_OUT = frozenset({"AA2AR", "ADRB2", "OPSD"})
_ONE_IN = 20


def held_out(receptors: Iterable[str]) -> frozenset[str]:
    """The receptors that are held out of training: AA2AR, ADRB2, OPSD and about one in twenty of the others.

    A receptor is held out by its own name alone (sha256 of the name, as an integer, divisible by 20), so that the choice does not depend on
    the file, its order or a random state.
    """
    return frozenset(name for name in receptors if name in ALWAYS_HELD_OUT or _number(name) % _ONE_IN == 0)


def _number(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)
