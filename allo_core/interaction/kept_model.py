"""A learnt model of pairs on disk: its parameters, the mean of the pairs that it learnt from, and its card; no code is ever read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from allo_core.errors import PairError
from allo_core.interaction.architectures import PairModel, build
from allo_core.interaction.model_card import ModelCard, read_card
from allo_core.interaction.pairs import PairInputs
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Integer
    from torch import Tensor

__all__ = [
    "PARAMETERS",
    "KeptModel",
    "check_language_model",
    "load_pair_model",
    "read_tensors",
    "save_pair_model",
    "training_mean",
    "write_tensors",
]

PARAMETERS = "model.safetensors"  # in a folder of its own; the card stands beside it, with the ending .json
_MEAN = "training_mean"
_MODEL = "model."
_AT_ONCE = 256  # pairs


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A model of pairs with all that is known of it.

    Parameters
    ----------
    card : ModelCard
    model : PairModel
        In evaluation mode.
    mean : ndarray, dtype=float32, shape=(tokens, width)
        Mean of the pairs that were learnt from: the baseline of gradients.
    """

    card: ModelCard
    model: PairModel = field(repr=False)
    mean: Float32[np.ndarray, "tokens width"] = field(repr=False)


def training_mean(inputs: PairInputs, rows: Integer[np.ndarray, " rows"]) -> Float32[np.ndarray, "tokens width"]:
    """Mean of the vectors of some pairs, a few pairs at a time.

    Parameters
    ----------
    inputs : PairInputs
    rows : ndarray of int, shape=(rows,)
        At least one.
    """
    total = np.zeros((sum(inputs.sides), inputs.width))
    for begin in range(0, len(rows), _AT_ONCE):
        total += inputs.batch(rows[begin : begin + _AT_ONCE]).sum(axis=0, dtype=np.float64)
    return (total / len(rows)).astype(np.float32)


def save_pair_model(path: Path, kept: KeptModel, half: bool = False) -> ModelCard:
    """Write a model and its card.

    Parameters
    ----------
    path : Path
        Of the parameters; the card gets the same name with the ending .json.
    kept : KeptModel
        The sha256 of the parameters in its card is not looked at.
    half : bool
        Parameters as float16, half the size.

    Returns
    -------
    ModelCard
        As it was written.

    Raises
    ------
    PairError
        No room, or a folder that cannot be written.
    """

    dtype = torch.float16 if half else torch.float32
    tensors = {f"{_MODEL}{name}": values.detach().to(dtype).contiguous() for name, values in kept.model.state_dict().items()}
    return write_tensors(path, tensors | {_MEAN: torch.from_numpy(kept.mean).contiguous()}, kept.card)


def load_pair_model(path: Path) -> KeptModel:
    """Read a model and its card; everything is checked.

    Parameters
    ----------
    path : Path
        Of the parameters, or a folder that holds ``model.safetensors``.

    Raises
    ------
    PairError
        A file is missing, damaged, changed since it was written, or of another shape than its card says.
    """
    card, tensors = read_tensors(path / PARAMETERS if path.is_dir() else path)
    return _filled(path, card, tensors)


def write_tensors(path: Path, tensors: dict[str, Tensor], card: ModelCard) -> ModelCard:
    """Write tensors and their card beside them; PairError if there is no room.

    Parameters
    ----------
    path : Path
        The card gets the same name with the ending .json.
    tensors : dict of str to Tensor
    card : ModelCard

    Returns
    -------
    ModelCard
        As it was written, with the sha256 of the tensors.
    """
    from safetensors.torch import save

    content = save(tensors)
    card = replace(card, parameters_sha256=hashlib.sha256(content).hexdigest())
    try:
        write_whole(path, content)
        write_whole(path.with_suffix(".json"), card.text().encode())
    except OSError as error:
        raise PairError(f"{path} cannot be written: {error.strerror or error}; make room, or name another folder.") from error
    return card


def read_tensors(path: Path) -> tuple[ModelCard, dict[str, Tensor]]:
    """What `write_tensors` wrote, as float32; PairError if a file is missing, damaged or changed, or a number is not finite.

    Parameters
    ----------
    path : Path
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    if not path.exists():
        raise PairError(f"There is no model {path}; train one with `python -m allo_core pairs train --out FOLDER`.")
    card = read_card(path.with_suffix(".json"))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PairError(f"The model {path} cannot be read: {error.strerror or error}; name a file that you may read.") from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != card.parameters_sha256:
        raise PairError(
            f"The model {path} is not the one that its card is about (sha256 {sha256[:12]}…, not {card.parameters_sha256[:12]}…); "
            "take both again from where they came."
        )
    try:
        tensors = {name: values.float() for name, values in load(content).items()}
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise PairError(f"The model {path} is damaged; take it and its card again from where they came.") from error
    if not all(torch.isfinite(values).all() for values in tensors.values()):
        raise PairError(f"The model {path} holds numbers that are not finite; train it again.")
    return card, tensors


def check_language_model(card: ModelCard, model_id: str, weights_sha256: str) -> None:
    """PairError unless vectors of this language model are what a model of pairs was learnt from.

    Parameters
    ----------
    card : ModelCard
    model_id, weights_sha256 : str
    """
    if model_id != card.model_id:
        raise PairError(
            f"The model of pairs reads vectors of {card.model_id}, not of {model_id}; choose that model, or train one for this."
        )
    if weights_sha256 != card.weights_sha256:
        raise PairError(
            f"The model of pairs was learnt with other weights of {model_id} (sha256 {card.weights_sha256[:12]}…, these are "
            f"{weights_sha256[:12]}…); train one with these."
        )


def _filled(path: Path, card: ModelCard, tensors: dict[str, Tensor]) -> KeptModel:
    if card.architecture is None:
        raise PairError(f"The model {path} is a linear one of side A, not one of pairs; name another.")
    model = build(card.architecture, 0).eval()
    mean = tensors.pop(_MEAN, torch.empty(0)).numpy()
    try:
        model.load_state_dict({name.removeprefix(_MODEL): values for name, values in tensors.items()})
    except RuntimeError as error:
        raise _misshapen(path) from error
    if mean.shape != (card.architecture.tokens, card.architecture.width):
        raise _misshapen(path)
    return KeptModel(card, model, mean)


def _misshapen(path: Path) -> PairError:
    return PairError(f"The model {path} does not have the shape that its card says; take both again from where they came.")
