"""A distance head as files: its parameters (head.safetensors) and what it was made from (head.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import FoldError
from allo_core.folding.head_settings import HeadSettings
from allo_core.storage.plain_json import check_version, from_plain
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from torch import Tensor

    from allo_core.folding.distance_head import DistanceHead

__all__ = ["CARD", "WEIGHTS", "HeadRecord", "load_head", "load_head_files", "read_record", "save_head"]

WEIGHTS, CARD = "head.safetensors", "head.json"
_FORMAT = 1


@dataclass(frozen=True)
class HeadRecord:
    """What a distance head was made from, and how far its training was.

    Parameters
    ----------
    settings : HeadSettings
    model_sha256 : str
        Fingerprint of the weights of the language model.
    data_sha256 : str
        Of the structures that were learnt from and held out.
    step : int
        After which the parameters were kept: that with the lowest validation loss, without validation the last one.
    trained : int
        Steps that the training had done.
    training_loss : float or None
        Nats a pair, mean over the last steps; None before the first.
    validation_loss, last_validation_loss : float or None
        Nats a pair, on the held-out receptors: of these parameters, and after the last step that was validated; None where nothing is held
        out, or before the first validation.
    baseline_loss : float or None
        On the same pairs, of the frequencies of distances at each separation along the chain: a head above it has learnt nothing.
    learnt, held_out, left_out : tuple of str
        Entry names.
    versions : dict of str to str
    attribution : str
        Whom the licence of the structures asks to name.
    """

    settings: HeadSettings
    model_sha256: str
    data_sha256: str
    step: int
    trained: int
    training_loss: float | None
    validation_loss: float | None
    last_validation_loss: float | None
    baseline_loss: float | None
    learnt: tuple[str, ...] = field(repr=False)
    held_out: tuple[str, ...] = field(repr=False)
    left_out: tuple[str, ...] = field(repr=False)
    versions: dict[str, str] = field(repr=False)
    attribution: str = ""
    format: int = _FORMAT


def save_head(folder: Path, parameters: Mapping[str, Tensor], record: HeadRecord) -> None:
    """Write both files, each in one step.  OSError if there is no room.

    Parameters
    ----------
    folder : Path
    parameters : mapping of str to Tensor
        ``state_dict`` of a `DistanceHead`.
    record : HeadRecord
    """
    from safetensors.torch import save

    text = json.dumps(asdict(record), indent=1)
    write_whole(folder / WEIGHTS, save({name: values.detach().cpu().contiguous() for name, values in parameters.items()}))
    write_whole(folder / CARD, text.encode())


def load_head(folder: Path) -> tuple[DistanceHead, HeadRecord]:
    """The head that `save_head` wrote, ready to predict, and its record; no code in the files is run.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    FoldError
        A file is missing, damaged or of another version, or the two do not belong together.
    """
    return load_head_files(folder / WEIGHTS, folder / CARD)


def read_record(path: Path) -> HeadRecord:
    """What a distance head was made from; FoldError as from `load_head`.

    Parameters
    ----------
    path : Path
        Of head.json.
    """
    try:
        return from_plain(HeadRecord, check_version(json.loads(path.read_bytes()), HeadRecord, _FORMAT))
    except (OSError, ValueError, RecursionError) as error:
        raise _no_head(path, error) from error


def load_head_files(weights: Path, card: Path) -> tuple[DistanceHead, HeadRecord]:
    """`load_head` of files of any name.

    Parameters
    ----------
    weights, card : Path
        As head.safetensors and head.json.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from allo_core.folding.distance_head import DistanceHead

    record = read_record(card)
    try:
        parameters = load_file(weights)
    except (OSError, ValueError, SafetensorError) as error:
        raise _no_head(weights, error) from error
    states, heads = parameters.get("states.0.weight"), parameters.get("attention.weight")
    sizes = [0 if values is None or values.ndim != dims else values.shape[-1] for values, dims in ((states, 1), (heads, 2))]
    head = DistanceHead(record.settings, *sizes)
    try:
        head.load_state_dict(parameters)
    except RuntimeError as error:
        raise FoldError(f"In {weights.parent} {weights.name} does not belong to {card.name}; copy both again.") from error
    if not all(torch.isfinite(values).all() for values in parameters.values()):
        raise FoldError(f"In {weights.parent} {weights.name} holds values that are not finite; train the head again.")
    return head.eval().requires_grad_(False), record


def _no_head(path: Path, error: Exception) -> FoldError:
    reason = error.strerror if isinstance(error, OSError) else error
    return FoldError(f"{path.parent} holds no distance head: {reason} ({path.name}); name a folder that train-distances wrote.")
