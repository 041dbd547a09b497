"""What a person sees while a model trains, and the log that stays."""

import json
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from allo_core.training.files import Progress, writing
from allo_core.training.settings import Settings

__all__ = ["LogEntry", "ProgressLine", "Speed", "TrainingLog", "duration"]

_LINE_EVERY = 30.0  # seconds, where the output is no terminal
_SPEED_OVER = 20  # steps


@dataclass(frozen=True)
class LogEntry:
    """One line of the log, after one step.

    Parameters
    ----------
    step, tokens : int
        Done so far.
    lr : float
    loss : float
        Of this step's masked residues, nats.
    gradient_norm : float
        Before clipping.
    tokens_per_second : float
        Over the last 20 steps.
    validation_loss : float or None
        Where it was worked out after this step, nats.
    """

    step: int
    tokens: int
    lr: float
    loss: float
    gradient_norm: float
    tokens_per_second: float
    validation_loss: float | None


class TrainingLog:
    """Lines of JSON; what stands behind ``length`` bytes was not kept by the training and is removed."""

    def __init__(self, path: Path, length: int):
        self._path = path
        with writing(path):
            self._file = path.open("ab")
            self._file.truncate(min(length, path.stat().st_size))

    @property
    def length(self) -> int:
        with writing(self._path):
            self._file.flush()
            return self._path.stat().st_size

    def add(self, entry: LogEntry) -> None:
        with writing(self._path):
            self._file.write(json.dumps(vars(entry)).encode() + b"\n")
            self._file.flush()

    def close(self) -> None:
        with writing(self._path):
            self._file.close()


class Speed:
    """Tokens and steps a second over the last steps; nothing is known before the first one."""

    def __init__(self):
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=_SPEED_OVER + 1)

    def add(self, tokens: int) -> None:
        self._marks.append((time.monotonic(), self._marks[-1][1] + tokens))

    @property
    def tokens(self) -> float:
        (start, before), (end, after) = self._marks[0], self._marks[-1]
        return (after - before) / max(end - start, 1e-9)

    @property
    def seconds_per_step(self) -> float:
        return (self._marks[-1][0] - self._marks[0][0]) / max(len(self._marks) - 1, 1)


class ProgressLine:
    """One line that is written again after each step; where the output is no terminal, a new line every 30 seconds."""

    def __init__(self, stream: TextIO, settings: Settings):
        self._stream = stream
        self._settings = settings
        self._rewrites = stream.isatty()
        self._last: float | None = None
        self._width = 0

    def show(self, progress: Progress, speed: Speed) -> None:
        now = time.monotonic()
        if not self._rewrites and self._last is not None and now - self._last < _LINE_EVERY:
            return
        self._last = now
        line = self._line(progress, speed)
        self._stream.write(f"\r{line.ljust(self._width)}" if self._rewrites else line + "\n")
        self._width = len(line)
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that is written again, so that the next text begins a new one."""
        if self._rewrites and self._width:
            self._stream.write("\n")
            self._stream.flush()

    def _line(self, progress: Progress, speed: Speed) -> str:
        steps = self._settings.steps
        parts = [
            f"step {progress.step:,}/{steps:,}",
            f"{progress.tokens / 1e6:.2f}M tokens ({progress.step / steps:.1%})",
            f"{speed.tokens:,.0f} tokens/s",
            f"loss {progress.training_loss:.3f}",
        ]
        if progress.validation_loss is not None:
            parts.append(f"validation {progress.validation_loss:.3f}")
        return ", ".join([*parts, f"{duration((steps - progress.step) * speed.seconds_per_step)} left"])


def duration(seconds: float) -> str:
    """Hours and minutes, or minutes and seconds, as in ``2 h 05 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left:02} min" if hours else f"{minutes} min {rest:02} s"
