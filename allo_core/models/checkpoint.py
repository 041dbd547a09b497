"""Reading tensors from weights files without ever running code from them, and putting them into a module."""

import argparse
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allo_core.errors import WeightsError
from allo_core.models.convert import from_esm, from_fair_esm, from_transformers
from allo_core.models.registry import Layout
from allo_core.models.weights import weight_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import torch
    from torch import Tensor, nn

__all__ = ["fill_module", "read_checkpoint", "read_tensors"]

_CONVERTERS = {"fair-esm": from_fair_esm, "esm": from_esm, "transformers": from_transformers}
_MOST_NAMED = 3
# The first byte of every pickle that torch has written.
_PICKLE = b"\x80"


def read_checkpoint(path: Path, layout: Layout) -> "dict[str, Tensor]":
    """The tensors of a weights file in the names of transformers' modules.

    Raises
    ------
    WeightsError
        If the file is missing, cut short, no checkpoint of this layout, or a pickle that wants to run code (which is never run).
    """
    tensors: dict[str, Tensor] = {}
    for file in weight_files(path):
        content = read_tensors(file)
        tensors.update(content["model"] if layout == "fair-esm" and isinstance(content.get("model"), dict) else content)
    if not tensors or not all(isinstance(name, str) and hasattr(tensor, "shape") for name, tensor in tensors.items()):
        raise WeightsError(f"{path} holds no state dict of tensors; it is not a {layout} checkpoint.")
    return _CONVERTERS[layout](tensors)


def read_tensors(path: Path, names: "Collection[str] | None" = None) -> dict:
    """What a .safetensors, .pt, .pth or .bin file holds, memory-mapped where its format allows; errors as in ``read_checkpoint``.

    Parameters
    ----------
    names : collection of str, optional
        Of a .safetensors file only these tensors are read.
    """
    if not path.is_file():
        raise WeightsError(f"The weights file {path} is missing; download it again or name another with ALLOSCOPE_WEIGHTS.")
    content = _read_safetensors(path, names) if path.suffix == ".safetensors" else _read_pickle(path)
    if not isinstance(content, dict):
        raise WeightsError(f"{path} holds no state dict of tensors; it is not a checkpoint that AlloScope reads.")
    return content


def _read_safetensors(path: Path, names: "Collection[str] | None") -> "dict[str, Tensor]":
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load_file

    try:
        if names is None:
            return load_file(path)
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in set(names) & set(file.keys())}
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(_damaged(path)) from error


def _read_pickle(path: Path) -> dict:
    import torch

    zipped = zipfile.is_zipfile(path)
    try:
        # fair-esm's files hold their training settings as an argparse.Namespace; nothing else but tensors is let through.
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        if zipped or _starts_with(path, _PICKLE):
            raise WeightsError(
                f"{path} holds more than tensors and could run code when read, so it was not read; get the file from the model's publisher."
            ) from error
        raise WeightsError(_damaged(path)) from error
    except (RuntimeError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
        # What torch raises for a damaged file depends on where it is damaged.
        raise WeightsError(_damaged(path)) from error


def _starts_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start


def _damaged(path: Path) -> str:
    return f"The weights file {path} ({path.stat().st_size:,} bytes) is damaged or cut short; delete it and download it again."


def fill_module(
    module: "nn.Module", tensors: "dict[str, Tensor]", dtype: "torch.dtype | Callable[[str], torch.dtype]", path: Path | None
) -> None:
    """Put tensors into a module built on the meta device, as ``dtype``, and work out the tables that no file carries.

    Parameters
    ----------
    dtype : torch.dtype, or callable(name)
        Of all tensors, or of the one with a name; whole numbers stay what they are.
    path : Path or None
        Where the tensors came from, for messages.

    Raises
    ------
    WeightsError
        Naming the first missing, unknown or wrongly shaped tensors.
    """
    import torch

    wanted = module.state_dict()
    # A table that follows from the shape; some files carry it, others do not.
    missing = [name for name in wanted if name not in tensors and not name.endswith("inv_freq")]
    unknown = [name for name in tensors if name not in wanted]
    wrong = [
        f"{name} is {list(tensors[name].shape)}, not {list(wanted[name].shape)}"
        for name in wanted
        if name in tensors and tensors[name].shape != wanted[name].shape
    ]
    for problem, names in (("lacks", missing), ("has unknown", unknown), ("has wrong shapes:", wrong)):
        if names:
            listed = ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")
            raise WeightsError(f"{path} does not fit {type(module).__name__} of this size: it {problem} {listed}.")

    # Tables stay float32: in bfloat16 rotary angles would be wrong by whole radians far along a sequence.
    def kind(name: str, tensor: "Tensor") -> torch.dtype:
        if not tensor.is_floating_point():
            return tensor.dtype
        return torch.float32 if name.endswith("inv_freq") else dtype(name) if callable(dtype) else dtype

    ready = {name: tensor.to(kind(name, tensor)) for name, tensor in tensors.items()}
    module.load_state_dict(ready, assign=True, strict=False)
    _fill_tables(module)
    module.requires_grad_(False)


def _fill_tables(module: "nn.Module") -> None:
    """Buffers are worked out anew: built on the meta device they have no values, and most files do not carry them."""
    import torch

    part: Any  # tables are worked out by methods that torch knows nothing of
    for part in module.modules():
        for name, buffer in part.named_buffers(recurse=False):
            if not buffer.is_meta:
                continue
            if name == "position_ids":
                values = torch.arange(buffer.shape[-1]).expand(buffer.shape)
            elif name == "token_type_ids":
                values = torch.zeros(buffer.shape, dtype=torch.long)
            elif name in ("inv_freq", "original_inv_freq"):
                values = part.compute_default_rope_parameters(part.config)[0]
            else:
                raise AssertionError(f"no recipe for the table {name}")
            setattr(part, name, values)
