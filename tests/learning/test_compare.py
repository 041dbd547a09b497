"""Methods side by side: intervals over groups, paired differences, and what they amount to in words."""

import json
from dataclasses import replace

import numpy as np
import pytest

from allo_core.learning.compare import compare, group_draws, hold_out
from allo_core.learning.method import Method
from allo_core.learning.metrics import areas, random_precision
from allo_core.learning.results import CHANCE, Comparison, Difference, Estimate, added, verdict
from tests.learning.planted import examples, head_method, noise_method, unrelated

MADE = examples(8)
HEADS = "sensitive heads"


@pytest.fixture(scope="module")
def held():
    methods = (head_method(MADE, sizes=(1,)), replace(head_method(MADE, sizes=(1,)), name="the same"), noise_method(MADE))
    return hold_out(methods, MADE, unrelated(8))


@pytest.fixture(scope="module")
def found(held):
    return compare(MADE, held, unrelated(8), HEADS, ("the same", "noise"), (HEADS, "noise"))


def test_a_planted_signal_beats_noise_and_chance(found):
    assert list(found.methods) == [HEADS, "the same", "noise", CHANCE]
    for name in ("noise", CHANCE):
        assert found.differences[name].auroc.low > 0
        assert found.differences[name].higher >= 7
    assert verdict(found) == (
        "The predictor (sensitive heads) on 8 receptors left out in 8 groups of relatives. "
        "In mean AUROC it is not told apart from the same; better than noise, random ranking. "
        "In mean normalised AUPRC it is not told apart from the same; better than noise, random ranking. "
        "8 differences were looked at; of so many, about 1 would miss 0 by chance."
    )


def test_the_same_method_differs_by_nothing(found):
    same = found.differences["the same"]
    for one in (same.auroc, same.normalised):
        assert (one.value, one.low, one.high) == (0, 0, 0)
    assert same.higher == 0


def test_what_loses_is_said_first(held):
    said = verdict(compare(MADE, held, unrelated(8), "noise", (HEADS,)))
    assert said.count("it is worse than sensitive heads") == 2
    assert "better" not in said


@pytest.mark.parametrize(
    ("auroc", "normalised", "word"),
    [
        ((0.01, -0.02, 0.03), (0.0, -0.01, 0.01), "adds nothing that can be told from 0 to"),
        ((0.05, 0.01, 0.09), (0.0, -0.01, 0.01), "adds something to"),
        ((-0.05, -0.09, -0.01), (0.0, -0.01, 0.01), "adds nothing: it makes the prediction worse to"),
        ((-0.05, -0.09, -0.01), (0.02, 0.01, 0.03), "adds no clear gain to"),
    ],
)
def test_what_attention_adds(found, auroc, normalised, word):
    said = added(replace(found, attention=Difference(Estimate(*auroc), Estimate(*normalised), 4)))
    assert said.startswith(f"Attention {word} position memory and structure: AUROC {auroc[0]:+.3f} [{auroc[1]:+.3f}, {auroc[2]:+.3f}], ")
    assert "not measured" in added(replace(found, attention=None))


def test_means_and_intervals(held, found):
    each = [areas(one.labels, scores) for one, scores in zip(MADE, held[HEADS].scores, strict=True)]
    mean = found.methods[HEADS].normalised
    assert mean.value == pytest.approx(np.mean([one.normalised for one in each]), abs=1e-5)
    error = np.std([one.normalised for one in each], ddof=1) / np.sqrt(8)
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * error, rel=0.2)
    assert mean.low < mean.value < mean.high
    assert found.methods[CHANCE].auprc == pytest.approx(np.mean([random_precision(8, 60 + at) for at in range(8)]), abs=1e-5)
    for at, one in enumerate(found.receptors):
        assert (one.receptor, one.residues, one.listed) == (f"R{at}", 60 + at, 8)
        assert one.auroc[HEADS] == pytest.approx(each[at].auroc, abs=1e-5)
        assert one.normalised[HEADS] == pytest.approx(each[at].normalised, abs=1e-5)
        assert (one.auroc[CHANCE], one.normalised[CHANCE]) == (0.5, 0)
    assert found == compare(MADE, held, unrelated(8), HEADS, ("the same", "noise"), (HEADS, "noise"))  # the seed is fixed


def test_relatives_are_resampled_together():
    related = unrelated(5)
    related[0, 3] = related[3, 0] = related[3, 4] = related[4, 3] = True  # 0 and 4 are linked by 3
    groups, weights = group_draws(related)
    assert groups.tolist() == [0, 1, 2, 0, 0]
    assert (weights[:, 0] == weights[:, 3]).all()
    assert (weights[:, 0] == weights[:, 4]).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights[0], 0.2)
    # Written out: a group drawn k times brings each of its receptors k times.
    drawn = np.random.default_rng(0).multinomial(3, [1 / 3] * 3, 2000)
    for counts, row in zip(drawn[:50], weights[1:51], strict=True):
        members = [receptor for receptor in range(5) for _ in range(counts[groups[receptor]])]
        np.testing.assert_allclose(row, np.bincount(members, minlength=5) / len(members))


def test_it_survives_json(found):
    assert Comparison.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_processes_give_the_same_with_parts():
    method = head_method(MADE, sizes=(1, 2))
    methods = (noise_method(MADE), Method(method.name, method.choices, parts={"two": ("2 heads",)}))
    told = []
    together = hold_out(methods, MADE, unrelated(8), told.append, processes=2)
    assert list(together) == ["noise", HEADS, "two"]
    assert sorted(told) == ["left out each receptor: noise", f"left out each receptor: {HEADS}"]
    assert {setting.choice for setting in together["two"].settings} == {"2 heads"}
    here = hold_out(methods, MADE, unrelated(8))
    for name in together:
        assert together[name].settings == here[name].settings
        for one, other in zip(together[name].scores, here[name].scores, strict=True):
            np.testing.assert_array_equal(one, other)
