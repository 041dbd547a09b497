"""Embeddings, probabilities and contacts from a terminal, equal to what the public functions give."""

import csv
import json

import numpy as np
import pytest
from scipy.special import log_softmax

from allo_core.__main__ import main
from allo_core.library.receptors import find_receptor
from allo_core.models.embeddings import embed
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import residue_probabilities
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.readouts import contact_heads
from allo_core.readouts.contacts import contact_map
from allo_core.readouts.known import panel
from allo_core.readouts.state_changes import relations, state_changes
from allo_core.runs.store import list_runs

AA2AR = find_receptor("AA2AR").protein


@pytest.fixture
def few(monkeypatch):
    """Heads are chosen on two receptors."""
    monkeypatch.setattr(contact_heads, "panel", lambda: panel()[:2])


def test_embeddings_are_written_with_what_they_are(tmp_path, capsys):
    out = tmp_path / "states.npz"
    assert main(["embed", "AA2AR", "--layers", "0,3,-1", "-o", str(out)]) == 0
    assert "3 states of 320 numbers, 412 residues: 1.6 MB" in capsys.readouterr().out
    expected = embed(load_model(DEFAULT_MODEL), AA2AR, (0, 3, 6))
    with np.load(out, allow_pickle=False) as file:
        assert sorted(file.files) == ["state_0", "state_3", "state_6"]
        for layer in (0, 3, 6):
            np.testing.assert_array_equal(file[f"state_{layer}"], expected.states[layer])
    described = json.loads((tmp_path / "states.json").read_text())
    assert described["run"]["model_id"] == DEFAULT_MODEL
    assert described["run"]["sequence"] == AA2AR.sequence
    assert described["pooling"] is None
    assert main(["embed", "AA2AR", "--mean", "-o", str(out)]) == 0
    with np.load(out, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["state_6"], expected.mean(-1))


def test_probabilities_of_a_short_sequence(tmp_path, capsys):
    fasta, table, record = tmp_path / "short.fasta", tmp_path / "p.csv", tmp_path / "p.json"
    fasta.write_text(">=short\nMPIMGSSXYITVELAIAVLA\n")
    assert main(["probabilities", str(fasta), "--csv", str(table), "--json", str(record)]) == 0
    said = capsys.readouterr()
    expected = residue_probabilities(load_model(DEFAULT_MODEL), Protein("=short", "MPIMGSSXYITVELAIAVLA"))
    assert f"Pseudo-perplexity {expected.perplexity:.2f} (20: a blind guess)" in said.out
    assert "X8" in said.err  # how the model reads it
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 20
    assert rows[0]["protein"] == "'=short"
    for row, p, entropy, scores in zip(rows, expected.wild_type, expected.entropy, expected.log_odds, strict=True):
        assert row["masked"] == "True"
        assert float(row["entropy_bits"]) == pytest.approx(entropy, rel=1e-5)
        if row["residue"] == "X":
            assert row["p_wild_type"] == row["log_odds_A"] == ""
        else:
            assert float(row["p_wild_type"]) == pytest.approx(p, rel=1e-5)
            assert float(row["log_odds_W"]) == pytest.approx(scores[expected.letters.index("W")], rel=1e-4, abs=1e-5)
    assert json.loads(record.read_text())["perplexity"] == pytest.approx(expected.perplexity)


def test_one_state_is_an_array_of_its_own(tmp_path):
    fasta, out = tmp_path / "short.fasta", tmp_path / "state.npy"
    fasta.write_text(">short\nMPIMGSSVYITVELAIAVLA\n")
    expected = embed(load_model(DEFAULT_MODEL), Protein("short", "MPIMGSSVYITVELAIAVLA"), (3,))
    assert main(["embed", str(fasta), "--layers", "3", "-o", str(out)]) == 0
    np.testing.assert_array_equal(np.load(out, allow_pickle=False), expected.states[3])
    assert main(["embed", str(fasta), "--layers", "3", "--mean", "-o", str(out)]) == 0
    np.testing.assert_array_equal(np.load(out, allow_pickle=False), expected.mean(3))
    assert json.loads(out.with_suffix(".json").read_text())["arrays"] == {"state_3": ["width"]}


