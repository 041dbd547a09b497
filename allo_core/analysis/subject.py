"""Who a question is about: a protein, and what the library knows of it."""

from dataclasses import dataclass
from functools import lru_cache

from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import Receptor
from allo_core.library.sites import receptor_of, residues_of, sites_of
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["Subject"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A protein with its generic numbers.

    Parameters
    ----------
    protein : Protein
    numbers : ResidueNumbers or None
        Of this protein; None where no receptor of the library is near enough.
    """

    protein: Protein
    numbers: ResidueNumbers | None

    @classmethod
    def of(cls, protein: Protein) -> "Subject":
        """The protein with the numbers that the library has for it; asking again costs nothing."""
        return _subject(protein)

    @property
    def receptor(self) -> Receptor | None:
        """The receptor of the library that it is, or that its numbers come from."""
        return receptor_of(self.protein)

    @property
    def sites(self) -> dict[str, tuple[int, ...]]:
        """Library sites that lie in it by name, 0-based residues."""
        return sites_of(self.protein)

    def residues(self, text: str) -> tuple[int, ...]:
        """Residues as text, or the name of a library site; 0-based.

        Raises
        ------
        ResidueError, LibraryError
            The text names no residues of the protein, and no site either.
        """
        return residues_of(text, self.protein, self.numbers, self.receptor)


@lru_cache(maxsize=64)
def _subject(protein: Protein) -> Subject:
    return Subject(protein, numbers_for(protein))
