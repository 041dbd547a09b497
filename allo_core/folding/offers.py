"""The folds that can be drawn of a protein, under names that a link can hold."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from allo_core.errors import FoldError
from allo_core.folding.calibration import expected
from allo_core.folding.family_average import family_average
from allo_core.folding.fold import Fold
from allo_core.folding.shipped import ANY, STATES, FoldState
from allo_core.folding.template import thread
from allo_core.protein.sequence import Protein

__all__ = ["first_fold", "fold_called", "offered_folds"]

_METHODS = {"family": family_average, "template": thread}
_THREADED_FROM = 0.5  # identity at generic numbers; below, the average is the better choice (docs/folds.md)


@lru_cache(maxsize=64)
def offered_folds(protein: Protein) -> dict[str, str]:
    """Name -> what it is and what to expect of it, the best first; empty where there is no way to draw one.

    The order is that of the expected TM-score and lDDT together; folds whose quality was not tested come last.
    """
    found: dict[str, str] = {}
    rank: dict[str, float] = {}
    for method, state in product(_METHODS, STATES):
        name = f"fold-{method}-{state}"
        try:
            fold = fold_called(name, protein)
        except FoldError:
            continue
        identical = "" if fold.origin == "family" else f"{fold.identity:.0%} identical, "
        quality = expected(fold)
        worth, rank[name] = "quality not tested", 0.0
        if quality.tm is not None and quality.lddt is not None:
            worth = f"expected TM-score {quality.tm.median:.2f}, lDDT {quality.lddt.median:.2f}"
            rank[name] = quality.tm.median + quality.lddt.median
        found[name] = f"{fold.name} · CA trace, {identical}{worth}"
    return {name: found[name] for name in sorted(found, key=lambda name: -rank[name])}


@lru_cache(maxsize=64)
def first_fold(protein: Protein) -> str:
    """The name of the fold that a protein without a structure opens with; "" where none can be drawn.

    Threaded on the nearest receptor where half of the residues at generic numbers are identical, else the average of the class.
    """
    families, threaded = ([f"fold-{method}-{state}" for state in (ANY, "active", "inactive")] for method in ("family", "template"))
    try:
        near = fold_called(threaded[0], protein).identity >= _THREADED_FROM
    except FoldError:
        near = False
    for name in (*threaded, *families) if near else (*families, *threaded):
        try:
            fold_called(name, protein)
        except FoldError:
            continue
        return name
    return ""


def fold_called(name: str, protein: Protein) -> Fold:
    """The fold with this name (``"fold-template-active"``).

    Raises
    ------
    FoldError
        It is no such name, or this fold cannot be drawn of this protein.
    """
    prefix, method, state, *rest = (*name.split("-"), "", "")
    if prefix != "fold" or method not in _METHODS or state not in STATES or any(rest):
        raise FoldError(f"{name[:40]!r} names no fold; choose one under Structure.")
    of_state: FoldState | None = None if state == ANY else state
    return _METHODS[method](protein, of_state)
