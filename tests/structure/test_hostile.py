"""Files made to hurt: what is refused is refused in one line and soon, and nothing of their text reaches the viewer's format."""

import gzip
import re
import tracemalloc

import numpy as np
import pytest

from allo_core.errors import StructureError
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import LARGEST_FILE, read_structure
from allo_core.structure.scene import build_scene
from tests.structure.structure_files import NAMES, chain_lines, pdb_line, pdb_of, plain_residues, random_sequence

PROTEIN = Protein("made up", random_sequence(120, seed=3))
RECEPTOR = chain_lines(plain_residues(PROTEIN.sequence))
LENGTH = 3.8 * len(PROTEIN)  # Å, of the straight chain
MOST_BYTES = 10_000_000  # of what goes to the browser
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img/src=x>',
    "it's",
    "{{7*7}}",
    "${x}",
    "%s{0}",
    "../../etc/passwd",
    "C:\\x",
    "ABCD",
    "é",
    "a;b|c`d`",
)
COLUMNS = (
    "group_PDB type_symbol label_atom_id label_alt_id label_comp_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy "
    "auth_seq_id auth_comp_id auth_asym_id auth_atom_id pdbx_PDB_model_num"
).split()


def quoted(word):
    if re.fullmatch(r"[?.]|-?[0-9.]+", word):  # ? and . are no values, in quotes they would be
        return word
    return f'"{word}"' if "'" in word else f"'{word}'"


def cif_rows(residues, chain="A", y=0.0, *, atoms=("N", "CA", "C", "O"), record="ATOM", element=None, step=3.8):
    """Rows of a straight chain; residues: (residue name, number, insertion code) each."""
    offset = {"N": (0.0, 0.0), "CA": (1.46, 0.0), "C": (2.5, 0.0), "O": (2.5, 1.2)}
    rows = []
    for place, (name, number, code) in enumerate(residues):
        for atom in atoms:
            x, dy = offset.get(atom, (0.0, 0.0))
            words = (
                element or atom[0],
                atom,
                ".",
                name,
                code,
                f"{place * step + x:.3f}",
                f"{y + dy:.3f}",
                0.0,
                1.0,
                number,
                name,
                chain,
                atom,
            )
            rows.append(" ".join([record, *(quoted(str(word)) for word in words), "1"]))
    return rows


def cif_of(*chains, title="x"):
    header = ["data_x", f"_struct.title {quoted(title)}", "#", "loop_", *(f"_atom_site.{column}" for column in COLUMNS)]
    return ("\n".join([*header, *(row for chain in chains for row in chain)]) + "\n#\n").encode()


def receptor_rows(chain="A"):
    return cif_rows([(NAMES[letter], index + 1, "?") for index, letter in enumerate(PROTEIN.sequence)], chain)


def scene_of(content):
    structure = read_structure(content, "upload")
    scene = build_scene(structure, map_structure(structure, PROTEIN), PROTEIN)
    check_scene(scene)
    return scene


def check_scene(scene):
    """Nothing but PDB records of letters, digits and the marks of numbers; nothing long, nothing that cannot be printed."""
    assert len(scene.pdb) < MOST_BYTES
    lines = scene.pdb.split("\n")
    assert lines[-2:] == ["END", ""]
    for line in lines[:-2]:
        assert re.fullmatch(r"(ATOM  |HETATM|TER   )[A-Za-z0-9'*. -]*", line), line
        assert len(line) == 80
        assert re.fullmatch(r"[A-Za-z0-9 ]", line[26])
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,5}", ligand.label) for ligand in scene.ligands)
    assert all(re.fullmatch(r"[A-Za-z0-9]", partner.chain) for partner in scene.partners)
    assert len(scene.shown) == len(PROTEIN)
    for text in (*(partner.author_chain for partner in scene.partners), *scene.notes):
        assert text.isprintable()
        assert len(text) < 200


def refused(content, match):
    with pytest.raises(StructureError, match=match) as error:
        scene_of(content)
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 400


def test_a_zip_bomb_of_many_members():
    """3 GB of zeros in 3 MB; less than a third of what may be read is ever in memory more than once."""
    member = gzip.compress(bytes(100_000_000), 1)
    bomb = gzip.compress(pdb_of(RECEPTOR)) + 30 * member
    assert len(bomb) < 20_000_000
    tracemalloc.start()
    refused(bomb, "more than 200 MB")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000_000


def test_a_packed_file_within_a_packed_file():
    refused(gzip.compress(gzip.compress(pdb_of(RECEPTOR))), "is binary")


