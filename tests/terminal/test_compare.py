"""python -m allo_core compare"""

import csv
import io
import json

import pandas as pd
import pytest

from allo_core.errors import ScoreError
from allo_core.family.members import positions_set
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from tests.terminal.commands import run

THREE = ("--positions", "sodium pocket", "--receptors", "AA2AR,ADRB2, oprd_human", "--draws", "2000")
HEADS = get_spec(DEFAULT_MODEL).layers * get_spec(DEFAULT_MODEL).heads


def test_tables_profile_and_record(tmp_path, capsys):
    files = {name: tmp_path / f"{name}.csv" for name in ("csv", "matrix", "members", "profile")} | {"json": tmp_path / "record.json"}
    options = [word for name, path in files.items() for word in (f"--{name}", path)]
    code, out, err = run("compare", *THREE, "--head", "2.3", *options, capsys=capsys)
    assert code == 0
    heading, verdict, *table = out.splitlines()
    assert heading == "sodium-pocket positions of class A, 3 receptors, AlloScope GPCR 8M, threshold 0.3"
    assert f"of {HEADS} heads look" in verdict
    assert "over 3 receptors in 3 clusters of homologues (q < 0.05); random matched positions: median" in verdict
    assert len(table) == 11
    assert "trained on GPCRs alone" in err

    frame = pd.read_csv(files["csv"])
    assert len(frame) == HEADS
    assert set(frame["asked"]) == {"sodium-pocket positions of class A"}
    tested = frame["q_places"].notna()
    assert tested.sum() > HEADS / 2
    assert f"{(frame['q_places'] < 0.05).sum()} of {tested.sum()} heads look" in verdict
    matrix = pd.read_csv(files["matrix"])
    assert len(matrix) == 3 * HEADS
    weighted = matrix.assign(part=matrix["snr"] * matrix["weight"]).groupby(["layer", "head"], sort=False)["part"].sum(min_count=3)
    known = frame["mean_snr"].notna().to_numpy() & weighted.notna().to_numpy()
    assert known.sum() > HEADS / 2
    assert frame["mean_snr"][known].to_numpy() == pytest.approx(weighted.to_numpy()[known])
    assert (
        frame["receptors_passing"] == (matrix["q_value_alone"] < 0.05).groupby([matrix["layer"], matrix["head"]]).sum().to_numpy()
    ).all()

    profile = pd.read_csv(files["profile"])
    assert set(zip(profile["layer"], profile["head"], strict=True)) == {(2, 3)}
    assert profile.loc[profile["asked"] > 0, "position"].tolist() == sorted(
        positions_set("sodium pocket").positions, key=lambda text: [int(part) for part in text.split("x")]
    )
    assert [row["receptor"] for row in csv.DictReader(io.StringIO(files["members"].read_text()))] == ["AA2AR", "ADRB2", "OPRD"]
    record = json.loads(files["json"].read_text())
    assert record["model"]["model_id"] == DEFAULT_MODEL
    assert [member["name"] for member in record["members"]] == ["AA2AR", "ADRB2", "OPRD"]
    assert record["members"][0]["sites"][5] == "D52 2.50 2x50"
    assert sum(member["weight"] for member in record["members"]) == pytest.approx(1)
    assert (record["threshold"], record["draws"], record["passing_shuffled"]) == (0.3, 2000, None)


def test_a_table_with_bad_rows_and_the_shuffled_control(tmp_path, capsys):
    table, record = tmp_path / "set.csv", tmp_path / "record.json"
    table.write_text("receptor,residues\nAA2AR,D52 S91 N280\nNOSUCH,D52\nOPRD,D95 N131 S135\nGLP1R,R176\x1b[2J\n")
    code, out, err = run(
        "compare", "--table", table, "--shuffled", "--draws", "500", "--threshold", "0.07", "--json", record, capsys=capsys
    )
    assert code == 0
    assert out.startswith("residues of set.csv, 2 receptors")
    assert "; shuffled sequences: " in out
    assert "left out: row 3 (NOSUCH): 'NOSUCH' is not among the 402 receptors" in err
    assert "left out: row 5 (GLP1R): " in err
    assert "\x1b" not in err
    data = json.loads(record.read_text())
    assert isinstance(data["passing_shuffled"], int)
    assert [row["where"] for row in data["refused"]] == ["row 3 (NOSUCH)", "row 5 (GLP1R)"]
    assert data["threshold"] == 0.07


