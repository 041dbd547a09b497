"""ESMFold on this machine: from a sequence to a structure, kept; nothing is fetched."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from allo_core.errors import DeviceError, StoreError, WeightsError
from allo_core.folding.esmfold_memory import fitting_chunk, half_precision
from allo_core.folding.folded_structure import ATOMS, FoldedStructure
from allo_core.models.devices import Device, DeviceChoice, choose_device
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, FoldingFiles, FoldingSpec, how_to_get_folding, locate_folding
from allo_core.models.weights import weights_sha256
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import folds_folder

if TYPE_CHECKING:
    from allo_core.folding.esmfold_network import NetworkFold
    from allo_core.storage.cancel import CancelEvent

__all__ = ["check_esmfold", "fold_with_esmfold", "kept_esmfold", "slow_device"]


def fold_with_esmfold(
    protein: Protein,
    device: DeviceChoice = "auto",
    chunk_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> FoldedStructure:
    """Fold a protein with ESMFold, or take the fold that was kept for this sequence and these weights.

    Parameters
    ----------
    protein : Protein
    device : {"auto", "cuda", "cpu"}
        "auto" is CUDA where there is one, else the CPU, which takes minutes to hours.
    chunk_size : int, optional
        Rows of pairs that triangular attention computes at once; by default as many as the memory allows.  It changes no result.
    progress : callable(done, total), optional
        Steps: layers of the language model, blocks of each pass.
    cancel : CancelEvent, optional

    Raises
    ------
    WeightsError
        ESMFold is not on this machine, or its files are damaged or of another model.
    DeviceError
        A device that is not there or was not tested; too little memory, before anything is loaded or during the run.
    FoldError
        A chunk below 1; places that are no numbers.
    Cancelled
    """
    spec = FOLDING_MODELS[ESMFOLD]
    files = locate_folding(spec)
    kept = kept_esmfold(protein)
    if files is None:
        if kept is None:
            raise WeightsError(how_to_get_folding(spec))
        return kept
    if kept is not None and (same := _read(_place(protein, files), protein)) is not None:
        return same
    chosen, chunk = check_esmfold(protein, device, chunk_size)
    place = _place(protein, files)
    begun = time.perf_counter()
    network = _computed(spec, files, protein, chosen, chunk, progress, cancel)
    folded = FoldedStructure(
        protein=protein,
        positions=network.positions,
        plddt=network.plddt,
        ptm=network.ptm,
        passes=network.passes,
        half=half_precision(chosen),
        weights=weights_sha256(files.weights),
        seconds=time.perf_counter() - begun,
    )
    with suppress(StoreError):  # a full disk costs the next time, not this fold
        keep_arrays(place, _arrays(folded))
    return folded


def kept_esmfold(protein: Protein) -> FoldedStructure | None:
    """The fold of this sequence that was computed last, with whatever weights; None where there is none.  Nothing is computed.

    Parameters
    ----------
    protein : Protein
    """
    with suppress(OSError):
        places = sorted(folds_folder().glob(f"{_prefix(protein)}-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        return next((fold for place in places if (fold := _read(place, protein)) is not None), None)
    return None


def check_esmfold(protein: Protein, device: DeviceChoice = "auto", chunk_size: int | None = None) -> tuple[Device, int | None]:
    """On which device a protein would be folded, and in which chunks; nothing is loaded.

    Parameters
    ----------
    protein : Protein
    device : {"auto", "cuda", "cpu"}
    chunk_size : int, optional

    Raises
    ------
    DeviceError
        A device that is not there or was not tested, or has too little memory.
    FoldError
        A chunk below 1.
    """
    chosen = choose_device(device)
    if chosen == "mps":
        if device == "mps":
            raise DeviceError("ESMFold was not tested on mps, which has given wrong numbers with other models; use --device cpu.")
        chosen = "cpu"
    return chosen, fitting_chunk(FOLDING_MODELS[ESMFOLD], len(protein), chosen, chunk_size)


def slow_device(protein: Protein, device: Device) -> str:
    """What to know before a protein is folded on a device without CUDA; "" where there is nothing to say.

    Parameters
    ----------
    protein : Protein
    device : {"cuda", "mps", "cpu"}
    """
    if device == "cuda":
        return ""
    return (
        f"ESMFold folds {len(protein)} residues on the {device.upper()}: that takes minutes to hours, and grows with the square of the "
        "length and faster; it can be cancelled at any time."
    )


def _computed(
    spec: FoldingSpec,
    files: FoldingFiles,
    protein: Protein,
    device: Device,
    chunk: int | None,
    progress: Callable[[int, int], None] | None,
    cancel: CancelEvent | None,
) -> NetworkFold:
    import torch

    from allo_core.folding.esmfold_network import load_network, memory_errors, run_network

    with memory_errors(len(protein), chunk):
        module = load_network(spec, files, half_precision(device))
        cast("torch.nn.Module", module).to(device)
    try:
        return run_network(module, protein.sequence, chunk, progress, cancel)
    finally:
        del module
        if device == "cuda":
            torch.cuda.empty_cache()


def _prefix(protein: Protein) -> str:
    return f"esmfold-{key_of(protein.sequence)[:32]}"


def _place(protein: Protein, files: FoldingFiles) -> Path:
    config = hashlib.sha256(files.config.read_bytes()).hexdigest()
    return folds_folder() / f"{_prefix(protein)}-{key_of(weights_sha256(files.weights), config)[:16]}.npz"


def _arrays(folded: FoldedStructure) -> dict[str, np.ndarray]:
    return {
        "positions": folded.positions,
        "plddt": folded.plddt,
        "ptm": np.array(folded.ptm, np.float64),
        "passes": np.array(folded.passes, np.int64),
        "half": np.array(folded.half, np.bool_),
        "weights": np.frombuffer(bytes.fromhex(folded.weights), np.uint8),
        "seconds": np.array(folded.seconds, np.float64),
    }


def _read(place: Path, protein: Protein) -> FoldedStructure | None:
    length = len(protein)
    shapes = {"positions": ("float32", (length, len(ATOMS), 3)), "plddt": ("float32", (length,)), "weights": ("uint8", (32,))}
    numbers = {"ptm": ("float64", ()), "passes": ("int64", ()), "half": ("bool", ()), "seconds": ("float64", ())}
    found = read_arrays(place, shapes | numbers)
    if found is None or not np.isfinite(found["positions"][:, ATOMS.index("CA")]).all():
        return None
    return FoldedStructure(
        protein,
        found["positions"],
        found["plddt"],
        float(found["ptm"]),
        int(found["passes"]),
        bool(found["half"]),
        found["weights"].tobytes().hex(),
        float(found["seconds"]),
    )
