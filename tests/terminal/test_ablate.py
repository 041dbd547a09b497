"""`ablate` from a terminal: the numbers of the public functions, sentences, a file, and what is refused."""

import csv

import pytest

from allo_core.analysis.answer import answer
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.readouts.ablation import kept_ablation
from allo_core.readouts.ablation_masks import masked_inputs
from allo_core.readouts.ablation_rises import rises_of, site_rises
from allo_core.readouts.removal import all_heads, heads_text
from allo_core.runs.extract import find_kept_run
from tests.terminal.commands import run


def test_two_heads_at_a_site_and_a_set(tmp_path, capsys):
    table = tmp_path / "a.csv"
    arguments = ["ablate", "AA2AR", "OPSD", "--heads", "5.3,5.6", "--sites", "sodium pocket", "--set", "5.3,5.6", "--draws", 2]
    code, out, err = run(*arguments, "--kind", "zero", "--csv", table, "--device", "cpu", capsys=capsys)
    assert (code, err) == (0, "")
    proteins = [find_receptor(name).protein for name in ("AA2AR", "OPSD")]
    sets = all_heads(get_spec(DEFAULT_MODEL))
    found = kept_ablation(DEFAULT_MODEL, masked_inputs(proteins), sets, "zero")
    assert found is not None
    rises = rises_of(found)
    site = site_rises(found, {protein.sequence: Subject.of(protein).residues("sodium pocket") for protein in proteins})
    assert site is not None
    rows = list(csv.DictReader(table.open()))
    assert {row["heads"] for row in rows} == {"5.3", "5.6"}
    for row in rows:
        at = next(at for at, heads in enumerate(sets) if heads_text(heads) == row["heads"])
        assert float(row["rise"]) == pytest.approx(rises.value[at], abs=1e-6)
        assert float(row["site"]) == pytest.approx(site.site.value[at], abs=1e-6)
        assert float(row["difference"]) == pytest.approx(site.site.value[at] - site.matched.value[at], abs=1e-5)
        assert (row["rise_low"], row["model"], row["removed_by"]) == ("", DEFAULT_MODEL, "zero")  # two clusters have no interval
    assert "2 removals from 4 masked inputs: about" in out
    assert f"At {site.site.residues} marked residues the loss with all heads is {site.base_site:.3f} nats" in out
    for where in ("over all masked residues", "at the marked residues", "at the marked residues more than at matched ones"):
        assert f"these heads together raises the loss {where} by " in out
    assert out.count("random sets of as many heads of the same layers") == 3


def test_the_heads_that_pass_are_those_of_analyse(capsys):
    arguments = [
        "ablate",
        "AA2AR",
        "--heads",
        "5.3",
        "--sites",
        "sodium pocket",
        "--set",
        "passing",
        "--draws",
        1,
        "--kind",
        "zero",
        "--greedy",
    ]
    code, out, _ = run(*arguments, "--device", "cpu", capsys=capsys)
    assert code == 0
    protein = find_receptor("AA2AR").protein
    subject = Subject.of(protein)
    maps = find_kept_run(DEFAULT_MODEL, protein, "cpu")
    assert maps is not None
    question = Question(subject, subject.residues("sodium pocket"), (), "A", DEFAULT_THRESHOLD, "matched")
    passing = {f"{row.layer}.{row.head}" for row in answer(question, maps).scores.passing().itertuples()}
    assert passing
    greedy = out.split("rise of all that are gone:\n")[1].splitlines()
    assert {line.split()[0] for line in greedy[: len(passing)]} == passing


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--heads", "99.1"], "There is no head 99.1"),
        (["--heads", "best"], "'best' is no head; write layer.head"),
        (["--kind", "median"], "by mean or zero, not 'median'"),
        (["--receptors", "1"], "--receptors 1: give 2 to"),
        (["AA2AR", "--receptors", "5"], "Give names or --receptors N"),
        (["NOSUCH"], "NOSUCH"),
        (["AA2AR", "--sites", "no such site"], "no such site"),
        (["--set", "passing", "--sites", "sodium pocket"], "--set passing needs one receptor and --sites"),
        (["--greedy"], "--greedy belongs to --set"),
        (["AA2AR", "--set", "5.3", "--draws", "0"], "--draws 0: give 1 or more"),
        (["--csv", "no/folder/a.csv"], "the folder does not exist"),
        (["--dtype", "float8"], "float8"),
        (["--model", "esm9"], "Unknown model 'esm9'"),
    ],
)
def test_what_is_refused_before_a_model_is_loaded(arguments, said, capsys, monkeypatch):
    from allo_core.runs import extract

    monkeypatch.setattr(extract, "ready_model", lambda *_: pytest.fail("a model was loaded"))
    code, out, err = run("ablate", *arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert said in err
