"""Methods side by side: intervals, paired differences, evidence apart."""

import json
from dataclasses import replace

import numpy as np
import pytest

from allo_core.learning.compare import compare, hold_out
from allo_core.learning.evaluate import HeldOut
from allo_core.learning.metrics import areas, random_precision
from allo_core.learning.results import ALL_EVIDENCE, PREDICTOR, RANDOM, RATE, Comparison, verdict
from tests.learning.planted import examples, head_method, noise_method, unrelated

MADE = examples(8)


@pytest.fixture(scope="module")
def held():
    methods = (head_method(MADE, sizes=(1,)), replace(head_method(MADE, sizes=(1,)), name="the same"), noise_method(MADE))
    return hold_out(methods, MADE, unrelated(8))


def test_a_planted_signal_beats_noise_and_chance(held):
    found = compare(MADE, held)
    assert list(found.methods) == [PREDICTOR, "the same", "noise", RANDOM, RATE]
    for name in ("noise", RANDOM, RATE):
        assert found.differences[name].auprc.low > 0
        assert found.differences[name].better >= 7
    assert verdict(found) == (
        "In mean AUPRC (all sites, 8 receptors) the prediction from sensitive heads is better than: noise, random ranking, positive rate; "
        "not told apart from: the same; worse than: nothing. "
        "In mean AUROC it is better than: noise, random ranking, positive rate; not told apart from: the same; worse than: nothing."
    )


def test_the_same_method_differs_by_nothing(held):
    same = compare(MADE, held).differences["the same"]
    for one in (same.auprc, same.pooled_auprc, same.auroc):
        assert (one.value, one.low, one.high) == (0, 0, 0)
    assert same.better == 0


def test_worse_is_said(held):
    turned = {PREDICTOR: held["noise"], "planted": held[PREDICTOR]}
    assert verdict(compare(MADE, turned)).count("worse than: planted.") == 2


def test_means_and_intervals(held):
    found = compare(MADE, held)
    each = [areas(one.labels, scores) for one, scores in zip(MADE, held[PREDICTOR].scores, strict=True)]
    mean = found.methods[PREDICTOR].auprc
    assert mean.value == pytest.approx(np.mean([one.auprc for one in each]))
    error = np.std([one.auprc for one in each], ddof=1) / np.sqrt(8)
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * error, rel=0.2)
    assert mean.low < mean.value < mean.high
    for at, one in enumerate(found.receptors):
        assert (one.receptor, one.residues, one.listed) == (f"R{at}", 60 + at, 8)
        assert one.auprc[PREDICTOR] == each[at].auprc
        assert one.auroc[PREDICTOR] == each[at].auroc
        assert one.auprc[RATE] == pytest.approx(8 / (60 + at))
        assert one.auprc[RANDOM] == pytest.approx(random_precision(np.array(8.0), np.array(60.0 + at)))
    assert found == compare(MADE, held)  # the seed is fixed


def test_evidence_apart(held):
    found = compare(MADE, held, "ligand contacts")
    assert [one.receptor for one in found.receptors] == ["R1", "R3", "R5", "R7"]
    assert found.evidence == "ligand contacts"


def test_residues_of_the_other_evidence_are_not_asked_about():
    first, *others = examples(8)
    a, b = first.residues[:5], first.residues[5:]
    both = replace(first, sites={"ligand contacts": a, "neighbourhood": b})
    made = (both, *others)
    scores = [np.zeros(len(one.protein)) for one in made]
    scores[0][list(b)] = 2  # all of the other evidence on top: no fault
    scores[0][list(a)] = 1
    held = {PREDICTOR: HeldOut(tuple(scores), ())}
    found = compare(made, held, "ligand contacts").receptors[0]
    assert (found.receptor, found.residues, found.listed) == ("R0", 57, 5)
    assert found.auprc[PREDICTOR] == 1
    assert compare(made, held, ALL_EVIDENCE).receptors[0].listed == 8


def test_one_receptor_is_no_comparison(held):
    lonely = (replace(MADE[0], sites={"neighbourhood": (1, 2)}), *(replace(one, sites={"ligand contacts": (1,)}) for one in MADE[1:]))
    assert compare(lonely, held, "neighbourhood") is None


def test_it_survives_json(held):
    found = compare(MADE, held)
    assert Comparison.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_processes_give_the_same(held):
    methods = (noise_method(MADE), head_method(MADE, sizes=(1,)))
    told = []
    found = hold_out(methods, MADE, unrelated(8), told.append, processes=2)
    assert list(found) == ["noise", PREDICTOR]
    assert sorted(told) == ["left out each receptor: noise", f"left out each receptor: {PREDICTOR}"]
    for name in found:
        assert found[name].settings == held[name].settings
        for one, other in zip(found[name].scores, held[name].scores, strict=True):
            np.testing.assert_array_equal(one, other)
