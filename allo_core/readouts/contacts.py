"""The contact map of a model over a protein: probabilities where a regression was published with it, else a score of chosen heads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.library.nearest import numbers_for
from allo_core.models.contacts import ContactReader, contact_probabilities
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import check_fits, read
from allo_core.protein.sequence import Protein
from allo_core.readouts.contact_heads import HEADS, ContactHeads, MeanHeadReader, choose_heads, head_precisions
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Int

__all__ = ["PredictedContacts", "contact_map", "predict_contacts"]


@dataclass(frozen=True, eq=False)
class PredictedContacts:
    """Which residues a model takes for neighbours.

    Parameters
    ----------
    protein : Protein
    scores : ndarray, dtype=float32, shape=(L, L)
        Symmetric.
    kind : {"probability", "score"}
        "probability": by the regression that was published with the weights.  "score": the mean of a few heads, in standard deviations of
        a pair; it ranks pairs and is no probability.
    heads : ContactHeads or None
        Which heads, and on which other receptors they were chosen, where the kind is "score".
    """

    protein: Protein
    scores: "Float32[np.ndarray, 'L L']"
    kind: Literal["probability", "score"]
    heads: ContactHeads | None = None

    @property
    def formula(self) -> str:
        """What the scores are, in a sentence."""
        if self.heads is None:
            return "Probability of a contact (CB below 8 Å) by the regression that was published with the weights (Rao et al. 2021)."
        named = ", ".join(f"{layer}.{head}" for layer, head in self.heads.heads)
        count, others = len(self.heads.heads), len(self.heads.receptors)
        return (
            f"No regression was published for this model: mean of {count} APC-corrected heads ({named}; layer.head, from 0), chosen on "
            f"{others} receptors that are no homologues. It ranks pairs and is no probability."
        )

    def ranked(self, separation: int) -> "tuple[Int[np.ndarray, ' n'], Int[np.ndarray, ' n']]":
        """First and second residue of all pairs at least ``separation`` apart along the chain, the highest scores first."""
        first, second = np.triu_indices(len(self.protein), separation)
        order = np.argsort(-self.scores[first, second], kind="stable")
        return first[order], second[order]


def predict_contacts(
    model: ProteinLanguageModel,
    protein: Protein,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
    count: int = HEADS,
) -> PredictedContacts:
    """The contact map of a model over a protein, in one pass; a model without a regression first reads sixteen receptors, once.

    Parameters
    ----------
    progress : callable(done, receptors), optional
        While heads are chosen.
    cancel : CancelEvent, optional
    count : int
        Heads that are chosen.

    Raises
    ------
    SequenceError, DeviceError, StoreError
        Too long for the model; too little memory; the chosen heads cannot be kept.
    Cancelled
    """
    check_fits(model, protein)
    if (regression := model.contact_regression) is not None:
        reader = ContactReader(regression.weights)
        read(model, protein, [reader], cancel=cancel)
        return PredictedContacts(protein, contact_probabilities(regression, reader.total), "probability")
    chosen = choose_heads(head_precisions(model, progress, cancel), protein, numbers_for(protein), count)
    mean = MeanHeadReader(chosen.heads)
    read(model, protein, [mean], cancel=cancel)
    return PredictedContacts(protein, mean.total, "score", chosen)


def contact_map(
    model: ProteinLanguageModel,
    protein: Protein,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> "Float32[np.ndarray, 'L L']":
    """The scores of `predict_contacts` alone, which also says what they are; parameters and errors are the same."""
    return predict_contacts(model, protein, progress, cancel).scores
