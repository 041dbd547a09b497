"""Which random residues those of a protein are compared with."""

from allo_core.errors import ScoreError
from allo_core.protein.numbering import ResidueNumbers

__all__ = ["null_and_strata"]


def null_and_strata(null: str | None, numbers: ResidueNumbers | None, name: str) -> tuple[str, tuple[str, ...] | None]:
    """The null for one protein and its strata, as `score_heads` takes them.

    Parameters
    ----------
    null : str or None
        As asked for; None: matched where generic numbers are known, else uniform.
    numbers : ResidueNumbers or None
        Of the protein.
    name : str
        Of the protein, for the error.

    Raises
    ------
    ScoreError
        The matched null without generic numbers.
    """
    null = null or ("uniform" if numbers is None else "matched")
    if null != "matched":
        return null, None
    if numbers is None:
        raise ScoreError(f"The matched null needs generic numbers, which {name} lacks; choose uniform.")
    return null, numbers.strata()
