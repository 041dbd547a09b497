"""What the model expects at each residue, as far as it is kept."""

from contextlib import suppress

from allo_core.errors import AlloScopeError
from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import Protein
from allo_core.runs.extract_probabilities import find_kept_probabilities
from allo_core.ui.protein.view import ProteinView

__all__ = ["kept_probabilities"]


def kept_probabilities(view: ProteinView, protein: Protein, masked: bool | None = None) -> ResidueProbabilities | None:
    """The kept probabilities of a view; None where there are none, or they cannot be read.

    Parameters
    ----------
    masked : bool, optional
        Which of the two; None for masked ones where they are kept, else those of one pass.
    """
    for wanted in (True, False) if masked is None else (masked,):
        with suppress(AlloScopeError):
            if found := find_kept_probabilities(view.model, protein, wanted, view.device, view.dtype):
                return found
    return None
