"""The tasks beside scores: what a batch writes is what the public functions give, and a batch of each goes on, refuses and sums up."""

import json
import re
import shutil

import numpy as np
import pytest

from allo_core.batch import open_batch
from allo_core.batch.folder import finished_records, writing
from allo_core.batch.layout import array_file
from allo_core.batch.run import run_batch
from allo_core.batch.summary import summarise
from allo_core.batch.tasks import TASKS, read_settings
from allo_core.errors import AlloScopeError, BatchError
from allo_core.library.receptors import find_receptor
from allo_core.models.embeddings import embed
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import pseudo_perplexity, residue_probabilities
from allo_core.protein.sequence import Protein
from allo_core.readouts import contact_heads, letter_preferences
from allo_core.readouts.contacts import predict_contacts
from allo_core.readouts.known import panel
from allo_core.storage.plain_json import OtherVersion
from tests.batch.made import MODEL, block, fasta, sequence, worker
from tests.terminal.commands import run

A2A = find_receptor("AA2AR").protein.sequence
RECORDS = [(1, "a", sequence(20, 1)), (2, "b", "MKX" + sequence(20, 1)[3:]), (3, "long", sequence(511, 3))]
WILD = Protein("wild", sequence(20, 1)[:-1] + "W")
CHOICES = [
    ("embeddings", {"layers": "0,3,-1"}),
    ("embeddings", {"layers": "-1", "per_residue": True}),
    ("probabilities", {}),
    ("probabilities", {"masked": True}),
    ("contacts", {"pairs": 1.5}),
    ("variant", {"wild_type": WILD}),
    ("heads", {"positions": "2x50"}),
]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Heads that see contacts are chosen on two receptors, and what heads look at is read from them."""
    for module in (contact_heads, letter_preferences):
        monkeypatch.setattr(module, "panel", lambda: panel()[:2])


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL, device="cpu")


def chosen(task: str, **options):
    return TASKS[task].choose(MODEL, **options)


def computed(folder, settings, records=RECORDS, total=3):
    """A batch of these records, without Ray."""
    with writing(folder, settings, "a.fasta", total) as number:
        statuses = worker(folder, settings, number)(block(records)).to_pylist()
    return open_batch(folder), statuses


def test_mean_vectors_and_states_are_those_of_embed(model, tmp_path):
    results, statuses = computed(tmp_path / "out", chosen("embeddings", layers="0,3,-1", per_residue=True))
    assert [status["error"] is None for status in statuses] == [True, True, False]
    vectors = results.table("vectors")
    assert vectors["state"].tolist() == [0, 3, 8] * 2
    for row, name, letters in RECORDS[:2]:
        expected = embed(model, Protein(name, letters), (0, 3, -1))
        states = results.array(row)
        assert (states.dtype, states.shape) == (np.float32, (3, len(letters), 512))
        for at, state in enumerate((0, 3, 8)):
            vector = vectors.loc[(vectors["row"] == row) & (vectors["state"] == state), "vector"].item()
            np.testing.assert_allclose(vector, expected.mean(state), atol=1e-6)
            np.testing.assert_allclose(states[at], expected.state(state), atol=1e-6)
    assert results.summary == "Mean vectors of 512 numbers, states 0, 3, 8, of 2 sequences."
    with pytest.raises(BatchError, match=r"Record 3 \(long\) was not computed"):
        results.array(3)


def test_without_residues_there_are_no_arrays(tmp_path):
    results, _ = computed(tmp_path / "out", chosen("embeddings"))
    assert not list(tmp_path.rglob("*.npy"))
    with pytest.raises(BatchError, match="has no arrays; they are kept with --task embeddings --per-residue"):
        results.array(1)
    with pytest.raises(BatchError, match="has no table 'scores'; beside sequences it has vectors"):
        results.table("scores")


@pytest.mark.parametrize("masked", [False, True])
def test_probabilities_are_those_of_the_public_functions(model, tmp_path, masked):
    strange = (4, "strange", "XXBZ")
    results, statuses = computed(tmp_path / "out", chosen("probabilities", masked=masked), [*RECORDS, strange], 4)
    frame, sequences = results.table("residues"), results.sequences.set_index("row")
    for row, name, letters in (*RECORDS[:2], strange):
        protein = Protein(name, letters)
        expected, own = residue_probabilities(model, protein, masked), frame[frame["row"] == row]
        assert own["number"].tolist() == list(range(1, len(letters) + 1))
        assert "".join(own["residue"]) == letters
        assert "".join(own["expected"]) == expected.expected
        np.testing.assert_allclose(np.stack(own["log_p"]), expected.log_p, atol=1e-6)
        np.testing.assert_allclose(own["p_wild_type"], expected.wild_type, atol=1e-6)
        np.testing.assert_allclose(own["entropy_bits"], expected.entropy, atol=1e-6)
        assert own["masked"].eq(masked).all()
        if masked and row != 4:
            assert sequences.loc[row, "pseudo_perplexity"] == pytest.approx(pseudo_perplexity(model, protein), abs=1e-3)
        else:
            assert np.isnan(sequences.loc[row, "pseudo_perplexity"])  # of one pass there is none
    assert sequences.loc[2, "notes"] is not None
    assert statuses[3]["lacks"] == ("strange has no residue of the twenty, so there is no perplexity." if masked else None)
    median = np.nanmedian(sequences["pseudo_perplexity"]) if masked else None
    assert results.summary == (f"Median pseudo-perplexity {median:.2f} over 2 sequences (20: a blind guess)." if masked else "")
    assert ("far too high" in results.metadata.settings.caution) == (not masked)


def test_contacts_are_the_best_pairs_beside_the_familys(model, tmp_path):
    records = [(1, "a", sequence(20, 1)), (2, "short", "MKTVRQ"), (3, "a2a", A2A)]
    results, statuses = computed(tmp_path / "out", chosen("contacts", pairs=1.5), records)
    pairs, sequences = results.table("pairs"), results.sequences.set_index("row")
    assert [status["lacks"] for status in statuses] == [None, "short has 6 residues, none of them 6 apart.", None]
    assert sequences["pairs"].tolist() == [30, 0, 618]
    for row, name, letters in (records[0], records[2]):
        expected, own = predict_contacts(model, Protein(name, letters)), pairs[pairs["row"] == row]
        first, second = own["number_1"].to_numpy() - 1, own["number_2"].to_numpy() - 1
        assert own["rank"].tolist() == list(range(1, round(1.5 * len(letters)) + 1))
        assert (second - first).min() >= 6
        np.testing.assert_allclose(own["value"], expected.scores[first, second], atol=1e-6)
        others = expected.scores[np.triu_indices(len(letters), 6)]
        np.testing.assert_allclose(own["value"], np.sort(others)[::-1][: len(own)], atol=1e-6)
        assert own["residue_1"].tolist() == [letters[index] for index in first]
        assert own["kind"].unique().tolist() == [expected.kind] == ["score"]
        assert sequences.loc[row, "formula"] == expected.formula
    share = pairs.set_index("row")["family_share"]
    assert share[1].isna().all()  # no receptor, so not known
    assert share[3].notna().any()
    assert share[3].dropna().between(0, 1).all()
    assert results.summary == "648 pairs of 3 sequences, by score."


@pytest.mark.parametrize(("task", "options"), CHOICES)
def test_a_batch_of_any_task_goes_on(tmp_path, task, options):
    """What is finished is found again, what failed or is damaged is not, and settings come back from their file."""
    folder, settings = tmp_path / "out", chosen(task, **options)
    computed(folder, settings, RECORDS[:1])
    computed(folder, settings, RECORDS[1:])
    with writing(folder, settings, "a.fasta", 3):
        assert sorted(finished_records(folder, settings)) == [1, 2]
    assert read_settings(json.loads((folder / "metadata.json").read_text())["settings"]) == settings
    names = [table.file for table in (settings.sequences, *settings.tables)]
    names += [array_file(1)] if settings.array_bytes(20) else []
    for name in names:
        copy = shutil.copytree(folder, tmp_path / f"of {name}")
        file = copy / "part=r1-1-0" / name
        file.write_bytes(file.read_bytes()[:-10])
        with writing(copy, settings, "a.fasta", 3):
            assert sorted(finished_records(copy, settings)) == [2], name


@pytest.mark.parametrize(("task", "options"), CHOICES)
def test_the_task_and_its_choices_are_compared(tmp_path, task, options):
    computed(tmp_path / "out", chosen(task, **options), RECORDS[:1])
    other = TASKS["scores"].choose(MODEL)
    with (
        pytest.raises(BatchError, match=f"holds results with --task {task}, not scores; name another folder"),
        writing(tmp_path / "out", other, "a.fasta", 3),
    ):
        pass
    changed = {
        "embeddings": {"layers": "1"},
        "probabilities": {"masked": not options.get("masked")},
        "contacts": {"pairs": 2.0},
        "variant": {"wild_type": Protein("wild", WILD.sequence[1:], 2)},
        "heads": {"positions": "3x39"},
    }[task]
    assert chosen(task, **options).difference(chosen(task, **{**options, **changed})) is not None
    assert chosen(task, **options).difference(chosen(task, **options)) is None


@pytest.mark.parametrize(("task", "options"), CHOICES)
def test_scores_are_not_asked_of_other_tasks(tmp_path, task, options):
    results, _ = computed(tmp_path / "out", chosen(task, **options), RECORDS[:1])
    said = rf"out holds {task} \(--task {task}\) and no scores of heads; pandas and DuckDB read its tables \(sequences(, \w+)+\)\.$"
    for read in (results.scores, lambda: results.columns(1), lambda: summarise(results)):
        with pytest.raises(BatchError, match=said):
            read()


def test_a_task_that_this_version_does_not_have():
    values = chosen("embeddings").to_json()
    with pytest.raises(OtherVersion, match="with the task 'folding', which this version does not have"):
        read_settings(values | {"task": "folding"})
    with pytest.raises(ValueError, match="no text"):
        read_settings(values | {"task": ["embeddings"]})


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        ("embeddings", {"layers": "9"}, "has no state 9"),
        ("embeddings", {"layers": "last"}, "names no layers"),
        ("contacts", {"pairs": 0.0}, "--pairs is 0"),
        ("contacts", {"pairs": float("nan")}, "--pairs is nan"),
        ("heads", {"positions": "2x50 9x99"}, "No receptor of the library has 9x99; write generic numbers such as 2x50"),
    ],
)
def test_choices_that_cannot_be(task, options, message):
    with pytest.raises(AlloScopeError, match=message):
        chosen(task, **options)


def test_masked_passes_count_for_the_time_left_and_arrays_for_the_disk(tmp_path, monkeypatch):
    masked, states = chosen("probabilities", masked=True), chosen("embeddings", layers="0,8", per_residue=True)
    assert (masked.passes(30), chosen("probabilities").passes(30)) == (30, 1)
    assert states.array_bytes(30) == 4 * 2 * 30 * 512
    monkeypatch.setattr("allo_core.batch.run.shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1000))
    with pytest.raises(
        BatchError, match=r"The arrays need 0\.1 MB in .*, 0\.0 MB are free; make room, or name another folder with --out\."
    ):
        run_batch(fasta(tmp_path / "a.fasta", [("a", sequence(30, 1))]), tmp_path / "out", states)


def _slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("arguments", "table", "rows", "said"),
    [
        (("embeddings", "--layers", "0,8", "--per-residue"), "vectors", 6, "Mean vectors of 512 numbers, states 0, 8, of 3 sequences."),
        # What these give in a worker is looked at above; Ray hands all tasks out alike.
        _slow(("probabilities", "--masked"), "residues", 20 + 21 + 6, "Median pseudo-perplexity"),
        _slow(("contacts", "--pairs", "0.5"), "pairs", 10 + 10, "20 pairs of 3 sequences, by score."),
        _slow(("heads",), "heads", 3 * 64, "Arcs of all heads on 3 sequences, 0 of them with generic numbers."),
    ],
    ids=["embeddings", "probabilities", "contacts", "heads"],
)
def test_from_fasta_to_results_with_ray(ray, model, tmp_path, capsys, arguments, table, rows, said):
    records = [("a", sequence(20, 1)), ("empty", ""), ("b", sequence(21, 2)), ("long", sequence(511, 3)), ("c", "MKTVRQ")]
    contact_heads.head_precisions(model)  # on two receptors; workers find what is kept
    path, folder = fasta(tmp_path / "a.fasta", records), tmp_path / "out"
    options = ("--model", MODEL, "--workers", "1", "--device", "cpu", "--task", *arguments)
    code, out, err = run("batch", path, "--out", folder, *options, capsys=capsys)
    assert code == 0, err
    assert said in out
    more = {"pairs": ", 1 without pairs", "heads": ", 3 without numbers"}.get(table, "")
    assert f"Done: 5 sequences in {folder}, 2 failed{more}\n" in out
    assert ("arrays of 2.3 MB" in err) == ("--per-residue" in arguments)  # with those of the one that is too long
    results = open_batch(folder)
    assert results.complete
    assert results.failed["row"].tolist() == [2, 4]
    assert len(results.table(table)) == rows
    code, out, _ = run("batch", path, "--out", folder, *options, "--sites", "5", capsys=capsys)
    assert (code, out) == (2, "")
    code, out, err = run("batch", path, "--out", folder, *options, capsys=capsys)
    assert (code, "(3 finished before)" in out) == (0, True), err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "folding"), "invalid choice: 'folding'"),
        (("--task", "embeddings", "--sites", "5"), "--sites belongs to --task scores, not to embeddings; leave it out."),
        (("--positions", "2x50"), "--positions belongs to --task heads, not to scores; leave it out."),
        (("--masked",), "--masked belongs to --task probabilities, not to scores; leave it out."),
        (("--task", "contacts", "--per-residue"), "--per-residue belongs to --task embeddings, not to contacts; leave it out."),
        (("--task", "contacts", "--pairs", "-1"), "--pairs is -1"),
    ],
)
def test_options_of_another_task(tmp_path, capsys, arguments, message):
    path = fasta(tmp_path / "a.fasta", [("a", "MKT")])
    code, out, err = run("batch", path, "--out", tmp_path / "out", "--model", MODEL, *arguments, capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert re.search(re.escape(message), err)
    assert not (tmp_path / "out").exists()
