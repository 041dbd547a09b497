"""The verdict in words."""

import numpy as np
import pandas as pd
import pytest

from allo_core.analysis.answer import Answer, answer_from_columns
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.analysis.verdict import nearness, plain_verdict, set_phrases, standing, verdict
from allo_core.attention.columns import Columns
from allo_core.attention.control import RandomSiteControl
from allo_core.attention.pair_rank import Asymmetry, PairRank
from allo_core.attention.scores import HeadScores
from allo_core.attention.site_rank import SiteRank
from allo_core.library.receptors import find_receptor

PHRASES = {"A": "the sodium pocket", "B": "the 9 residues of set B"}


A2A = Subject.of(find_receptor("AA2AR").protein)


def asked(measure, a=(1,), b=(2,)):
    return Question(A2A, a, b, measure)


def made(q_values, control, measure="A", flags=None, null="matched", n_arcs=50, n_tested=None):
    """An answer of made-up scores."""
    count = len(q_values)
    frame = pd.DataFrame(
        {
            "layer": 0,
            "head": range(count),
            "q_value": q_values,
            "attention_on_site": 1.0,
            "enrichment": [1.0] * count,
            "snr": range(count),
            "flags": flags or [""] * count,
            "n_arcs": n_arcs if isinstance(n_arcs, list) else [n_arcs] * count,
        }
    )
    draws = 0 if control is None else 20_000
    tested = (count if control is not None and control.n_sites else 0) if n_tested is None else n_tested
    scores = HeadScores(frame, 1, len(q_values), null, 0.3, (1, 2, 3), draws, 0, 0.001, tested, lambda: control)
    return Answer(asked(measure), Columns(np.zeros(1), np.zeros(1, dtype=int)), scores)


def said_of(*arguments, say=verdict, **keywords):
    """The verdict on made-up scores."""
    return say(made(*arguments, **keywords), PHRASES)


MATCHED = "segment- and conservation-matched residues"
POCKET, NINE = PHRASES["A"], PHRASES["B"]


@pytest.mark.parametrize(
    ("measure", "null", "q_values", "claim"),
    [
        ("A", "matched", [0.01, 0.04, 0.05], f"2 of 3 heads attend to {POCKET} more than to {MATCHED}"),
        ("B", "uniform", [0.01, 0.2], f"1 of 2 heads attends to {NINE} more than to as many residues drawn from the whole sequence"),
        ("AB", "matched", [0.2, 0.3], f"0 of 2 heads look from {POCKET} at {NINE} more than at {MATCHED}"),
        ("BA", "matched", [0.01, 0.3], f"1 of 2 heads looks from {NINE} at {POCKET} more than at {MATCHED}"),
    ],
)
def test_verdict(measure, null, q_values, claim):
    said = said_of(q_values, RandomSiteControl(1.0, 3.5, 200), measure, null=null)
    assert said.startswith(f"{claim} (q < 0.05); ")
    assert said.endswith(f"(q < 0.05); random {'matched ' if null == 'matched' else ''}sites: median 1, 95 % at most 3.5.")


def test_flagged_heads_are_counted_apart():
    said = said_of([0.01, 0.02, 0.9], RandomSiteControl(0, 0, 200), flags=["few arcs", "", "few arcs"])
    assert said.startswith("2 of 3 heads (1 of them flagged) attend to the sodium pocket")


def test_without_a_control_there_is_no_count():
    assert said_of([0.01], None, null="published").startswith("The published null gives no p")


@pytest.mark.parametrize(
    ("measure", "null", "n_arcs", "sentence"),
    [
        ("A", "matched", 9, "No head is tested: none of the 2 has 10 arcs at threshold 0.30; lower it."),
        ("BA", "matched", 3, "No head is tested: none of the 2 has 10 arcs from set B at threshold 0.30; lower it."),
        ("A", "matched", 10, "No head is tested: the marked residues are all residues of their kind, so random ones cannot differ."),
        ("B", "uniform", 99, "No head is tested: the marked residues are all residues, so random ones cannot differ."),
    ],
)
def test_why_no_head_is_tested(measure, null, n_arcs, sentence):
    untested = RandomSiteControl(0, 0, 0)
    assert said_of([np.nan, np.nan], untested, measure, null=null, n_arcs=n_arcs) == sentence