def test_the_profile_of_several_classes_is_that_of_the_commonest(tmp_path, capsys):
    files = [tmp_path / "profile.csv", tmp_path / "record.json"]
    library = ("--library", "allosteric", "--evidence", "ligand contacts", "--draws", "500")
    code, out, err = run("compare", *library, "--profile", files[0], "--json", files[1], capsys=capsys)
    assert code == 0
    assert "heads look" in out
    assert "the profile is of class A alone, 4 of 6 receptors" in err
    assert pd.read_csv(files[0])["receptors"].max() == 4
    assert len(json.loads(files[1].read_text())["members"]) == 6


def test_a_profile_without_numbers_is_refused_before_anything_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("allo_core.family.runs.run_set", None)
    table = tmp_path / "set.csv"
    table.write_text(f"sequence,residues\n{'MKTAYIAKQR' * 8},5\n")
    code, out, err = run("compare", "--table", table, "--profile", tmp_path / "profile.csv", capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "No receptor of residues of set.csv has generic numbers, which --profile needs; leave it out" in err


def test_a_head_without_attention_spoils_its_profile_alone(tmp_path, capsys, monkeypatch):
    def refuse(*arguments):
        raise ScoreError("No receptor of this set has generic numbers and attention above the threshold; choose a lower threshold.")

    monkeypatch.setattr("allo_core.family.profile.family_profile", refuse)
    record = tmp_path / "record.json"
    code, out, err = run("compare", *THREE, "--profile", tmp_path / "profile.csv", "--json", record, capsys=capsys)
    assert code == 2
    assert "heads look" in out
    assert "choose a lower threshold" in err
    assert len(json.loads(record.read_text())["members"]) == 3


def test_many_left_out_are_counted(capsys):
    code, _, err = run("compare", "--positions", "2x50", "--receptors", "AA2AR," + ",".join(f"X{k}" for k in range(12)), capsys=capsys)
    assert code == 0
    assert err.count("left out: X") == 10
    assert "left out: 2 more; --members writes all of them" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "one of the arguments --positions --library --table is required"),
        (("--positions", "2x50", "--library", "allosteric"), "not allowed with argument"),
        (("--positions", "2.46"), "write the GPCRdb number"),
        (("--positions", "sodium pocket", "--class", "B"), "The sodium pocket is that of class A"),
        (("--library", "nonsense"), "no nonsense sites; its kinds are"),
        (("--library", "allosteric", "--evidence", "hearsay"), "no allosteric sites from hearsay"),
        (("--library", "allosteric", "--class", "A"), "--class belongs to --positions"),
        (("--library", "allosteric", "--require", "D2.50"), "--require belongs to --positions"),
        (("--positions", "2x50", "--evidence", "neighbourhood"), "--evidence belongs to --library"),
        (("--positions", "2x50", "--head", "2.3"), "--head belongs to --profile"),
        (("--positions", "2x50", "--head", "9.3", "--profile", "x.csv"), "has no head 9.3"),
        (("--positions", "2x50", "--require", "D"), "'D' is not a residue at a position"),
        (("--table", "missing.csv"), "missing.csv: cannot be read (No such file or directory)"),
        (("--table", "/tmp"), "/tmp: cannot be read (Is a directory)"),
        (("--positions", "2x50", "--threshold", "2"), "The threshold 2 is not possible"),
        (("--positions", "2x50", "--draws", "0"), "0 random draws give no p value"),
        (("--positions", "2x50", "--csv", "/no/such/x.csv"), "the folder does not exist"),
        (("--positions", "2x50", "--model", "esm3"), "Unknown model 'esm3'"),
        (("--positions", "2x50", "--dtype", "float8"), "float8"),
    ],
)
def test_refused_before_anything_runs(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("allo_core.family.runs.run_set", None)
    code, out, err = run("compare", *arguments, capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_no_utf8(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("allo_core.family.runs.run_set", None)
    table = tmp_path / "set.csv"
    for content in (b"\xff\xfe\x00binary", "name,receptor,residues\né,AA2AR,D52\n".encode("cp1252")):
        table.write_bytes(content)
        code, out, err = run("compare", "--table", table, capsys=capsys)
        assert (code, out, err) == (2, "", f"alloscope: {table} is not UTF-8 text; save it as 'CSV UTF-8'.\n")
