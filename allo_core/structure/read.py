"""From a PDB or mmCIF file to a structure, and every complaint about a file."""

import gzip
import io
import re
import zlib
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

import numpy as np
from biotite.structure import AtomArray

from allo_core.errors import StructureError
from allo_core.storage.packed import is_packed
from allo_core.structure.binary import looks_like_binary_cif
from allo_core.structure.formats import ParsedFile, parse_binary_cif, parse_mmcif, parse_pdb
from allo_core.structure.header import ReferenceRange
from allo_core.structure.polymer import ResidueTable, residue_table
from allo_core.structure.residue_order import in_chain_order

__all__ = ["LARGEST_FILE", "ReferenceRange", "Structure", "read_structure"]

# Bytes after decompression.  The largest entries of the PDB that hold a GPCR are below 10 MB; simulation snapshots reach 100 MB.
LARGEST_FILE = 200_000_000
# A packed structure is a tenth to a third of the text; a smaller share is a file made to hurt, unless it is small anyway.
_MOST_UNPACKED = 40  # times
_ALWAYS_UNPACKED = 5_000_000  # bytes
_FEWEST_PER_LINE = 30  # bytes, on average; a line with an atom has more than 50
_LARGEST_COORDINATE = 1e6  # Å; single precision keeps 0.1 Å there
_LONGEST_NAME = 60
_SUFFIXES = re.compile(r"(\.(pdb|ent|cif|mmcif|pdbx|bcif|txt))?(\.gz)?$", re.IGNORECASE)
_CHAIN_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, eq=False)
class Structure:
    """The first model of a structure file.

    Parameters
    ----------
    atoms : AtomArray
        All atoms, waters and hydrogens included, in Å; one conformer a residue; author chains and numbers; B factors as ``b_factor``.
    name : str
        Short name to show; text from outside, so escape it before it goes into HTML.
    entry : str
        PDB code if the file states one, else "".
    title : str
        "" if there is none; text from outside.
    n_models : int
        Models in the file.
    notes : tuple of str
        What a person should know about how the file was read.
    references : tuple of ReferenceRange
        Which residues the file refers to one database sequence each (DBREF, struct_ref_seq).
    molecules : dict of str to str
        Author chain -> name of its protein or nucleic acid (COMPND, entity), where the file gives one; text from outside.
    organisms : dict of str to tuple of str
        Author chain -> scientific names of the organisms that it comes from, where the file gives them; several where proteins are fused.
    predicted : bool
        Whether the file says that it is a prediction, with pLDDT in the column of B factors.
    trace : bool
        Whether fewer than half of its amino acids have a backbone: a CA trace.
    """

    atoms: AtomArray
    name: str
    entry: str = ""
    title: str = ""
    n_models: int = 1
    notes: tuple[str, ...] = ()
    references: tuple[ReferenceRange, ...] = ()
    molecules: dict[str, str] = field(default_factory=dict)
    organisms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    predicted: bool = False
    trace: bool = False


def read_structure(source: str | Path | bytes, name: str | None = None) -> Structure:
    """Read a structure; the format is told by the content, since an upload's name may lie.

    Parameters
    ----------
    source : str or Path or bytes
        A path, or the content of a file: PDB, mmCIF or BinaryCIF, also compressed with gzip.
    name : str, optional
        What to call it; by default the file's name.

    Returns
    -------
    Structure
        The first model; of alternative conformers the one with the highest occupancy.

    Raises
    ------
    StructureError
        If the file is missing, empty, cut, too large, neither PDB nor mmCIF, has no atoms, or coordinates that are not finite.
    """
    shown = _shown_name(name or ("the structure" if isinstance(source, bytes) else Path(source).name))
    parsed = _parsed(_decompressed(_content(source, shown), shown), shown)
    atoms = parsed.atoms
    if not len(atoms):
        raise StructureError(f"{shown} has no atoms; give a PDB or mmCIF file with coordinates.")
    _check_coordinates(atoms, shown)
    atoms, n_moved = in_chain_order(_one_conformer(atoms))
    table = residue_table(atoms)
    with_backbone, trace = _backbones(table, atoms)
    atoms, notes = _with_distinct_chains(atoms, table)
    if trace:
        residues = int(table.polymer.sum())
        notes = (f"{shown} is a CA trace ({with_backbone} of {residues} residues have a backbone): it shows no side chains.", *notes)
    if n_moved:
        notes = (f"{shown} lists residues apart from their chain; they were put into the gaps that they close.", *notes)
    return Structure(
        atoms,
        _SUFFIXES.sub("", shown) or shown,
        parsed.entry,
        parsed.title,
        parsed.n_models,
        parsed.notes + notes,
        parsed.references,
        parsed.molecules,
        parsed.organisms,
        parsed.predicted,
        trace,
    )


def _parsed(content: bytes, shown: str) -> ParsedFile:
    if looks_like_binary_cif(content):
        return parse_binary_cif(content, shown)
    text = _text(content, shown)
    return (parse_mmcif if _looks_like_mmcif(text) else parse_pdb)(text, shown)


def _shown_name(name: str) -> str:
    printable = "".join(letter for letter in name if letter.isprintable()).strip()
    return printable[:_LONGEST_NAME] or "the structure"


def _content(source: str | Path | bytes, shown: str) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        try:
            size = Path(source).stat().st_size
            content = Path(source).read_bytes() if size <= LARGEST_FILE else None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            raise StructureError(f"{shown} cannot be read: {reason}; check the path.") from error
    if content is None or len(content) > LARGEST_FILE:
        raise _too_large(shown)
    if not content:
        raise StructureError(f"{shown} is empty; give a PDB or mmCIF file.")
    return content


