"""The files of a training folder: the checkpoint that a training goes on from, and the weights that the app reads."""

import io
import pickle
import zipfile
from collections.abc import Callable, Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from allo_core.errors import TrainingError
from allo_core.storage.plain_json import from_plain
from allo_core.storage.whole_file import write_whole
from allo_core.training.learner import Learner
from allo_core.training.settings import Settings, flag

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "CHECKPOINT",
    "LOG",
    "WEIGHTS",
    "Progress",
    "alone",
    "read_checkpoint_file",
    "read_parts",
    "restore",
    "save_checkpoint",
    "save_weights",
    "write_parts",
    "writing",
]

CHECKPOINT, WEIGHTS, LOG = "checkpoint.pt", "model.safetensors", "log.jsonl"
_FORMAT = "alloscope-training-1"
_PARTS = {"format", "progress", "settings", "shape", "data_sha256", "parameters", "optimiser"}
# What is raised for a damaged file depends on where it is damaged.
_DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError)
_LOCK = ".lock"
_TWIN = "lm_head.decoder.weight"


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Parameters
    ----------
    step, tokens : int
        Done so far.
    losses : tuple of float
        Training losses (nats) of the last steps, at most 100.
    validation_loss : float or None
        The last one (nats).
    log_bytes : int
        Length of the log: what stands behind it was not kept and is learnt again.
    """

    step: int = 0
    tokens: int = 0
    losses: tuple[float, ...] = ()
    validation_loss: float | None = None
    log_bytes: int = 0

    @property
    def training_loss(self) -> float | None:
        return sum(self.losses) / len(self.losses) if self.losses else None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into a TrainingError."""
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{path} cannot be written: {error.strerror or error}; make room, or name another folder with --out."
        ) from error


def alone(folder: Path) -> AbstractContextManager:
    """Make the folder and keep other trainings out of it."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return FileLock(folder / _LOCK).acquire(timeout=0)
        except Timeout:
            raise TrainingError(f"Another training runs in {folder}; wait for it, or name another folder with --out.") from None


def write_parts(path: Path, content: dict) -> None:
    """Write the parts of a checkpoint in one step; TrainingError if there is no room."""
    import torch

    buffer = io.BytesIO()
    torch.save(content, buffer)
    with writing(path):
        write_whole(path, buffer.getvalue())


def read_parts(path: Path, layout: str, parts: Set[str], damaged: Callable[[Path], TrainingError], what: str = "checkpoint") -> dict:
    """The parts of a checkpoint as `write_parts` wrote them, on the CPU; no code in it is ever run.

    Parameters
    ----------
    path : Path
    layout : str
        What stands in "format".
    parts : set of str
        What there has to be.
    damaged : callable(path)
        The error for a damaged file.
    what : str
        What the file should be, in words.

    Raises
    ------
    TrainingError
        It is damaged, or something else.
    """
    import torch

    try:
        with zipfile.ZipFile(path) as archive:
            # torch does not look at the check sums.
            if archive.testzip() is not None:
                raise damaged(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGE as error:
        raise damaged(path) from error
    if not isinstance(content, dict) or content.get("format") != layout or content.keys() != parts:
        raise TrainingError(f"{path} is no {what}; move it away, or name another folder with --out.")
    return content


def save_checkpoint(folder: Path, learner: Learner, settings: Settings, data_sha256: str, progress: Progress) -> None:
    """Write everything that a training needs to go on, in one step; about 95 MB for the 8M architecture."""
    content = {
        "format": _FORMAT,
        "progress": asdict(progress),
        "settings": asdict(settings),
        "shape": _shape(learner),
        "data_sha256": data_sha256,
        "parameters": learner.module.state_dict(),
        "optimiser": learner.optimiser.state_dict(),
    }
    write_parts(folder / CHECKPOINT, content)


def read_checkpoint_file(path: Path) -> dict:
    """What ``save_checkpoint`` wrote, on the CPU; TrainingError if it is damaged or something else (no code in it is ever run)."""
    return read_parts(path, _FORMAT, _PARTS, _damaged, "checkpoint of this version of AlloScope")


def restore(content: dict, path: Path, learner: Learner, settings: Settings, data_sha256: str) -> Progress:
    """Put a checkpoint into the learner; TrainingError naming the first setting, or the data, that is not what it was."""
    _compare(content, path.parent, learner, settings, data_sha256)
    try:
        learner.module.load_state_dict(content["parameters"])
        learner.optimiser.load_state_dict(content["optimiser"])
        return from_plain(Progress, content["progress"])
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error


def _compare(content: dict, folder: Path, learner: Learner, settings: Settings, data_sha256: str) -> None:
    kept, way_out = content["settings"], "go on with the old one, or name another folder with --out"
    for field in fields(settings):
        old, new = kept.get(field.name), getattr(settings, field.name)
        if old != new:
            raise TrainingError(f"The training in {folder} has {flag(field.name)} {_short(old)}, not {_short(new)}; {way_out}.")
    if content["data_sha256"] != data_sha256:
        old, new = content["data_sha256"], data_sha256
        raise TrainingError(f"The training in {folder} has data with sha256 {_short(old)}, not {_short(new)}; {way_out}.")
    if content["shape"] != _shape(learner):
        raise TrainingError(f"The training in {folder} has a model of shape {content['shape']}, not {_shape(learner)}; {way_out}.")


def save_weights(folder: Path, learner: Learner, metadata: dict[str, str]) -> None:
    """Write the parameters in float16, in the names of ``EsmForMaskedLM``; the output matrix is the input embedding and is written once."""
    from safetensors.torch import save

    tensors = {name: _half(name, tensor) for name, tensor in learner.module.state_dict().items() if name != _TWIN}
    with writing(folder / WEIGHTS):
        # "format" is what transformers asks for.
        write_whole(folder / WEIGHTS, save(tensors, {"format": "pt", **metadata}))


def _half(name: str, tensor: "Tensor") -> "Tensor":
    import torch

    # Half precision would turn the rotary angles of far residues by whole degrees.
    dtype = torch.float32 if name.endswith("inv_freq") else torch.float16
    return tensor.detach().to("cpu", dtype).contiguous()


def _shape(learner: Learner) -> list[int]:
    spec = learner.spec
    return [spec.layers, spec.heads, spec.width, spec.feed_forward]


def _short(value: object) -> object:
    # Of a fingerprint twelve digits are enough.
    return value[:12] if isinstance(value, str) else value


def _damaged(path: Path) -> TrainingError:
    return TrainingError(
        f"The checkpoint {path} is damaged; move it and {WEIGHTS} out of the folder, then begin anew from these weights with --start."
    )