def test_what_each_layer_changes(tmp_path, capsys):
    table = tmp_path / "changes.csv"
    assert main(["embed", "AA2AR", "-o", str(tmp_path / "s.npy"), "--changes", str(table)]) == 0
    found, rows = state_changes(load_model(DEFAULT_MODEL), AA2AR), list(csv.DictReader(table.open()))
    assert len(rows) == len(AA2AR)
    assert float(rows[245]["update_3"]) == pytest.approx(found.update[3, 245], rel=1e-4)
    assert float(rows[245]["untrained_cosine_0"]) == pytest.approx(found.untrained_cosine[0, 245], rel=1e-4)
    said = capsys.readouterr().out
    for one in (*relations(found, "update", (1, 4)), *relations(found, "cosine", (1, 4))):
        assert one.sentence in said


def test_log_probabilities_as_an_array(tmp_path):
    fasta, out = tmp_path / "short.fasta", tmp_path / "p.npy"
    fasta.write_text(">short\nMPIMGSSVYITVELAIAVLA\n")
    assert main(["probabilities", str(fasta), "--unmasked", "--npy", str(out)]) == 0
    expected = residue_probabilities(load_model(DEFAULT_MODEL), Protein("short", "MPIMGSSVYITVELAIAVLA"), masked=False)
    found = np.load(out, allow_pickle=False)
    np.testing.assert_array_equal(found, expected.log_p)
    np.testing.assert_allclose(np.exp(found.astype(float)).sum(axis=1), 1, atol=1e-5)
    said = json.loads(out.with_suffix(".json").read_text())
    assert (said["axes"], said["letters"], said["masked"]) == (["residue", "letter"], expected.letters, False)


def test_logits_of_every_token(tmp_path):
    fasta, out = tmp_path / "short.fasta", tmp_path / "logits.npy"
    fasta.write_text(">short\nMPIMGSSVYITVELAIAVLA\n")
    assert main(["probabilities", str(fasta), "--unmasked", "--logits", str(out)]) == 0
    found, said = np.load(out, allow_pickle=False), json.loads(out.with_suffix(".json").read_text())
    assert (found.shape, said["axes"]) == ((20, len(said["tokens"])), ["residue", "token"])
    expected = residue_probabilities(load_model(DEFAULT_MODEL), Protein("short", "MPIMGSSVYITVELAIAVLA"), masked=False)
    of_residues = found[:, [said["tokens"].index(letter) for letter in expected.letters]]
    np.testing.assert_allclose(log_softmax(of_residues, axis=1), expected.log_p, atol=1e-5)


@pytest.mark.usefixtures("few")
def test_a_contact_map_as_an_array(tmp_path):
    fasta, out = tmp_path / "short.fasta", tmp_path / "c.npy"
    fasta.write_text(">short\nMPIMGSSVYITVELAIAVLA\n")
    assert main(["contacts", str(fasta), "--npy", str(out)]) == 0
    np.testing.assert_array_equal(
        np.load(out, allow_pickle=False), contact_map(load_model(DEFAULT_MODEL), Protein("short", "MPIMGSSVYITVELAIAVLA"))
    )
    assert json.loads(out.with_suffix(".json").read_text())["array"] == "score"


def test_what_is_kept_is_not_computed_again(tmp_path, capsys, monkeypatch):
    fasta, records = tmp_path / "short.fasta", [tmp_path / f"{number}.json" for number in (1, 2)]
    fasta.write_text(">short\nMPIMGSSVYITVELAIAVLA\n")
    said = []
    for record in records:
        assert main(["probabilities", str(fasta), "--json", str(record)]) == 0
        said.append(capsys.readouterr())
        monkeypatch.setattr("allo_core.runs.extract_probabilities.ready_model", None)
    assert said[0].out == said[1].out
    assert "20 passes, about" in said[0].err
    assert "passes" not in said[1].err
    assert records[0].read_text() == records[1].read_text()
    run = json.loads(records[0].read_text())["run"]
    assert (run["kind"], run["settings"]) == ("probabilities", {"masked": True})
    assert [entry.meta.holds for entry in list_runs()] == ["masked probabilities"]


