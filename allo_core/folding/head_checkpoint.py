"""The checkpoint that the training of a distance head goes on from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import TrainingError
from allo_core.folding.head_settings import HeadSettings
from allo_core.storage.plain_json import from_plain
from allo_core.training.files import read_parts, write_parts

if TYPE_CHECKING:
    from torch import Tensor

    from allo_core.folding.head_learner import HeadLearner

__all__ = ["CHECKPOINT", "HeadProgress", "read_head_checkpoint", "restore_head", "save_head_checkpoint"]

CHECKPOINT = "checkpoint.pt"
_FORMAT = "alloscope-distance-head-1"
_PARTS = {"format", "progress", "settings", "data_sha256", "model_sha256", "parameters", "best", "optimiser"}


@dataclass(frozen=True)
class HeadProgress:
    """How far a training is.

    Parameters
    ----------
    step : int
        Done so far.
    losses : tuple of float
        Training losses (nats a pair) of the last steps, at most 100.
    validation_loss : float or None
        The last one (nats a pair).
    best_step : int
        After which the validation loss was lowest; 0 before the first.
    best_loss : float or None
    log_bytes : int
        Length of the log: what stands behind it was not kept and is learnt again.
    """

    step: int = 0
    losses: tuple[float, ...] = field(default=(), repr=False)
    validation_loss: float | None = None
    best_step: int = 0
    best_loss: float | None = None
    log_bytes: int = 0

    @property
    def training_loss(self) -> float | None:
        return sum(self.losses) / len(self.losses) if self.losses else None


def save_head_checkpoint(
    folder: Path, learner: HeadLearner, best: dict[str, Tensor], data_sha256: str, model_sha256: str, progress: HeadProgress
) -> None:
    """Write everything that a training needs to go on, in one step.

    Parameters
    ----------
    folder : Path
    learner : HeadLearner
    best : dict of str to Tensor
        Parameters after the best step; empty before the first validation.
    data_sha256, model_sha256 : str
    progress : HeadProgress

    Raises
    ------
    TrainingError
        The folder cannot be written.
    """
    content = {
        "format": _FORMAT,
        "progress": asdict(progress),
        "settings": learner.settings.to_json(),
        "data_sha256": data_sha256,
        "model_sha256": model_sha256,
        "parameters": learner.head.state_dict(),
        "best": best,
        "optimiser": learner.optimiser.state_dict(),
    }
    write_parts(folder / CHECKPOINT, content)


def read_head_checkpoint(path: Path) -> dict:
    """What `save_head_checkpoint` wrote, on the CPU; no code in it is run.

    Parameters
    ----------
    path : Path

    Raises
    ------
    TrainingError
        It is damaged or something else.
    """
    return read_parts(path, _FORMAT, _PARTS, _damaged, "checkpoint of a distance head of this version")


def restore_head(
    content: dict, path: Path, learner: HeadLearner, data_sha256: str, model_sha256: str
) -> tuple[HeadProgress, dict[str, Tensor]]:
    """Put a checkpoint into the learner; how far it is, and the parameters after the best step.

    Parameters
    ----------
    content : dict
        From `read_head_checkpoint`.
    path : Path
    learner : HeadLearner
    data_sha256, model_sha256 : str

    Raises
    ------
    TrainingError
        Naming the first setting, or the data, that is not what it was; damaged parameters.
    """
    from allo_core.errors import FoldError

    try:
        kept = HeadSettings.from_json(content["settings"])
    except (FoldError, TypeError) as error:
        raise _damaged(path) from error
    changes = [(field.name, getattr(kept, field.name), getattr(learner.settings, field.name)) for field in fields(HeadSettings)]
    changes += [("structures", content["data_sha256"], data_sha256), ("weights of the model", content["model_sha256"], model_sha256)]
    for name, old, new in changes:
        if old != new:
            raise TrainingError(
                f"The training in {path.parent} has {name} {_short(old)}, not {_short(new)}; go on with the old one, or name another "
                "folder with --out."
            )
    try:
        learner.head.load_state_dict(content["parameters"])
        learner.optimiser.load_state_dict(content["optimiser"])
        return from_plain(HeadProgress, content["progress"]), content["best"]
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> TrainingError:
    return TrainingError(f"{path} is damaged; move it away to train anew, or name another folder with --out.")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:12]}..."
