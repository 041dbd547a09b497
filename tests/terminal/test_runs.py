"""python -m allo_core runs"""

import json
import re

import pytest

from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs.column_store import columns_folder, kept_columns
from allo_core.runs.extract_columns import extract_columns
from allo_core.runs.store import delete_run, find_probabilities, list_runs, runs_folder
from tests.terminal.commands import run


@pytest.fixture
def kept(tmp_path, capsys):
    """Three kept runs by the first residue of their sequence; one has a name that would clear the screen."""
    keys = {}
    for name, first in (("short", "M"), ("longer\x1b[2J", "A"), ("third", "G")):
        fasta = tmp_path / "one.fasta"
        fasta.write_text(f">{name}\n{first}PIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
        assert run("analyse", fasta, "--sites", "5-9", capsys=capsys)[0] == 0
        (new,) = [entry for entry in list_runs() if entry.key not in keys.values()]
        keys[first] = new.key
        delete_run(find_probabilities(new.meta, masked=False).meta.key)  # so that a run is one folder
    return keys


def test_probabilities_that_a_run_left_count_with_it_and_masked_ones_are_a_run(tmp_path, capsys):
    fasta = tmp_path / "one.fasta"
    fasta.write_text(">one\nMPIMGSSVYITVELAIAV\n")
    assert run("analyse", fasta, "--sites", "5-9", capsys=capsys)[0] == 0
    assert run("probabilities", fasta, capsys=capsys)[0] == 0
    _, out, _ = run("runs", capsys=capsys)
    attention, masked = (next(entry for entry in list_runs() if entry.meta.kind == kind) for kind in ("attention", "probabilities"))
    lines = out.splitlines()
    assert lines[-1].startswith("2 runs, ")
    assert {line.split()[0]: "masked probabilities" in line for line in lines[1:3]} == {
        attention.key[:12]: False,
        masked.key[:12]: True,
    }
    files = sum(file.stat().st_size for file in runs_folder().rglob("*") if file.is_file())
    assert attention.bytes + masked.bytes == files
    assert len(list(runs_folder().iterdir())) == 3
    assert run("runs", "--delete", attention.key[:12], capsys=capsys) == (0, "1 run deleted\n", "")
    assert [item.name for item in runs_folder().iterdir()] == [masked.key]


def damage(key):
    (runs_folder() / key / "meta.json").write_text("{")


def of_another_version(key):
    path = runs_folder() / key / "meta.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"meta": said["meta"] | {"format": 2, "more": 1}, "alloscope": "9.0\x1b[2J"}))


def test_none(capsys):
    code, out, _ = run("runs", capsys=capsys)
    assert (code, out) == (0, f"0 runs, 0.0 MB, in {runs_folder()}\n")


def test_listed_with_what_a_person_needs_to_choose(kept, capsys):
    damage(kept["G"])
    code, out, err = run("runs", capsys=capsys)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["key", "protein", "residues", "model", "MB", "device", "holds", "made", "(UTC)"]
    rows = {line.split()[0]: line for line in lines[1:]}
    entries = {entry.key: entry for entry in list_runs()}
    for first, name in (("M", "short"), ("A", "longer[2J")):
        entry = entries[kept[first]]
        made = entry.meta.created[:19].split("T")
        wanted = [name, "34", DEFAULT_MODEL, f"{entry.bytes / 1e6:.1f}", "cpu,", "float32", "attention", *made]
        assert rows[kept[first][:12]].split()[1:] == wanted
    assert rows[kept["G"][:12]].endswith("cannot be read")
    assert lines[-1].startswith("2 runs, ")
    assert "\x1b" not in out


def test_deleted_by_the_beginning_of_the_key(kept, capsys):
    damage(kept["G"])
    code, out, err = run("runs", "--delete", kept["M"][:12].upper(), kept["G"], kept["M"], capsys=capsys)
    assert (code, out, err) == (0, "2 runs deleted\n", "")
    assert [item.name for item in runs_folder().iterdir()] == [kept["A"]]


def test_a_run_of_another_version_is_listed_as_such_and_deleted_by_its_name(kept, capsys):
    of_another_version(kept["G"])
    damage(kept["A"])
    _, out, _ = run("runs", capsys=capsys)
    (line,) = [line for line in out.splitlines() if line.startswith(kept["G"][:12])]
    assert re.search(r"made by another version of AlloScope \(written in format 2, this version reads 1\), [0-9.]+ MB; run again, or", line)
    assert out.count("cannot be read") == 1
    assert out.splitlines()[-1].startswith("1 run, ")
    assert run("runs", "--delete", kept["G"][:8], capsys=capsys) == (0, "1 run, 1 of another version, deleted\n", "")
    assert {item.name for item in runs_folder().iterdir()} == {kept["M"], kept["A"]}


def test_all_deletes_runs_of_another_version_and_says_so(kept, capsys):
    of_another_version(kept["G"])
    assert run("runs", "--delete", "--all", capsys=capsys) == (0, "3 runs, 1 of another version, deleted\n", "")
    assert list(runs_folder().iterdir()) == []


def test_what_is_kept_of_sets_is_listed_and_deleted(kept, capsys):
    extract_columns(load_model(DEFAULT_MODEL, device="cpu"), Protein("short", "PIMGSSVYITVELAIAVLAILGNVLVCWAVWLN"), (0.3,))
    _, out, _ = run("runs", capsys=capsys)
    assert re.search(rf"^1 receptor of sets, [0-9.]+ MB, in {re.escape(str(columns_folder()))}$", out, re.M)
    assert kept_columns()[0] == 1
    run("runs", "--delete", kept["M"], capsys=capsys)
    assert kept_columns()[0] == 1
    assert run("runs", "--delete", "--all", capsys=capsys) == (0, "2 runs and 1 receptor of sets deleted\n", "")
    assert kept_columns() == (0, 0)


def test_all_deleted(kept, capsys):
    damage(kept["A"])
    assert run("runs", "--delete", "--all", capsys=capsys) == (0, "3 runs deleted\n", "")
    assert list(runs_folder().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--delete"], "Name the runs to delete by the beginning of their keys"),
        (["--all"], "Name the runs to delete"),
        (["--delete", "KEPT", "--all"], "or give --all alone"),
        (["--delete", ""], "'' is too short to name a run; give at least 4 characters of its key."),
        (["--delete", "KEPT", "../.."], "No kept run has a key that begins with '../..'"),
        (["--delete", "KEPT", "ffff\x1b[2J" * 20], "No kept run has a key that begins with 'ffff?[2J"),
        (["--delete", "KEPT", "nothing like a key"], "No kept run has a key that begins with 'nothing like a key'"),
    ],
)
def test_bad_names_delete_nothing(arguments, words, kept, capsys):
    given = [kept["M"] if argument == "KEPT" else argument for argument in arguments]
    code, out, err = run("runs", *given, capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert len(list_runs()) == 3


def test_a_beginning_of_several_keys(kept, capsys, monkeypatch):
    entries = list_runs()
    alike = [f"abcd{number}".ljust(64, "0") for number in range(3)]
    renamed = [type(entry)(key, entry.meta, entry.bytes, entry.folder) for entry, key in zip(entries, alike, strict=True)]
    deleted = []
    monkeypatch.setattr("allo_core.terminal.runs.list_runs", lambda: renamed)
    monkeypatch.setattr("allo_core.terminal.runs.damaged_runs", list)
    monkeypatch.setattr("allo_core.terminal.runs.delete_run", deleted.append)
    code, _, err = run("runs", "--delete", "abcd", capsys=capsys)
    assert (code, deleted) == (2, [])
    assert "3 kept runs have keys that begin with 'abcd'; give more of the key." in err
    assert run("runs", "--delete", "abcd1", capsys=capsys)[0] == 0
    assert deleted == [alike[1]]
