"""Separation alone: counts by hand, on made and on real contacts, and what is said when a map is no better."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.attention.contacts import Precision, precisions_among
from allo_core.library.contacts import KnownContacts, known_contacts
from allo_core.library.receptors import receptors
from allo_core.readouts.judged import JudgedContacts
from allo_core.readouts.known import others_than, unrelated
from allo_core.readouts.separation_contacts import separation_contacts, separation_scores


def share(separation, names):
    """Pair by pair, those up to two residues nearer or farther along the chain too."""
    touching = pairs = 0
    for name in names:
        known = known_contacts()[name]
        contacts = set(zip(known.first.tolist(), known.second.tolist(), strict=True))
        at = set(known.resolved.tolist())
        for apart in range(max(6, separation - 2), separation + 3):
            own = [(first, first + apart) for first in at if first + apart in at]
            pairs += len(own)
            touching += sum(pair in contacts for pair in own)
    return touching / pairs


@pytest.mark.parametrize("separation", [6, 7, 30, 250])
def test_it_is_the_share_of_pairs_as_far_apart(separation):
    names = ["ADRB2", "OPSD", "CNR2"]
    scores = separation_scores(320, names)
    assert scores[3, 3 + separation] == scores[40 + separation, 40] == pytest.approx(share(separation, names))


def test_what_no_receptor_has_is_not_known(monkeypatch):
    made = KnownContacts("A", "1AAA", np.arange(20), np.array([2]), np.array([12]))
    monkeypatch.setattr("allo_core.readouts.separation_contacts.known_contacts", lambda: {"A": made})
    scores = separation_scores(60, ["A"])
    assert np.isnan(scores[0, :6]).all()
    assert scores[0, 10] == pytest.approx(1 / (12 + 11 + 10 + 9 + 8))
    assert scores[0, 13] == 0
    assert np.isfinite(scores[0, 6:22]).all()
    assert np.isnan(scores[0, 22:]).all()
    assert np.isnan(separation_scores(30, [])).all()


def test_homologues_are_left_out():
    receptor = receptors()["AA2AR"]
    scores = separation_contacts(receptor.protein, receptor.numbers)
    others = others_than(receptor.protein, receptor.numbers, unrelated())
    assert not {"AA1R", "AA2AR"} & set(others)
    assert np.array_equal(scores, separation_scores(len(receptor.protein), others), equal_nan=True)


def test_it_tells_more_than_chance():
    learnt, asked = unrelated()[::2], unrelated()[1::2]
    found = []
    for entry in asked:
        known, scores = known_contacts()[entry], separation_scores(len(receptors()[entry].protein), learnt)
        found.append(precisions_among(scores, known.resolved, known.map(len(scores)))[0])
    assert np.mean([one.values[0] for one in found]) > 2 * np.mean([one.random for one in found])


def judged(model, family, separation):
    values = [() if value is None else (Precision(6, (value,) * 3, 0.01, 100),) for value in (model, family, separation)]
    return JudgedContacts("1AAA", *values)


def test_a_better_baseline_comes_first():
    assert judged(0.1, 0.9, 0.05).sentence == (
        "The contacts that other receptors of the class have are the better guess: 90% of their best touch. 10% of the best L/5 pairs of "
        "the model (at least 6 residues apart) touch in 1AAA; 5% of those that separation along the chain alone would choose and 1.0% of "
        "random pairs do."
    )
    assert judged(0.05, None, 0.05).sentence.startswith("Separation along the chain alone tells no less than the model. 5% of the best L/5")
    worst = judged(0.04, 0.9, 0.05).sentence
    assert worst.index("the better guess") < worst.index("tells no less") < worst.index("4% of the best L/5")
    assert judged(0.95, 0.9, 0.05).sentence.endswith(
        "touch in 1AAA; 90% of the best of other receptors of the class, 5% of those that separation along the chain alone would choose "
        "and 1.0% of random pairs do."
    )


def test_a_record_names_every_baseline():
    (facts,) = judged(0.1, None, 0.05).facts() or []
    assert facts == {
        "separation": 6,
        "model": {"L": 0.1, "L/2": 0.1, "L/5": 0.1},
        "family": None,
        "separation_alone": {"L": 0.05, "L/2": 0.05, "L/5": 0.05},
        "random": 0.01,
    }
    unknown = replace(judged(0.1, None, 0.05), entry="", model=(), separation=())
    assert unknown.facts() is None
    assert "it cannot be said" in unknown.sentence
