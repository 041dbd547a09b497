"""mmCIF of any program, made uniform: the block with the atoms, and every column that a reader of atoms asks for.

Programs leave out what the dictionary calls optional, indent, write several blocks, or leave the authors' columns empty.  gemmi, which
keeps to the grammar of CIF, reads the text; what is missing is filled in here, and a small clean text is handed on.
"""

import re
from collections import Counter

import gemmi
import numpy as np
from gemmi import cif

from allo_core.errors import StructureError

__all__ = ["UNNUMBERED", "uniform_mmcif"]

UNNUMBERED = -99_999  # of a ligand that has no number; no program writes it

_ATOMS = "_atom_site."
# What the file says of itself.
_ABOUT = (
    "_entry.",
    "_struct.",
    "_struct_ref_seq.",
    "_entity.",
    "_entity_src_gen.",
    "_entity_src_nat.",
    "_pdbx_entity_src_syn.",
    "_ma_qa_metric.",
)
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_NULL = frozenset({"?", "."})
# Column -> the column that stands in for it, whole or row by row.
_STAND_IN = {
    "auth_asym_id": "label_asym_id",
    "auth_seq_id": "label_seq_id",
    "auth_comp_id": "label_comp_id",
    "auth_atom_id": "label_atom_id",
    "label_asym_id": "auth_asym_id",
    "label_comp_id": "auth_comp_id",
    "label_atom_id": "auth_atom_id",
    "label_seq_id": "auth_seq_id",
}
_USUAL = {"label_alt_id": ".", "pdbx_PDB_ins_code": "?", "pdbx_PDB_model_num": "1"}
_ASKED_FOR = frozenset(
    (*_STAND_IN, *_USUAL, "group_PDB", "type_symbol", "label_entity_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv")
)
_CANONICAL = {name.lower(): name for name in _ASKED_FOR}


def uniform_mmcif(text: str, shown: str) -> tuple[str, tuple[str, ...]]:
    """The block that holds the atoms, as text with every column that a reader asks for, and notes on what was read otherwise.

    Parameters
    ----------
    text : str
    shown : str
        Name of the file, for error messages.

    Raises
    ------
    StructureError
        The text is no CIF, is cut, or has no atoms.
    """
    try:
        return _uniform(cif.read_string(text), shown)
    except (ValueError, RuntimeError, MemoryError) as error:
        raise StructureError(f"{shown} cannot be read as mmCIF, it may be cut ({_reason(error)}); download it again.") from error


def _uniform(document: cif.Document, shown: str) -> tuple[str, tuple[str, ...]]:
    blocks = [block for block in document if len(block.find_mmcif_category(_ATOMS).tags)]
    if not blocks:
        raise StructureError(f"{shown} has no atoms; give an mmCIF file with coordinates.")
    block, notes = blocks[0], ()
    if len(blocks) > 1:
        notes = (f"{shown} has {len(blocks)} data blocks with atoms; the first one, {block.name[:40]}, is used.",)
    uniform = cif.Document()
    written = uniform.add_new_block("structure")
    for category in _ABOUT:
        if columns := _columns(block, category):
            _write(written, category, columns)
    atoms, more = _atoms(block, shown)
    _write(written, _ATOMS, atoms)
    return uniform.as_string(), (*notes, *more)


def _columns(block: cif.Block, category: str) -> dict[str, list[str]]:
    """Column -> its values as they stand in the file, with their quotes; names in the spelling of the dictionary."""
    table = block.find_mmcif_category(category)
    names = [_CANONICAL.get(tag[len(category) :].lower(), tag[len(category) :].lower()) for tag in table.tags]
    loop = table.loop
    values = list(loop.values) if loop is not None else [value for row in table for value in row]
    return {name: values[at :: len(names)] for at, name in enumerate(names)}


def _write(written: cif.Block, category: str, columns: dict[str, list[str]]) -> None:
    written.init_mmcif_loop(category, list(columns)).set_all_values(list(columns.values()))


