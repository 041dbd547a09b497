"""A structure by its PDB code, or an AlphaFold model by its UniProt accession."""

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import FetchError, StructureError
from allo_core.fetch.identifiers import Identifier, identify
from allo_core.fetch.kept import keep, kept_file
from allo_core.fetch.sources import ALPHAFOLD, PDB, Source
from allo_core.library.predicted import identifier_of, predicted_structures
from allo_core.storage.packed import is_packed
from allo_core.storage.transfer import PATIENCE, Patience
from allo_core.structure.read import LARGEST_FILE, read_structure

if TYPE_CHECKING:
    from allo_core.storage.cancel import CancelEvent

__all__ = ["Fetched", "fetch_structure", "fetched_structure"]

_LARGEST_LIST = 5_000_000  # bytes; the list of models of one accession has some kB


@dataclass(frozen=True)
class Fetched:
    """A structure file in this machine's cache.

    Parameters
    ----------
    path : Path
        mmCIF or BinaryCIF, compressed with gzip.
    name : str
        ``"8FYN"`` or ``"AF-P29274-F1"``.
    source : str
        The database it was fetched from, or the app that it ships with.
    """

    path: Path
    name: str
    source: str


def fetch_structure(identifier: str, patience: Patience = PATIENCE, cancel: "CancelEvent | None" = None) -> Fetched:
    """A structure file; a model that ships and whatever was fetched before are at hand without a network.

    Parameters
    ----------
    identifier : str
        A PDB code, the name of an AlphaFold model, or a UniProt accession, which means its AlphaFold model.
    patience : Patience
    cancel : CancelEvent, optional

    Raises
    ------
    FetchError
        Naming the identifier: it is none, the database lacks it, or what went wrong on the way.
    Cancelled
    """
    wanted = identify(identifier)
    if wanted.kind == "uniprot":
        wanted = identify(identifier_of(wanted.accession))
    shipped = predicted_structures().get(wanted.key)
    if shipped is not None and fetched_structure(wanted.key) == shipped.path:
        return Fetched(shipped.path, wanted.key, "AlloScope")
    source = PDB if wanted.kind == "pdb" else ALPHAFOLD
    file_name = f"{wanted.key}.cif.gz"
    if not _is_sound(kept_file(file_name)):
        content = (_from_pdb if source is PDB else _from_alphafold)(wanted, patience, cancel)
        _check(content, wanted, source)
        keep(file_name, content if is_packed(content) else gzip.compress(content, mtime=0))
    return Fetched(kept_file(file_name), wanted.key, source.name)


def fetched_structure(name: str) -> Path | None:
    """The file of a structure that was fetched under this name (``"8FYN"``, ``"AF-P29274-F1"``, spelled so), or ships under it; or None."""
    try:
        wanted = identify(name)
    except FetchError:
        return None
    if wanted.key != name:
        return None
    path = kept_file(f"{wanted.key}.cif.gz")
    if path.is_file() and path.stat().st_size:
        return path
    shipped = predicted_structures().get(name)
    return None if shipped is None else shipped.path


def _is_sound(path: Path) -> bool:
    try:
        read_structure(path)
    except StructureError:
        return False
    return True


def _from_pdb(wanted: Identifier, patience: Patience, cancel: "CancelEvent | None") -> bytes:
    return PDB.get(f"download/{wanted.key}.cif.gz", wanted.key, LARGEST_FILE, patience, cancel)


def _from_alphafold(wanted: Identifier, patience: Patience, cancel: "CancelEvent | None") -> bytes:
    # The database's own list tells the current version of the model.
    accession = wanted.accession.partition("-")[0]
    listed = ALPHAFOLD.get(f"api/prediction/{accession}", wanted.key, _LARGEST_LIST, patience, cancel)
    return ALPHAFOLD.get(f"files/{_model_file(listed, wanted)}", wanted.key, LARGEST_FILE, patience, cancel)


def _model_file(listed: bytes, wanted: Identifier) -> str:
    """Name of the model's newest file; of the addresses in the answer nothing else is used, so that it cannot lead elsewhere."""
    try:
        models = json.loads(listed)
        addresses = [str(model["cifUrl"]) for model in models if "cifUrl" in model]
    except (ValueError, TypeError, RecursionError) as error:
        raise ALPHAFOLD.sent(wanted.key, "something that is no list of models") from error
    pattern = re.compile(rf"{re.escape(wanted.key)}-model_v([0-9]{{1,3}})\.cif", re.ASCII)
    found = [match for address in addresses if (match := pattern.fullmatch(address.rpartition("/")[2]))]
    if not found:
        raise ALPHAFOLD.lacks(wanted.key)
    return max(found, key=lambda match: int(match[1]))[0]


def _check(content: bytes, wanted: Identifier, source: Source) -> None:
    try:
        structure = read_structure(content, wanted.key)
    except StructureError as error:
        raise source.sent(wanted.key, f"a file that cannot be used ({str(error).rstrip('.')})") from error
    if wanted.kind == "pdb" and structure.entry and structure.entry != wanted.key:
        raise source.sent(wanted.key, f"another entry ({structure.entry})")