def _too_large(shown: str) -> StructureError:
    return StructureError(f"{shown} has more than {LARGEST_FILE // 10**6} MB; remove waters, lipids or further models first.")


def _decompressed(content: bytes, shown: str) -> bytes:
    if not is_packed(content):
        return content
    most = min(LARGEST_FILE, max(_ALWAYS_UNPACKED, _MOST_UNPACKED * len(content)))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unpacked = file.read(most + 1)
    except EOFError as error:
        raise StructureError(f"{shown} is cut: the compressed data end too early; download it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise StructureError(f"{shown} is damaged: it cannot be decompressed; download it again.") from error
    if len(unpacked) > LARGEST_FILE:
        raise _too_large(shown)
    if len(unpacked) > most:
        raise StructureError(f"{shown} unpacks to more than {_MOST_UNPACKED} times its size, as no structure does; give the unpacked file.")
    if not unpacked:
        raise StructureError(f"{shown} is empty; give a PDB or mmCIF file.")
    return unpacked


def _text(content: bytes, shown: str) -> str:
    if b"\0" in content or is_packed(content):
        raise StructureError(f"{shown} is binary; give a PDB or mmCIF text file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Old headers hold accented names in one-byte encodings; every byte is a letter there.
        text = content.decode("latin-1")
    sample = text[:100_000]
    if sum(not (letter.isprintable() or letter.isspace()) for letter in sample) > 0.01 * len(sample):
        raise StructureError(f"{shown} is binary; give a PDB or mmCIF text file.")
    if not text.strip():
        raise StructureError(f"{shown} is empty; give a PDB or mmCIF file.")
    if text.count("\n") + text.count("\r") > max(len(text) // _FEWEST_PER_LINE, 100_000):
        raise StructureError(f"{shown} is mostly empty lines; give a PDB or mmCIF file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _looks_like_mmcif(text: str) -> bool:
    for line in text.split("\n", 200)[:200]:
        if line.strip() and not line.startswith("#"):
            return line.lower().startswith("data_")
    return False


def _check_coordinates(atoms: AtomArray, shown: str) -> None:
    sound = (np.abs(atoms.coord) <= _LARGEST_COORDINATE).all(axis=1)  # False for NaN
    if not sound.all():
        where = int(np.flatnonzero(~sound)[0])
        raise StructureError(
            f"{shown} has a coordinate that is not a number or beyond {_LARGEST_COORDINATE:.0f} Å "
            f"(residue {atoms.res_name[where]} {atoms.res_id[where]}); repair the file."
        )


def _one_conformer(atoms: AtomArray) -> AtomArray:
    """Keep, in each residue, the alternative location with the highest total occupancy, the first one among equals.

    A position where two amino acids alternate counts as one residue, so that only one of them stays.
    """
    located = ~np.isin(atoms.altloc_id, ("", " ", ".", "?"))
    same = (
        (atoms.res_id[1:] == atoms.res_id[:-1]) & (atoms.chain_id[1:] == atoms.chain_id[:-1]) & (atoms.ins_code[1:] == atoms.ins_code[:-1])
    )
    residue = np.concatenate([[0], np.cumsum(~same)])
    labels, label = np.unique(atoms.altloc_id, return_inverse=True)
    pair = residue * len(labels) + label
    pairs, inverse = np.unique(pair[located], return_inverse=True)
    occupancy = np.bincount(inverse, weights=np.nan_to_num(atoms.occupancy[located]), minlength=len(pairs))
    order = np.lexsort((pairs % len(labels), -occupancy, pairs // len(labels)))
    ranked = pairs[order]
    best = ranked[np.unique(ranked // len(labels), return_index=True)[1]]
    kept = atoms[~located | np.isin(pair, best)]
    kept.del_annotation("altloc_id")
    kept.del_annotation("occupancy")
    return kept


def _backbones(table: ResidueTable, atoms: AtomArray) -> tuple[int, bool]:
    """How many amino acids have a backbone, and whether these are fewer than half."""
    row = np.searchsorted(table.starts, np.flatnonzero(np.isin(atoms.atom_name, ("N", "C"))), side="right") - 1
    complete = int((table.polymer & (np.bincount(row, minlength=len(table)) >= 2)).sum())
    return complete, complete < 0.5 * int(table.polymer.sum())


def _with_distinct_chains(atoms: AtomArray, table: ResidueTable) -> tuple[AtomArray, tuple[str, ...]]:
    """Give proteins that share a chain name and repeat its residue numbers, as simulation programs write them, names of their own."""
    rows = np.flatnonzero(table.polymer)
    keys = list(zip(table.chain[rows].tolist(), table.number[rows].tolist(), table.insertion[rows].tolist(), strict=True))
    if len(set(keys)) == len(keys):
        return atoms, ()
    taken = set(atoms.chain_id.tolist())
    free = (name for name in chain(_CHAIN_NAMES, (f"x{number}" for number in count())) if name not in taken)
    current: dict[str, str] = {}
    seen: dict[str, set] = {}
    renamed = table.chain.astype("U8")
    for i, (row, key) in enumerate(zip(rows, keys, strict=True)):
        if key in seen.setdefault(key[0], set()) and key != keys[i - 1]:
            current[key[0]] = next(free)
            seen[key[0]].clear()
        seen[key[0]].add(key)
        renamed[row] = current.get(key[0], key[0])
    distinct = atoms.copy()
    distinct.chain_id = np.repeat(renamed, np.diff(table.starts))
    repeated = [name or "(blank)" for name in sorted(current)]
    shown = ", ".join(repeated[:5]) + (", ..." if len(repeated) > 5 else "")
    return distinct, (f"Residue numbers repeat within one chain name ({shown}); those proteins were given chain names of their own.",)
