"""Seeded mutants of structure files: read or refused with a sentence, never worse; what changes no atom changes no mapping."""

import io
import random
import re

import pytest
from biotite.structure.io.pdbx import CIFFile, set_structure

from allo_core.errors import StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

PROTEIN = find_receptor("AA2AR").protein
SEEDS = range(6)
DAMAGED = {"pdb": 110, "mmcif": 200}  # mutants of each seed; 1,860 in all
WHOLE = 50  # of them at least are read to their end: 300 of each format over all seeds, so that the test looks at more than refusals


@pytest.fixture(scope="module")
def atoms():
    atoms = read_structure(shipped_structure("8FYN").path).atoms
    return atoms[(atoms.chain_id == "A") & (atoms.res_id >= 20) & (atoms.res_id <= 95) & ~atoms.hetero]


@pytest.fixture(scope="module")
def pdb(atoms) -> str:
    lines = [
        f"ATOM  {serial:5d}  {atom.atom_name:<3} {atom.res_name} A{atom.res_id:4d}    "
        f"{atom.coord[0]:8.3f}{atom.coord[1]:8.3f}{atom.coord[2]:8.3f}  1.00 20.00          {atom.element:>2}  "
        for serial, atom in enumerate(atoms, start=1)
    ]
    return "\n".join(["HEADER    MADE", "REMARK   2 NONE", *lines, "TER", "END", ""])


@pytest.fixture(scope="module")
def mmcif(atoms) -> str:
    file, text = CIFFile(), io.StringIO()
    set_structure(file, atoms, data_block="made")
    file.write(text)
    return text.getvalue()


def numbers(content: str, name: str) -> list[int | None]:
    mapping = map_structure(read_structure(content.encode(), name), PROTEIN)
    return [None if residue is None else residue.number for residue in mapping.residues]


# --- what does harm: bytes and lines -------------------------------------------------------------------------------------------

ODD = (
    "\0",
    "\x1b[31m",
    "\u00e9",
    "'",
    '"',
    ";",
    "#",
    "?",
    "loop_",
    "data_",
    "_atom_site.x",
    "ATOM",
    "HETATM",
    "MODEL",
    "END",
    "1e999",
    "-",
    "\t",
)


def damaged(text: str, generator: random.Random) -> str:
    """The text with one to three accidents."""
    for _ in range(generator.randint(1, 3)):
        lines = text.split("\n")
        at = generator.randrange(len(lines))
        match generator.randrange(7):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[generator.randrange(len(lines))])
            case 2:
                place = generator.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + generator.choice(ODD) + lines[at][place:]
            case 3:
                place = generator.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + generator.choice(ODD) + lines[at][place + 1 :]
            case 4:
                lines[at] = lines[at][: generator.randrange(len(lines[at]) + 1)]
            case 5:
                other = generator.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 6:
                words = lines[at].split(" ")
                generator.shuffle(words)
                lines[at] = " ".join(words)
        text = "\n".join(lines)
    return text


def refusal(text: str, kind: str) -> str:
    """What the reader says against a text; "" where it is read."""
    try:
        numbers(text, f"mutant.{kind}")
    except StructureError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["pdb", "mmcif"])
def test_damage_is_read_or_refused(kind, seed, request):
    text, generator = request.getfixturevalue(kind), random.Random(f"{kind} {seed}")
    said = [refusal(damaged(text, generator), kind) for _ in range(DAMAGED[kind])]
    assert all(sentence.isprintable() and len(sentence) < 500 for sentence in said)
    assert said.count("") >= WHOLE


# --- what does no harm ---------------------------------------------------------------------------------------------------------


def _each_atom(text: str, change) -> str:
    return "\n".join(change(line) if line.startswith("ATOM") else line for line in text.split("\n"))


def _in_columns(text: str, start: int, word: str) -> str:
    return _each_atom(text, lambda line: f"{line[:start]}{word}{line[start + len(word) :]}")


def _counted_from(text: str, step: int) -> str:
    return _each_atom(text, lambda line: f"{line[:22]}{int(line[22:26]) + step:4d}{line[26:]}")


