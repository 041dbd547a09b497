"""What stands in the text of a PDB or mmCIF file."""

import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from biotite import DeserializationError, InvalidFileError
from biotite.structure import AtomArray, BadStructureError
from biotite.structure.io.pdb import PDBFile
from biotite.structure.io.pdbx import BinaryCIFBlock, BinaryCIFColumn, CIFBlock, CIFColumn, CIFFile, get_structure

from allo_core.errors import StructureError
from allo_core.structure.binary import read_block
from allo_core.structure.frames import COORDINATE_RECORDS, first_model, with_readable_numbers
from allo_core.structure.mmcif import uniform_mmcif

__all__ = ["ParsedFile", "ReferenceRange", "parse_binary_cif", "parse_mmcif", "parse_pdb"]

_Block: TypeAlias = "CIFBlock | BinaryCIFBlock"
# Categories of mmCIF that say where a polymer comes from, and their column of scientific names.
_ORGANISMS = {
    "entity_src_gen": "pdbx_gene_src_scientific_name",
    "entity_src_nat": "pdbx_organism_scientific",
    "pdbx_entity_src_syn": "organism_scientific",
}
# How AlphaFold and ESMFold entitle the PDB files whose column of B factors holds pLDDT.
_PREDICTION = re.compile(r"(ALPHAFOLD|ESMFOLD)\b.*\bPREDICTION\b", re.IGNORECASE)
_ENTRY = re.compile(r"[0-9][A-Za-z0-9]{3}")
_LONGEST_TITLE = 300
_LONGEST_MOLECULE = 80
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
class ReferenceRange:
    """Residues of one chain, from ``first`` to ``last`` (number, insertion code), that come from one database sequence."""

    chain: str
    first: tuple[int, str]
    last: tuple[int, str]


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
    entry = next((_entry(line[62:66]) for line in header if line.startswith("HEADER")), "")
    title = _clean(" ".join(line[10:80].strip() for line in header if line.startswith("TITLE")))
    if entry and not any(line.startswith("END") for line in lines[-50:]):
        notes += (f"{shown} has no END record; if its download was cut, residues are missing.",)
    atoms, references = _pdb_atoms(coordinates, shown), _pdb_references(header, entry)
    molecules, organisms = _pdb_molecules(header), _pdb_organisms(header)
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


def _parse_block(block: _Block, kind: str, shown: str) -> ParsedFile:
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
        entry, title = _entry(_item(block, "entry", "id")), _clean(_item(block, "struct", "title"))
        references, molecules, organisms = _mmcif_references(block), _mmcif_molecules(block), _mmcif_organisms(block)
        notes = (f"{shown} has {n_models} models; the first one is used.",) if n_models > 1 else ()
        return ParsedFile(_complete(atoms), entry, title, n_models, references, notes, molecules, organisms, _is_predicted(block))
    except _BIOTITE_ERRORS as error:
        raise _unreadable(error, kind, shown) from error


def _is_predicted(block: _Block) -> bool:
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


def _pdb_references(header: list[str], entry: str) -> tuple[ReferenceRange, ...]:
    """DBREF and DBREF1 records: chain 13, range 15-18 and 19, 21-24 and 25, accession 34-41 (wwPDB format 3.3)."""
    found = []
    for line in header:
        if line.startswith(("DBREF ", "DBREF1")) and line[33:41].strip().upper() != entry.upper():
            first, last = line[14:18].strip(), line[20:24].strip()
            if _is_integer(first) and _is_integer(last):
                found.append(ReferenceRange(line[12].strip(), (int(first), line[18].strip()), (int(last), line[24:25].strip())))
    return tuple(found)


def _mmcif_references(block: _Block) -> tuple[ReferenceRange, ...]:
    if "struct_ref_seq" not in block:
        return ()
    category, entry = block["struct_ref_seq"], _item(block, "entry", "id").upper()
    names = ("pdbx_strand_id", "pdbx_auth_seq_align_beg", "pdbx_auth_seq_align_end", "pdbx_db_accession")
    if not all(name in category for name in names):
        return ()
    columns = [category[name].as_array(str).tolist() for name in names]
    codes = [
        category[name].as_array(str).tolist() if name in category else [""] * len(columns[0])
        for name in ("pdbx_seq_align_beg_ins_code", "pdbx_seq_align_end_ins_code")
    ]
    return tuple(
        ReferenceRange(chain, (int(first), first_code.strip("?.")), (int(last), last_code.strip("?.")))
        for chain, first, last, accession, first_code, last_code in zip(*columns, *codes, strict=True)
        if _is_integer(first) and _is_integer(last) and accession.upper() != entry
    )


