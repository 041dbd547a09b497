"""python -m allo_core analyse --structure: the coloured file and the scripts."""

import gzip
import json
import re

import numpy as np
import pytest
from biotite.structure.io.pdbx import CIFFile, get_structure

from allo_core.fetch.kept import keep
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.store import list_runs, runs_folder
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.terminal.commands import run

SODIUM = ("--sites", "sodium pocket", "--threshold", "0.1")


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """Nothing is fetched unless it is kept: nobody listens there."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("ALLOSCOPE_UNIPROT", "ALLOSCOPE_PDB", "ALLOSCOPE_ALPHAFOLD"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def received(head):
    """Attention received from one head of the only kept run, from its maps: L values, within L x 2.5e-4 of the exact sums."""
    (entry,) = list_runs()
    return AttentionMaps(entry.folder)[head].sum(axis=0, dtype=float)


def mapping_of(entry, receptor):
    return map_structure(read_structure(shipped_structure(entry).path), find_receptor(receptor).protein)


@pytest.mark.parametrize(("entry", "receptor"), [("4LDO", "ADRB2"), ("8FYN", "AA2AR")])
def test_the_files_carry_the_values_at_the_authors_residues(entry, receptor, tmp_path, capsys):
    cif, pml, cxc = (tmp_path / name for name in ("any.cif", "a.pml", "a.cxc"))
    code, out, _ = run(
        "analyse", receptor, *SODIUM, "--structure", entry.lower(), "--head", "3.6", "--cif", cif, "--pymol", pml, "--chimerax", cxc,
        capsys=capsys,
    )  # fmt: skip
    assert code == 0
    mapping, values = mapping_of(entry, receptor), received((3, 6))
    assert out.splitlines()[-1].startswith(
        f"{entry}, chain {mapping.chain}, {mapping.aligned} of {len(values)} residues: attention received"
    )
    assert "layer 3, head 6; colours from 0 to " in out
    wanted = {(id.number, id.insertion): values[index] for id, index in mapping.index_of.items()}
    assert len(wanted) > 250

    atoms = get_structure(CIFFile.read(cif), model=1, extra_fields=["b_factor"])
    ca = atoms[(atoms.chain_id == mapping.chain) & (atoms.atom_name == "CA") & (atoms.b_factor >= 0)]
    assert {(int(a.res_id), str(a.ins_code)) for a in ca} == set(wanted)
    for atom in ca:
        assert atom.b_factor == pytest.approx(wanted[atom.res_id, atom.ins_code], abs=0.02)

    script, other = pml.read_text(), cxc.read_text()
    assert f"fetch {entry}, alloscope" in script
    assert f"open {entry} from pdb" in other
    known = 1113 if entry == "4LDO" else 52  # D113 of the authors' +1000; D52
    altered = dict(re.findall(rf"alter alloscope and chain {mapping.chain} and resi (\d+), b=(\S+)", script))
    assert {(int(number), "") for number in altered} == set(wanted)
    assert float(altered[str(known)]) == pytest.approx(wanted[known, ""], abs=0.02)
    marked = re.search(r"select set_A, \(alloscope and chain \w and resi (\S+)\)", script)[1].split("+")
    assert len(marked) == 16
    assert set(map(int, marked)) <= {number for number, _ in wanted}
    assert "set B" not in script


def test_the_head_that_passes_and_both_sets_unless_told_otherwise(tmp_path, capsys):
    pml, table, record = tmp_path / "a.pml", tmp_path / "s.csv", tmp_path / "r.json"
    code, out, _ = run(
        "analyse", "AA2AR", *SODIUM, "--null", "matched", "--sites-b", "R102 Y103",
        "--structure", "8FYN", "--pymol", pml, "--json", record, capsys=capsys,
    )  # fmt: skip
    assert code == 0
    layer, head = re.search(r"attention received from layer (\d+), head (\d+)", out).groups()
    rows = [line.split() for line in out.splitlines() if line.split()[0].isdigit() and "head" not in line]
    names = next(line.split() for line in out.splitlines() if line.split()[:2] == ["layer", "head"])
    passing = min(rows, key=lambda row: float(row[names.index("q_value")]))
    assert passing[:2] == [layer, head] != rows[0][:2]  # the head that passes, though another one is more enriched
    assert f"# AlloScope: AA2AR, AlloScope GPCR 8M, layer {layer}, head {head}" in pml.read_text()
    assert "resi 102+103)" in pml.read_text()
    facts = json.loads(record.read_text())["structure"]
    mapping = mapping_of("8FYN", "AA2AR")
    assert (facts["name"], facts["entry"], facts["chain"], facts["aligned"]) == ("8FYN", "8FYN", mapping.chain, mapping.aligned)
    assert len(facts["substitutions"]) == len(mapping.substitutions) > 0
    assert not table.exists()


def test_a_file_of_ones_own_is_loaded_from_the_coloured_file(tmp_path, capsys):
    own = tmp_path / "mine.cif.gz"
    own.write_bytes(shipped_structure("8FYN").path.read_bytes())
    pml, cif = tmp_path / "a.pml", tmp_path / "structure_coloured.cif"
    arguments = ("analyse", "AA2AR", *SODIUM, "--structure", own, "--pymol", pml)
    code, _, err = run(*arguments, capsys=capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert f"--pymol of mine.cif.gz loads structure_coloured.cif beside it; add --cif {cif}." in err
    assert not runs_folder().exists()
    assert run(*arguments, "--cif", tmp_path / "other.cif", capsys=capsys)[0] == 2
    assert run(*arguments, "--cif", cif, capsys=capsys)[0] == 0
    assert "load structure_coloured.cif, alloscope" in pml.read_text()
    assert cif.stat().st_size > 100_000


@pytest.mark.parametrize("name", ["AF-P29274-F1", "af-p29274-f1", "P29274"])
def test_an_alphafold_model_that_was_fetched_before(name, tmp_path, capsys):
    keep("AF-P29274-F1.cif.gz", shipped_structure("8FYN").path.read_bytes())
    cif, cxc = tmp_path / "structure_coloured.cif", tmp_path / "a.cxc"
    code, out, _ = run("analyse", "AA2AR", *SODIUM, "--structure", name, "--cif", cif, "--chimerax", cxc, capsys=capsys)
    assert code == 0
    assert out.splitlines()[-1].startswith("AF-P29274-F1, chain ")
    assert "open structure_coloured.cif" in cxc.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--structure", "8FYN"], "--structure alone writes nothing; name a file with --cif, --pymol or --chimerax."),
        (["--cif", "x.cif"], "--cif needs a structure; name one with --structure"),
        (["--pymol", "x.pml"], "--pymol needs a structure"),
        (["--chain", "A"], "--chain needs a structure"),
        (["--head", "6.0"], "AlloScope GPCR 8M has no head 6.0; its layers are 0 to 5, its heads 0 to 19."),
        (
            ["--structure", "8FYN", "--cif", "x.cif", "--head", "6.0"],
            "AlloScope GPCR 8M has no head 6.0; its layers are 0 to 5, its heads 0 to 19.",
        ),
        (["--structure", "8FYN", "--cif", "x.cif", "--head", "3"], "'3' names no head; write layer and head as 3.6"),
        (["--structure", "8FYN", "--cif", "x.cif", "--head", "-1.2"], "'-1.2' names no head"),
        (["--structure", "8FYN", "--cif", "x.cif", "--head", "9" * 3000 + ".1"], "names no head"),
        (["--structure", "8FYN", "--cif", "/no/such/folder/x.cif"], "/no/such/folder/x.cif: the folder does not exist."),
        (["--structure", "8FYN", "--pymol", "FOLDER"], "a folder, not a file"),
        (["--structure", "4LDO", "--cif", "x.cif"], "4LDO is not a structure of AA2AR"),
        (["--structure", "missing.pdb", "--cif", "x.cif"], "missing.pdb: no such file."),
        (["--structure", "no/such/entry", "--cif", "x.cif"], "no/such/entry: no such file."),
        (["--structure", "x" * 5000, "--cif", "x.cif"], "cannot be read (File name too long)"),
        (["--structure", "nonsense", "--cif", "x.cif"], "'nonsense' is no identifier"),
        (["--structure", "1ABC", "--cif", "x.cif"], "1ABC could not be fetched from the PDB"),
        (["--structure", "EMPTY", "--cif", "x.cif"], "empty.pdb"),
    ],
)
def test_refused_before_the_model_runs(arguments, words, tmp_path, capsys, monkeypatch):
    (tmp_path / "empty.pdb").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("allo_core.runs.extract.run_model", None)
    places = {"FOLDER": str(tmp_path), "EMPTY": str(tmp_path / "empty.pdb")}
    code, out, err = run("analyse", "AA2AR", *SODIUM, *(places.get(argument, argument) for argument in arguments), capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.pdb"]


def test_a_head_without_attention_still_has_a_scale(tmp_path, capsys):
    """The values of every head of the model can be written."""
    for head in ("0.0", "5.19"):
        cif = tmp_path / "structure_coloured.cif"
        assert run("analyse", "AA2AR", *SODIUM, "--structure", "8FYN", "--head", head, "--cif", cif, capsys=capsys)[0] == 0
        atoms = get_structure(CIFFile.read(cif), model=1, extra_fields=["b_factor"])
        assert np.unique(atoms.b_factor[atoms.b_factor >= 0]).size > 50


def test_what_was_read_otherwise_is_said(tmp_path, capsys):
    text = gzip.decompress(shipped_structure("8FYN").path.read_bytes()).decode()
    own = tmp_path / "twice.cif"
    own.write_text(text + text.replace("data_8FYN", "data_again"))
    code, _, err = run("analyse", "AA2AR", *SODIUM, "--structure", own, "--cif", tmp_path / "structure_coloured.cif", capsys=capsys)
    assert code == 0
    assert "twice.cif has 2 data blocks with atoms; the first one, 8FYN, is used." in err


def test_the_copy_that_is_coloured_can_be_chosen(shared, tmp_path, capsys):
    own = shared / "data/structures/5G53.pdb.gz"
    for chain, options in (("B", ()), ("A", ("--chain", "A"))):
        cif = tmp_path / f"{chain}.cif"
        code, out, _ = run("analyse", "AA2AR", *SODIUM, "--structure", own, *options, "--cif", cif, capsys=capsys)
        assert code == 0
        assert f"5G53.pdb.gz, chain {chain}, " in out
        atoms = get_structure(CIFFile.read(cif), model=1, extra_fields=["b_factor"])
        assert {str(name) for name in atoms.chain_id[atoms.b_factor > 0]} == {chain}
    code, _, err = run("analyse", "AA2AR", *SODIUM, "--chain", "A", capsys=capsys)
    assert code != 0
    assert "--chain needs a structure" in err


def test_the_strongest_pairs_are_in_the_scripts(tmp_path, capsys):
    files = {"--pymol": tmp_path / "a.pml", "--chimerax": tmp_path / "a.cxc"}
    options = [part for item in files.items() for part in item]
    chosen = ("--head", "5.6", "--structure", "8FYN", "--pairs", 5)
    assert run("analyse", "AA2AR", *SODIUM, *chosen, *options, capsys=capsys)[0] == 0
    assert 1 <= files["--pymol"].read_text().count("distance pair_") <= 5
    assert files["--pymol"].read_text().count("distance pair_") == files["--chimerax"].read_text().count("pbond ")
    for wrong, said in (
        ([*options, "--pairs", 51], "--pairs 51 is not a number from 0 to 50."),
        (["--pairs", 5, "--cif", tmp_path / "x.cif"], "drawn by scripts"),
    ):
        code, _, err = run("analyse", "AA2AR", *SODIUM, "--structure", "8FYN", *wrong, capsys=capsys)
        assert code != 0
        assert said in err
