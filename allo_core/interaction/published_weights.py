"""The published files of parameters of ESM2_AMPS, ESM2_AMP_CSE and ESM2_DPM; sizes are read from the shapes, and no code is run.

Parameters are found by what they are, not by the names of the module that held them, which differ between versions of the published code.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import PairError
from allo_core.interaction.architectures import Architecture, Kind, PairModel, build, published, tokens_for

if TYPE_CHECKING:  # the app need not wait for it
    from torch import Tensor

__all__ = ["load_published"]

_LAYER = re.compile(r"(?:.*\.)?layers\.(\d+)\.((?:self_attn|linear1|linear2|norm1|norm2)\..+)")
_OF_LAYER = {
    "self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias",
    "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias",
}  # fmt: skip
_HELD = "model_state_dict"  # where the published checkpoints hold the parameters
_PARALLEL = "module."  # what torch's DataParallel puts before names
_HEADS = 8  # published; no shape tells it
_DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError)


def load_published(path: Path, kind: Kind) -> PairModel:
    """Read a published model.

    Parameters
    ----------
    path : Path
        A file that torch wrote: the parameters, or a checkpoint with ``model_state_dict``.
    kind : {"amps", "amp_cse", "dpm"}
        Which model it is; amps and amp_cse have parameters of the same shapes.

    Returns
    -------
    PairModel
        In evaluation mode; its width is that of the language model whose vectors it reads.

    Raises
    ------
    PairError
        No such file, one that holds code or no parameters, and parameters that are missing, unknown or of shapes that do not fit, by name.
    """
    if kind not in ("amps", "amp_cse", "dpm"):
        raise PairError(f"No parameters of {kind} were published; choose amps, amp_cse or dpm.")
    found = _read(path)
    layers, rest = _layers(path, found)
    if bool(layers) != (kind != "dpm"):
        has = f"has {len(layers)} encoder layers" if layers else "has no encoder"
        raise PairError(f"{path} {has}, so it is not {kind}; choose {'amps or amp_cse' if layers else 'dpm'}.")
    head = _head(path, rest, kind)
    model = build(_architecture(path, kind, layers, head), 0)
    parameters = {f"layers.{number}.{name}": values for number, layer in layers.items() for name, values in layer.items()} | head
    for name, values in model.state_dict().items():
        if values.shape != parameters[name].shape:
            raise PairError(f"{path}: {name} has the shape {tuple(parameters[name].shape)}, not {tuple(values.shape)} as of {kind}.")
    model.load_state_dict({name: values.float() for name, values in parameters.items()})
    return model.eval()


def _read(path: Path) -> dict[str, Tensor]:
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise PairError(f"There is no file {path}; name the published .pth file.") from None
    except _DAMAGE as error:
        raise PairError(f"{path} cannot be read as parameters of torch: damaged, or it holds code, which is never run.") from error
    if isinstance(content, dict) and isinstance(content.get(_HELD), dict):
        content = content[_HELD]
    if not isinstance(content, dict) or not content or not all(isinstance(values, torch.Tensor) for values in content.values()):
        raise PairError(f"{path} holds no parameters of a model; name the published .pth file.")
    return {str(name).removeprefix(_PARALLEL): values for name, values in content.items()}


def _layers(path: Path, found: dict[str, Tensor]) -> tuple[dict[int, dict[str, Tensor]], dict[str, Tensor]]:
    """The parameters of each encoder layer by their own names, and all others in the order of the file."""
    layers: dict[int, dict[str, Tensor]] = {}
    rest = {}
    for name, values in found.items():
        if match := _LAYER.fullmatch(name):
            layers.setdefault(int(match[1]), {})[match[2]] = values
        else:
            rest[name] = values
    if sorted(layers) != list(range(len(layers))):
        raise PairError(f"{path} has the encoder layers {', '.join(map(str, sorted(layers)))}; {len(layers)} from 0 were expected.")
    for number, layer in sorted(layers.items()):
        if odd := sorted(_OF_LAYER ^ layer.keys()):
            raise PairError(f"{path}: encoder layer {number} {'lacks' if odd[0] in _OF_LAYER else 'has the unknown'} {odd[0]}.")
    return dict(sorted(layers.items())), rest


def _head(path: Path, rest: dict[str, Tensor], kind: Kind) -> dict[str, Tensor]:
    """The parameters of the classifier, by the names that they have here; they stand in the file in the order of its layers."""
    names = [name for name in rest if name.endswith(".weight")]
    if odd := [name for name in rest if not name.endswith((".weight", ".bias"))]:
        raise PairError(f"{path} has the unknown parameter {odd[0]}.")
    if lone := sorted({name.removesuffix(".weight") for name in names} ^ {n.removesuffix(".bias") for n in rest if n.endswith(".bias")}):
        raise PairError(f"{path}: {lone[0]} has no {'bias' if f'{lone[0]}.weight' in rest else 'weight'}.")
    expected = [2, 1] * (len(published("dpm", 1280).hidden)) + [2] if kind == "dpm" else [2] * 3  # dimensions: linear layers and norms
    if [rest[name].ndim for name in names] != expected:
        raise PairError(
            f"{path}: the classifier has the parameters {', '.join(names) or 'none'}; {len(expected)} layers as of {kind} were expected."
        )
    places = range(len(names))
    # Behind each hidden layer stands a ReLU, which has no parameters.
    steps = [place + place // 2 for place in places] if kind == "dpm" else [2 * place for place in places]
    made = {}
    for step, name in zip(steps, names, strict=True):
        made[f"head.{step}.weight"], made[f"head.{step}.bias"] = rest[name], rest[f"{name.removesuffix('.weight')}.bias"]
    return made


def _architecture(path: Path, kind: Kind, layers: dict[int, dict[str, Tensor]], head: dict[str, Tensor]) -> Architecture:
    matrices = [values for name, values in head.items() if name.endswith(".weight") and values.ndim == 2]
    hidden, given = tuple(len(values) for values in matrices[:-1]), matrices[0].shape[1]
    tokens = len(tokens_for(kind))
    width = given // 2 if kind == "dpm" else given
    if width % _HEADS or (kind == "dpm" and given % 2):
        raise PairError(f"{path}: the first layer of the classifier reads {given} numbers, which is no width of {kind}.")
    whole = replace(published(kind, width, (tokens, tokens)), hidden=hidden)
    return replace(whole, layers=len(layers), feed_forward=len(layers[0]["linear1.bias"])) if layers else whole
