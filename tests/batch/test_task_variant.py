"""The task variant: what it writes is what `compare_variant` gives, and what cannot be compared stands there with its reason."""

import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from allo_core.batch import open_batch
from allo_core.batch.folder import finished_records, writing
from allo_core.batch.tasks import TASKS, read_settings
from allo_core.errors import AlloScopeError, BatchError
from allo_core.export.variants import variant_frame
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.protein.sequence import Protein
from allo_core.protein.variants import read_variant
from allo_core.readouts import letter_preferences as preferences_module
from allo_core.readouts.known import panel
from allo_core.readouts.letter_preferences import letter_preferences
from allo_core.readouts.variant import compare_variant
from tests.batch.made import MODEL, block, fasta, sequence, worker
from tests.terminal.commands import run

WILD = find_receptor("AA2AR").protein.crop(101, 260)  # so that numbers are not places
LETTERS = WILD.sequence
DOUBLE = read_variant("W246A R102A", WILD).protein.sequence
MANY = LETTERS[:30] + "".join("A" if letter != "A" else "G" for letter in LETTERS[30:54]) + "X" + LETTERS[55:]
RECORDS = [
    (1, "double", DOUBLE),
    (2, "cut", LETTERS[:130]),
    (3, "same", LETTERS),
    (4, "short", LETTERS[:90]),
    (5, "lost", LETTERS[:110]),
    (6, "long", sequence(511, 3)),
    (7, "many", MANY),
]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """What heads look at is read from two receptors."""
    monkeypatch.setattr(preferences_module, "panel", lambda: panel()[:2])


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL, device="cpu")


def chosen(wild_type=WILD):
    return TASKS["variant"].choose(MODEL, wild_type=wild_type)


def computed(folder, settings, records):
    """A batch of these records, without Ray."""
    with writing(folder, settings, "a.fasta", len(RECORDS)) as number:
        statuses = worker(folder, settings, number)(block(records)).to_pylist()
    return open_batch(folder), {status["row"]: status["error"] for status in statuses}


def test_changes_are_those_of_compare_variant(model, tmp_path):
    results, errors = computed(tmp_path / "out", chosen(), RECORDS)
    heads, sequences = results.table("heads"), results.sequences.set_index("row")
    letters = letter_preferences(model, WILD)
    assert heads.groupby("row").size().to_dict() == {1: 64, 2: 64, 7: 64}
    for row, name, residues in (RECORDS[0], RECORDS[1], RECORDS[6]):
        expected = compare_variant(model, WILD, Protein(name, residues), letters)
        own, said = heads[heads["row"] == row].reset_index(drop=True), sequences.loc[row]
        frame = variant_frame(expected)
        numbers = ["layer", "head", "change", "change_substituted", "change_near", "change_rest", "lost_share"]
        np.testing.assert_allclose(own[numbers].astype(float), frame[numbers], atol=1e-6)
        assert said["gapped"] == expected.gapped == (row == 2)
        assert said["identity"] == pytest.approx(expected.identity, abs=1e-12)
        assert said["aligned_residues"] == len(expected.shared)
        assert said["median_change"] == pytest.approx(np.nanmedian(expected.change()), abs=1e-6)
        if row == 2:
            assert own["explained_by_letter"].isna().all()
        elif row == 1:
            assert own["explained_by_letter"].tolist() == expected.explained.ravel().tolist()
            assert own["explained_by_letter"].nunique() == 2
    assert sequences.loc[1, "substitutions"] == "R102A W246A"
    assert sequences["n_substitutions"].dropna().tolist() == [2, 0, 25]
    words = sequences.loc[7, "substitutions"].split(" ")
    assert (words[0], words[20:]) == (f"{LETTERS[30]}131{MANY[30]}", ["and", "5", "more"])
    assert sequences.loc[2, "substitutions"] == ""
    # What is not known is null: a head that loses too much, a region without rows, a letter that no receptor has.
    cut = heads[heads["row"] == 2]
    assert cut["change"].isna().tolist() == (cut["lost_share"] > 0.2).tolist()
    assert 0 < cut["change"].isna().sum() < 64
    assert cut["change_substituted"].isna().all()
    assert heads.loc[heads["row"] == 7, "explained_by_letter"].isna().all()
    files = [pq.read_table(file, partitioning=None) for file in (tmp_path / "out").glob("part=*/heads.parquet")]
    assert sum(file["change_near"].null_count for file in files) == 64
    for row, reason in {
        3: "same has the sequence of AA2AR, so there is nothing to compare",
        4: "Only 90 residues of AA2AR and short can be aligned",
        5: r"\d\d% of the attention is on residues that AA2AR and lost do not share",
        6: "residues of AA2AR and long can be aligned",
    }.items():
        assert re.search(reason, errors[row])
        assert sequences.loc[row, "error"] == errors[row]
    medians = sequences["median_change"]
    assert results.summary == (
        f"Median change of the median head from AA2AR: {medians[[1, 7]].median():.4f} bits over 2 sequences of one length without gaps, "
        f"{medians[2]:.4f} bits over 1 sequence with insertions or deletions."
    )
    caution = results.metadata.settings.caution
    assert "nothing here says whether a change is much" in caution
    assert "ranks within this batch" in caution


