"""A protein by its UniProt accession."""

import re
from typing import TYPE_CHECKING

from allo_core.errors import FetchError, SequenceError
from allo_core.fetch.identifiers import Identifier, identify
from allo_core.fetch.kept import keep, kept_file
from allo_core.fetch.sources import UNIPROT
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import Protein, parse_protein
from allo_core.storage.transfer import PATIENCE, Patience

if TYPE_CHECKING:
    from allo_core.storage.cancel import CancelEvent

__all__ = ["fetch_sequence"]

_MOST_BYTES = 1_000_000  # the longest sequence of UniProt has 45,000 residues
# >sp|P21917-2|DRD4_HUMAN Isoform 2 of ... (www.uniprot.org/help/fasta-headers)
_HEADER = re.compile(r"(?:sp|tr)\|([A-Z0-9-]{6,14})\|([A-Z0-9]{1,11}_[A-Z0-9]{1,5})", re.ASCII)


def fetch_sequence(accession: str, patience: Patience = PATIENCE, cancel: "CancelEvent | None" = None) -> Protein:
    """A protein of UniProt, with its own numbers.

    The library's receptors are at hand without a network, and so is what was fetched before.

    Parameters
    ----------
    accession : str
        Such as ``"P29274"``; with the number of an isoform, ``"P21917-2"``.
    patience : Patience
    cancel : CancelEvent, optional

    Returns
    -------
    Protein
        Named by its entry, ``"AA2AR"``; of other species than man ``"OPSD_BOVIN"``; isoforms ``"DRD4-2"``.

    Raises
    ------
    FetchError
        Naming the accession: it is none, UniProt lacks it, or what went wrong on the way.
    Cancelled
    """
    wanted = identify(accession)
    if wanted.kind != "uniprot":
        raise FetchError(f"{wanted.key} names a structure; give a UniProt accession such as P29274 for a sequence.")
    for receptor in receptors().values():
        if receptor.accession == wanted.key:
            return receptor.protein
    file_name = f"{wanted.key}.fasta"
    protein = _kept(file_name, wanted)
    if protein is None:
        content = UNIPROT.get(f"uniprotkb/{wanted.key}.fasta", wanted.key, _MOST_BYTES, patience, cancel)
        protein = _read(content, wanted)
        keep(file_name, content)
    return protein


def _kept(file_name: str, wanted: Identifier) -> Protein | None:
    """What was fetched before; None where there is nothing or it is damaged."""
    try:
        return _read(kept_file(file_name).read_bytes(), wanted)
    except (OSError, FetchError):
        return None


def _read(content: bytes, wanted: Identifier) -> Protein:
    if not content.strip():
        raise FetchError(f"UniProt has no sequence for {wanted.key}: the entry was deleted or merged; look it up at www.uniprot.org.")
    try:
        protein = parse_protein(content.decode("ascii"))
    except UnicodeDecodeError as error:
        raise UNIPROT.sent(wanted.key, "something that is no FASTA text") from error
    except SequenceError as error:
        raise UNIPROT.sent(wanted.key, f"no usable sequence ({str(error)[:100].rstrip('.')})") from error
    header = _HEADER.fullmatch(protein.name)
    if header is None:
        raise UNIPROT.sent(wanted.key, "something that is no FASTA text")
    # The header of an entry's main isoform leaves its number out, also where the number was asked for.
    main, _, isoform = wanted.key.partition("-")
    if header[1] not in (wanted.key, main):
        raise FetchError(f"{wanted.key} is {header[1]} in UniProt today; give that accession.")
    name = header[2].removesuffix("_HUMAN") + (f"-{isoform}" if isoform else "")
    return Protein(name, protein.sequence)
