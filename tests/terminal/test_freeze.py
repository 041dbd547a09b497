"""python -m allo_core freeze, and analyse --frozen: the same question, and the same numbers as the page."""

import io
import json

import pandas as pd
import pytest

from allo_core.analysis.frozen import sha256_of
from allo_core.analysis.subject import Subject
from allo_core.export import scores_csv
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.runs.extract import find_kept_run
from allo_core.runs.store import list_runs
from allo_core.ui.explore.results import result_of
from allo_core.ui.explore.view import View
from tests.terminal.commands import run

SITES_B = "R102 L110 K227 A231 L235"


def frozen_file(tmp_path, capsys, *options, name="q.json"):
    file = tmp_path / name
    code, _, err = run("freeze", "AA2AR", "--sites", "sodium pocket", *options, "-o", file, capsys=capsys)
    assert (code, err) == (0, "")
    return file


def with_values(file, **changes):
    """The same file with other values and a sha256 that fits them."""
    values = json.loads(file.read_text()) | changes
    file.write_text(json.dumps(values | {"sha256": sha256_of(values)}))
    return file


def test_the_command_answers_as_the_page_does(tmp_path, capsys):
    receptor = find_receptor("AA2AR")
    b = tuple(receptor.protein.index(int(label[1:])) for label in SITES_B.split())
    pocket = Subject.of(receptor.protein).sites["sodium pocket"]
    for measure, threshold, null in (("A", 0.3, "matched"), ("BA", 0.05, "uniform"), ("B", 0.0, "matched"), ("A", 0.1, "published")):
        options = ("--sites-b", SITES_B, "--measure", measure, "--threshold", threshold, "--null", null)
        file = frozen_file(tmp_path, capsys, *options, name=f"{measure}{threshold}.json")
        table, record = tmp_path / "out.csv", tmp_path / "run.json"
        code, out, _ = run("analyse", "--frozen", file, "--csv", table, "--json", record, "--device", "cpu", capsys=capsys)
        assert code == 0
        assert "unchanged since (sha256 " in out
        assert "By the rule of the file (q < 0.05, global p up to 0.05): " in out
        view = View("AA2AR", sites=pocket, sites_b=b, measure=measure, threshold=threshold, null=null)
        maps = find_kept_run(DEFAULT_MODEL, receptor.protein)
        on_page = result_of(view, receptor.protein, maps).answer
        assert table.read_text() == scores_csv(on_page)
        # And as the command that asks the same in words.
        direct = tmp_path / "direct.csv"
        run("analyse", "AA2AR", "--sites", "sodium pocket", *options, "--csv", direct, capsys=capsys)
        assert direct.read_text() == table.read_text()
        data = json.loads(record.read_text())
        assert data["places"].get("global_p") == getattr(on_page.pockets, "global_p", None)
        assert data["frozen_analysis"]["unchanged"] is True
        assert data["frozen_analysis"]["sha256"] == json.loads(file.read_text())["sha256"]


def test_a_model_and_a_precision_of_the_file(tmp_path, capsys):
    file = frozen_file(tmp_path, capsys, "--model", "antiberty", "--dtype", "bfloat16", "--draws", "400", "--threshold", "0.1")
    table = tmp_path / "out.csv"
    code, out, _ = run("analyse", "--frozen", file, "--csv", table, capsys=capsys)
    assert code == 0
    assert out.startswith("AA2AR, 16 residues, AntiBERTy, threshold 0.1, pocket null\n")
    (kept,) = list_runs()
    assert (kept.meta.model_id, kept.meta.dtype) == ("antiberty", "bfloat16")
    frame = pd.read_csv(io.StringIO(table.read_text()))
    assert set(frame["model"]) == {"antiberty"}
    assert frame["p_value"].min() >= 1 / 411  # 400 pockets and 10 more, of which some are the same


def test_whether_the_question_was_fixed_before_the_model_ran(tmp_path, capsys):
    file = tmp_path / "first.json"
    _, out, _ = run("freeze", "AA2AR", "--sites", "D52 S91 N280", "-o", file, capsys=capsys)
    assert "No run of this model on this sequence that is kept here is older than the file." in out
    for _ in range(2):  # the run that the command makes itself is younger
        _, out, _ = run("analyse", "--frozen", file, capsys=capsys)
        assert "is older than the file." in out
        assert "not fixed" not in out
    _, out, _ = run("freeze", "AA2AR", "--sites", "D52 S91 N280", "-o", tmp_path / "second.json", capsys=capsys)
    assert "the question was not fixed before the model ran." in out
    late = with_values(file, frozen="2999-01-01T00:00:00+00:00")
    code, out, _ = run("analyse", "--frozen", late, capsys=capsys)
    assert code == 0  # said, not refused
    assert "A run on this machine is older than the file" in out


