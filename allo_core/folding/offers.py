"""The folds that can be drawn of a protein, under names that a link can hold."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from allo_core.errors import FoldError
from allo_core.folding.calibration import expected
from allo_core.folding.family_average import family_average
from allo_core.folding.fold import Fold
from allo_core.folding.model_fold import kept_model_fold
from allo_core.folding.shipped import ANY, STATES, FoldState
from allo_core.folding.template import thread
from allo_core.protein.sequence import Protein

__all__ = ["ESMFOLD_FOLD", "first_fold", "fold_called", "offered_folds"]

ESMFOLD_FOLD = "fold-esmfold-any"  # all atoms: `allo_core.folding.esmfold.kept_esmfold` gives it

_METHODS = {"family": family_average, "template": thread}
_MODEL = "fold-model-any"
_THREADED_FROM = 0.5  # identity at generic numbers; below, the average is the better choice (docs/folds.md)


def offered_folds(protein: Protein) -> dict[str, str]:
    """Name -> what it is and what to expect of it, the best first, and that of the model where it was computed.

    Empty where there is no way to draw one.  The order is that of the expected TM-score and lDDT together; folds whose quality was not
    tested come after the others.
    """
    kept = kept_model_fold(protein)
    if kept is None:
        return {name: label for name, (label, _) in _drawn_at_once(protein).items()}
    found = {**_drawn_at_once(protein), _MODEL: (_label(kept), _rank(kept))}
    return {name: found[name][0] for name in sorted(found, key=lambda name: -found[name][1])}


@lru_cache(maxsize=64)
def _drawn_at_once(protein: Protein) -> dict[str, tuple[str, float]]:
    """Name -> label and rank, the best first."""
    found: dict[str, tuple[str, float]] = {}
    for method, state in product(_METHODS, STATES):
        name = f"fold-{method}-{state}"
        try:
            fold = fold_called(name, protein)
        except FoldError:
            continue
        found[name] = (_label(fold), _rank(fold))
    return {name: found[name] for name in sorted(found, key=lambda name: -found[name][1])}


def _rank(fold: Fold) -> float:
    """Expected TM-score and lDDT together; 0 where they were not tested."""
    quality = expected(fold)
    return 0.0 if quality.tm is None or quality.lddt is None else quality.tm.median + quality.lddt.median


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


def _label(fold: Fold) -> str:
    """What it is, and what to expect of it; that the family average is better stands before the numbers."""
    identical = f"{fold.identity:.0%} identical, " if fold.origin == "template" else ""
    quality = expected(fold)
    worth = "quality not tested"
    if quality.tm is not None and quality.lddt is not None:
        worth = f"expected TM-score {quality.tm.median:.2f}, lDDT {quality.lddt.median:.2f}"
    worse = "worse than the family average, " if fold.expectation is not None and fold.expectation.lost else ""
    return f"{fold.name} · CA trace, {identical}{worse}{worth}"


def fold_called(name: str, protein: Protein) -> Fold:
    """The fold with this name (``"fold-template-active"``).

    Raises
    ------
    FoldError
        It is no such name, or this fold cannot be drawn of this protein, or has not been computed yet.
    """
    if name == _MODEL:
        return _of_model(protein)
    prefix, method, state, *rest = (*name.split("-"), "", "")
    if prefix != "fold" or method not in _METHODS or state not in STATES or any(rest):
        raise FoldError(f"{name[:40]!r} names no fold; choose one under Structure.")
    of_state: FoldState | None = None if state == ANY else state
    return _METHODS[method](protein, of_state)


def _of_model(protein: Protein) -> Fold:
    kept = kept_model_fold(protein)
    if kept is None:
        raise FoldError(
            f"The fold of {protein.name} from the model has not been computed on this machine, or was deleted; compute it with "
            f"python -m allo_core fold {protein.name} --from model."
        )
    return kept
