"""Gradient x gate: the first-order guess of what every head is needed for, from one forward and backward pass over each input.

A first pass that chooses which heads are removed exactly, never the result: in the model that ships it ranks heads only roughly as removing
them does (docs/ablation.md).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.masked_loss import gate_gradients
from allo_core.readouts.ablation_masks import MaskedInput
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["chosen_by_gradient", "guessed_rises"]

_ENDS = 20  # heads at each end that are worth removing exactly
_GRADIENT = "Gradients: pass"


def guessed_rises(
    model: ProteinLanguageModel,
    inputs: Sequence[MaskedInput],
    report: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> "Float[np.ndarray, 'layers heads']":
    """-dL/dgate of each head, the mean over inputs, in nats a masked residue.

    Parameters
    ----------
    inputs : sequence of MaskedInput
    report : callable(stage, done, total), optional
    cancel : CancelEvent, optional

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory for the gradients.
    Cancelled
    """
    total = np.zeros((model.spec.layers, model.spec.heads))
    for done, one in enumerate(inputs, 1):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        total -= gate_gradients(model, one.protein, one.residues, cancel)
        if report is not None:
            report(_GRADIENT, done, len(inputs))
    return total / len(inputs)


def chosen_by_gradient(guessed: "Float[np.ndarray, 'layers heads']", passing: Iterable[tuple[int, int]] = ()) -> tuple[int, ...]:
    """Places (layer by layer) of the heads to remove exactly: the 20 at each end of the guess, and the passing ones."""
    order = np.argsort(guessed, axis=None, kind="stable").tolist()
    named = [layer * guessed.shape[1] + head for layer, head in passing]
    return tuple(sorted({*order[:_ENDS], *order[-_ENDS:], *named}))