def test_other_weights_are_said(tmp_path, capsys):
    file = with_values(frozen_file(tmp_path, capsys), weights_sha256="0" * 64)
    code, _, err = run("analyse", "--frozen", file, capsys=capsys)
    assert code == 0
    assert "The weights are other ones than the file names (sha256 " in err


def test_what_is_refused(tmp_path, capsys, monkeypatch):
    def too_late(*_):
        raise AssertionError("the model was asked for before the input was refused")

    file = frozen_file(tmp_path, capsys)
    monkeypatch.setattr("allo_core.runs.extract.run_model", too_late)
    changed, large, folder = tmp_path / "changed.json", tmp_path / "large.json", tmp_path
    changed.write_text(file.read_text().replace('"threshold": 0.3', '"threshold": 0.1'))
    large.write_text(" " * 1_000_001)
    for arguments, words in (
        (["--frozen", changed], "was changed after it was frozen"),
        (["--frozen", tmp_path / "none.json"], "cannot be read (No such file or directory)"),
        (["--frozen", folder], "cannot be read"),
        (["--frozen", large], "1,000,001 bytes are more than a frozen analysis has"),
        (["ADRB2", "--frozen", file], "asks about AA2AR (412 residues from 1); ADRB2 is another sequence (413 residues from 1)."),
        (["AA2AR", "--domain", "--frozen", file], "AA2AR is another sequence"),
        (["--frozen", file, "--threshold", "0.3"], "--threshold does not go with --frozen: the file fixes the question."),
        (["--frozen", file, "--sites-b", "D52"], "--sites-b does not go with --frozen"),
        (["--frozen", file, "--dtype", "float32"], "--dtype does not go with --frozen"),
        ([], "name a receptor or a FASTA file, and residues with --sites"),
    ):
        code, out, err = run("analyse", *arguments, capsys=capsys)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err
    before = file.read_text()
    for arguments, words in (
        (["AA2AR", "--sites", "D52", "-o", file], "exists, and what was frozen is never replaced"),
        (["AA2AR", "--sites", "D52", "-o", folder], "a folder, not a file"),
        (["AA2AR", "--sites", "D52", "-o", "/no/such/folder/x"], "the folder does not exist"),
        (["AA2AR", "--sites", "D52"], "-o/--out"),
        (["AA2AR", "-o", tmp_path / "x"], "residues with --sites"),
        (["AA2AR", "--sites", "D52", "--null", "moon", "-o", tmp_path / "x"], "moon"),
        (["AA2AR", "--sites", "D52", "--model", "gpt", "-o", tmp_path / "x"], "gpt"),
        (["AA2AR", "--sites", "D52", "--dtype", "int4", "-o", tmp_path / "x"], "int4"),
        (["AA2AR", "--sites", "D52", "--threshold", "nan", "-o", tmp_path / "x"], "nan"),
    ):
        code, out, err = run("freeze", *arguments, capsys=capsys)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err
    assert file.read_text() == before
    assert not (tmp_path / "x").exists()


def test_the_target_may_be_named_again(tmp_path, capsys):
    file = frozen_file(tmp_path, capsys)
    with_target = run("analyse", "AA2AR", "--frozen", file, capsys=capsys)
    assert with_target == run("analyse", "--frozen", file, capsys=capsys)
    assert with_target[0] == 0


@pytest.mark.parametrize("name", ["\x1b[31mred", "a" * 5000])
def test_a_hostile_name_is_printed_as_text(tmp_path, capsys, name):
    fasta, file = tmp_path / "evil.fasta", tmp_path / "q.json"
    fasta.write_text(f">{name}\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
    assert run("freeze", fasta, "--sites", "5-9", "-o", file, capsys=capsys)[0] == 0
    code, out, err = run("analyse", "--frozen", file, capsys=capsys)
    assert code == 0
    assert "\x1b" not in out + err
