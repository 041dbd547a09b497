"""What a distance head reads of a model: the last hidden state of each residue and the attention of all heads, kept on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.contacts import apc
from allo_core.errors import Cancelled, FoldError, StoreError
from allo_core.folding.aligned_rows import library_rows
from allo_core.folding.head_settings import HeadSettings
from allo_core.library.nearest import numbers_for
from allo_core.models.reading import Last, Layer, Reader, Want, read
from allo_core.models.registry import ModelSpec
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_arrays import key_of
from allo_core.readouts.kept_readouts import distances_folder
from allo_core.readouts.removal import Heads, removed
from allo_core.storage.amounts import gigabytes
from allo_core.storage.cancel import CancelEvent
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float16, Float32, Int64, Integer, UInt8

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = [
    "LARGEST",
    "MOST_RESIDUES",
    "HeadInputs",
    "check_size",
    "decoded",
    "encoded",
    "features_size",
    "head_inputs",
    "kept_head_inputs",
    "region_of",
]

MOST_RESIDUES = 400
LARGEST = 3_000_000_000  # bytes on disk, of all receptors and one model
_MARGIN = 15  # residues around those with generic numbers
_PER_UNIT, _ZERO = 32, 96  # a byte is 32 asinh(z) + 96: z from -10 to 72 standard deviations
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class HeadInputs:
    """What a model says of the R residues of a protein that a head looks at.

    Parameters
    ----------
    index : ndarray, dtype=int, shape=(R,)
        0-based residues of the sequence, ascending.
    states : ndarray, dtype=float16, shape=(R, width)
        The last hidden state; no columns where none was read.
    maps : ndarray, dtype=uint8, shape=(R * (R + 1) / 2, heads)
        Attention of all heads, layer by layer, of the pairs i <= j in the order of ``numpy.triu_indices``, as `encoded` gives it; no
        columns where none was read.  It may lie on disk.
    rows : ndarray, dtype=int64, shape=(M, R)
        Sequences of other receptors at these residues, as from `allo_core.folding.aligned_rows.library_rows`; no rows where none was read.
    """

    index: Integer[np.ndarray, " R"]
    states: Float16[np.ndarray, "R width"]
    maps: UInt8[np.ndarray, "pairs heads"]
    rows: Int64[np.ndarray, "M R"]

    def between(self, rows: Integer[np.ndarray, " n"], columns: Integer[np.ndarray, " m"]) -> Float32[np.ndarray, "n m heads"]:
        """The attention of pairs, as `decoded` gives it; ndarray, dtype=float32, shape=(n, m, heads).

        Parameters
        ----------
        rows, columns : ndarray of int, shape=(n,), (m,)
            Places among the R residues.
        """
        low, high = np.minimum(rows[:, None], columns), np.maximum(rows[:, None], columns)
        return decoded(self.maps[low * (2 * len(self.index) - low + 1) // 2 + high - low])


def encoded(corrected: Float32[np.ndarray, "... R R"]) -> UInt8[np.ndarray, "... R R"]:
    """Corrected maps as bytes: 32 asinh(z) + 96, rounded, z in standard deviations of the map from its mean; 96 where all are alike.

    asinh is nearly z where z is small and grows as its logarithm, so that one byte holds the many small values and the few large ones.
    Rounding changes z by at most sqrt(1 + z²) / 63 from -10 to 72; what lies beyond is held as that.

    Parameters
    ----------
    corrected : ndarray, shape=(..., R, R)
        As from `allo_core.attention.contacts.apc`.
    """
    mean = corrected.mean(axis=(-2, -1), keepdims=True, dtype=np.float64)
    deviation = corrected.std(axis=(-2, -1), keepdims=True, dtype=np.float64)
    z = (corrected - mean) / np.where(deviation > 0, deviation, np.inf)
    return np.clip(np.rint(_PER_UNIT * np.arcsinh(z)) + _ZERO, 0, 255).astype(np.uint8)


def decoded(codes: UInt8[np.ndarray, ...]) -> Float32[np.ndarray, ...]:
    """asinh(z) of `encoded` bytes, of the same shape, float32: what a head is given."""
    return (codes.astype(np.float32) - _ZERO) / _PER_UNIT


def region_of(length: int, numbers: ResidueNumbers | None) -> Integer[np.ndarray, " R"]:
    """The residues that a head looks at, ndarray, dtype=int, shape=(R,), R at most 400.

    Those with generic numbers and up to 15 on either side of each, fewer where these are more than 400; so termini and the middle of long
    loops are left out.  Without generic numbers all residues.

    Parameters
    ----------
    length : int
        Of the protein.
    numbers : ResidueNumbers or None

    Raises
    ------
    FoldError
        A protein of more than 400 residues without generic numbers.
    """
    numbered = np.flatnonzero([bool(number) for number in numbers.gpcrdb]) if numbers is not None else np.zeros(0, dtype=int)
    if not len(numbered):
        if length > MOST_RESIDUES:
            raise FoldError(
                f"A protein of {length} residues without generic numbers is too long for a distance head, which looks at {MOST_RESIDUES} at"
                " most; give the seven-helix domain alone."
            )
        return np.arange(length)
    away = np.abs(np.arange(length)[:, None] - numbered).min(axis=1)
    margin = next((margin for margin in range(_MARGIN, 0, -1) if (away <= margin).sum() <= MOST_RESIDUES), 0)
    return np.flatnonzero(away <= margin)[:MOST_RESIDUES]


def features_size(spec: ModelSpec, residues: Sequence[int], settings: HeadSettings) -> int:
    """Bytes that the features of some receptors take on disk, before they are made.

    Of the 318 numbered receptors with an AlphaFold model that ships: 2.1 GB of a model of 120 heads, 11.2 GB of one of 660.

    Parameters
    ----------
    spec : ModelSpec
    residues : sequence of int
        How many each receptor has of those that a head looks at.
    settings : HeadSettings
        What is read.
    """
    states, heads = spec.width * settings.reads_states, spec.layers * spec.heads * settings.reads_attention
    return sum(2 * count * states + count * (count + 1) // 2 * heads for count in residues)


def check_size(spec: ModelSpec, residues: Sequence[int], settings: HeadSettings) -> None:
    """Refuse features that take more than 3 GB on disk; parameters as for `features_size`.

    Raises
    ------
    FoldError
        With the number of bytes.
    """
    size = features_size(spec, residues, settings)
    if size > LARGEST:
        raise FoldError(
            f"The attention of the {spec.layers * spec.heads} heads of {spec.label} over {len(residues)} receptors takes {gigabytes(size)} "
            f"on disk, and {gigabytes(LARGEST)} are allowed; use --features states, which leaves the attention out."
        )


class _HeadReader(Reader):
    """Corrects and encodes the maps of each layer, and keeps the last state."""

    def __init__(self, index: np.ndarray, states: bool, attention: bool, silent: frozenset[tuple[int, int]]):
        wanted: list[Want] = [*(["hidden"] if states else []), *(["attention"] if attention else [])]
        self.wants = frozenset(wanted)
        self._index, self._silent = index, silent
        self._pairs = np.triu_indices(len(index))
        self.maps: list[np.ndarray] = []
        self.states = np.zeros((len(index), 0), dtype=np.float16)

    def layer(self, layer: Layer) -> None:
        if "attention" not in self.wants:
            return
        for head, one in enumerate(layer.tokens.cut(layer.attention, 1, 2)):
            if (layer.index, head) in self._silent:
                self.maps.append(np.full(len(self._pairs[0]), _ZERO, dtype=np.uint8))
            else:
                corrected = apc(one.cpu().numpy())[np.ix_(self._index, self._index)]
                self.maps.append(encoded(corrected)[self._pairs])

    def finish(self, last: Last) -> None:
        if "hidden" in self.wants:
            self.states = last.tokens.cut(last.hidden, 0)[self._index].cpu().numpy().astype(np.float16)


def head_inputs(
    model: ProteinLanguageModel,
    protein: Protein,
    settings: HeadSettings,
    index: Integer[np.ndarray, " R"] | None = None,
    removed_heads: Heads = (),
    cancel: CancelEvent | None = None,
) -> HeadInputs:
    """What a distance head reads of a protein, in one pass over the whole sequence; each map is corrected before the region is cut out.

    Parameters
    ----------
    model : ProteinLanguageModel
        Of the settings.
    protein : Protein
    settings : HeadSettings
    index : ndarray of int, shape=(R,), optional
        Residues to look at; by default those of `region_of`, by the numbers of the nearest receptor.
    removed_heads : tuple of (layer, head)
        Heads that give nothing (zeros) in the pass; their maps say nothing either.
    cancel : CancelEvent, optional
        Asked in each layer.

    Raises
    ------
    FoldError
        A protein that is too long; one without generic numbers where aligned sequences are to be read.
    SequenceError, DeviceError
        Too long for the model; too little memory.
    Cancelled
    """
    index = region_of(len(protein), numbers_for(protein)) if index is None else index
    reader = _HeadReader(index, settings.reads_states, settings.reads_attention, frozenset(removed_heads))
    if reader.wants:
        intervention = removed(model.spec, removed_heads, None, len(protein) + 2) if removed_heads else None
        read(model, protein, [reader], intervene=intervention, cancel=cancel)
    maps = np.stack(reader.maps, axis=1) if reader.maps else np.zeros((len(index) * (len(index) + 1) // 2, 0), dtype=np.uint8)
    return HeadInputs(index, reader.states, maps, _rows(protein, index, settings))


def _rows(protein: Protein, index: np.ndarray, settings: HeadSettings) -> np.ndarray:
    """Nothing is computed for them, so they are not kept.  They are sequences alone: those of held-out receptors may be among them."""
    return library_rows(protein, settings.msa_rows)[:, index] if settings.msa_rows else np.zeros((0, len(index)), dtype=np.int64)


def kept_head_inputs(
    model: ProteinLanguageModel,
    proteins: Sequence[tuple[Protein, Integer[np.ndarray, " R"]]],
    settings: HeadSettings,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> list[HeadInputs]:
    """What a distance head reads of several proteins, kept on this machine; maps stay on disk and are read where they are needed.

    Parameters
    ----------
    model : ProteinLanguageModel
    proteins : sequence of (Protein, ndarray of int)
        With the residues that are looked at.
    settings : HeadSettings
    progress : callable(done, proteins), optional
    cancel : CancelEvent, optional
        Asked in each layer.

    Raises
    ------
    FoldError
        More than 3 GB, named before anything is computed.
    StoreError
        There is no room.
    SequenceError, DeviceError
    Cancelled
        What was made so far is kept.
    """
    check_size(model.spec, [len(index) for _, index in proteins], settings)
    found = []
    for done, (protein, index) in enumerate(proteins, 1):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        found.append(_kept(model, protein, index, settings, cancel))
        if progress is not None:
            progress(done, len(proteins))
    return found


def _kept(
    model: ProteinLanguageModel, protein: Protein, index: np.ndarray, settings: HeadSettings, cancel: CancelEvent | None
) -> HeadInputs:
    heads, width = model.spec.layers * model.spec.heads * settings.reads_attention, model.spec.width * settings.reads_states
    key = key_of(_FORMAT, model.sha256, model.dtype, protein.sequence, index.tolist())
    shapes = {"states": (np.float16, (len(index), width)), "maps": (np.uint8, (len(index) * (len(index) + 1) // 2, heads))}
    paths = {name: distances_folder() / f"{key}.{name}" for name in shapes}
    wanted = {name: shape for name, (_, shape) in shapes.items()}
    if not all(_holds(paths[name], dtype, shape) for name, (dtype, shape) in shapes.items()):
        made = head_inputs(model, protein, settings, index, cancel=cancel)
        for name in shapes:
            if wanted[name][1]:
                _write(paths[name], getattr(made, name))
    arrays = {name: _on_disk(paths[name], dtype, shape) for name, (dtype, shape) in shapes.items()}
    return HeadInputs(index, arrays["states"], arrays["maps"], _rows(protein, index, settings))


def _holds(path: Path, dtype: type, shape: tuple[int, int]) -> bool:
    """Whether a file has the size of an array; an array without columns needs none."""
    return not shape[1] or (path.is_file() and path.stat().st_size == np.dtype(dtype).itemsize * shape[0] * shape[1])


def _on_disk(path: Path, dtype: type, shape: tuple[int, int]) -> np.ndarray:
    return np.memmap(path, dtype=dtype, mode="r", shape=shape) if shape[1] else np.zeros(shape, dtype=dtype)


def _write(path: Path, array: np.ndarray) -> None:
    try:
        write_whole(path, array.tobytes())
    except OSError as error:
        raise StoreError(f"Cannot write to {path.parent}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
