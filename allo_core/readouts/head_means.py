"""What each head gives on the average: the mean of its z over reference receptors and their residues, for mean ablation; kept.

Mean ablation: Wang et al. 2022 (arXiv 2211.00593).  Start and end tokens have a mean of their own, because heads that rest on them do
something else there.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import ablations_folder
from allo_core.readouts.library_panel import panel_receptors
from allo_core.runs.extract import meta_of
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32
    from torch import Tensor

__all__ = ["KINDS_OF_TOKENS", "head_means", "reference_receptors", "reference_sha256"]

KINDS_OF_TOKENS = 3  # residues, the start, the end
_REFERENCES = 24
_SEED = 0


def reference_receptors() -> tuple[str, ...]:
    """Receptors, no two of one cluster of homologues, in an order that was drawn once; means are taken over the first 24."""
    names = panel_receptors()
    return tuple(names[at] for at in np.random.default_rng(_SEED).permutation(len(names)))


def reference_sha256() -> str:
    """The same for the same reference sequences."""
    return hashlib.sha256(repr([receptors()[entry].protein.sequence for entry in reference_receptors()[:_REFERENCES]]).encode()).hexdigest()


def head_means(
    model: ProteinLanguageModel, progress: Callable[[int, int], None] | None = None, cancel: CancelEvent | None = None
) -> "Float32[np.ndarray, 'layers kinds heads d']":
    """The mean z of each head at residues, at the start and at the end; a pass for each of 24 receptors, once for each model.

    Parameters
    ----------
    progress : callable(done, receptors), optional
    cancel : CancelEvent, optional

    Returns
    -------
    ndarray, dtype=float32, shape=(layers, 3, heads, d)

    Raises
    ------
    DeviceError, StoreError
        Too little memory; they cannot be kept.
    Cancelled
        Nothing was kept.
    """
    spec, entries = model.spec, reference_receptors()[:_REFERENCES]
    shape = (spec.layers, KINDS_OF_TOKENS, spec.heads, spec.width // spec.heads)
    origin = meta_of(model, receptors()[entries[0]].protein)
    path = ablations_folder() / "means" / f"{key_of('means', origin.key, reference_sha256())}.npz"
    if (kept := read_arrays(path, {"means": ("float32", shape)})) is not None:
        return kept["means"]
    reader = _SumReader(shape)
    for done, entry in enumerate(entries, 1):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        read(model, receptors()[entry].protein, [reader], cancel=cancel)
        if progress is not None:
            progress(done, len(entries))
    means = reader.means
    keep_arrays(path, {"means": means})
    return means


class _SumReader(Reader):
    """Adds up z over the tokens of each kind."""

    wants: frozenset[Want] = frozenset({"context"})

    def __init__(self, shape: tuple[int, int, int, int]):
        self._sums = np.zeros(shape)
        self._tokens = np.zeros((shape[0], KINDS_OF_TOKENS, 1, 1))

    def layer(self, layer: Layer) -> None:
        residues = layer.tokens.cut(layer.context, 1)
        parts: tuple[Tensor, ...] = (residues, layer.context[:, :1], layer.context[:, -1:])
        for kind, part in enumerate(parts):
            self._sums[layer.index, kind] += part.double().sum(dim=1).cpu().numpy()
            self._tokens[layer.index, kind] += part.shape[1]

    @property
    def means(self) -> "Float32[np.ndarray, 'layers kinds heads d']":
        return (self._sums / self._tokens).astype(np.float32)
