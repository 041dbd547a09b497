import gzip
import re
import tracemalloc

import numpy as np
import pytest

from allo_core.errors import StructureError
from allo_core.structure import read as read_module
from allo_core.structure.read import read_structure
from tests.structure.structure_files import chain_lines, path_of, pdb_line, pdb_of, plain_residues, random_sequence, structure_of, text_of

SEQUENCE = random_sequence(60, seed=1)
SMALL = pdb_of(chain_lines(plain_residues(SEQUENCE)))


def refused(source, name="upload.pdb"):
    with pytest.raises(StructureError) as error:
        read_structure(source, name)
    message = str(error.value)
    assert name in message
    assert "\n" not in message
    return message


def test_entry_title_and_coordinates_are_those_in_the_file():
    structure = structure_of("8FYN")
    assert (structure.entry, structure.name, structure.n_models, structure.notes) == ("8FYN", "8FYN", 1, ())
    assert structure.title == "MICROED STRUCTURE OF A2A FROM PLASMA MILLED LAMELLAE"
    rows = [line for line in text_of("8FYN").split("\n") if line.startswith(("ATOM", "HETATM"))]
    expected = [[float(line[start : start + 8]) for start in (30, 38, 46)] for line in rows]
    np.testing.assert_allclose(structure.atoms.coord, expected, atol=1e-4)  # single precision at 100 Å
    assert structure_of("1U19").title == "Crystal Structure of Bovine Rhodopsin at 2.2 Angstroms Resolution"
    assert structure_of("1U19").entry == "1U19"


def test_author_chains_of_mmcif():
    assert set(structure_of("1U19").atoms.chain_id) == {"A", "B"}


@pytest.mark.parametrize("entry", ["5G53", "1U19"])
def test_content_decides_whatever_the_name(entry):
    packed = path_of(entry).read_bytes()
    plain = gzip.decompress(packed)
    reference = structure_of(entry).atoms
    for content, name in [(packed, "a.txt"), (plain, "a.gz"), (plain, "a.cif"), (plain, "a.pdb"), (plain.replace(b"\n", b"\r\n"), "a")]:
        assert read_structure(content, name).atoms == reference


def test_a_path_as_text_and_its_short_name(tmp_path):
    path = tmp_path / "my model.v2.pdb.gz"
    path.write_bytes(gzip.compress(SMALL))
    structure = read_structure(str(path))
    assert structure.name == "my model.v2"
    assert structure.entry == ""
    assert len(structure.atoms) == 4 * len(SEQUENCE)


def test_first_model_only():
    lines = chain_lines(plain_residues(SEQUENCE))
    moved = chain_lines(plain_residues(SEQUENCE), y=50.0)
    text = "\n".join(["MODEL        1", *lines, "ENDMDL", "MODEL        2", *moved, "ENDMDL", "END", ""])
    structure = read_structure(text.encode(), "nmr.pdb")
    assert structure.n_models == 2
    assert "2 models" in structure.notes[0]
    assert structure.atoms.coord[:, 1].max() < 2


def test_alternative_locations_by_occupancy():
    lines = chain_lines(plain_residues(SEQUENCE))
    side = [
        pdb_line("CB", "SER", "B", 5, (0, 9, 0), altloc="A", occupancy="0.30"),
        pdb_line("CB", "SER", "B", 5, (0, 8, 0), altloc="B", occupancy="0.70"),
        # one position, two amino acids
        pdb_line("CA", "SER", "B", 6, (9, 9, 0), altloc="A", occupancy="0.60"),
        pdb_line("CA", "THR", "B", 6, (9, 8, 0), altloc="B", occupancy="0.40"),
        # equal: the first one
        pdb_line("CB", "SER", "B", 7, (0, 7, 0), altloc="B", occupancy="0.50"),
        pdb_line("CB", "SER", "B", 7, (0, 6, 0), altloc="C", occupancy="0.50"),
    ]
    atoms = read_structure(pdb_of(lines, side), "x.pdb").atoms
    chosen = atoms[atoms.chain_id == "B"]
    assert chosen.coord[:, 1].tolist() == [8, 9, 7]
    assert chosen.res_name.tolist() == ["SER", "SER", "SER"]


def test_missing_occupancies_and_elements_are_no_obstacle():
    bare = "\n".join(line[:54] for line in SMALL.decode().split("\n") if line.startswith("ATOM"))
    atoms = read_structure(bare.encode(), "bare.pdb").atoms
    assert len(atoms) == 4 * len(SEQUENCE)
    assert set(atoms.element) == {"N", "C", "O"}


