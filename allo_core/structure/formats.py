"""The atoms of a PDB, mmCIF or BinaryCIF file, with what it says of itself."""

import io
import re
import warnings
from dataclasses import dataclass, field, replace

import numpy as np
from biotite import DeserializationError, InvalidFileError
from biotite.structure import AtomArray, BadStructureError
from biotite.structure.io.pdb import PDBFile
from biotite.structure.io.pdbx import BinaryCIFColumn, CIFColumn, CIFFile, get_structure

from allo_core.errors import StructureError
from allo_core.structure.binary import read_block
from allo_core.structure.frames import COORDINATE_RECORDS, first_model, with_readable_numbers
from allo_core.structure.header import (
    Block,
    ReferenceRange,
    clean,
    entry_of,
    item,
    mmcif_molecules,
    mmcif_organisms,
    mmcif_references,
    pdb_molecules,
    pdb_organisms,
    pdb_references,
)
from allo_core.structure.mmcif import uniform_mmcif

__all__ = ["ParsedFile", "parse_binary_cif", "parse_mmcif", "parse_pdb"]

# How AlphaFold and ESMFold entitle the PDB files whose column of B factors holds pLDDT.
_PREDICTION = re.compile(r"(ALPHAFOLD|ESMFOLD)\b.*\bPREDICTION\b", re.IGNORECASE)
_LONGEST_ROW = 400  # letters; the PDB's own have about 110
_END_OF_Z = 54  # column after the coordinates in a PDB line
# OpenMM closes every category but the last one, and says who it is.
_LEAVES_THE_LAST_OPEN = re.compile(r"^# Created with OpenMM", re.MULTILINE)
_BEGINNING = 2_000  # letters
_NUMBER = re.compile(r" *-?[0-9]+\.?[0-9]* *")
_EXTRA_FIELDS = {"occupancy": "occupancy", "b_factor": "B_iso_or_equiv"}  # as biotite and as mmCIF call them
_POSITION = re.compile(r"( *-?[0-9]+\.?[0-9]* *){3}")
# What biotite raises on damaged files.
_BIOTITE_ERRORS = (
    InvalidFileError,
    DeserializationError,
    BadStructureError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
)


@dataclass(frozen=True)
class ParsedFile:
    """The first model with all its alternative locations, and what the file says about itself."""

    atoms: AtomArray
    entry: str
    title: str
    n_models: int
    references: tuple[ReferenceRange, ...]
    notes: tuple[str, ...] = ()
    molecules: dict[str, str] = field(default_factory=dict)
    organisms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    predicted: bool = False


def parse_pdb(text: str, shown: str) -> ParsedFile:
    """Parse PDB text.

    Parameters
    ----------
    text : str
        Lines end with a line feed.
    shown : str
        Name of the file, for error messages.

    Raises
    ------
    StructureError
        If it is no PDB text, or cut, or a line cannot be read.
    """
    lines = text.split("\n")
    coordinates, n_models, notes = first_model(lines, shown)
    coordinates, counted = with_readable_numbers(coordinates, shown)
    notes += counted
    if not coordinates and not any(line.startswith(("HEADER", "REMARK", "COMPND", "CRYST1")) for line in lines):
        raise StructureError(f"{shown} is neither PDB nor mmCIF (it begins with {_beginning(text)!r}); give a structure file.")
    _check_ends(lines, coordinates, shown)
    header = [line for line in lines if line.startswith(("HEADER", "TITLE", "COMPND", "SOURCE", "DBREF"))]
    entry = next((entry_of(line[62:66]) for line in header if line.startswith("HEADER")), "")
    title = clean(" ".join(line[10:80].strip() for line in header if line.startswith("TITLE")))
    if entry and not any(line.startswith("END") for line in lines[-50:]):
        notes += (f"{shown} has no END record; if its download was cut, residues are missing.",)
    atoms, references = _pdb_atoms(coordinates, shown), pdb_references(header, entry)
    molecules, organisms = pdb_molecules(header), pdb_organisms(header)
    return ParsedFile(atoms, entry, title, n_models, references, notes, molecules, organisms, bool(_PREDICTION.match(title)))


def parse_mmcif(text: str, shown: str) -> ParsedFile:
    """Parse mmCIF text; parameters and errors as in `parse_pdb`."""
    _check_loop_end(text, shown)
    text, notes = uniform_mmcif(text, shown)
    _check_rows(text, shown)
    try:
        block = CIFFile.read(io.StringIO(text)).block
    except _BIOTITE_ERRORS as error:
        raise _unreadable(error, "mmCIF", shown) from error
    parsed = _parse_block(block, "mmCIF", shown)
    return replace(parsed, notes=notes + parsed.notes)


def parse_binary_cif(content: bytes, shown: str) -> ParsedFile:
    """Parse BinaryCIF; ``content`` is that of the file, result and errors as in `parse_pdb`."""
    return _parse_block(read_block(content, shown), "BinaryCIF", shown)


def _unreadable(error: Exception, kind: str, shown: str) -> StructureError:
    return StructureError(f"{shown} cannot be read as {kind}, it may be cut ({_reason(error)}); download it again.")


