"""Names of residues in structure files, from their letters."""

from biotite.sequence import ProteinSequence

__all__ = ["three_letters"]

# Letters beyond the twenty that biotite has no name for, as the PDB's chemical components name them.
_OTHERS = {"X": "UNK", "U": "SEC", "O": "PYL"}


def three_letters(letter: str) -> str:
    """The name of a residue in structure files.

    Parameters
    ----------
    letter : str
        One of ``LETTERS``.
    """
    return _OTHERS.get(letter) or ProteinSequence.convert_letter_1to3(letter)
