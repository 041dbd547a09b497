"""One training of a distance head, from its first step, or from where it was left, to its last."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from allo_core import __version__
from allo_core.errors import TrainingError
from allo_core.folding.head_checkpoint import CHECKPOINT, HeadProgress, read_head_checkpoint, restore_head, save_head_checkpoint
from allo_core.folding.head_data import TrainingExample, data_sha256
from allo_core.folding.head_settings import HeadSettings
from allo_core.folding.head_weights import WEIGHTS, HeadRecord, save_head
from allo_core.library.predicted import ATTRIBUTION
from allo_core.models.devices import Device
from allo_core.storage.cancel import CancelEvent
from allo_core.training.files import alone, writing
from allo_core.training.report import Speed, duration
from allo_core.training.run import Habits

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LOG", "HeadCorpus", "train_head"]

LOG = "log.jsonl"
_LOSSES_KEPT = 100
_LINE_EVERY = 30.0  # seconds


@dataclass(frozen=True, eq=False)
class HeadCorpus:
    """What a head learns from and is validated on, and what the features were made with.

    Parameters
    ----------
    learnt, held_out : sequence of TrainingExample
    left_out : tuple of str
        Entry names of receptors that are neither.
    model_sha256 : str
        Fingerprint of the weights of the language model.
    """

    learnt: Sequence[TrainingExample]
    held_out: Sequence[TrainingExample]
    left_out: tuple[str, ...]
    model_sha256: str


def train_head(
    corpus: HeadCorpus,
    folder: Path,
    settings: HeadSettings,
    habits: Habits,
    stream: TextIO,
    device: Device = "cpu",
    stop: CancelEvent | None = None,
) -> HeadProgress:
    """Train to the last step, or until ``stop`` is set; goes on from the folder's checkpoint where there is one.

    Going on gives the same bits as never having stopped on the CPU with the same number of threads and the same versions.

    Parameters
    ----------
    corpus : HeadCorpus
    folder : Path
        Gets ``checkpoint.pt``, ``head.safetensors``, ``head.json`` and ``log.jsonl``; made if missing.
    settings : HeadSettings
    habits : Habits
        Which step is kept follows from how often it validates.
    stream : text file
        Gets a line of progress every 30 seconds.
    device : {"cpu", "cuda", "mps"}
    stop : CancelEvent, optional
        Asked after each step; a checkpoint is written then.

    Returns
    -------
    HeadProgress
        How far it is; ``step == settings.steps`` if it is done.

    Raises
    ------
    TrainingError
        Damaged checkpoint; other settings, structures or weights than before; folder in use or not writable; a loss that is not finite.
    """
    with alone(folder):
        return _Training(corpus, folder, settings, habits, device).run(stop, stream)


class _Training:
    def __init__(self, corpus: HeadCorpus, folder: Path, settings: HeadSettings, habits: Habits, device: Device) -> None:
        from allo_core.folding.head_learner import HeadLearner, separation_logs, separation_loss, validation_crops

        self._corpus, self._folder, self._settings, self._habits = corpus, folder, settings, habits
        self._sha256 = data_sha256([*corpus.learnt, *corpus.held_out])
        inputs = corpus.learnt[0].inputs
        logs = separation_logs(corpus.learnt, settings.far_weight)
        self._learner = HeadLearner(settings, inputs.states.shape[1], inputs.maps.shape[1], logs, device)
        self._crops = validation_crops(corpus.held_out, settings.window)
        self._progress, self._best = HeadProgress(), {}
        path = folder / CHECKPOINT
        if path.exists():
            content = read_head_checkpoint(path)
            self._progress, self._best = restore_head(content, path, self._learner, self._sha256, corpus.model_sha256)
        elif (folder / WEIGHTS).exists():
            raise TrainingError(f"{folder} has {WEIGHTS} but no {CHECKPOINT}; name another folder with --out.")
        self._baseline = separation_loss(logs, self._crops, settings.far_weight) if self._crops else None

    def run(self, stop: CancelEvent | None, stream: TextIO) -> HeadProgress:
        if self._progress.step == self._settings.steps and (self._folder / WEIGHTS).exists():
            return self._progress
        speed, saved, told = Speed(), time.monotonic(), float("-inf")
        with writing(self._folder / LOG), (self._folder / LOG).open("ab") as log:
            log.truncate(min(self._progress.log_bytes, (self._folder / LOG).stat().st_size))
            while self._progress.step < self._settings.steps and not (stop is not None and stop.is_set()):
                log.write(self._one_step(speed))
                log.flush()
                self._progress = replace(self._progress, log_bytes=log.tell())
                now = time.monotonic()
                if now - told >= _LINE_EVERY:
                    stream.write(self._line(speed) + "\n")
                    stream.flush()
                    told = now
                if now - saved >= self._habits.checkpoint_seconds:
                    self._save()
                    saved = now
        self._save()
        return self._progress

    def _one_step(self, speed: Speed) -> bytes:
        """Learn; the line of the log."""
        before = self._progress
        done = self._learner.learn(self._corpus.learnt, before.step)
        speed.add(self._settings.batch)
        step = before.step + 1
        losses = (*before.losses, done.loss)[-_LOSSES_KEPT:]
        self._progress = replace(before, step=step, losses=losses)
        seen = self._validate(step)
        entry = {"step": step, "lr": self._settings.learning_rate(before.step), "loss": done.loss, "gradient_norm": done.gradient_norm}
        entry |= {"seconds_per_step": speed.seconds_per_step, "validation_loss": seen}
        return json.dumps(entry).encode() + b"\n"

    def _validate(self, step: int) -> float | None:
        if not self._crops or (step % self._habits.validate_every and step < self._settings.steps):
            return None
        seen = self._learner.loss(self._crops)
        best = self._progress.best_loss
        self._progress = replace(self._progress, validation_loss=seen)
        if best is None or seen < best:
            self._progress = replace(self._progress, best_step=step, best_loss=seen)
            self._best = {name: values.detach().cpu().clone() for name, values in self._learner.head.state_dict().items()}
        return seen

    def _line(self, speed: Speed) -> str:
        progress, steps = self._progress, self._settings.steps
        parts = [f"step {progress.step:,}/{steps:,}", f"{speed.seconds_per_step:.2f} s a step", f"loss {progress.training_loss:.3f}"]
        if progress.validation_loss is not None:
            parts.append(f"validation {progress.validation_loss:.3f} (separation alone {self._baseline:.3f})")
        return ", ".join([*parts, f"{duration((steps - progress.step) * speed.seconds_per_step)} left"])

    def _save(self) -> None:
        save_head_checkpoint(self._folder, self._learner, self._best, self._sha256, self._corpus.model_sha256, self._progress)
        with writing(self._folder / WEIGHTS):
            save_head(self._folder, self._kept(), self._record())

    def _kept(self) -> dict[str, Tensor]:
        return self._best or self._learner.head.state_dict()

    def _record(self) -> HeadRecord:
        import numpy
        import torch
        import transformers

        progress, corpus = self._progress, self._corpus
        versions = {"alloscope": __version__, "python": platform.python_version()}
        versions |= {module.__name__: module.__version__ for module in (torch, transformers, numpy)}
        return HeadRecord(
            self._settings,
            corpus.model_sha256,
            self._sha256,
            progress.best_step or progress.step,
            progress.step,
            progress.training_loss,
            progress.best_loss,
            progress.validation_loss,
            self._baseline,
            tuple(one.receptor for one in corpus.learnt),
            tuple(one.receptor for one in corpus.held_out),
            corpus.left_out,
            versions,
            ATTRIBUTION,
        )