def test_proteins_that_share_a_chain_name_and_numbers_are_told_apart():
    one, two = chain_lines(plain_residues(SEQUENCE), chain=""), chain_lines(plain_residues(SEQUENCE), chain="", y=30.0)
    structure = read_structure(pdb_of(one, two), "md.pdb")
    chains = structure.atoms.chain_id
    assert len(set(chains[: len(one)])) == len(set(chains[len(one) :])) == 1
    assert chains[0] != chains[-1]
    assert "numbers repeat within one chain name ((blank))" in structure.notes[0]


def test_no_end_record_is_noted_for_an_entry_of_the_pdb():
    text = text_of("5G53").split("\n")
    complete_lines = "\n".join(line for line in text if not line.startswith(("CONECT", "MASTER", "END"))) + "\n"
    assert "END record" in read_structure(complete_lines.encode(), "x.pdb").notes[0]


def test_missing_file(tmp_path):
    with pytest.raises(StructureError, match=r"nothing\.pdb cannot be read: No such file"):
        read_structure(tmp_path / "nothing.pdb")
    with pytest.raises(StructureError, match="cannot be read"):
        read_structure(tmp_path)


@pytest.mark.parametrize("content", [b"", b"  \n\n", gzip.compress(b"", mtime=0)])
def test_empty(content):
    assert "is empty" in refused(content)


def test_truncated_gzip():
    packed = gzip.compress(SMALL)
    assert "is cut" in refused(packed[: len(packed) // 2])


def test_damaged_gzip():
    packed = bytearray(gzip.compress(SMALL))
    packed[20:60] = bytes(40)
    assert "is damaged" in refused(bytes(packed))


# characters missing at the end of the last line: the element only, what follows the coordinates, within them, all but three
@pytest.mark.parametrize("missing", [3, 30, 60, 77])
def test_truncated_pdb(missing):
    text = "\n".join(line for line in SMALL.decode().split("\n") if line.startswith("ATOM"))
    assert "is cut in the line" in refused(text[:-missing].encode())


def test_truncated_real_pdb():
    text = text_of("5G53")
    middle = text.index("\nATOM") + 200_000
    line_start = text.rindex("\n", 0, middle) + 1
    for cut in (line_start + 2, line_start + 20, line_start + 50, line_start + 70):
        assert "is cut" in refused(text[:cut].encode())


@pytest.mark.parametrize("where", ["within a line", "after a line", "within the first rows"])
def test_truncated_mmcif(where):
    text = text_of("1U19")
    start = text.index("\nATOM")
    line = text.index("\n", start + 200_000) + 1
    cut = {"within a line": line + 40, "after a line": line, "within the first rows": start + 60}[where]
    message = refused(text[:cut].encode(), "x.cif")
    assert "cut" in message


def test_other_mmcif_may_end_with_its_atoms():
    text = text_of("1U19")
    header = "data_x\nloop_\n"
    columns = text[text.index("_atom_site.group_PDB") : text.index("\n#", text.index("\nATOM")) + 1]
    assert len(read_structure((header + columns).encode(), "x.cif").atoms) == len(structure_of("1U19").atoms)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02ATOM" * 100,
        bytes(range(256)) * 20,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(range(1, 200)) * 9,
        gzip.compress(gzip.compress(SMALL, mtime=0), mtime=0),
    ],
)
def test_binary(content):
    message = refused(content)
    assert "binary" in message or "neither PDB nor mmCIF" in message


def test_neither_format():
    assert "begins with '<!DOCTYPE html>'" in refused(b"<!DOCTYPE html>\n<p>404</p>")
    assert "neither PDB nor mmCIF" in refused(b">AA2AR\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLNSNLQNVTNYFVVSLAAADIAVG\n")


@pytest.mark.parametrize(
    "content", [b"HEADER    MEMBRANE PROTEIN                        26-JAN-23   8FYN\nEND\n", b"data_8FYN\n_entry.id 8FYN\n#\n"]
)
def test_no_atoms(content):
    assert "has no atoms" in refused(content)


def test_only_ca_atoms():
    content = pdb_of(chain_lines(plain_residues(SEQUENCE), only_ca=True))
    structure = read_structure(content.encode() if isinstance(content, str) else content, "mine.pdb")
    assert structure.trace
    assert "mine.pdb is a CA trace (0 of 60 residues have a backbone): it shows no side chains." in structure.notes
    assert not read_structure(SMALL).trace


@pytest.mark.parametrize("value", ["     nan", "     inf", "    -inf", "9999999."])
def test_coordinates_that_are_not_finite(value):
    lines = SMALL.decode().split("\n")
    lines[7] = lines[7][:30] + value + lines[7][38:]
    assert "not a number or beyond" in refused("\n".join(lines).encode())


def test_mmcif_coordinates_that_are_not_finite():
    text = text_of("1U19")
    row = text[text.index("\nATOM   5 ") + 1 :].split("\n")[0]
    x = row.split()[10]
    for value in ("?", ".", "nan", "inf", "1e30"):
        refused(text.replace(row, row.replace(x, value.ljust(len(x)))).encode(), "x.cif")


