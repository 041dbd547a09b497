"""Which random residues those of a protein are compared with: the null, and its strata."""

from typing import TYPE_CHECKING

from allo_core.errors import ScoreError
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the terminal's errors need not wait for scipy
    from allo_core.attention.nulls import Null

__all__ = ["default_null", "possible_null", "strata_of"]


def default_null(numbers: ResidueNumbers | None) -> "Null":
    """Pocket where generic numbers are known, else uniform."""
    return possible_null("pocket", numbers)


def possible_null(null: "Null", numbers: ResidueNumbers | None) -> "Null":
    """The null, or uniform where it needs generic numbers and there are none."""
    return "uniform" if numbers is None and null in ("matched", "pocket") else null


def strata_of(null: "Null", numbers: ResidueNumbers | None, name: str) -> tuple[str, ...] | None:
    """Stratum of each residue, as `score_heads` takes them; None for a null that has none, and for pocket without generic numbers.

    Parameters
    ----------
    null : {"uniform", "matched", "pocket", "published"}
    numbers : ResidueNumbers or None
        Of the protein.
    name : str
        Of the protein, for the error.

    Raises
    ------
    ScoreError
        The matched null without generic numbers.
    """
    if null == "matched" and numbers is None:
        raise ScoreError(f"The matched null needs generic numbers, which {name} lacks; choose uniform.")
    return None if numbers is None or null not in ("matched", "pocket") else numbers.strata()
