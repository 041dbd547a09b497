"""Which residue letters each head of a model looks at, over receptors other than the one that is asked about."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.letters import LetterUse, letter_use
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import variants_folder
from allo_core.readouts.known import panel
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["letter_preferences"]

_FORMAT = 1


class _SumsReader(Reader):
    """Keeps the column sums [heads, L] of each layer."""

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self) -> None:
        self.sums: list[Float[np.ndarray, "heads L"]] = []

    def layer(self, layer: Layer) -> None:
        self.sums.append(layer.tokens.cut(layer.attention, 1, 2).sum(dim=1).cpu().numpy())


def letter_preferences(
    model: ProteinLanguageModel,
    protein: Protein,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> LetterUse:
    """What residues of each of the twenty letters receive from each head, over the receptors of `panel` other than this protein.

    The sixteen receptors are read once for each model and its weights, a pass each, and what was found is kept on this machine.

    Parameters
    ----------
    protein : Protein
        A receptor of the panel that holds it, or lies in it, does not count.
    progress : callable(done, receptors), optional
    cancel : CancelEvent, optional

    Returns
    -------
    LetterUse
        ``received`` of shape (layers, heads, 20), in the order of `AMINO_ACIDS`.

    Raises
    ------
    DeviceError, StoreError, Cancelled
    """
    proteins = [receptors()[entry].protein for entry in panel()]
    sequences, letters = [one.sequence for one in proteins], len(AMINO_ACIDS)
    facts = ("letters", _FORMAT, model.spec.id, model.sha256, model.dtype, model.device.type, sequences)
    path = variants_folder() / f"{key_of(*facts)}.npz"
    shape = (len(proteins), model.spec.layers, model.spec.heads, letters)
    kept = read_arrays(path, {"received": ("float64", shape), "counts": ("int64", (len(proteins), letters))})
    if kept is None:
        found = [_use(model, one, cancel, progress, done, len(proteins)) for done, one in enumerate(proteins, 1)]
        kept = {"received": np.stack([one.received for one in found]), "counts": np.stack([one.counts for one in found])}
        keep_arrays(path, kept)
    others = [not (protein.sequence in sequence or sequence in protein.sequence) for sequence in sequences]
    return LetterUse(kept["received"][others].sum(axis=0), kept["counts"][others].sum(axis=0))


def _use(model, protein: Protein, cancel, progress, done: int, total: int) -> LetterUse:
    reader = _SumsReader()
    read(model, protein, [reader], cancel=cancel)
    if progress is not None:
        progress(done, total)
    codes = np.array([AMINO_ACIDS.find(letter) for letter in protein.sequence])
    return letter_use(np.stack(reader.sums), codes, len(AMINO_ACIDS))