def test_what_is_too_long_is_told_and_where_no_row_is_far_nothing_is_explained(model, tmp_path):
    wild = Protein("wild", sequence(12, 1))
    variant = read_variant(f"{wild.sequence[6]}7{'A' if wild.sequence[6] != 'A' else 'W'}", wild).protein
    long = Protein("long", LETTERS + find_receptor("AA2AR").protein.sequence)
    results, errors = computed(tmp_path / "near", chosen(wild), [(1, "v", variant.sequence)])
    heads = results.table("heads")
    assert errors == {1: None}
    assert heads["change_rest"].notna().all()  # residue 1 is six away from residue 7
    assert heads["explained_by_letter"].notna().all()
    results, _ = computed(tmp_path / "nearer", chosen(wild.crop(2, 12)), [(1, "v", variant.sequence[1:])])
    heads = results.table("heads")
    assert heads["change_near"].notna().all()
    assert heads["change_rest"].isna().all()
    assert heads["explained_by_letter"].isna().all()
    _, errors = computed(tmp_path / "long", chosen(), [(1, "long", long.sequence)])
    assert errors[1].startswith("long has 572 residues, AntiBERTy reads at most 510")


def test_a_batch_goes_on_with_the_same_wild_type_alone(tmp_path):
    folder, settings = tmp_path / "out", chosen()
    computed(folder, settings, RECORDS[:1])
    computed(folder, settings, [RECORDS[1], RECORDS[2]])
    with writing(folder, settings, "a.fasta", 7):
        assert sorted(finished_records(folder, settings)) == [1, 2]  # what failed is tried again
    assert read_settings(json.loads((folder / "metadata.json").read_text())["settings"]) == settings
    for other, difference in (
        (Protein("B", LETTERS, WILD.first), "--wild-type AA2AR, not B"),
        (Protein(WILD.name, LETTERS[:-1], WILD.first), r"sha256 of the wild type \w{64}, not \w{64}"),
        (Protein(WILD.name, LETTERS), "number of the wild type's first residue 101, not 1"),
    ):
        with (
            pytest.raises(BatchError, match=f"holds results with {difference}; name another folder"),
            writing(folder, chosen(other), "a.fasta", 7),
        ):
            pass
        assert read_settings(chosen(other).to_json()) == chosen(other)


def test_a_wild_type_in_metadata_that_is_no_protein(tmp_path):
    folder = tmp_path / "out"
    with writing(folder, chosen(), "a.fasta", 0):
        pass
    file = folder / "metadata.json"
    file.write_text(file.read_text().replace(LETTERS, "MK7"))
    with pytest.raises(BatchError, match=r"metadata\.json is not that of a batch of this version"):
        open_batch(folder)


def test_two_passes_a_record_and_a_wild_type_that_cannot_be_read():
    assert chosen().passes(300) == 2
    with pytest.raises(AlloScopeError, match="long has 511 residues, AntiBERTy reads at most 510"):
        chosen(Protein("long", sequence(511, 3)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "variant"), "--task variant has no wild type; give one with --wild-type"),
        (("--task", "variant", "--wild-type", "missing.fasta"), "missing.fasta: no such file."),
        (("--task", "variant", "--wild-type", "AA2AQ"), "'AA2AQ'"),
        (
            ("--task", "variant", "--wild-type", "AA2AR", "--wild-type-record", "2"),
            "--record is for FASTA files; AA2AR is a library receptor.",
        ),
        (("--task", "variant", "--wild-type-record", "2"), "--wild-type-record belongs to --wild-type; give that too, or leave it out."),
        (("--wild-type", "AA2AR"), "--wild-type belongs to --task variant, not to scores; leave it out."),
        (("--task", "contacts", "--wild-type", "no.fasta"), "--wild-type belongs to --task variant, not to contacts; leave it out."),
    ],
)
def test_a_wild_type_that_is_missing_unreadable_or_not_asked_for(tmp_path, capsys, arguments, message):
    path = fasta(tmp_path / "a.fasta", [("a", "MKT")])
    code, out, err = run("batch", path, "--out", tmp_path / "out", "--model", MODEL, *arguments, capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "out").exists()


def test_from_fasta_to_results_with_ray(ray, tmp_path, capsys):
    wild = fasta(tmp_path / "wild.fasta", [("other", sequence(30, 1)), ("wild", LETTERS)])
    path, folder = fasta(tmp_path / "a.fasta", [("a", DOUBLE), ("empty", ""), ("b", LETTERS), ("c", LETTERS[:150])]), tmp_path / "out"
    options = ("--model", MODEL, "--workers", "1", "--device", "cpu", "--task", "variant", "--wild-type", wild, "--wild-type-record")
    code, out, err = run("batch", path, "--out", folder, *options, "wild", capsys=capsys)
    assert code == 0, err
    assert f"Done: 4 sequences in {folder}, 2 failed\n" in out
    assert "Median change of the median head from wild" in out
    assert "record 3 (b) failed: b has the sequence of wild" in err
    assert "nothing here says whether a change is much" in err
    results = open_batch(folder)
    assert results.complete
    assert results.sequences["substitutions"].tolist()[0] == "R2A W146A"
    assert len(results.table("heads")) == 2 * 64
    code, out, err = run("batch", path, "--out", folder, *options, "1", capsys=capsys)
    assert (code, out) == (2, "")
    assert "holds results with --wild-type wild, not other; name another folder with --out." in err