def _remarks(text: str, generator: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(20):
        lines.insert(generator.randrange(1, len(lines) - 2), "REMARK 999 IN BETWEEN")
    return "\n".join(lines)


HARMLESS_TO_PDB = {
    "line ends of Windows": lambda text, _: text.replace("\n", "\r\n"),
    "another chain": lambda text, generator: _in_columns(text, 21, generator.choice("BQz7")),
    "no chain": lambda text, _: _each_atom(text, lambda line: f"{line[:21]} {line[22:]}"),
    "no elements": lambda text, _: _each_atom(text, lambda line: line[:66]),
    "no occupancies": lambda text, _: _each_atom(text, lambda line: line[:54]),
    "serials that are stars": lambda text, _: _each_atom(text, lambda line: f"{line[:6]}*****{line[11:]}"),
    "remarks between": _remarks,
    "no end": lambda text, _: text.replace("TER\n", "").replace("END\n", ""),
    "models": lambda text, _: text.replace("REMARK   2 NONE\n", "MODEL        1\n").replace("TER\n", "ENDMDL\n"),
    "numbers of an offset": lambda text, generator: _counted_from(text, generator.choice((1000, -15, 7))),
    "names of a force field": lambda text, _: text.replace(" HIS ", " HSD ").replace(" CYS ", " CYX "),
}


def _table(text: str) -> tuple[str, list[str], list[list[str]]]:
    """What stands before the atoms, the names of their columns, and their rows."""
    before, _, rest = text.partition("loop_\n")
    lines = rest.split("\n")
    names = [line.strip() for line in lines if line.startswith("_atom_site.")]
    rows = [line.split() for line in lines if line.startswith(("ATOM", "HETATM"))]
    return before, names, rows


def _written(before: str, names: list[str], rows: list[list[str]], indent: str = "", end: str = "#\n") -> str:
    return "\n".join([f"{before}loop_", *(f"{indent}{name}" for name in names), *(indent + " ".join(row) for row in rows), end])


def _columns(text: str, generator: random.Random, leave_out: tuple[str, ...] = ()) -> str:
    before, names, rows = _table(text)
    order = [at for at in range(len(names)) if names[at] not in leave_out]
    generator.shuffle(order)
    return _written(before, [names[at] for at in order], [[row[at] for at in order] for row in rows])


OPTIONAL = tuple(
    f"_atom_site.{name}"
    for name in "group_PDB label_alt_id pdbx_PDB_ins_code pdbx_PDB_model_num type_symbol occupancy auth_atom_id auth_comp_id".split()
)
HARMLESS_TO_MMCIF = {
    "line ends of Windows": lambda text, _: text.replace("\n", "\r\n"),
    "other columns first": _columns,
    "without an optional column": lambda text, generator: _columns(text, generator, (generator.choice(OPTIONAL),)),
    "without optional columns": lambda text, generator: _columns(text, generator, tuple(generator.sample(OPTIONAL, 3))),
    "keywords in capitals": lambda text, _: text.replace("loop_", "LOOP_").replace("data_", "DATA_"),
    "names in capitals": lambda text, _: re.sub(r"_atom_site\.(\w+)", lambda name: name[0].upper(), text),
    "indented": lambda text, _: _written(*_table(text), indent="   "),
    "without the last mark": lambda text, _: _written(*_table(text), end="").replace("#\n", ""),
    "tabs": lambda text, _: text.replace(" ", "\t"),
    "quoted": lambda text, _: re.sub(r"(?m)^(ATOM\s+\S+\s+)(\S+)", r"\1'\2'", text),
    "a block behind": lambda text, _: f"{text}data_restraints\n_chem_comp.id LIG\n",
    "a block before": lambda text, _: f"data_first\n_struct.title nothing\n#\n{text}",
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["pdb", "mmcif"])
def test_what_changes_no_atom_changes_no_mapping(kind, seed, request):
    text = request.getfixturevalue(kind)
    ways = HARMLESS_TO_PDB if kind == "pdb" else HARMLESS_TO_MMCIF
    generator = random.Random(f"harmless {kind} {seed}")
    original = numbers(text, f"whole.{kind}")
    for name, way in ways.items():
        found = numbers(way(text, generator), f"mutant.{kind}")
        step = {after - before for after, before in zip(found, original, strict=True) if after is not None and before is not None}
        assert [number is None for number in found] == [number is None for number in original], name
        assert len(step) == 1, name
