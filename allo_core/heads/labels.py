"""What the residues of one protein are, by its letters and generic numbers: labels that heads may look at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import AMINO_ACIDS, Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Shaped

__all__ = ["CONSERVED", "MARKED", "OTHER", "marked_labels", "parse_positions", "protein_labels", "upper_third_labels"]

CONSERVED, MARKED = "conserved third", "marked positions"
OTHER = "other"


def protein_labels(
    protein: Protein, numbers: ResidueNumbers | None, positions: Sequence[str] = ()
) -> "dict[str, Shaped[np.ndarray, ' L']]":
    """Labels of each residue by the name of the property, "" where one is not known; a property that is known of none is left out.

    Parameters
    ----------
    protein : Protein
    numbers : ResidueNumbers or None
        Of it.
    positions : sequence of str
        GPCRdb numbers that are marked.
    """
    letters = np.array(list(protein.sequence))
    found: dict[str, np.ndarray | None] = {"residue type": np.where(np.isin(letters, list(AMINO_ACIDS)), letters, "")}
    if numbers is not None:
        found["segment"] = np.array(numbers.segment)
        found[CONSERVED] = upper_third_labels(numbers.family_conservation, CONSERVED)
        found[MARKED] = marked_labels(numbers.gpcrdb, positions, MARKED)
    return {name: labels for name, labels in found.items() if labels is not None and (labels != "").any()}


def upper_third_labels(numbers: "Float64[np.ndarray, ' L']", name: str) -> "Shaped[np.ndarray, ' L'] | None":
    """The name for the third of the residues with the highest numbers, "other" for those below and for ties at the border.

    NaN is not known; None where no number is.
    """
    known = np.isfinite(numbers)
    if not known.any():
        return None
    bar = np.quantile(numbers[known], 2 / 3)
    return np.where(known, np.where(numbers > bar, name, OTHER), "")


def marked_labels(generic: Sequence[str], positions: Sequence[str], name: str) -> "Shaped[np.ndarray, ' L'] | None":
    """The name for residues at these generic numbers, "other" for the rest; None where there is no such residue."""
    marked = np.isin(generic, list(positions))
    return np.where(marked, name, OTHER) if marked.any() else None


def parse_positions(text: str) -> tuple[str, ...]:
    """Generic numbers from a text such as "2x50 3x39" or "2x50, 3x39"."""
    return tuple(text.replace(",", " ").split())