def test_marked_residues_that_fill_their_strata_are_not_called_too_few_arcs():
    protein, strata = A2A.protein, A2A.numbers.strata()
    filled = tuple(index for index, stratum in enumerate(strata) if stratum == strata[51])
    columns = Columns(np.ones((1, 2, len(protein))), np.full((1, 2, len(protein)), 5), 0.3)
    assert 0 < len(filled) < len(protein)
    said = verdict(answer_from_columns(Question(A2A, filled, null="matched", draws=100), columns), PHRASES)
    assert "the marked residues are all residues of their kind, so random ones cannot differ" in said


@pytest.mark.parametrize(
    ("q_values", "control", "looks", "chance"),
    [
        ([0.01, 0.2], (0, 0), "One of 2 heads looks", "nearly always none"),
        ([0.1, 0.2], (0, 2), "None of 2 heads looks", "usually 0 and rarely more than 2"),
        ([0.01, 0.02], (1, 2), "2 of 2 heads look", "usually 1 and rarely more than 2"),
    ],
)
def test_the_plain_verdict_says_it_without_terms(q_values, control, looks, chance):
    said = said_of(q_values, RandomSiteControl(*control, 200), say=plain_verdict)
    assert said == f"{looks} at the sodium pocket more than expected; for random residues of the same kind it is {chance}."


def ranked(passing, global_p, kind="pocket"):
    """A rank among places in which so many of four tested heads pass."""
    q = np.array([0.01] * passing + [0.5] * (4 - passing) + [np.nan])
    return SiteRank(kind, 19_500, ~np.isnan(q), q, q, 2, global_p, 0.02, 3, np.full(5, 4.0), 0.1)


def said_with(rank, say, monkeypatch, q_values=(0.01, 0.2, 0.3, 0.4, 0.5)):
    monkeypatch.setattr(Answer, "pockets", rank)
    return said_of(list(q_values), RandomSiteControl(0, 0, 200), say=say)


@pytest.mark.parametrize(
    ("passing", "global_p", "kind", "sentence"),
    [
        (0, 0.004, "pocket", "None of 4 heads looks at {} more than at pockets like it, but the model as a whole does (p 0.004)"),
        (0, 0.4, "pocket", "None of 4 heads looks at {} more than at pockets like it, nor does the model as a whole (p 0.4)"),
        (1, 0.01, "pocket", "One of 4 heads looks at {} more than at pockets like it, and the model as a whole does (p 0.01)"),
        (2, 0.3, "stretch", "2 of 4 heads look at {} more than at such stretches elsewhere, but the model as a whole does not (p 0.3)"),
    ],
)
def test_places_like_the_site_come_first_in_plain_words(monkeypatch, passing, global_p, kind, sentence):
    said = said_with(ranked(passing, global_p, kind), plain_verdict, monkeypatch)
    assert said == f"{sentence.format(POCKET)}."


def test_places_like_the_site_come_first_in_the_terms_of_the_field(monkeypatch):
    said = said_with(ranked(1, 0.31), verdict, monkeypatch)
    assert said == (
        f"1 of 4 heads attends to {POCKET} more than to 19,500 random pockets of its size and shape in AF-P29274-F1 (q < 0.05; "
        "one or more would at 2.0% of these, at most 3); "
        "as a whole 2 heads have p <= 0.05, as many or more at a share of 0.31 of these (global p); "
        f"1 of 5 heads attends to {POCKET} more than to {MATCHED} (q < 0.05)."
    )


@pytest.mark.parametrize(
    ("kind", "plain", "technical"),
    [
        ("pair", "between pockets as far apart", "between 19,500 random pairs of pockets of their shapes and distance in AF-P29274-F1"),
        ("shift", "between such stretches elsewhere", "between both sets moved together to 19,500 other places of the chain"),
    ],
)
def test_a_coupling_is_compared_with_other_pairs(monkeypatch, kind, plain, technical):
    q = np.array([0.01, 0.02, 0.3, np.nan])
    found = PairRank(ranked(1, 0.31, kind), Asymmetry(np.array([2.0, -3.0, 1.0, 0.0]), q, q))
    monkeypatch.setattr(Answer, "_compared", found)
    monkeypatch.setattr(Answer, "positions_from", "AF-P29274-F1")
    coupling = made([0.01, 0.2], RandomSiteControl(0, 0, 200), measure="AB")
    where = f"from {POCKET} at {NINE}"
    assert (
        plain_verdict(coupling, PHRASES) == f"One of 4 heads looks {where} more than {plain}, but the model as a whole does not (p 0.31)."
    )
    said = verdict(coupling, PHRASES)
    assert said.startswith(f"1 of 4 heads looks {where} more than {technical} (q < 0.05; one or more would at 2.0% of these, at most 3); ")
    assert "; by the same pairs A to B outweighs B to A in 1 heads and is outweighed in 1; 1 of 2 heads looks" in said