def _pdb_tokens(header: list[str], record: str) -> Iterator[tuple[str, str, str]]:
    """Molecule, key and value of each token of COMPND or SOURCE: "MOL_ID: 1; MOLECULE: name; CHAIN: A, B; ..." (wwPDB format 3.3)."""
    text, molecule = " ".join(line[10:80].strip() for line in header if line.startswith(record)), ""
    for token in re.split(r"(?<!\\);", text):
        key, _, value = token.partition(":")
        if key.strip().upper() == "MOL_ID":
            molecule = value.strip()
        yield molecule, key.strip().upper(), value


def _pdb_chains(header: list[str]) -> dict[str, list[str]]:
    """The author chains of each molecule."""
    return {
        molecule: [chain.strip() for chain in value.split(",") if chain.strip()]
        for molecule, key, value in _pdb_tokens(header, "COMPND")
        if key == "CHAIN"
    }


def _pdb_molecules(header: list[str]) -> dict[str, str]:
    """Author chain -> name of its molecule."""
    names = {molecule: _molecule(value) for molecule, key, value in _pdb_tokens(header, "COMPND") if key == "MOLECULE"}
    return {chain: names[molecule] for molecule, chains in _pdb_chains(header).items() if names.get(molecule) for chain in chains}


def _pdb_organisms(header: list[str]) -> dict[str, tuple[str, ...]]:
    """Author chain -> scientific names of the organisms that its molecule comes from; several where proteins are fused."""
    found = {
        molecule: _names_of(value.split(",")) for molecule, key, value in _pdb_tokens(header, "SOURCE") if key == "ORGANISM_SCIENTIFIC"
    }
    return {chain: found[molecule] for molecule, chains in _pdb_chains(header).items() if found.get(molecule) for chain in chains}


def _mmcif_entities(block: _Block) -> list[tuple[str, str]]:
    """Author chain and entity, most atoms first (ligands have the chain of their polymer)."""
    site = block["atom_site"]
    if "label_entity_id" not in site or "auth_asym_id" not in site:
        return []
    pairs = zip(site["auth_asym_id"].as_array(str).tolist(), site["label_entity_id"].as_array(str).tolist(), strict=True)
    return [pair for pair, _ in Counter(pairs).most_common()]


def _mmcif_polymers(block: _Block) -> dict[str, str]:
    """Polymer entity -> its description."""
    names = ("id", "type", "pdbx_description")
    if "entity" not in block or not all(name in block["entity"] for name in names):
        return {}
    entities = zip(*(block["entity"][name].as_array(str).tolist() for name in names), strict=True)
    return {entity: _molecule(name) for entity, kind, name in entities if kind == "polymer"}


def _mmcif_molecules(block: _Block) -> dict[str, str]:
    """Author chain -> description of the polymer entity that most of its atoms belong to."""
    polymers, molecules = _mmcif_polymers(block), {}
    for chain, entity in _mmcif_entities(block):
        if polymers.get(entity):
            molecules.setdefault(chain, polymers[entity])
    return molecules


def _mmcif_organisms(block: _Block) -> dict[str, tuple[str, ...]]:
    """Author chain -> scientific names of the organisms of its polymer entity."""
    found: dict[str, list[str]] = {}
    for category, column in _ORGANISMS.items():
        if category in block and {"entity_id", column} <= set(block[category].keys()):
            for entity, name in zip(*(block[category][key].as_array(str).tolist() for key in ("entity_id", column)), strict=True):
                found.setdefault(entity, []).append(name)
    polymers, organisms = _mmcif_polymers(block), {}
    for chain, entity in _mmcif_entities(block):
        if entity in polymers and _names_of(found.get(entity, [])):
            organisms.setdefault(chain, _names_of(found[entity]))
    return organisms


def _names_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Scientific names, each once, as they are written: "HOMO SAPIENS" in PDB files is Homo sapiens."""
    names = (_molecule(text) for text in texts)
    return tuple(dict.fromkeys(name.capitalize() if name.isupper() else name for name in names if name))


def _molecule(text: str) -> str:
    return _clean(text.replace("\\;", ";"))[:_LONGEST_MOLECULE].strip()


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


def _item(block: _Block, category: str, name: str) -> str:
    if category not in block or name not in block[category]:
        return ""
    return str(block[category][name].as_array(str)[0])


def _entry(text: str) -> str:
    return text.strip().upper() if _ENTRY.fullmatch(text.strip()) else ""


def _clean(text: str) -> str:
    one_line = " ".join(text.split())
    return "".join(letter for letter in one_line if letter.isprintable())[:_LONGEST_TITLE].strip("?.") if one_line else ""


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,6}", text) is not None


def _beginning(text: str) -> str:
    return "".join(letter for letter in text.lstrip()[:30].split("\n")[0] if letter.isprintable())


def _reason(error: Exception) -> str:
    text = re.sub(r"np\.str_\(('[^']*')\)", r"\1", " ".join(str(error).split()))
    return (text[:100] or type(error).__name__).rstrip(".")
