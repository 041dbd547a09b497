"""The state of learning a model of pairs, and the file that learning goes on from: tensors, and JSON in its header; no code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch.optim import AdamW
from torch.optim.lr_scheduler import ReduceLROnPlateau

from allo_core.errors import PairError
from allo_core.interaction.architectures import Architecture, PairModel
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairInputs
from allo_core.storage.plain_json import from_plain
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer
    from torch import Tensor

__all__ = ["Epoch", "LearningState", "data_sha256", "fingerprint", "restore", "save"]

_FORMAT = 1
_FACTOR, _PATIENCE, _SMALLEST_RATE = 0.1, 5, 1e-8  # of ReduceLROnPlateau, as published
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW knows of each parameter


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    Parameters
    ----------
    learning_rate : float
        That it was learnt with.
    training_loss, validation_loss : float
        Mean binary cross-entropy over pairs, in nats; 0.693 is that of a coin.  The first with dropout, while learning.
    validation_mcc : float
        At probability 0.5; NaN where every validation pair has one label or gets one answer.
    """

    learning_rate: float
    training_loss: float
    validation_loss: float
    validation_mcc: float


@dataclass(eq=False)
class LearningState:
    """A model with all that is needed to go on learning it.

    Parameters
    ----------
    model : PairModel
    optimiser : AdamW
    scheduler : ReduceLROnPlateau
    kept : dict of str to Tensor
        Parameters of the best epoch so far, copied.
    history : tuple of Epoch
    """

    model: PairModel
    optimiser: AdamW
    scheduler: ReduceLROnPlateau
    kept: dict[str, Tensor] = field(default_factory=dict)
    history: tuple[Epoch, ...] = ()

    @classmethod
    def begin(cls, model: PairModel, settings: LearningSettings) -> LearningState:
        """Before the first epoch."""
        optimiser = AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        scheduler = ReduceLROnPlateau(optimiser, mode="min", factor=_FACTOR, patience=_PATIENCE, min_lr=_SMALLEST_RATE)
        return cls(model, optimiser, scheduler)

    @property
    def learning_rate(self) -> float:
        return self.optimiser.param_groups[0]["lr"]

    def add(self, epoch: Epoch, keep: bool) -> None:
        """Note an epoch that was learnt, keep a copy of its parameters if asked to, and let the learning rate follow its loss."""
        self.history = (*self.history, epoch)
        if keep:
            self.kept = {name: values.detach().clone() for name, values in self.model.state_dict().items()}
        self.scheduler.step(epoch.validation_loss)


def data_sha256(inputs: PairInputs) -> str:
    """sha256 (hex) of vectors, names of tokens, labels and which proteins are paired; not of the proteins' names.

    Parameters
    ----------
    inputs : PairInputs
    """
    digest = hashlib.sha256(json.dumps(inputs.names).encode())
    for array in (inputs.first.vectors, inputs.second.vectors, inputs.pairs.first, inputs.pairs.second, inputs.pairs.labels):
        digest.update(json.dumps(array.shape).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def fingerprint(
    inputs: PairInputs,
    train: Integer[np.ndarray, " train"],
    validation: Integer[np.ndarray, " validation"],
    architecture: Architecture,
    settings: LearningSettings,
) -> str:
    """sha256 (hex) of everything that the learnt parameters follow from, but versions and threads.

    Parameters
    ----------
    inputs : PairInputs
    train, validation : ndarray of int, shape=(rows,)
    architecture : Architecture
    settings : LearningSettings
    """
    facts = [data_sha256(inputs), train.tolist(), validation.tolist(), asdict(architecture), asdict(settings)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def save(path: Path, state: LearningState, made_of: str) -> None:
    """Write a checkpoint in one step; about four times the size of the parameters.

    Parameters
    ----------
    path : Path
    state : LearningState
        After at least one epoch.
    made_of : str
        As `fingerprint` gives it.

    Raises
    ------
    PairError
        No room, or a folder that cannot be written.
    """
    from safetensors.torch import save as as_bytes

    moments = state.optimiser.state_dict()["state"]
    facts = {
        "format": _FORMAT,
        "made_of": made_of,
        "history": [[epoch.learning_rate, epoch.training_loss, epoch.validation_loss, epoch.validation_mcc] for epoch in state.history],
        "scheduler": state.scheduler.state_dict(),
        "learning_rate": state.learning_rate,
    }
    tensors = {
        **{f"model.{name}": values for name, values in state.model.state_dict().items()},
        **{f"kept.{name}": values for name, values in state.kept.items()},
        **{f"{moment}.{number}": known[moment] for number, known in moments.items() for moment in _MOMENTS},
    }
    try:
        write_whole(path, as_bytes(tensors, {"learning": json.dumps(facts)}))
    except OSError as error:
        raise PairError(f"{path} cannot be written: {error.strerror or error}; make room, or name another folder.") from error


def restore(path: Path, state: LearningState, made_of: str) -> None:
    """Put what `save` wrote into a state.

    Parameters
    ----------
    path : Path
    state : LearningState
        Of the same architecture, before its first epoch.
    made_of : str

    Raises
    ------
    PairError
        A damaged file, or one of other pairs, another model or other settings.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["learning"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(facts, dict) or facts.get("format") != _FORMAT or facts.get("made_of") != made_of:
        raise PairError(f"{path} was learnt from other pairs or with other settings; go on with those, or name another folder.")
    try:
        _fill(state, facts, tensors)
    except (RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:
        raise _damaged(path) from error


def _fill(state: LearningState, facts: dict, tensors: dict[str, Tensor]) -> None:
    state.model.load_state_dict(_part(tensors, "model."))
    state.kept = _part(tensors, "kept.")
    parameters = list(state.model.parameters())
    moments = {number: {moment: tensors[f"{moment}.{number}"] for moment in _MOMENTS} for number in range(len(parameters))}
    state.optimiser.load_state_dict({**state.optimiser.state_dict(), "state": moments})
    state.optimiser.param_groups[0]["lr"] = float(facts["learning_rate"])
    state.scheduler.load_state_dict(facts["scheduler"])
    state.history = tuple(Epoch(*from_plain(tuple[float, float, float, float], values)) for values in facts["history"])


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): values for name, values in tensors.items() if name.startswith(prefix)}


def _damaged(path: Path) -> PairError:
    return PairError(f"The checkpoint {path} is damaged; move it away to begin anew.")
