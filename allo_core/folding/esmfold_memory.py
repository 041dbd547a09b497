"""The memory that ESMFold needs, and in which chunks it fits."""

from __future__ import annotations

from allo_core.errors import DeviceError, FoldError
from allo_core.models.devices import Device, available_memory
from allo_core.models.folding_models import FoldingSpec
from allo_core.storage.amounts import gigabytes

__all__ = ["OTHER_WAYS", "SMALLEST_USEFUL_CHUNK", "fitting_chunk", "half_precision", "memory_needed"]

# Of triangular attention; in smaller ones the feed-forward of the pairs, which knows no chunks, needs more than the attention.
SMALLEST_USEFUL_CHUNK = 64
OTHER_WAYS = "a shorter stretch of the sequence, a fold by --from template or --from family, or an AlphaFold model"


def half_precision(device: Device) -> bool:
    """Whether the language model in ESMFold is in half precision: on CUDA alone, since processors compute it slowly.

    Parameters
    ----------
    device : {"cuda", "mps", "cpu"}
    """
    return device == "cuda"


def memory_needed(spec: FoldingSpec, length: int, chunk_size: int | None, half: bool) -> int:
    """Bytes of weights, and of what the language model or the trunk holds at once, whichever is more.

    With P bytes a pair of residues (4 times its width), L² pairs and h heads, the feed-forward of the pairs holds 14.5 P L², and triangular
    attention 10 P L² and 8.4 h c L², c being the chunk, or L without chunks.  Measured on a CPU with a trunk of ESMFold's widths: 7.2 kB a
    pair in chunks of 64, and without chunks 8.0, 11.4 and 14.6 kB at 100, 200 and 300 residues; this gives 7.4, and 8.5, 11.8 and 15.2.

    Parameters
    ----------
    spec : FoldingSpec
    length : int
        L, residues.
    chunk_size : int or None
        Rows of pairs in triangular attention that are computed at once; None: all.
    half : bool
        Whether the language model is in half precision.
    """
    each = 2 if half else 4
    weights = spec.language_model_parameters * each + spec.trunk_parameters * 4
    states = (spec.layers + 1) * length * spec.width * (2 * each + 4)
    language_model = states + 3 * each * spec.heads * (length + 2) ** 2
    pair = 4 * spec.pair_width
    rows = min(chunk_size or length, length)
    trunk = length**2 * max(14.5 * pair, 10 * pair + 8.4 * spec.pair_heads * rows)
    return int(weights + max(language_model, trunk))


def fitting_chunk(spec: FoldingSpec, length: int, device: Device, chunk_size: int | None = None) -> int | None:
    """The chunk to compute in: the one asked for, or none where all fits at once, else 64.

    Where the free memory is unknown it is 64.

    Parameters
    ----------
    spec : FoldingSpec
    length : int
        Residues.
    device : {"cuda", "mps", "cpu"}
    chunk_size : int, optional

    Raises
    ------
    FoldError
        A chunk below 1.
    DeviceError
        It does not fit; names what is needed, what is free, and what to do.
    """
    if chunk_size is not None and chunk_size < 1:
        raise FoldError(f"A chunk of {chunk_size} rows cannot be computed; give 1 or more, or none to let the memory decide.")
    half = half_precision(device)
    available = available_memory(device)
    wanted = [chunk_size] if chunk_size is not None else [None, SMALLEST_USEFUL_CHUNK]
    for chunk in wanted:
        if available is not None and memory_needed(spec, length, chunk, half) <= available:
            return chunk
    if available is None:
        return wanted[-1]
    needed, smallest = memory_needed(spec, length, wanted[-1], half), memory_needed(spec, length, SMALLEST_USEFUL_CHUNK, half)
    ways = f"chunks of {SMALLEST_USEFUL_CHUNK} (--chunk {SMALLEST_USEFUL_CHUNK})" if smallest <= available else OTHER_WAYS
    raise DeviceError(
        f"{spec.label} needs about {gigabytes(needed)} for {length} residues, {device} has {gigabytes(available)} free; use {ways}."
    )