def test_under_the_pocket_null_places_are_all_that_is_told(monkeypatch):
    monkeypatch.setattr(Answer, "pockets", ranked(1, 0.31))
    made_up = made([0.01, 0.2], RandomSiteControl(0, 0, 200), null="pocket", n_arcs=[50, 9], n_tested=1)
    said = verdict(made_up, PHRASES)
    assert said.startswith(f"1 of 4 heads attends to {POCKET} more than to 19,500 random pockets")
    assert said.endswith("of these (global p); not tested: 1 of 2 heads have fewer than 10 arcs at threshold 0.30.")
    assert MATCHED not in said
    assert standing(made_up.scores, (0, 0)) == "passes among places like it (q 0.01)"
    assert standing(made_up.scores, (0, 1)) == "does not pass among places like it (q 0.2)"
    monkeypatch.setattr(Answer, "pockets", "2 of the 4 marked residues have no position")
    for say in (verdict, plain_verdict):
        told = say(made([np.nan] * 2, None, null="pocket"), PHRASES)
        assert told == "Not tested among places like it: 2 of the 4 marked residues have no position; choose another null."
    assert "nothing like the site to compare with" in standing(made([np.nan] * 2, None, null="pocket").scores, (0, 0))


def test_the_comparison_that_takes_a_moment_can_follow(monkeypatch):
    monkeypatch.setattr(Answer, "pockets", property(lambda answer: pytest.fail("it is not asked for")))
    said = plain_verdict(made([0.01, 0.2], RandomSiteControl(0, 0, 200)), PHRASES, wait=True)
    assert said == f"One of 2 heads looks at {POCKET} more than expected; the comparison with other places like it follows."


def test_heads_that_are_not_tested_are_not_counted_as_failed():
    control = RandomSiteControl(0, 0, 200)
    arcs = [3] * 9 + [50]
    said = said_of([np.nan] * 9 + [0.2], control, n_arcs=arcs, n_tested=1, say=plain_verdict)
    assert said.startswith("None of 1 tested heads looks at the sodium pocket more than expected; ")
    assert said.endswith(". Not tested: 9 of 10 heads have fewer than 10 arcs at threshold 0.30.")
    technical = said_of([np.nan] * 9 + [0.2], control, n_arcs=arcs, n_tested=1)
    assert technical.startswith("0 of 1 tested heads attend to ")
    assert technical.endswith("; not tested: 9 of 10 heads have fewer than 10 arcs at threshold 0.30.")
    mostly = said_of([np.nan] + [0.2] * 9, control, n_arcs=[3] + [50] * 9, n_tested=9, say=plain_verdict)
    assert mostly.startswith("None of 9 tested heads looks")
    assert "Not tested" not in mostly


def test_heads_in_which_random_residues_cannot_differ_are_told_apart():
    said = said_of([np.nan, 0.2, 0.3], RandomSiteControl(0, 0, 200), n_tested=2)
    assert said.endswith("; not tested: in 1 random residues cannot differ from the marked ones.")


@pytest.mark.parametrize(("count", "marked"), [(1, "one marked residue is"), (2, "2 marked residues are")])
@pytest.mark.parametrize("say", [verdict, plain_verdict])
def test_too_few_marked_residues_are_said_to_be_too_few(count, marked, say):
    columns = Columns(np.ones((1, 2, len(A2A.protein))), np.full((1, 2, len(A2A.protein)), 5), 0.3)
    answer = answer_from_columns(Question(A2A, tuple(range(count)), null="uniform", draws=100), columns)
    assert say(answer, PHRASES) == f"Not tested: {marked} too few to tell a head from chance; mark at least 3."


def test_couplings_between_neighbours_are_told():
    assert nearness(asked("A", (1, 2))) == ""
    assert nearness(asked("AB", (10, 20), (40, 50))) == ""
    assert nearness(asked("AB", (10, 20), (14, 15, 50))).startswith("1 of the 3 residues of set B lie within 4 of set A along the chain:")
    assert "2 of the 2 residues of set A lie within 4 of set B along the chain, 1 of them in both sets" in nearness(
        asked("BA", (10, 22), (10, 20))
    )


def test_sets_are_called_by_their_library_name_or_their_size():
    phrases = set_phrases({"A": (1, 2), "B": (5,)}, {"sodium pocket": (1, 2)})
    assert phrases == {"A": "the sodium pocket", "B": "the one residue of set B"}
    assert set_phrases({"A": (1, 3)}, {})["A"] == "the 2 residues of set A"
