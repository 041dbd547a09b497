"""Which random residues those of a protein are compared with: the null, and its strata."""

from typing import TYPE_CHECKING

from allo_core.errors import ScoreError
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the terminal's errors need not wait for scipy
    from allo_core.attention.nulls import Null

__all__ = ["default_null", "possible_null", "strata_of"]


def default_null(numbers: ResidueNumbers | None) -> "Null":
    """Matched where generic numbers are known, else uniform."""
    return "uniform" if numbers is None else "matched"


def possible_null(null: "Null", numbers: ResidueNumbers | None) -> "Null":
    """The null, or uniform where it is matched and there are no generic numbers to match."""
    return "uniform" if null == "matched" and numbers is None else null


def strata_of(null: "Null", numbers: ResidueNumbers | None, name: str) -> tuple[str, ...] | None:
    """Stratum of each residue, as `score_heads` takes them; None for a null that has none.

    Parameters
    ----------
    null : {"uniform", "matched", "published"}
    numbers : ResidueNumbers or None
        Of the protein.
    name : str
        Of the protein, for the error.

    Raises
    ------
    ScoreError
        The matched null without generic numbers.
    """
    if null != "matched":
        return None
    if numbers is None:
        raise ScoreError(f"The matched null needs generic numbers, which {name} lacks; choose uniform.")
    return numbers.strata()
