"""The published rules against scipy and a written-out loop."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from allo_core.prediction.methods import HeadData
from allo_core.prediction.reproduction import CURVE, AboveMean, StudentHeads, impacts, learning_curves
from tests.learning.planted import HEADS, PLANTED, examples, received, unrelated

RNG = np.random.default_rng(0)
SHARES = RNG.normal(0.05, 0.01, size=(9, 30))
SHARES[:, 4] += 0.05
SHARES[:, 7] += 0.02
SHARES[:3, 9] = np.nan
SNR = RNG.normal(size=(9, 30))


def test_impacts_are_shares_of_the_attention():
    above = [RNG.random((3, 10)), RNG.random((3, 12))]
    above[1][2] = 0  # a head without attention above 0.3 there
    labels = [np.arange(10) < 3, np.arange(12) > 8]
    found = impacts(above, labels)
    for i in range(2):
        for head in range(3):
            total = sum(above[i][head])
            if total:
                assert found[i, head] == pytest.approx(sum(above[i][head][j] for j in np.flatnonzero(labels[i])) / total)
    assert np.isnan(found[1, 2])


@pytest.mark.parametrize("training", [(0, 1), (0, 3, 4, 8), tuple(range(9))])
def test_the_t_test_is_that_of_scipy(training):
    values = SHARES[list(training)]
    enough = (~np.isnan(values)).sum(axis=0) >= 2
    expected = np.zeros(30, dtype=bool)
    for head in np.flatnonzero(enough):
        one = values[~np.isnan(values[:, head]), head]
        expected[head] = ttest_1samp(one, np.nanmean(values), alternative="greater").pvalue * enough.sum() < 0.05
    np.testing.assert_array_equal(StudentHeads(SHARES, SNR).rejecting(training), expected)


def test_what_rejects_is_ranked_by_snr_and_at_most_20_are_taken():
    everybody = tuple(range(9))
    assert StudentHeads(SHARES, SNR)(everybody) == tuple(np.flatnonzero(StudentHeads(SHARES, SNR).rejecting(everybody)).tolist())
    assert set(StudentHeads(SHARES, SNR)(everybody)) >= {4}
    half = SHARES + np.where(np.arange(30) < 25, 0.5, -1)
    best = np.sort(np.argsort(-SNR.mean(axis=0)[:25])[:20])
    assert StudentHeads(half, SNR).rejecting((1, 2, 3, 4, 5, 6))[:25].all()
    assert StudentHeads(half, SNR)(everybody) == tuple(best.tolist())
    assert StudentHeads(np.full((9, 30), 0.1), SNR)(everybody) == ()  # no spread, no excess


def test_above_the_mean():
    chosen = AboveMean(SHARES)((3, 4, 5))
    assert chosen == tuple(h for h in range(30) if SHARES[3:6, h].mean() > SHARES[3:6].mean())
    assert AboveMean(SHARES)((0, 1))  # a head that is missing in both takes no part
    assert 9 not in AboveMean(SHARES)((0, 1))


@pytest.fixture(scope="module")
def curves():
    made = examples(8)
    weights = [received(one, seed, 3.0) for seed, one in enumerate(made)]
    features = tuple(np.log2(one / one.mean(axis=1, keepdims=True)).T[:, :, None].repeat(4, axis=2) for one in weights)
    data = HeadData(features, np.zeros((8, HEADS)), tuple((0, head) for head in range(HEADS)), tuple(weights))
    return made, data, learning_curves(made, data, unrelated(8))


def test_the_curves_say_what_chance_would(curves):
    _, _, points = curves
    names = list(dict.fromkeys(point.method for point in points))
    assert names == ["reproduction: Student's t of heads", "reproduction: impact above the mean", "position memory 8 Å"]
    for name in names[:2]:
        whole = [point for point in points if point.method == name]
        assert [(point.training, point.shifted) for point in whole] == [(size, False) for size in CURVE] + [(None, True)]
        everything, moved = whole[-2:]
        assert everything.auroc.value > 0.8 > moved.auroc.value
        assert everything.heads >= 1
    t = {(point.training, point.shifted): point for point in points if point.method == names[0]}
    assert t[2, False].without > t[None, False].without  # one degree of freedom
    assert all(point.heads is None and point.auroc.value == 0.5 for point in points if point.method == names[2])  # no place in the frame


def test_the_planted_head_is_chosen_by_all(curves):
    made, data, _ = curves
    shares = impacts(data.above, [one.labels for one in made])
    assert StudentHeads(shares, np.zeros((8, HEADS)))(tuple(range(8))) == (PLANTED,)
    assert PLANTED in AboveMean(shares)(tuple(range(8)))