def test_a_file_of_more_than_200_mb(tmp_path):
    path = tmp_path / "upload.pdb"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # takes no room on the disk
    tracemalloc.start()
    with pytest.raises(StructureError, match="more than 200 MB"):
        read_structure(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000  # it was not even read
    refused(bytes(LARGEST_FILE + 1), "more than 200 MB")
    refused(bytes(LARGEST_FILE), "is binary")


def hetero_lines(count, *, residues):
    rng = np.random.default_rng(0)
    points = rng.uniform((-5, -4, -4), (LENGTH, 4, 4), (count, 3))
    numbers = np.arange(count) * residues // count
    return [
        pdb_line("C1", "LIG", "L", int(number) % 9999 + 1, point, record="HETATM", code=chr(65 + number // 9999))
        for number, point in zip(numbers, points, strict=True)
    ]


def test_100_000_ligands():
    scene = scene_of(pdb_of(RECEPTOR, hetero_lines(100_000, residues=100_000)))
    assert len(scene.ligands) == 2000
    assert [ligand.number for ligand in scene.ligands] == list(range(1, 2001))
    assert re.fullmatch(r"upload has 9\d,\d{3} ligands at the receptor; the first 2,000 are shown\.", scene.notes[0])
    assert len(scene.pdb) < 500_000


def test_one_ligand_of_100_000_atoms():
    refused(pdb_of(RECEPTOR, hetero_lines(100_000, residues=1)), "have 100482 atoms, 99999 can be shown; remove some")
    scene = scene_of(pdb_of(RECEPTOR, hetero_lines(90_000, residues=1)))
    assert len(scene.pdb) > 7_000_000


def test_locations_and_models_by_the_dozen():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    side = [
        pdb_line("CB", "SER", "L", 5, (k, 4, 0), altloc=letter, occupancy=f"{0.02 + (letter == 'Q') * 0.1:.2f}")
        for k, letter in enumerate(letters)
    ]
    model = "\n".join([*RECEPTOR, *side])
    content = "".join(f"MODEL     {k + 1:4d}\n{model}\nENDMDL\n" for k in range(40)) + "END\n"
    structure = read_structure(content.encode(), "upload")
    assert structure.n_models == 40
    assert structure.atoms.coord[structure.atoms.chain_id == "L"].tolist() == [[letters.index("Q"), 4, 0]]
    scene = scene_of(content.encode())
    assert [(ligand.label, ligand.n_atoms) for ligand in scene.ligands] == [("SER", 1)]


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf", "1e30", "-1e30", "1e999", "?", ".", "0x10", "{{7*7}}"])
@pytest.mark.parametrize("where", ["receptor", "ligand"])
def test_coordinates_that_are_none(value, where):
    rows = receptor_rows() if where == "receptor" else cif_rows([("LIG", 1, "?")], "L", 3.0, atoms=("C1",), record="HETATM")
    rows[0] = re.sub(r"(?<= \?) -?[0-9.]+", f" {value}", rows[0], count=1)
    assert f" {value} " in rows[0]
    refused(cif_of(*([rows] if where == "receptor" else [receptor_rows(), rows])), "coordinate|cannot be read as mmCIF")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_everywhere(text):
    """As chain of the receptor, of a partner and of a ligand, as residue, atom and element name, as insertion code and title."""
    partner = cif_rows([("ALA", k, code) for k, code in ((1, text), (2, "?"), (3, "'"), (4, "<"))], f"{text}2", 4.0)
    ligand = cif_rows([(text, 1, text)], f"{text}3", -3.0, atoms=(text, "C1", f"{text}2"), record="HETATM", element=text)
    content = cif_of(receptor_rows(text), partner, ligand, title=text)
    scene = scene_of(content)
    assert len(scene.ligands) == 1
    assert len(scene.partners) == 1
    structure = read_structure(content, text)
    assert structure.title.isprintable()
    assert structure.name.isprintable()
    assert len(structure.title) <= 300
    assert len(structure.name) <= 60


@pytest.mark.parametrize("text", ["", " "])
def test_empty_names(text):
    ligand = pdb_line("", "", text or " ", 1, (3, 3, 0), element="", record="HETATM")
    scene = scene_of(pdb_of(chain_lines(plain_residues(PROTEIN.sequence), chain=text or " "), [ligand]))
    assert [ligand.label for ligand in scene.ligands] == ["UNK"]


def test_long_titles_and_names():
    structure = read_structure(cif_of(receptor_rows(), title="T" * 100_000), "n" * 100_000)
    assert len(structure.title) == 300
    assert len(structure.name) == 60


@pytest.mark.parametrize("code", ["<", "'", "&", "\\", "é", "1"])
def test_odd_insertion_codes(code):
    partner = chain_lines([("A", 5, code, False), ("G", 5, "", False)], "B", y=4.0)
    scene = scene_of(pdb_of(RECEPTOR, partner))
    assert [(p.chain, p.n_residues) for p in scene.partners] == [("B", 2)]
    codes = {line[26] for line in scene.pdb.split("\n") if line[21:22] == "B"}
    assert codes == ({" ", code} if code == "1" else {" "})


def test_negative_numbers():
    partner = chain_lines([("A", number, "", False) for number in (-999, -2, 0, 9999)], "B", y=4.0)
    scene = scene_of(pdb_of(chain_lines(plain_residues(PROTEIN.sequence, first=-100)), partner))
    assert scene.shown == tuple(range(1, 121))
    numbers = [int(line[22:26]) for line in scene.pdb.split("\n") if line[21:22] == "B" and line.startswith("ATOM")]
    assert list(dict.fromkeys(numbers)) == [-999, -2, 0, 9999]


def test_numbers_beyond_the_format():
    far = cif_rows([("ALA", number, "?") for number in (-5000, 100_000, 2_000_000_000)], "B", 4.0)
    scene = scene_of(cif_of(receptor_rows(), far))
    assert {int(line[22:26]) for line in scene.pdb.split("\n") if line[21:22] == "B"} == {1, 2, 3}
    refused(cif_of(receptor_rows(), cif_rows([("ALA", 10**30, "?")], "B", 4.0)), "cannot be read as mmCIF")


def test_duplicate_atoms_and_residues():
    scene_of(pdb_of([line for line in RECEPTOR for _ in range(5)]))
    repeated = pdb_of(RECEPTOR * 20)  # the same atoms at the same place are frames, not partners
    assert scene_of(repeated).partners == ()
    assert read_structure(repeated, "upload").n_models == 20


def test_all_atoms_in_one_point():
    scene_of(pdb_of([f"{line[:30]}   0.000   0.000   0.000{line[54:]}" for line in RECEPTOR]))


def test_only_ligands():
    refused(pdb_of(hetero_lines(50, residues=50)), "upload has no protein chain; choose a structure of made up")


def test_only_a_nucleic_acid():
    lines = [pdb_line(atom, "DA", "D", k + 1, (5 * k, j, 0)) for k in range(100) for j, atom in enumerate(("P", "C4'", "N1"))]
    refused(pdb_of(lines), "upload has no protein chain")


def test_thousands_of_chains():
    chains = [cif_rows([("ALA", 1, "?"), ("GLY", 2, "?")], f"C{k}", 4.0 + k % 100 / 100) for k in range(3000)]
    scene = scene_of(cif_of(receptor_rows(), *chains))
    assert len(scene.partners) == 60
    assert scene.notes == ("2940 of 3000 partner chains are not shown: the viewer's format has no room for them.",)


def test_a_small_file_that_unpacks_to_much():
    """Below 200 MB too: a text of 100 MB of empty lines would take a minute and gigabytes to read."""
    bomb = gzip.compress(b"\n" * 100_000_000 + pdb_of(RECEPTOR), 1)
    assert len(bomb) < 2_000_000
    refused(bomb, "unpacks to more than 40 times its size")
    refused(b"\n" * 10_000_000 + pdb_of(RECEPTOR), "is mostly empty lines")


def test_a_name_of_a_megabyte():
    """In an array of names it would be given the same room at each of the atoms."""
    rows = receptor_rows()
    rows[0] = rows[0].replace(" 'A' ", f" '{'A' * 1_000_000}' ")
    assert len(rows[0]) > 1_000_000
    refused(cif_of(rows), "rows of atoms with more than 400 letters")
    rows[0] = receptor_rows()[0].replace(" 'A' ", "\n;A\nB\n;\n")
    refused(cif_of(rows), "rows of atoms with more than 400 letters")


def test_names_that_cannot_be_printed():
    ligand = cif_rows([("LIG", 1, "?")], "A\x1b[31m", 3.0, atoms=("C1",), record="HETATM")
    refused(cif_of(receptor_rows(), ligand), "letters among its atoms that cannot be printed")


def test_residue_numbers_that_repeat_by_the_thousand():
    """Work that grows with the square of the residues would take minutes here."""
    other = cif_rows(
        [("ALA", k, "?") for k in range(20_000)],
        "B",
        40.0,
        step=0.1,
        atoms=("CA", "N", "C"),
    )
    repeating = cif_rows(
        [("ALA", 1 + k % 2, "?") for k in range(20_000)],
        "C",
        60.0,
        step=0.1,
        atoms=("CA", "N", "C"),
    )
    structure = read_structure(cif_of(receptor_rows(), other, repeating), "upload")
    assert len(set(structure.atoms.chain_id.tolist())) > 9_000
    assert len(structure.notes[0]) < 200
