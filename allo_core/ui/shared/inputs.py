"""What people paste, upload or type, kept in this machine's cache so that a reload or a link finds it again.

File names are made of hashes alone; what people named their files is stored inside and never becomes a path.  A key says of what kind
its input is, and is read as nothing else: what was uploaded cannot be opened as a folder.
"""

import hashlib
import json
from pathlib import Path

from allo_core.errors import StoreError
from allo_core.fetch import fetched_structure
from allo_core.library.sites import receptor_of
from allo_core.library.structures import shipped_structure
from allo_core.protein.sequence import Protein
from allo_core.storage.home import home
from allo_core.storage.spreadsheet import table_text
from allo_core.storage.whole_file import write_whole
from allo_core.ui.shared.refs import InputKind, StructureRef, input_kind

__all__ = [
    "forget",
    "is_kept_structure",
    "keep_folder",
    "keep_frozen",
    "keep_protein",
    "keep_structure",
    "keep_table",
    "kept_folder",
    "kept_frozen",
    "kept_protein",
    "kept_structure",
    "kept_table",
    "key_of",
    "name_of",
    "structure_file",
]


def keep_protein(protein: Protein) -> str:
    """Keep a protein; returns its key."""
    record = {"name": protein.name, "sequence": protein.sequence, "first": protein.first}
    content = json.dumps(record, ensure_ascii=False, sort_keys=True).encode()
    key = _hash_of("sequence", content)
    _write(_folder() / f"{key}.json", content)
    return key


def key_of(protein: Protein) -> str:
    """What a link calls a protein: the library's receptor, a part of one, else a kept sequence, which is kept now."""
    receptor = receptor_of(protein)
    if receptor is not None:
        whole = receptor.protein
        if protein.sequence == whole.sequence:
            return receptor.entry
        last = protein.number(len(protein) - 1)
        if protein.first in range(whole.first, last) and whole.sequence[protein.first - whole.first :].startswith(protein.sequence):
            return f"{receptor.entry}:{protein.first}-{last}"
    return keep_protein(protein)


def kept_protein(key: str) -> Protein:
    """The protein with this key; StoreError if it is not kept on this machine."""
    try:
        return Protein(**json.loads(_read("sequence", key, ".json")))
    except (ValueError, TypeError):
        raise StoreError(f"{key} is damaged on this machine; paste the sequence again.") from None


def is_kept_structure(content: bytes) -> bool:
    """Whether this very file is kept already."""
    return (_folder() / f"{_hash_of('structure', content)}.bin").is_file()


def keep_structure(content: bytes, name: str) -> str:
    """Keep an uploaded structure file under its content's hash; returns its key."""
    return _keep_file("structure", content, name)


def kept_structure(key: str) -> tuple[Path, str]:
    """Path and display name of a kept structure; StoreError if it is not kept on this machine."""
    name = _read("structure", key, ".name").decode(errors="replace")
    return _folder() / f"{key}.bin", name


def keep_table(content: bytes, name: str) -> str:
    """Keep an uploaded table under its content's hash; returns its key.  StoreError if it is not UTF-8 text."""
    table_text(content, "the table")
    return _keep_file("table", content, name)


def kept_table(key: str) -> tuple[str, str]:
    """Text and display name of a kept table; StoreError if it is not kept on this machine or is not UTF-8 text."""
    name = _read("table", key, ".name").decode(errors="replace")
    return table_text(_read("table", key, ".bin"), name), name


def keep_frozen(content: bytes, name: str) -> str:
    """Keep the file of a frozen analysis under its content's hash; returns its key."""
    return _keep_file("frozen", content, name)


def kept_frozen(key: str) -> tuple[str, str]:
    """Text and display name of a kept frozen analysis; StoreError if it is not kept on this machine."""
    name = _read("frozen", key, ".name").decode(errors="replace")
    return _read("frozen", key, ".bin").decode(errors="replace"), name


def keep_folder(folder: str) -> str:
    """Keep the path of a folder that a person typed, so that a link can name it without holding it; returns its key."""
    content = folder.encode()
    key = _hash_of("folder", content)
    _write(_folder() / f"{key}.bin", content)
    return key


def kept_folder(key: str) -> str:
    """The path with this key; StoreError if nobody typed it on this machine."""
    return _read("folder", key, ".bin").decode()


def structure_file(key: str) -> tuple[Path, str]:
    """Path and display name of a shipped structure (PDB entry), a fetched one (identifier) or an upload (key).

    Raises
    ------
    StoreError, LibraryError
        An upload that is not kept on this machine; an identifier that neither ships with the app nor was fetched.
    """
    if StructureRef.parse(key).kind == "upload":
        return kept_structure(key)
    fetched = fetched_structure(key)
    return (fetched, key) if fetched is not None else (shipped_structure(key).path, key)


def name_of(key: str) -> str:
    """What a person called a kept input; StoreError if it is not kept on this machine."""
    if input_kind(key) == "structure":
        return kept_structure(key)[1]
    protein = kept_protein(key)
    return f"{protein.name} · {protein.number(0)}–{protein.number(len(protein) - 1)}"


def forget(key: str) -> None:
    """Delete a kept input."""
    if input_kind(key) is not None:
        for file in _folder().glob(f"{key}.*"):
            file.unlink(missing_ok=True)


def _folder() -> Path:
    return home() / "inputs"


def _hash_of(kind: InputKind, content: bytes) -> str:
    return f"{kind}-{hashlib.sha256(content).hexdigest()[:20]}"


def _keep_file(kind: InputKind, content: bytes, name: str) -> str:
    """Keep a file under its content's hash, and what it was called; returns its key."""
    key = _hash_of(kind, content)
    _write(_folder() / f"{key}.bin", content)
    _write(_folder() / f"{key}.name", name[:80].encode(errors="replace"))
    return key


def _read(kind: InputKind, key: str, suffix: str) -> bytes:
    if input_kind(key) != kind:
        raise StoreError(f"{key[:40]!r} is not the key of a kept input.")
    try:
        return (_folder() / f"{key}{suffix}").read_bytes()
    except FileNotFoundError:
        raise StoreError(
            f"{key} is not kept on this machine; links to pasted sequences and uploads work only where they were made."
        ) from None
    except OSError as error:
        raise StoreError(f"{key} cannot be read on this machine ({error.strerror}); give it again.") from None


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise StoreError(f"The input could not be kept in {path.parent}: {error.strerror}.") from error