def _atoms(block: cif.Block, shown: str) -> tuple[dict[str, list[str]], list[str]]:
    """The table of atoms with every column that is asked for, and notes on it."""
    columns = {name: values for name, values in _columns(block, _ATOMS).items() if name in _ASKED_FOR}
    if not {"Cartn_x", "Cartn_y", "Cartn_z"} <= columns.keys() or not columns["Cartn_x"]:
        raise StructureError(f"{shown} has no atoms; give an mmCIF file with coordinates.")
    return columns, _fill(columns, len(columns["Cartn_x"]), shown)


def _fill(columns: dict[str, list[str]], count: int, shown: str) -> list[str]:
    """Give the atoms every column that is asked for; returns notes on what a person may stumble over."""
    notes = []
    unknown = [name for name in _STAND_IN if name.startswith("auth") and all(value in _NULL for value in columns.get(name, []))]
    if "auth_seq_id" in unknown and "label_seq_id" in columns:
        notes.append(f"{shown} has no residue numbers of its authors; those of the file's own count are used.")
    _count_on(columns)
    for name, other in _STAND_IN.items():
        own, stand_in = columns.get(name), columns.get(other)
        if own is None:
            columns[name] = list(stand_in) if stand_in is not None else ["?"] * count
        elif stand_in is not None:
            columns[name] = [theirs if value in _NULL else value for value, theirs in zip(own, stand_in, strict=True)]
    if any(all(value in _NULL for value in columns[name]) for name in ("label_comp_id", "label_atom_id")):
        raise StructureError(f"{shown} does not name its atoms or residues; give a file with atom and residue names.")
    columns["auth_seq_id"] = [str(UNNUMBERED) if value in _NULL else value for value in columns["auth_seq_id"]]
    for name, usual in _USUAL.items():
        columns.setdefault(name, [usual] * count)
    if "group_PDB" not in columns:
        columns["group_PDB"] = ["ATOM" if _is_polymer(name) else "HETATM" for name in columns["label_comp_id"]]
    if "type_symbol" not in columns:
        columns["type_symbol"] = _elements(columns["label_atom_id"])
    return notes


def _count_on(columns: dict[str, list[str]]) -> None:
    """Give residues without an author's number the one that the others of their chain lead to: the file's count plus the usual step."""
    author, label = columns.get("auth_seq_id"), columns.get("label_seq_id")
    if author is None or label is None or not any(value in _NULL for value in author):
        return
    chains = columns.get("label_asym_id") or columns.get("auth_asym_id") or [""] * len(author)
    differences: dict[str, Counter] = {}
    for chain, own, counted in zip(chains, author, label, strict=True):
        if _WHOLE.fullmatch(own) and _WHOLE.fullmatch(counted):
            differences.setdefault(chain, Counter())[int(own) - int(counted)] += 1
    for at, (chain, own, counted) in enumerate(zip(chains, author, label, strict=True)):
        if own in _NULL and _WHOLE.fullmatch(counted) and chain in differences:
            author[at] = str(int(counted) + differences[chain].most_common(1)[0][0])


def _is_polymer(component: str) -> bool:
    known = gemmi.find_tabulated_residue(cif.as_string(component))
    return known.is_amino_acid() or known.is_nucleic_acid()


def _elements(names: list[str]) -> list[str]:
    """Elements from the names of atoms, for files that do not tell them."""
    from biotite.structure import infer_elements

    different = sorted(set(names))
    known = dict(zip(different, infer_elements(np.array([cif.as_string(name) for name in different])).tolist(), strict=True))
    return [cif.quote(known[name]) if known[name] else "?" for name in names]


def _reason(error: Exception) -> str:
    """What gemmi says, without the place in a file that is none: ``"string:12:0(345): ..."``."""
    return str(error).rpartition(": ")[2].split("\n")[0][:100].rstrip(".") or type(error).__name__
