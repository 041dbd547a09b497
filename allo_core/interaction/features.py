"""The vectors that stand for proteins: means of the last hidden state over stretches, the start and the end token; kept on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import Cancelled
from allo_core.interaction.cuts import REGIONS, SEGMENTS, region_numbers, regions, ten_segments
from allo_core.interaction.pairs import TokenVectors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.readers import LastStateReader
from allo_core.models.reading import Readable, read
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import vectors_folder
from allo_core.runs.extract import meta_of
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Integer

__all__ = ["Cut", "cut_tokens", "protein_vectors", "token_vectors"]

# As published into ten stretches, or a receptor into its regions.
Cut = Literal["published", "regions"]

_WHOLE = ("cls", "eos", "mean")  # of every protein, however it is cut
_STRETCHES: dict[Cut, tuple[str, ...]] = {"published": SEGMENTS, "regions": REGIONS}
_FORMAT = 1  # raised where a change gives other numbers


def cut_tokens(cut: Cut) -> tuple[str, ...]:
    """Names of the vectors of each protein: cls, eos, mean, then its stretches."""
    return _WHOLE + _STRETCHES[cut]


def token_vectors(
    model: ProteinLanguageModel,
    proteins: Sequence[Protein],
    cut: Cut = "published",
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> TokenVectors:
    """The vectors of proteins, one pass for each that is not kept yet.

    Each protein is kept by itself, for the model's weights and the sequence, as soon as it is there: what was cancelled goes on where it
    stopped.  Beside the result only one protein is in memory.

    Parameters
    ----------
    model : ProteinLanguageModel
    proteins : sequence of Protein
        Each is read alone.
    cut : {"published", "regions"}
        By regions only receptors have stretches; the regions of other proteins are zeros.
    progress : callable(done, proteins), optional
        Called after each protein, also for one that is kept.
    cancel : CancelEvent, optional
        Asked before each protein and in each layer.

    Returns
    -------
    TokenVectors
        Tokens as `cut_tokens` names them; vectors in the order of the proteins.

    Raises
    ------
    SequenceError, DeviceError
        A protein is too long for the model; too little memory.
    StoreError
        No room to keep them.
    Cancelled
    """
    tokens = cut_tokens(cut)
    vectors = np.zeros((len(proteins), len(tokens), model.spec.width), dtype=np.float32)
    for row, protein in enumerate(proteins):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        vectors[row] = _kept_or_read(model, protein, cut, cancel)
        if progress is not None:
            progress(row + 1, len(proteins))
    return TokenVectors(tokens, vectors)


def protein_vectors(
    model: Readable, protein: Protein, cut: Cut = "published", cancel: CancelEvent | None = None
) -> Float32[np.ndarray, "tokens width"]:
    """The vectors of one protein, by one pass; nothing is kept.

    The last hidden state h, after the final norm where the model has one: h of the start token (cls), of the end token (eos), the mean
    over all residues, and the mean over the residues of each stretch; zeros for a stretch without residues, as published.

    Parameters
    ----------
    model : Readable
    protein : Protein
    cut : {"published", "regions"}
    cancel : CancelEvent, optional
        Asked in each layer.

    Returns
    -------
    ndarray, dtype=float32, shape=(tokens, width)
        In the order of `cut_tokens`.

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory.
    Cancelled
    """
    reader = LastStateReader()
    read(model, protein, [reader], cancel=cancel)
    state = reader.state.numpy()
    residues = state[reader.residues]
    stretches = [_mean(residues[part]) for part in _stretches(protein, cut)]
    return np.stack([state[0], state[-1], _mean(residues), *stretches])


def _stretches(protein: Protein, cut: Cut) -> list[slice] | list[Integer[np.ndarray, " residues"]]:
    if cut == "published":
        return [slice(*ends) for ends in ten_segments(len(protein))]
    return list(regions(region_numbers(protein), len(protein)).values())


def _mean(states: np.ndarray) -> np.ndarray:
    return states.mean(axis=0, dtype=np.float64).astype(np.float32) if len(states) else np.zeros(states.shape[1], dtype=np.float32)


def _kept_or_read(model: ProteinLanguageModel, protein: Protein, cut: Cut, cancel: CancelEvent | None) -> np.ndarray:
    path = vectors_folder() / f"{key_of(_FORMAT, meta_of(model, protein).key, *_named(protein, cut))}.npz"
    kept = read_arrays(path, {"vectors": ("float32", (len(cut_tokens(cut)), model.spec.width))})
    if kept is not None:
        return kept["vectors"]
    found = protein_vectors(model, protein, cut, cancel)
    keep_arrays(path, {"vectors": found})
    return found


def _named(protein: Protein, cut: Cut) -> tuple[object, ...]:
    """What of the cut is not in the sequence: which residues the regions have in this library."""
    if cut == "published":
        return (cut,)
    return cut, [part.tolist() for part in regions(region_numbers(protein), len(protein)).values()]