def test_an_attention_run_leaves_the_unmasked_ones(tmp_path, capsys, monkeypatch):
    fasta = tmp_path / "short.fasta"
    fasta.write_text(">short\nMPIMGSSVYITVELAIAVLA\n")
    assert main(["analyse", str(fasta), "--sites", "5-9"]) == 0
    monkeypatch.setattr("allo_core.runs.extract_probabilities.ready_model", None)
    assert main(["probabilities", str(fasta), "--unmasked"]) == 0
    assert "a ranking of mutations" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--unmasked"]])
def test_a_sequence_of_unknown_residues_has_no_perplexity_and_says_so(options, tmp_path, capsys):
    fasta, record = tmp_path / "unknown.fasta", tmp_path / "p.json"
    fasta.write_text(">unknown\nXXXXXXXXXXXX\n")
    assert main(["probabilities", str(fasta), *options, "--json", str(record)]) == 0
    said = capsys.readouterr().out
    assert "No residue here is one of the twenty, so there is no perplexity, and no substitution to be scored." in said
    assert "nan" not in said.lower()
    assert json.loads(record.read_text())["perplexity"] is None


def test_one_pass_is_called_a_ranking(capsys):
    assert main(["probabilities", "AA2AR", "--unmasked"]) == 0
    said = capsys.readouterr().out
    assert "a ranking of mutations" in said
    assert "erplexity" not in said


@pytest.mark.usefixtures("few")
def test_contacts_say_what_is_better(tmp_path, capsys):
    table, record = tmp_path / "c.csv", tmp_path / "c.json"
    assert main(["contacts", "AA2AR", "--csv", str(table), "--json", str(record)]) == 0
    said = capsys.readouterr().out
    assert "It ranks pairs and is no probability." in said
    assert "The contacts that other receptors of the class have are the better guess" in said
    assert "of those that separation along the chain alone would choose and" in said
    assert "of random pairs do" in said
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == (412 - 6) * (412 - 5) // 2
    scores = contact_map(load_model(DEFAULT_MODEL), AA2AR)
    first, second = (int(rows[0][name][1:]) - 1 for name in ("residue_1", "residue_2"))
    assert float(rows[0]["score"]) == pytest.approx(scores[first, second], rel=1e-4)
    assert float(rows[0]["score"]) == pytest.approx(scores[np.triu_indices(412, 6)].max(), rel=1e-4)
    known = [row for row in rows if row["contact"]]
    facts = json.loads(record.read_text())
    six = facts["precision"][0]
    assert np.mean([row["contact"] == "1" for row in known]) == pytest.approx(six["random"])
    resolved = {row[name] for row in known for name in ("residue_1", "residue_2")}
    best = known[: len(resolved) // 5]
    assert np.mean([row["contact"] == "1" for row in best]) == pytest.approx(six["model"]["L/5"])
    assert facts["structure"]
    assert "AA2AR" not in facts["chosen_on"] + facts["family"]


@pytest.mark.usefixtures("few")
def test_without_a_structure_nothing_is_said_to_be_right(capsys):
    assert main(["contacts", "GPR3"]) == 0
    assert "it cannot be said how many of these pairs touch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["embed", "AA2AR", "-o", "x.npz", "--layers", "9"], "has no state 9"),
        (["embed", "AA2AR", "-o", "x.npz", "--layers", "first"], "names no layers"),
        (["embed", "AA2AR", "-o", "x.json"], "the numbers go into an .npz file"),
        (["embed", "AA2AR", "-o", "x.npy", "--layers", "0,1"], "holds one state, not 2"),
        (["probabilities", "AA2AR", "--npy", "x.json"], "the numbers go into an .npy file"),
        (["embed", "AA2AR", "-o", "no/folder/x.npz"], "the folder does not exist"),
        (["probabilities", "GRM5", "--model", "antiberty"], "at most 510"),
        (["contacts", "NOSUCH"], "NOSUCH"),
        (["probabilities", "AA2AR", "--model", "esm9"], "esm9"),
        (["contacts", "AA2AR", "--dtype", "float8"], "float8"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert output.err.count("\n") == 1
