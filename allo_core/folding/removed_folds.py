"""What a fold of a model loses with some attention heads, beside as many random ones: what the heads know of the structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.fold import Fold
from allo_core.folding.judged import Judgement, judge
from allo_core.folding.kept_heads import HeadFiles
from allo_core.folding.model_fold import kept_model_fold, model_fold
from allo_core.models.devices import DeviceChoice
from allo_core.models.registry import DEFAULT_MODEL, ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.removal import Heads, heads_text
from allo_core.storage.cancel import CancelEvent

__all__ = ["RemovedFolds", "kept_removed_folds", "random_removals", "removed_folds"]

_SEEDS = 3  # of the heads that are removed at random


@dataclass(frozen=True, eq=False)
class RemovedFolds:
    """Folds of one protein by the same model and head: with all attention heads, without some, and without as many random ones.

    Parameters
    ----------
    removed : tuple of (layer, head)
    whole, without : Fold
    random : mapping of Heads to Fold
        By the heads that were removed at random; none of them are in `removed`.
    """

    removed: Heads
    whole: Fold
    without: Fold
    random: Mapping[Heads, Fold]

    @property
    def folds(self) -> dict[str, Fold]:
        """What was removed, in words -> fold: nothing, the named heads, then the random ones."""
        named = {"all heads": self.whole, f"without {heads_text(self.removed)}": self.without}
        return named | {f"without {heads_text(heads)} (random)": fold for heads, fold in self.random.items()}

    def beside_whole(self) -> dict[str, Judgement]:
        """Each of `folds` beside the one with all heads, as `judge` compares; FoldError where that has too few numbered residues."""
        return {name: judge(fold, self.whole.xyz) for name, fold in self.folds.items()}

    def sentence(self, beside: Mapping[str, Judgement]) -> str:
        """Whether the removal changes the fold more than each of the random ones, and how often that happens by chance.

        Parameters
        ----------
        beside : mapping of str to Judgement
            As from `beside_whole`.
        """
        _, own, *others = beside.values()
        scores = {"TM-score": (own.tm, [one.tm for one in others]), "lDDT": (own.lddt, [one.lddt for one in others])}
        more = [name for name, (ours, theirs) in scores.items() if ours < min(theirs)]
        told = ", ".join(f"{name} {ours:.3f} against {min(theirs):.3f} to {max(theirs):.3f}" for name, (ours, theirs) in scores.items())
        which = f"Removing {heads_text(self.removed)}"
        chance = f"by chance one removal in {len(others) + 1} would be the one that changes most"
        if not more:
            return f"{which} does not change the fold more than random removals of as many heads ({told})."
        if len(more) < len(scores):
            less = next(name for name in scores if name not in more)
            return f"{which} changes the fold more than {len(others)} random removals by {more[0]}, not by {less} ({told}); {chance}."
        return f"{which} changes the fold more than each of {len(others)} random removals of as many heads ({told}); {chance}."


def random_removals(spec: ModelSpec, removed: Heads) -> tuple[Heads, ...]:
    """Three draws of as many other heads of a model, the same every time.

    Parameters
    ----------
    spec : ModelSpec
    removed : tuple of (layer, head)
        As from `check_heads`.

    Raises
    ------
    FoldError
        The model has fewer other heads than these.
    """
    others = [(layer, head) for layer in range(spec.layers) for head in range(spec.heads) if (layer, head) not in removed]
    if len(others) < len(removed):
        raise FoldError(f"{spec.label} has {len(others)} other heads, fewer than the {len(removed)} removed ones; remove fewer.")
    draws = [np.random.default_rng(seed).permutation(len(others))[: len(removed)] for seed in range(_SEEDS)]
    return tuple(tuple(sorted(others[at] for at in draw.tolist())) for draw in draws)


def removed_folds(
    protein: Protein,
    removed: Heads,
    model_id: str = DEFAULT_MODEL,
    head: HeadFiles | None = None,
    device: DeviceChoice = "auto",
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> RemovedFolds:
    """Fold a protein with all heads, without some, and without as many random ones; what was folded before is taken from the disk.

    Parameters
    ----------
    protein : Protein
    removed : tuple of (layer, head)
        As from `check_heads`.
    model_id, head, device, progress, cancel
        As for `model_fold`.

    Raises
    ------
    FoldError
        As `model_fold` and `random_removals`; without which heads nothing can be drawn is named.
    WeightsError, DeviceError, SequenceError, AblationError, Cancelled
        As `model_fold`.
    """
    random = random_removals(get_spec(model_id), removed)
    made: list[Fold] = []
    for at, heads in enumerate(wanted := ((), removed, *random), start=1):
        told = None if progress is None else partial(_tell, progress, f"Fold {at} of {len(wanted)}: ")
        try:
            made.append(model_fold(protein, model_id, head, device, heads, told, cancel))
        except FoldError as error:
            raise FoldError(f"Without heads {heads_text(heads)}: {error}" if heads else str(error)) from error
    return _together(removed, random, made)


def kept_removed_folds(protein: Protein, removed: Heads) -> RemovedFolds | None:
    """The same by the default model and the head that ships, where this machine has computed all of them; nothing is computed.

    Parameters
    ----------
    protein : Protein
    removed : tuple of (layer, head)
        As from `check_heads`.

    Raises
    ------
    FoldError
        As `random_removals`.
    """
    random = random_removals(get_spec(DEFAULT_MODEL), removed)
    made = []
    for heads in ((), removed, *random):
        fold = kept_model_fold(protein, heads)
        if fold is None:
            return None
        made.append(fold)
    return _together(removed, random, made)


def _together(removed: Heads, random: tuple[Heads, ...], made: list[Fold]) -> RemovedFolds:
    whole, without, *others = made
    return RemovedFolds(removed, whole, without, dict(zip(random, others, strict=True)))


def _tell(progress: Callable[[str, int, int], None], which: str, what: str, done: int, most: int) -> None:
    progress(f"{which}{what[:1].lower()}{what[1:]}", done, most)
