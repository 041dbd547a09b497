"""What a person typed: a UniProt accession, a PDB code or the name of an AlphaFold model."""

import re
from typing import NamedTuple

from allo_core.errors import FetchError

__all__ = ["Identifier", "identify"]

# www.uniprot.org/help/accession_numbers, and the number of an isoform.
_ACCESSION = r"(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})"
_ISOFORM = r"(?:-[1-9][0-9]{0,2})?"
_UNIPROT = re.compile(_ACCESSION + _ISOFORM, re.ASCII)
_ALPHAFOLD = re.compile(rf"AF-({_ACCESSION}{_ISOFORM})-F1", re.ASCII)
# Four characters, or the same code in the longer form that the PDB is introducing (www.wwpdb.org, extended PDB ID).
_PDB = re.compile(r"(?:PDB_0000)?([1-9][A-Z0-9]{3})", re.ASCII)


class Identifier(NamedTuple):
    """An identifier in its usual spelling.

    Parameters
    ----------
    kind : {"uniprot", "pdb", "alphafold"}
    key : str
        ``"P21917-2"``, ``"8FYN"`` or ``"AF-P29274-F1"``: capitals, digits and hyphens alone.
    accession : str
        UniProt accession, with its isoform; empty for a PDB code.
    """

    kind: str
    key: str
    accession: str = ""


def identify(text: str) -> Identifier:
    """Tell what kind of identifier a text is, in any case and with white space around it.

    Raises
    ------
    FetchError
        If it is none.
    """
    # Nothing that begins like an identifier and goes on for long is one.
    wanted = text.strip()[:40].upper()
    if _UNIPROT.fullmatch(wanted):
        return Identifier("uniprot", wanted, wanted)
    if match := _ALPHAFOLD.fullmatch(wanted):
        return Identifier("alphafold", wanted, match[1])
    if match := _PDB.fullmatch(wanted):
        return Identifier("pdb", match[1])
    raise FetchError(
        f"{text.strip()[:40]!r} is no identifier; give a UniProt accession (P29274, P21917-2), a PDB code (8FYN) "
        "or the name of an AlphaFold model (AF-P29274-F1)."
    )
