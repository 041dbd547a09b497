"""What a model loses at masked residues, among the twenty residues alone, and its derivatives by the gates of all heads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.models.probabilities import ProbabilitiesReader
from allo_core.models.reading import Last, Readable, Reader, Want, check_fits, read
from allo_core.models.tokens import VOCABULARIES, Tokens
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32
    from torch import Tensor

    from allo_core.models.capture import Intervention
    from allo_core.models.resumed import Entry

__all__ = ["gate_gradients", "masked_losses"]


def masked_losses(
    model: Readable,
    protein: Protein,
    residues: Sequence[int],
    readers: Sequence[Reader] = (),
    intervene: "Intervention | None" = None,
    cancel: CancelEvent | None = None,
    entry: "Entry | None" = None,
) -> "Float32[np.ndarray, ' n']":
    """-log p(residue that is there) of residues that are masked together, among the twenty; one pass.

    Parameters
    ----------
    residues : sequence of int
        0-based; their letters are of the twenty.
    readers : sequence of Reader
        Who else wants something of this pass.
    intervene, cancel, entry
        As `read` takes them, whose errors these are, too.

    Returns
    -------
    ndarray, dtype=float32, shape=(n,)
        In nats, in the order of ``residues``.
    """
    probabilities = ProbabilitiesReader()
    read(model, _masked(model, protein, residues), [*readers, probabilities], intervene, cancel=cancel, entry=entry)
    letters = [AMINO_ACIDS.index(protein.sequence[residue]) for residue in residues]
    return -probabilities.log_p[list(residues), letters]


def gate_gradients(
    model: Readable, protein: Protein, residues: Sequence[int], cancel: CancelEvent | None = None
) -> "Float[np.ndarray, 'layers heads']":
    """The derivative of the mean of `masked_losses` by the gate of each head, in nats; one forward and one backward pass for all heads.

    With the sign changed it is the first-order guess of what the loss rises by when a head is removed (its gate goes from 1 to 0).  Its
    place is that of Michel, Levy and Neubig 2019, who take the absolute value; the sign is kept here.

    Parameters
    ----------
    residues : sequence of int
        0-based; masked together.
    cancel : CancelEvent, optional

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory, which grows with the number of layers.
    Cancelled
    """
    tokens = _masked(model, protein, residues)
    reader = _LossReader(protein, residues)
    read(model, tokens, [reader], gradients=True, cancel=cancel)
    return reader.gradients


class _LossReader(Reader):
    """Says of what the gradients are wanted, and keeps them."""

    wants: frozenset[Want] = frozenset({"gradients"})

    def __init__(self, protein: Protein, residues: Sequence[int]):
        self._residues = list(residues)
        self._letters = [AMINO_ACIDS.index(protein.sequence[residue]) for residue in residues]
        self.gradients: Float[np.ndarray, "layers heads"] = np.zeros((0, 0))

    def loss(self, last: Last) -> "Tensor":
        import torch

        columns = [VOCABULARIES[last.tokens.family].index(letter) for letter in AMINO_ACIDS]
        logits = last.tokens.cut(last.logits, 0)[self._residues][:, columns]
        return torch.nn.functional.cross_entropy(logits, torch.tensor(self._letters, device=logits.device))

    def finish(self, last: Last) -> None:
        self.gradients = last.gradients.cpu().numpy().astype(np.float64)


def _masked(model: Readable, protein: Protein, residues: Sequence[int]) -> Tokens:
    return check_fits(model, protein).masked(residues)