def test_coordinates_that_are_words_name_the_line():
    lines = SMALL.decode().split("\n")
    lines[7] = lines[7][:30] + "   what?" + lines[7][38:]
    assert "no coordinates in 'ATOM" in refused("\n".join(lines).encode())


def test_too_large_even_when_compressed(monkeypatch, tmp_path):
    monkeypatch.setattr(read_module, "LARGEST_FILE", 2_000_000)
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    assert len(bomb) < 2_000_000
    tracemalloc.start()
    message = refused(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "more than 2 MB" in message
    assert peak < 10_000_000
    path = tmp_path / "upload.pdb"
    path.write_bytes(b" " * 2_000_001)
    assert "more than 2 MB" in refused(path)
    assert read_module.LARGEST_FILE == 2_000_000


def outcome_of(content):
    try:
        return "read" if len(read_structure(content, "x").atoms) else "no atoms"
    except StructureError as error:
        return str(error)


@pytest.mark.parametrize("entry", ["5G53", "1U19"])
def test_damaged_files_are_read_or_refused_never_worse(entry):
    rng = np.random.default_rng(7)
    content = text_of(entry).encode()
    outcomes = []
    for _ in range(25):
        damaged = bytearray(content)
        for _ in range(int(rng.choice([1, 3, 50]))):
            damaged[int(rng.integers(len(damaged)))] = int(rng.integers(32, 127))
        cut = int(rng.integers(len(damaged))) if rng.random() < 0.5 else len(damaged)
        outcomes.append(outcome_of(bytes(damaged[:cut])))
    assert all(outcome == "read" or "\n" not in outcome for outcome in outcomes)
    assert 0 < outcomes.count("read") < len(outcomes)


def test_molecules_of_pdb_files():
    assert structure_of("3VG9").molecules == {
        "A": "ADENOSINE RECEPTOR A2A",
        "B": "ANTIBODY FAB FRAGMENT LIGHT CHAIN",
        "C": "ANTIBODY FAB FRAGMENT HEAVY CHAIN",
    }
    assert structure_of("5G53").molecules["D"] == "ENGINEERED DOMAIN OF HUMAN G ALPHA S LONG ISOFORM"  # CHAIN: C, D
    assert structure_of("3SN6").molecules["B"] == "GUANINE NUCLEOTIDE-BINDING PROTEIN G(I)/G(S)/G(T) SUBUNIT BETA-1"  # two lines
    assert read_structure(SMALL, "x.pdb").molecules == {}


def test_molecules_of_mmcif_are_the_polymers():
    """Sugars and ligands of 1U19 have the author chains of the protein."""
    assert structure_of("1U19").molecules == {"A": "Rhodopsin", "B": "Rhodopsin"}
    without = re.sub(r"_entity\.pdbx_description", "_entity.something_else", text_of("1U19"))
    assert read_structure(without.encode(), "x.cif").molecules == {}


def compnd(*lines):
    numbered = [f"COMPND {number if number > 1 else '':>3}{' ' if number > 1 else ''}{line}" for number, line in enumerate(lines, 1)]
    return "\n".join([*numbered, SMALL.decode()]).encode()


def test_what_compnd_records_may_hold():
    structure = read_structure(
        compnd(
            "MOL_ID: 1;",
            "MOLECULE: BETA\\; GAMMA: SUBUNIT;",
            "CHAIN: A, B,",
            "C;",
            "MOL_ID: 2;",
            "CHAIN: D;",
            "MOLECULE: LATE;",
            "CHAIN: ;",
        ),
        "x.pdb",
    )
    assert structure.molecules == {"A": "BETA; GAMMA: SUBUNIT", "B": "BETA; GAMMA: SUBUNIT", "C": "BETA; GAMMA: SUBUNIT"}
    assert read_structure(compnd("HEMOGLOBIN (DEOXY)"), "x.pdb").molecules == {}


def test_molecule_names_are_printable_and_short():
    text = compnd("MOL_ID: 1;", "MOLECULE: A\x07B" + "\t" + "<b>" + 60 * "x", 60 * "y" + ";", "CHAIN: A;")
    (name,) = read_structure(text, "x.pdb").molecules.values()
    assert name.startswith("AB <b>x")
    assert name.isprintable()
    assert len(name) <= 80


def test_organisms_of_both_formats():
    assert structure_of("1U19").organisms == {"A": ("Bos taurus",), "B": ("Bos taurus",)}
    assert structure_of("3VG9").organisms["A"] == ("Homo sapiens",)
    assert "Homo sapiens" in structure_of("3SN6").organisms["R"]  # a fusion with a phage's lysozyme
    assert read_structure(SMALL, "x.pdb").organisms == {}