def _parse_block(block: Block, kind: str, shown: str) -> ParsedFile:
    """What one data block of mmCIF holds, written as text or as BinaryCIF."""
    try:
        if "atom_site" not in block:
            raise StructureError(f"{shown} has no atoms; give an {kind} file with coordinates.")
        site = block["atom_site"]
        if not all(_is_complete(site[f"Cartn_{axis}"]) for axis in "xyz"):
            raise StructureError(f"{shown} has atoms without coordinates; remove or repair them.")
        n_models = len(set(site["pdbx_PDB_model_num"].as_array(str).tolist())) if "pdbx_PDB_model_num" in site else 1
        fields = [field for field, column in _EXTRA_FIELDS.items() if column in site]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            atoms = get_structure(block, model=1, altloc="all", extra_fields=fields)
        entry, title = entry_of(item(block, "entry", "id")), clean(item(block, "struct", "title"))
        references, molecules, organisms = mmcif_references(block), mmcif_molecules(block), mmcif_organisms(block)
        notes = (f"{shown} has {n_models} models; the first one is used.",) if n_models > 1 else ()
        return ParsedFile(_complete(atoms), entry, title, n_models, references, notes, molecules, organisms, _is_predicted(block))
    except _BIOTITE_ERRORS as error:
        raise _unreadable(error, kind, shown) from error


def _is_predicted(block: Block) -> bool:
    """Whether the file says, as ModelCIF does, that it holds pLDDT: a prediction's confidence in each residue."""
    metric = block.get("ma_qa_metric", {})
    told = [value for name in ("name", "type") if name in metric for value in metric[name].as_array(str).tolist()]
    return any("plddt" in value.lower() for value in told)


def _check_ends(lines: list[str], coordinates: list[str], shown: str) -> None:
    short = next((line for line in coordinates if len(line) < _END_OF_Z), None)
    last = lines[-1]  # what follows the last line feed
    before = next((line for line in reversed(lines[:-1]) if line.startswith(COORDINATE_RECORDS)), "")
    begun = any(record.startswith(last[:6]) for record in COORDINATE_RECORDS)
    if short is not None or (last and begun and len(last) < len(before)):
        raise StructureError(f"{shown} is cut in the line {(short or last)[:30].strip()!r}; download it again.")


def _pdb_atoms(coordinates: list[str], shown: str) -> AtomArray:
    if not coordinates:
        raise StructureError(f"{shown} has no atoms; give a PDB file with ATOM records.")
    width = 80
    padded = "\n".join(_with_blank_fields(line[:width].ljust(width)) for line in coordinates)
    try:
        with warnings.catch_warnings():
            # Elements missing from old files are guessed from the atom names, as they should be.
            warnings.simplefilter("ignore")
            return PDBFile.read(io.StringIO(padded)).get_structure(model=1, altloc="all", extra_fields=list(_EXTRA_FIELDS))
    except _BIOTITE_ERRORS as error:
        unreadable = next((line[:_END_OF_Z] for line in coordinates if not _POSITION.fullmatch(line[30:_END_OF_Z])), None)
        reason = _reason(error) if unreadable is None else f"no coordinates in {unreadable!r}"
        raise StructureError(f"{shown} cannot be read as PDB ({reason}); check its columns.") from error


def _with_blank_fields(line: str) -> str:
    """Many programs leave out occupancy and B factor, or write something else there; biotite wants numbers."""
    occupancy = line[54:60] if line[54:60].strip() else "  1.00"
    b_factor = line[60:66] if _NUMBER.fullmatch(line[60:66]) else "  0.00"
    return f"{line[:54]}{occupancy}{b_factor}{line[66:]}"


def _complete(atoms: AtomArray) -> AtomArray:
    """With the occupancy and the B factor of each atom, 1 and 0 where the file gives none."""
    for name, usual in (("occupancy", 1.0), ("b_factor", 0.0)):
        if name not in atoms.get_annotation_categories():
            atoms.set_annotation(name, np.full(len(atoms), usual))
    return atoms


def _is_complete(column: CIFColumn | BinaryCIFColumn) -> bool:
    """Whether no value is ? or . instead of a number; biotite would read those as 0."""
    return column.mask is None or not np.any(column.mask.array)


def _check_loop_end(text: str, shown: str) -> None:
    """Where categories are closed by a line with #, as in all files of the PDB, the atoms are the last thing of a file that was cut."""
    if _LEAVES_THE_LAST_OPEN.search(text[:_BEGINNING]):
        if not text.endswith("\n"):
            raise StructureError(f"{shown} is cut in its last line; download it again.")
        return
    before, found, rows = text.rpartition("\n_atom_site.")
    closes = re.search(r"\n#[ \t]*\n\s*loop_[ \t]*\n(_atom_site\.[^\n]*\n)*$", before + "\n")
    if found and closes and not re.search(r"\n#", rows):
        last = rows.rstrip("\n").rpartition("\n")[2]
        raise StructureError(f"{shown} is cut in the line {last[:30].strip()!r}; download it again.")


def _check_rows(text: str, shown: str) -> None:
    """Rows of atoms are short and can be printed; in an array of names, one endless name would be given the same room in every row."""
    rows = re.split(r"\n(?:#|loop_|data_|_(?!atom_site\.))", text[text.rfind("\n_atom_site.") + 1 :], maxsplit=1)[0]
    if max(len(row) for row in rows.split("\n")) > _LONGEST_ROW or "\n;" in rows:
        raise StructureError(f"{shown} has rows of atoms with more than {_LONGEST_ROW} letters; it is damaged, download it again.")
    if not all(letter.isprintable() or letter in "\n\t" for letter in set(rows)):
        raise StructureError(f"{shown} has letters among its atoms that cannot be printed; it is damaged, download it again.")


def _beginning(text: str) -> str:
    return "".join(letter for letter in text.lstrip()[:30].split("\n")[0] if letter.isprintable())


def _reason(error: Exception) -> str:
    text = re.sub(r"np\.str_\(('[^']*')\)", r"\1", " ".join(str(error).split()))
    return (text[:100] or type(error).__name__).rstrip(".")
