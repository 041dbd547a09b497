"""ESMFold's network: built from its files, and run over one sequence with a look at whether the person has cancelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from allo_core.errors import Cancelled, DeviceError, FoldError, WeightsError
from allo_core.folding.esmfold_memory import OTHER_WAYS, SMALLEST_USEFUL_CHUNK
from allo_core.models.checkpoint import fill_module, read_checkpoint
from allo_core.models.folding_models import FoldingFiles, FoldingSpec

if TYPE_CHECKING:
    from jaxtyping import Float32
    from transformers import EsmForProteinFolding

    from allo_core.storage.cancel import CancelEvent

__all__ = ["NetworkFold", "load_network", "memory_errors", "run_network"]

_CA = 1  # among the 37 kinds of heavy atoms (`allo_core.folding.folded_structure.ATOMS`)
_LANGUAGE_MODEL = "esm."


@dataclass(frozen=True, eq=False)
class NetworkFold:
    """What the network gives for L residues.

    Parameters
    ----------
    positions : ndarray, dtype=float32, shape=(L, 37, 3)
        Å; NaN where a residue has no such atom.  Of unknown residues the CA alone has a place.
    plddt : ndarray, dtype=float32, shape=(L,)
        Of the CA, in percent.
    ptm : float
    passes : int
        Times that the trunk was run.
    """

    positions: Float32[np.ndarray, "L atoms 3"] = field(repr=False)
    plddt: Float32[np.ndarray, " L"] = field(repr=False)
    ptm: float
    passes: int


def load_network(spec: FoldingSpec, files: FoldingFiles, half: bool) -> EsmForProteinFolding:
    """The network with its weights, on the CPU.

    Parameters
    ----------
    spec : FoldingSpec
    files : FoldingFiles
    half : bool
        Whether the language model in it is in half precision; the trunk is always in single precision.

    Raises
    ------
    WeightsError
        Files that are missing, damaged, unsafe or of another shape.
    """
    import torch
    from transformers import EsmConfig, EsmForProteinFolding

    try:
        config = EsmConfig.from_dict(json.loads(files.config.read_text(encoding="utf-8")), attn_implementation="eager")
        with torch.device("meta"):  # nothing is allocated or drawn at random only to be overwritten
            module = EsmForProteinFolding(cast("Any", config)).eval()
        table = EsmForProteinFolding._af2_to_esm_from_vocab_list(list(config.vocab_list or ()))
    except (OSError, ValueError, KeyError, TypeError, AssertionError, AttributeError) as error:
        raise WeightsError(f"{files.config} does not describe {spec.label}; get the file from its publisher.") from error
    module.esm.register_module("contact_head", None)  # it is asked for no contacts
    wanted = module.state_dict()
    # Tables that older versions of transformers saved, and the output layer of a masked language model, have no place in it.
    found = {name: tensor for name, tensor in read_checkpoint(files.weights, "transformers").items() if name in wanted}
    precision = torch.float16 if half else torch.float32
    fill_module(
        cast("Any", module),
        found | {"af2_to_esm": table},
        lambda name: precision if name.startswith(_LANGUAGE_MODEL) else torch.float32,
        files.weights,
    )
    return module


def run_network(
    module: EsmForProteinFolding,
    sequence: str,
    chunk_size: int | None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> NetworkFold:
    """Fold a sequence.

    Parameters
    ----------
    module : EsmForProteinFolding
        On the device that computes.
    sequence : str, length L
        What is none of the twenty amino acids is read as unknown.
    chunk_size : int or None
        Rows of pairs in triangular attention that are computed at once; None: all.
    progress : callable(done, total), optional
        After each layer of the language model, and after each block and structure module of each pass of the trunk.
    cancel : CancelEvent, optional
        Asked within each of them.

    Raises
    ------
    DeviceError
        Out of memory.
    FoldError
        Places that are no numbers, as half precision that overflows leaves them.
    Cancelled
    """
    trunk: Any = module.trunk
    trunk.set_chunk_size(chunk_size)
    with memory_errors(len(sequence), chunk_size), _watched(module, progress, cancel):
        output: Any = module.infer(sequence)
    exists = output["atom37_atom_exists"][0].bool()
    positions = _in_37(output["positions"][-1, 0], output["residx_atom37_to_atom14"][0])
    positions = positions.masked_fill(~exists[..., None], float("nan"))
    # Frames of residues stand at their CA, also of unknown ones, which have no atoms here.
    positions[:, _CA] = output["frames"][-1, 0, :, 4:]
    plddt = 100 * output["plddt"][0, :, _CA]
    return NetworkFold(positions.float().cpu().numpy(), plddt.float().cpu().numpy(), float(output["ptm"]), int(trunk.config.max_recycles))


def _in_37(positions: Any, place: Any) -> Any:
    """Atoms [L, 14, 3], which each residue counts its own way, as [L, 37, 3]."""
    return positions.gather(1, place[..., None].expand(-1, -1, 3))


@contextmanager
def _watched(module: EsmForProteinFolding, progress: Callable[[int, int], None] | None, cancel: CancelEvent | None) -> Iterator[None]:
    """Count layers and blocks as they end, and look before each of their parts whether to stop."""
    layers, trunk = cast("Any", module.esm.encoder.layer), cast("Any", module.trunk)
    parts = [*layers, *trunk.blocks, trunk.structure_module]
    total = len(layers) + int(trunk.config.max_recycles) * (len(trunk.blocks) + 1)
    done = 0

    def stop(*_: Any) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled

    def count(*_: Any) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)
        stop()

    def check(_module: Any, _given: Any, structure: dict) -> None:
        if not structure["positions"][-1].isfinite().all():
            raise FoldError("ESMFold gave places that are no numbers; fold on the CPU (--device cpu), or get its weights again.")

    with ExitStack() as hooks:
        hooks.callback(trunk.structure_module.register_forward_hook(check).remove)
        for part in parts:
            for inner in part.modules():
                hooks.callback(inner.register_forward_pre_hook(stop).remove)
            hooks.callback(part.register_forward_hook(count).remove)
        yield


@contextmanager
def memory_errors(length: int, chunk_size: int | None) -> Iterator[None]:
    """Turn "out of memory" into a DeviceError that says what to do.

    Parameters
    ----------
    length : int
        Residues.
    chunk_size : int or None
    """
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(length, chunk_size) from error
    except RuntimeError as error:
        # The CPU has no class of its own for it.
        if "out of memory" not in str(error).lower() and "can't allocate memory" not in str(error).lower():
            raise
        raise _out_of_memory(length, chunk_size) from error


def _out_of_memory(length: int, chunk_size: int | None) -> DeviceError:
    smaller = chunk_size is None or chunk_size > SMALLEST_USEFUL_CHUNK
    ways = f"smaller chunks (--chunk {SMALLEST_USEFUL_CHUNK}), " if smaller else ""
    chunks = "without chunks" if chunk_size is None else f"in chunks of {chunk_size}"
    return DeviceError(f"The memory was not enough to fold {length} residues {chunks}; use {ways}{OTHER_WAYS}.")
