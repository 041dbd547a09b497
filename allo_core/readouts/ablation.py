"""What a model loses at masked residues when heads are removed, one after the other or together; each pass is kept, so a run goes on.

`ablate` computes what is not kept yet, `kept_ablation` finds what is, without loading torch.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.masked_loss import masked_losses
from allo_core.models.readers import EntriesReader
from allo_core.models.reading import check_fits
from allo_core.readouts.ablation_masks import MaskedInput
from allo_core.readouts.head_means import head_means, reference_sha256
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import ablations_folder
from allo_core.readouts.removal import Heads, Removal, removed
from allo_core.runs.extract import device_given_up, kept_metas, meta_of
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float32

    from allo_core.models.resumed import Entry

__all__ = ["Ablation", "ablate", "kept_ablation"]

_FORMAT = 1
_MEANS = "Mean of the heads: receptor"
_REMOVING = "Removing heads: pass"


@dataclass(frozen=True, eq=False)
class Ablation:
    """The loss at masked residues with and without heads.

    Parameters
    ----------
    inputs : tuple of MaskedInput, length P
        What was read: a protein with residues that were masked together.
    sets : tuple of Heads, length S
        The heads that are removed together.
    kind : {"mean", "zero"}
    base : tuple of ndarray, dtype=float32, shape=(n_p,)
        Loss of each masked residue of each input in nats, with all heads.
    losses : tuple of ndarray, dtype=float32, shape=(S, n_p)
        The same without each set of heads; NaN where that was not computed.
    """

    inputs: tuple[MaskedInput, ...]
    sets: tuple[Heads, ...]
    kind: Removal
    base: "tuple[Float32[np.ndarray, ' _'], ...]"
    losses: "tuple[Float32[np.ndarray, 'S _'], ...]"

    @property
    def done(self) -> "Bool[np.ndarray, ' S']":
        """Whether each set was removed from every input, ndarray, dtype=bool, shape=(S,)."""
        return np.all([np.isfinite(losses).all(axis=1) for losses in self.losses], axis=0)


def ablate(
    model: ProteinLanguageModel,
    inputs: Sequence[MaskedInput],
    sets: Sequence[Heads],
    kind: Removal = "mean",
    wanted: Iterable[int] | None = None,
    report: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Ablation:
    """Remove sets of heads from passes over masked proteins; what was kept is not computed again.

    Layers before the first that has a head of a set are not computed again either.

    Parameters
    ----------
    inputs : sequence of MaskedInput
    sets : sequence of Heads
        What is kept is found again by the whole list, so ask for all heads, and for some of them by ``wanted``.
    kind : {"mean", "zero"}
    wanted : iterable of int, optional
        Only these places of ``sets``.
    report : callable(stage, done, total), optional
        Told how many of the passes that are missing were made.
    cancel : CancelEvent, optional

    Raises
    ------
    SequenceError, DeviceError, StoreError
        Too long for the model; too little memory; it cannot be kept.
    Cancelled
        What was complete is kept.
    """
    sets, chosen = tuple(sets), list(range(len(sets)) if wanted is None else dict.fromkeys(wanted))
    for one in inputs:
        check_fits(model, one.protein)
    device_given_up(model, inputs[0].protein)
    means = None
    if kind == "mean":
        means = head_means(model, None if report is None else lambda done, total: report(_MEANS, done, total), cancel)
    files = [_File(_path(meta_of(model, one.protein).key, one, sets, kind), len(sets), len(one.residues)) for one in inputs]
    step = _counted(sum(len(file.missing(chosen)) for file in files), report, cancel)
    for one, file in zip(inputs, files, strict=True):
        _Passes(model, one, sets, means, cancel).fill(file, chosen, step)
    return Ablation(tuple(inputs), sets, kind, tuple(file.base for file in files), tuple(file.losses for file in files))


def kept_ablation(
    model_id: str,
    inputs: Sequence[MaskedInput],
    sets: Sequence[Heads],
    kind: Removal = "mean",
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
) -> Ablation | None:
    """What `ablate` has kept, without loading torch or the model; None unless every input has been begun with.

    Errors as in `find_kept_run`.
    """
    files = []
    for one in inputs:
        origins = kept_metas(model_id, one.protein, device, dtype)
        own = (_File(_path(origin.key, one, sets, kind), len(sets), len(one.residues)) for origin in origins)
        found = next((file for file in own if file.begun), None)
        if found is None:
            return None
        files.append(found)
    return Ablation(tuple(inputs), tuple(sets), kind, tuple(file.base for file in files), tuple(file.losses for file in files))


class _File:
    """The losses of one masked input: what is kept of them, and where."""

    def __init__(self, path: Path, sets: int, residues: int):
        self._path = path
        kept = read_arrays(path, {"base": ("float32", (residues,)), "losses": ("float32", (sets, residues))})
        self.begun = kept is not None
        self.base = np.full(residues, np.nan, np.float32) if kept is None else kept["base"]
        self.losses = np.full((sets, residues), np.nan, np.float32) if kept is None else kept["losses"]

    def missing(self, chosen: Sequence[int]) -> list[int]:
        return [at for at in chosen if np.isnan(self.losses[at]).any()]

    def keep(self) -> None:
        keep_arrays(self._path, {"base": self.base, "losses": self.losses})


class _Passes:
    """The passes over one masked input."""

    def __init__(self, model: ProteinLanguageModel, one: MaskedInput, sets: tuple[Heads, ...], means, cancel: CancelEvent | None):
        self._model, self._input, self._sets, self._means, self._cancel = model, one, sets, means, cancel

    def fill(self, file: _File, chosen: Sequence[int], step: Callable[[], None]) -> None:
        """Compute what is missing, layer by layer, and keep it; ``step`` is called after each pass and may end it."""
        missing = sorted(file.missing(chosen), key=lambda at: (self._sets[at][0][0], at))
        if not missing:
            return
        entries = EntriesReader()
        protein, residues = self._input
        file.base = masked_losses(self._model, protein, residues, [entries], cancel=self._cancel)
        try:
            for before, at in pairwise([missing[0], *missing]):
                if self._sets[at][0][0] != self._sets[before][0][0]:
                    file.keep()  # of large models a layer takes minutes
                file.losses[at] = self._without(self._sets[at], entries.entries)
                step()
        finally:  # also where it was cancelled: what was computed need not be computed again
            file.keep()

    def _without(self, heads: Heads, entries: "list[Entry]") -> "Float32[np.ndarray, ' n']":
        model, (protein, residues) = self._model, self._input
        first = min(layer for layer, _ in heads)
        gone = removed(model.spec, heads, self._means, len(entries[0].hidden))
        return masked_losses(model, protein, residues, (), gone, self._cancel, entries[first])


def _counted(total: int, report: Callable[[str, int, int], None] | None, cancel: CancelEvent | None) -> Callable[[], None]:
    """A step that tells how many passes are done; Cancelled where nobody waits for more."""
    done = iter(range(1, total + 1))

    def step() -> None:
        if report is not None:
            report(_REMOVING, next(done), total)
        if cancel is not None and cancel.is_set():
            raise Cancelled

    return step


def _path(origin: str, one: MaskedInput, sets: Sequence[Heads], kind: Removal) -> Path:
    facts = (_FORMAT, origin, one.residues, tuple(sets), kind, reference_sha256() if kind == "mean" else "")
    return ablations_folder() / f"{key_of(*facts)}.npz"
