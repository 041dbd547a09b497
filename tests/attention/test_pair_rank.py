"""Couplings beside those of other pairs of places, against direct sums."""

import numpy as np
import pytest

from allo_core.attention.nulls import benjamini_hochberg, encode_strata, moments
from allo_core.attention.pair_rank import rank_pair
from allo_core.attention.pairs_like import Pairs, pairs_like, shifted_pairs
from allo_core.attention.tails import tail_of

LENGTH = 120
CODES = encode_strata([f"{index // 30}, {index % 2}" for index in range(LENGTH)], LENGTH)
FIRST, SECOND = np.array([10, 11, 14, 60, 64]), np.array([30, 33, 34, 80])


@pytest.fixture(scope="module")
def maps():
    """Attention that falls with the distance along the chain, of 6 heads in blocks of 4 and 2."""
    generator = np.random.default_rng(1)
    apart = np.abs(np.arange(LENGTH)[:, None] - np.arange(LENGTH))
    made = generator.gamma(0.3, size=(6, LENGTH, LENGTH)) * np.exp(-apart / 20)
    return (made / made.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def positions():
    """A chain that winds through space in steps of 3.8 Å."""
    steps = np.random.default_rng(3).normal(size=(LENGTH, 3))
    return np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


def direct(head, looking, looked_at):
    """SNR of one set in what another looks at."""
    columns = head[looking].sum(axis=0, dtype=np.float64)
    mu, sigma = moments(columns[None], CODES, np.bincount(CODES[looked_at], minlength=CODES.max() + 1))
    return (columns[looked_at].sum() - mu[0]) / sigma[0]


def ranked(maps, pairs, enough=None, own=(FIRST, SECOND), kind="shift"):
    enough = np.ones(len(maps), dtype=bool) if enough is None else enough
    return rank_pair(iter((maps[:4], maps[4:])), own, pairs, CODES, enough, kind)


def test_p_is_the_fitted_tail_of_the_pairs(maps):
    pairs = shifted_pairs(FIRST, SECOND, LENGTH)
    assert len(pairs.first) == LENGTH - 1
    found = ranked(maps, pairs)
    for head, attention in enumerate(maps):
        there = [direct(attention, one, other) for one, other in zip(*pairs, strict=True)]
        back = [direct(attention, other, one) for one, other in zip(*pairs, strict=True)]
        own, own_back = direct(attention, FIRST, SECOND), direct(attention, SECOND, FIRST)
        assert found.rank.p_value[head] == pytest.approx(tail_of(np.array([[own]]), np.array([there]))[0, 0], rel=2e-3)
        more = np.subtract(there, back)
        assert found.asymmetry.difference[head] == pytest.approx(own - own_back, abs=2e-4)
        assert found.asymmetry.p_value[head] == pytest.approx(tail_of(np.array([[own - own_back]]), more[None], True)[0, 0], rel=5e-3)
    np.testing.assert_allclose(found.rank.q_value, benjamini_hochberg(found.rank.p_value))
    assert found.rank.kind == "shift"
    assert found.rank.n_places == LENGTH - 1


def test_a_coupling_that_is_planted_passes(maps):
    planted = maps.copy()
    planted[2][np.ix_(FIRST, SECOND)] += 0.2
    found = ranked(planted, shifted_pairs(FIRST, SECOND, LENGTH))
    assert found.rank.passing.tolist() == [2]
    assert found.asymmetry.passing.tolist() == [2]
    assert found.asymmetry.difference[2] > 0
    back = ranked(planted, shifted_pairs(SECOND, FIRST, LENGTH), own=(SECOND, FIRST))
    assert back.asymmetry.difference[2] == pytest.approx(-found.asymmetry.difference[2])
    assert 2 not in back.rank.passing


def test_heads_without_arcs_enough_are_not_tested(maps):
    enough = np.array([True, False, True, True, False, True])
    found = ranked(maps, shifted_pairs(FIRST, SECOND, LENGTH), enough)
    assert found.rank.tested.tolist() == enough.tolist()
    assert np.isnan(found.rank.p_value[~enough]).all()
    assert np.isnan(found.asymmetry.q_value[~enough]).all()
    silent = ranked(np.zeros_like(maps), shifted_pairs(FIRST, SECOND, LENGTH))
    assert not silent.rank.tested.any()
    assert np.isnan(silent.rank.global_p)
    assert not len(silent.asymmetry.passing)


def test_shifted_pairs_keep_every_distance_on_the_ring():
    pairs = shifted_pairs(FIRST, SECOND, LENGTH)
    apart = (pairs.second[:, None, :] - pairs.first[:, :, None]) % LENGTH
    assert (apart == (SECOND[None] - FIRST[:, None]) % LENGTH).all()
    assert len(np.unique(pairs.first[:, 0])) == LENGTH - 1


def test_pairs_lie_to_each_other_like_the_sets(positions):
    def centre(members):
        return positions[members].mean(axis=-2)

    def near(first, second):
        return (np.abs(second[:, :, None] - first[:, None, :]).min(axis=2) <= 4).sum(axis=1)

    for second in (SECOND, np.array([12, 13, 15, 16])):
        pairs = pairs_like(FIRST, second, positions)
        assert pairs.first.shape == (1000, 5)
        assert pairs.second.shape == (1000, 4)
        wanted = np.linalg.norm(centre(FIRST) - centre(second))
        off = np.linalg.norm(centre(pairs.first) - centre(pairs.second), axis=1) - wanted
        assert np.abs(off).mean() < 1.5
        assert abs(near(*pairs).mean() - near(FIRST[None], second[None])[0]) < 0.6
        again = pairs_like(FIRST, second, positions)
        assert (again.first == pairs.first).all()
        assert (again.second == pairs.second).all()
    assert isinstance(pairs, Pairs)
