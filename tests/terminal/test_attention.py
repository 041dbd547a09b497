"""python -m allo_core attention."""

import json
import re
import shutil

import numpy as np
import pytest
from scipy.sparse import load_npz

from allo_core.export import attention as export
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.runs.extract import find_kept_run
from tests.terminal.commands import run

SHORT, OTHER = "MPIMGSSVYITVELAIAVLA", "MKTVRQERLKSIVRILERSKE"


def test_a_receptor_in_one_step_with_its_size_first(tmp_path, capsys):
    out = tmp_path / "a2a"
    code, said, _ = run("attention", "AA2AR", "--out", out, "--layers", "3,4", capsys=capsys)
    assert code == 0
    assert said.startswith("1 protein, 2 layers of 20 heads: 13.6 MB\nAA2AR, 412 residues: 13.6 MB\n")
    maps = find_kept_run(DEFAULT_MODEL, find_receptor("AA2AR").protein)
    for layer in (3, 4):
        array = np.load(out / f"layer_{layer:02d}.npy", allow_pickle=False)
        np.testing.assert_array_equal(array[7].astype(np.float32), maps[layer, 7])
    assert sorted(path.name for path in out.iterdir()) == ["README.txt", "attention.json", "layer_03.npy", "layer_04.npy"]
    assert [path.name for path in tmp_path.iterdir()] == ["a2a"]
    code, said, err = run("attention", "AA2AR", "--out", out, capsys=capsys)
    assert (code, said) == (2, "")
    assert err == f"alloscope: {out} is there already; name a new folder.\n"


def test_a_folder_for_each_protein_of_a_file(tmp_path, capsys):
    fasta, out = tmp_path / "a.fasta", tmp_path / "all"
    fasta.write_text(f">sp|one/x\n{SHORT}\n>empty\n>two\n{OTHER}\n")
    code, said, err = run("attention", fasta, "--out", out, "--sparse", "--model", "antiberty", capsys=capsys)
    assert code == 0
    assert "record 2 (empty) is left out: The record 'empty' has no sequence." in err
    assert said.startswith("2 proteins, 8 layers of 8 heads: at most ")
    assert sorted(path.name for path in out.iterdir()) == ["1_sp_one_x", "3_two"]
    for folder, sequence in (("1_sp_one_x", SHORT), ("3_two", OTHER)):
        assert json.loads((out / folder / "attention.json").read_text())["run"]["sequence"] == sequence
        arcs = [load_npz(out / folder / f"arcs_{layer:02d}.npz") for layer in range(8)]
        assert {one.shape for one in arcs} == {(8 * len(sequence), len(sequence))}
        assert f"{len(sequence)} residues: " in said
        assert f"{sum(one.nnz for one in arcs):,} arcs above 0.01" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fasta", "all"]


def test_one_record_and_both_forms(tmp_path, capsys):
    fasta, out = tmp_path / "a.fasta", tmp_path / "two"
    fasta.write_text(f">one\n{SHORT}\n>two\n{OTHER}\n")
    options = ("--record", "two", "--sparse", "--dtype", "float32", "--model", "antiberty", "--layers", "0")
    code, *_ = run("attention", fasta, "--out", out, *options, capsys=capsys)
    assert code == 0
    dense, arcs = np.load(out / "layer_00.npy", allow_pickle=False), load_npz(out / "arcs_00.npz").toarray().reshape(8, 21, 21)
    np.testing.assert_array_equal(dense[arcs > 0], arcs[arcs > 0])
    assert dense[arcs == 0].max() <= 0.01 * (1 + 2**-10)


def test_too_little_room_is_refused_before_the_model_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1_000_000))
    monkeypatch.setattr("allo_core.runs.extract.run_model", None)
    code, said, err = run("attention", "AA2AR", "--out", tmp_path / "out", capsys=capsys)
    assert code == 2
    assert said == "1 protein, 6 layers of 20 heads: 40.7 MB\n"
    assert re.fullmatch(r"alloscope: \S+out needs 40\.7 MB, 1\.0 MB are free; make room, name another disk, or fewer layers\.\n", err)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--layers", "6"), "has no layer 6; it has 0 to 5"),
        (("--layers", "first"), "no list of layers; write 3,4"),
        (("--dtype", "bfloat16"), "argument --dtype: invalid choice: 'bfloat16'"),
        (("--model-dtype", "int8"), "The precision 'int8' is unknown"),
        (("--model", "esm9"), "esm9"),
        (("--out", "no/folder/x"), "its folder cannot be used"),
    ],
)
def test_bad_options(tmp_path, capsys, monkeypatch, more, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = run("attention", "AA2AR", "--out", "out", *more, capsys=capsys)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_file_in_which_nothing_can_be_read(tmp_path, capsys):
    fasta = tmp_path / "a.fasta"
    fasta.write_text(f">one\n{'A' * 511}\n>two\n\n")
    code, said, err = run("attention", fasta, "--out", tmp_path / "out", "--model", "antiberty", capsys=capsys)
    assert (code, said) == (2, "")
    assert "can read none of the 2 records" in err
