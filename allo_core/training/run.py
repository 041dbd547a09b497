"""One training from its first step, or from where it was left, to its last."""

import json
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

from allo_core import __version__
from allo_core.errors import TrainingError
from allo_core.models.devices import Device, DeviceChoice, choose_device
from allo_core.models.registry import ModelSpec
from allo_core.storage.cancel import CancelEvent
from allo_core.training.batches import batch_of, validation_crops
from allo_core.training.files import (
    CHECKPOINT,
    LOG,
    WEIGHTS,
    Progress,
    alone,
    read_checkpoint_file,
    restore,
    save_checkpoint,
    save_weights,
)
from allo_core.training.learner import Learner
from allo_core.training.masking import MaskedCrop
from allo_core.training.report import LogEntry, ProgressLine, Speed, TrainingLog
from allo_core.training.sampling import Sampler
from allo_core.training.sequences import Record, data_sha256, read_sequences
from allo_core.training.settings import Settings
from allo_core.training.split import held_out

__all__ = ["Corpus", "Habits", "read_corpus", "train"]

_LOSSES_KEPT = 100


@dataclass(frozen=True)
class Corpus:
    """The sequences that are learnt, those that are held out (none of them where everything is learnt), and the file's fingerprint."""

    learnt: tuple[Record, ...]
    held_out: tuple[Record, ...]
    sha256: str


@dataclass(frozen=True)
class Habits:
    """How a training goes about its work; nothing of what it learns follows from this.

    Parameters
    ----------
    checkpoint_seconds : float
        Between two checkpoints.
    validate_every : int
        Steps between two looks at the held-out receptors.
    command : str
        What is recorded in the weights as the command that made them.
    """

    checkpoint_seconds: float = 600
    validate_every: int = 250
    command: str = ""

    def __post_init__(self):
        if not self.checkpoint_seconds > 0:
            raise TrainingError(f"--checkpoint-minutes is {self.checkpoint_seconds / 60:g}; it must be above 0.")
        if self.validate_every < 1:
            raise TrainingError(f"--validate-every is {self.validate_every}; it must be at least 1.")


def read_corpus(path: Path, everything: bool) -> Corpus:
    """Read the sequences and divide them by receptor; TrainingError if the file is none of its kind or nothing is left on one side."""
    records = read_sequences(path)
    receptors = {record.receptor for record in records}
    unseen = frozenset() if everything else held_out(receptors)
    if not everything and (not unseen or unseen == receptors):
        raise TrainingError(
            f"{path} has {len(receptors)} receptors, of which {len(unseen)} are held out; give more receptors, or train on all with --all."
        )
    learnt = tuple(record for record in records if record.receptor not in unseen)
    return Corpus(learnt, tuple(record for record in records if record.receptor in unseen), data_sha256(path))


def train(
    corpus: Corpus,
    folder: Path,
    spec: ModelSpec,
    settings: Settings,
    habits: Habits,
    stream: TextIO,
    device: DeviceChoice = "auto",
    start: Path | None = None,
    stop: CancelEvent | None = None,
) -> Progress:
    """Train to the last step, or until ``stop`` is set; goes on from the folder's checkpoint where there is one.

    Going on gives the same bits as never having stopped on the CPU with the same number of threads and the same versions; a GPU adds up
    in no fixed order.

    Parameters
    ----------
    folder : Path
        Gets ``checkpoint.pt``, ``model.safetensors`` and ``log.jsonl``; made if missing.
    spec : ModelSpec
        Shape of the model; of the family "esm2".
    stream : text file
        Gets the progress.
    start : Path, optional
        Weights to begin with, in the names of transformers; ``settings.start`` is their sha256.
    stop : CancelEvent, optional
        Asked after each step; a checkpoint is written then.

    Returns
    -------
    Progress
        How far it is; ``step == settings.steps`` if it is done.

    Raises
    ------
    TrainingError
        Damaged checkpoint; other settings or data than before; folder in use or not writable; a loss that is not finite.
    WeightsError, DeviceError
    """
    with alone(folder):
        return _Training(corpus, folder, spec, settings, habits, choose_device(device), start).run(stop, stream)


