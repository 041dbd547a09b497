"""What a structure file says of itself: its entry, and of each chain the molecule, the organisms and the database sequence."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from biotite.structure.io.pdbx import BinaryCIFBlock, CIFBlock

__all__ = [
    "Block",
    "ReferenceRange",
    "clean",
    "entry_of",
    "item",
    "mmcif_molecules",
    "mmcif_organisms",
    "mmcif_references",
    "pdb_molecules",
    "pdb_organisms",
    "pdb_references",
]

Block: TypeAlias = "CIFBlock | BinaryCIFBlock"
# Categories of mmCIF that say where a polymer comes from, and their column of scientific names.
_ORGANISMS = {
    "entity_src_gen": "pdbx_gene_src_scientific_name",
    "entity_src_nat": "pdbx_organism_scientific",
    "pdbx_entity_src_syn": "organism_scientific",
}
_ENTRY = re.compile(r"[0-9][A-Za-z0-9]{3}")
_LONGEST_TITLE = 300
_LONGEST_MOLECULE = 80


@dataclass(frozen=True)
class ReferenceRange:
    """Residues of one chain, from ``first`` to ``last`` (number, insertion code), that come from one database sequence."""

    chain: str
    first: tuple[int, str]
    last: tuple[int, str]


def pdb_references(header: list[str], entry: str) -> tuple[ReferenceRange, ...]:
    """DBREF and DBREF1 records: chain 13, range 15-18 and 19, 21-24 and 25, accession 34-41 (wwPDB format 3.3)."""
    found = []
    for line in header:
        if line.startswith(("DBREF ", "DBREF1")) and line[33:41].strip().upper() != entry.upper():
            first, last = line[14:18].strip(), line[20:24].strip()
            if _is_integer(first) and _is_integer(last):
                found.append(ReferenceRange(line[12].strip(), (int(first), line[18].strip()), (int(last), line[24:25].strip())))
    return tuple(found)


def mmcif_references(block: Block) -> tuple[ReferenceRange, ...]:
    """The rows of struct_ref_seq that do not refer to the entry itself."""
    if "struct_ref_seq" not in block:
        return ()
    category, entry = block["struct_ref_seq"], item(block, "entry", "id").upper()
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


def pdb_molecules(header: list[str]) -> dict[str, str]:
    """Author chain -> name of its molecule."""
    names = {molecule: _molecule(value) for molecule, key, value in _pdb_tokens(header, "COMPND") if key == "MOLECULE"}
    return {chain: names[molecule] for molecule, chains in _pdb_chains(header).items() if names.get(molecule) for chain in chains}


def pdb_organisms(header: list[str]) -> dict[str, tuple[str, ...]]:
    """Author chain -> scientific names of the organisms that its molecule comes from; several where proteins are fused."""
    found = {
        molecule: _names_of(value.split(",")) for molecule, key, value in _pdb_tokens(header, "SOURCE") if key == "ORGANISM_SCIENTIFIC"
    }
    return {chain: found[molecule] for molecule, chains in _pdb_chains(header).items() if found.get(molecule) for chain in chains}


def _mmcif_entities(block: Block) -> list[tuple[str, str]]:
    """Author chain and entity, most atoms first (ligands have the chain of their polymer)."""
    site = block["atom_site"]
    if "label_entity_id" not in site or "auth_asym_id" not in site:
        return []
    pairs = zip(site["auth_asym_id"].as_array(str).tolist(), site["label_entity_id"].as_array(str).tolist(), strict=True)
    return [pair for pair, _ in Counter(pairs).most_common()]


def _mmcif_polymers(block: Block) -> dict[str, str]:
    """Polymer entity -> its description."""
    names = ("id", "type", "pdbx_description")
    if "entity" not in block or not all(name in block["entity"] for name in names):
        return {}
    entities = zip(*(block["entity"][name].as_array(str).tolist() for name in names), strict=True)
    return {entity: _molecule(name) for entity, kind, name in entities if kind == "polymer"}


def mmcif_molecules(block: Block) -> dict[str, str]:
    """Author chain -> description of the polymer entity that most of its atoms belong to."""
    polymers, molecules = _mmcif_polymers(block), {}
    for chain, entity in _mmcif_entities(block):
        if polymers.get(entity):
            molecules.setdefault(chain, polymers[entity])
    return molecules


def mmcif_organisms(block: Block) -> dict[str, tuple[str, ...]]:
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
    return clean(text.replace("\\;", ";"))[:_LONGEST_MOLECULE].strip()


def item(block: Block, category: str, name: str) -> str:
    """The first value of a category's column; "" where there is none."""
    if category not in block or name not in block[category]:
        return ""
    return str(block[category][name].as_array(str)[0])


def entry_of(text: str) -> str:
    """A PDB code in capitals; "" where the text is none."""
    return text.strip().upper() if _ENTRY.fullmatch(text.strip()) else ""


def clean(text: str) -> str:
    """One line of printable letters, not too long to show."""
    one_line = " ".join(text.split())
    return "".join(letter for letter in one_line if letter.isprintable())[:_LONGEST_TITLE].strip("?.") if one_line else ""


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,6}", text) is not None
