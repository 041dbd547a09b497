"""How common each residue is among the receptors of the library: what is known of a residue before any model is asked."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["background_perplexity", "residue_shares"]


@cache
def residue_shares() -> "Float[np.ndarray, ' 20']":
    """The share of each residue of `AMINO_ACIDS` among all residues of the library's receptors; sums to 1."""
    text = "".join(receptor.protein.sequence for receptor in receptors().values())
    counts = np.array([text.count(letter) for letter in AMINO_ACIDS], dtype=np.float64)
    shares = counts / counts.sum()
    shares.flags.writeable = False
    return shares


def background_perplexity(sequence: str) -> float:
    """Perplexity of a sequence if each residue is guessed by its share among receptors, whatever stands around it; NaN without residues.

    It is what a pseudo-perplexity has to be compared with: the model that knows nothing but how common residues are.
    """
    columns = [column for letter in sequence if (column := AMINO_ACIDS.find(letter)) >= 0]
    return float(np.exp(-np.log(residue_shares()[columns]).mean())) if columns else float("nan")