class _Training:
    def __init__(
        self, corpus: Corpus, folder: Path, spec: ModelSpec, settings: Settings, habits: Habits, device: Device, start: Path | None
    ):
        self._corpus, self._folder, self._settings, self._habits = corpus, folder, settings, habits
        path = folder / CHECKPOINT
        content = read_checkpoint_file(path) if path.exists() else None
        if content is None and (folder / WEIGHTS).exists():
            raise TrainingError(
                f"{folder} has {WEIGHTS} but no {CHECKPOINT}; name another folder with --out (to begin with these weights: --start)."
            )
        # What a checkpoint holds replaces the first parameters.
        self._learner = Learner(spec, device, settings.seed, start if content is None else None)
        self._progress = Progress() if content is None else restore(content, path, self._learner, settings, corpus.sha256)
        self._sampler = Sampler(corpus.learnt)
        self._validation = validation_crops(Sampler(corpus.held_out)) if corpus.held_out else []

    def run(self, stop: CancelEvent | None, stream: TextIO) -> Progress:
        # The weights of a finished training keep their bytes, and so their fingerprint.
        if self._progress.step == self._settings.steps and (self._folder / WEIGHTS).exists():
            return self._progress
        log, line, speed = TrainingLog(self._folder / LOG, self._progress.log_bytes), ProgressLine(stream, self._settings), Speed()
        saved = time.monotonic()
        try:
            while self._progress.step < self._settings.steps and not (stop is not None and stop.is_set()):
                log.add(self._one_step(speed))
                line.show(self._progress, speed)
                if time.monotonic() - saved >= self._habits.checkpoint_seconds:
                    self._save(log)
                    saved = time.monotonic()
            self._save(log)
        finally:
            line.end()
            log.close()
        return self._progress

    def _one_step(self, speed: Speed) -> LogEntry:
        settings, before = self._settings, self._progress
        rate = settings.learning_rate(before.step)
        done = self._learner.learn(self._crops(before.step), rate)
        speed.add(done.tokens)
        step, tokens, losses = before.step + 1, before.tokens + done.tokens, (*before.losses, done.loss)[-_LOSSES_KEPT:]
        seen = self._validate(step)
        latest = before.validation_loss if seen is None else seen
        self._progress = replace(before, step=step, tokens=tokens, losses=losses, validation_loss=latest)
        return LogEntry(step, tokens, rate, done.loss, done.gradient_norm, speed.tokens, seen)

    def _crops(self, step: int) -> list[MaskedCrop]:
        settings = self._settings
        return batch_of(self._sampler, settings.seed, step, settings.batch, settings.context_at(step))

    def _validate(self, step: int) -> float | None:
        if not self._validation or (step % self._habits.validate_every and step < self._settings.steps):
            return None
        return self._learner.loss(self._validation)

    def _save(self, log: TrainingLog) -> None:
        self._progress = replace(self._progress, log_bytes=log.length)
        save_checkpoint(self._folder, self._learner, self._settings, self._corpus.sha256, self._progress)
        save_weights(self._folder, self._learner, self._metadata())

    def _metadata(self) -> dict[str, str]:
        import numpy
        import torch
        import transformers

        progress, corpus = self._progress, self._corpus
        versions = {"alloscope": __version__, "python": platform.python_version()}
        versions |= {module.__name__: module.__version__ for module in (torch, transformers, numpy)}
        return {
            "architecture": f"{self._learner.spec.id} (EsmForMaskedLM)",
            "command": self._habits.command,
            "settings": json.dumps(asdict(self._settings)),
            "data_sha256": corpus.sha256,
            "sequences": str(len(corpus.learnt)),
            "receptors": str(len(self._sampler.receptors)),
            "step": f"{progress.step} of {self._settings.steps}",
            "tokens": str(progress.tokens),
            "training_loss": str(progress.training_loss),
            "validation_loss": str(progress.validation_loss),
            "device": f"{self._learner.device}, {self._learner.precision}",
            "licence": "CC BY 4.0 (data: UniProt)",
            "versions": json.dumps(versions),
        }
