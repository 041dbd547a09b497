import threading
import tracemalloc

import numpy as np
import pytest

from allo_core.attention.draws import BoundedCache, draw_sites, random_weights
from allo_core.attention.nulls import exceedance_p


def one_stratum(length: int, size: int, draws: int, seed: int = 0):
    return draw_sites(np.zeros(length, dtype=np.int64), np.array([size]), draws, seed)


@pytest.mark.parametrize(("length", "size"), [(7, 1), (10, 4), (10, 5), (10, 6), (10, 9), (10, 10), (90, 16)])
def test_every_subset_is_equally_likely(length, size):
    draws = 40_000
    sites = one_stratum(length, size, draws)
    members = np.sort(sites.members.astype(int), axis=1)
    assert len(sites) == draws
    assert members.shape == (draws, size)
    assert members.min() >= 0
    assert members.max() < length
    assert (np.diff(members, axis=1) > 0).all()
    # How often a residue, and a pair of residues, is drawn: within 5 standard errors of n / L and n (n - 1) / (L (L - 1)).
    indicator = np.zeros((draws, length), dtype=np.float32)
    np.put_along_axis(indicator, members, 1, axis=1)
    singles, pairs = indicator.mean(axis=0), indicator.T @ indicator / draws
    for seen, expected in ((singles, size / length), (pairs[np.triu_indices(length, 1)], size * (size - 1) / (length * (length - 1)))):
        assert np.abs(seen - expected).max() <= 5 * np.sqrt(expected * (1 - expected) / draws) + 1e-6


def test_strata_keep_their_counts():
    codes = np.random.default_rng(0).integers(0, 4, 50)
    counts = np.array([2, 0, (codes == 2).sum(), 3])
    members = draw_sites(codes, counts, 3000, 1).members.astype(int)
    drawn = np.stack([(codes[members] == stratum).sum(axis=1) for stratum in range(4)], axis=1)
    assert (drawn == counts).all()
    assert all(len(set(row)) == counts.sum() for row in members)
    for stratum in (0, 3):
        inside = np.flatnonzero(codes == stratum)
        seen = np.bincount(members.ravel(), minlength=50)[inside] / 3000
        expected = counts[stratum] / len(inside)
        assert np.abs(seen - expected).max() <= 5 * np.sqrt(expected * (1 - expected) / 3000)


def test_draws_are_kept_by_what_they_were_drawn_with():
    first = one_stratum(60, 5, 1000, seed=3)
    assert one_stratum(60, 5, 1000, seed=3).members is first.members
    for other in (one_stratum(60, 5, 1000, seed=4), one_stratum(60, 5, 1001, seed=3), one_stratum(61, 5, 1000, seed=3)):
        assert other.key != first.key
        assert other.members is not first.members
    with pytest.raises(ValueError, match="read-only"):
        first.members[0, 0] = 1


@pytest.mark.parametrize("size", [3, 60, 150])  # below and above the share where the product turns dense
@pytest.mark.parametrize("seed", range(2))
def test_weights_are_the_sums_over_members(size, seed):
    weights = np.random.default_rng(seed).exponential(size=(7, 200))
    sites = one_stratum(200, size, 5000, seed)
    expected = weights[:, sites.members.astype(int)].sum(axis=2)
    np.testing.assert_allclose(sites.weigh(weights), expected, rtol=1e-5)
    got = np.concatenate([block for _, block in random_weights(weights, sites)])
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_weights_are_kept_for_new_sites_of_a_known_size():
    weights = np.random.default_rng(0).exponential(size=(7, 200))
    sites = one_stratum(200, 3, 5000)
    (_, first), (_, again), (_, other) = (next(iter(random_weights(given, sites))) for given in (weights, weights.copy(), weights * 2))
    assert first is again
    np.testing.assert_allclose(other, 2 * first, rtol=1e-6)


def test_the_cache_is_bounded_and_drops_the_oldest():
    cache = BoundedCache(limit=1000)
    made = []

    def value(name: str, size: int):
        return cache.get(name, lambda: made.append(name) or np.zeros(size, dtype=np.uint8))

    value("a", 400), value("b", 400), value("a", 400), value("c", 400)
    assert made == ["a", "b", "c"]
    assert cache.nbytes == 800
    value("a", 400)
    assert made == ["a", "b", "c"]
    value("b", 400)
    assert made == ["a", "b", "c", "b"]
    value("too large", 1001), value("too large", 1001)
    assert made.count("too large") == 2
    assert cache.nbytes <= 1000


def test_the_cache_serves_several_threads():
    cache, seen = BoundedCache(limit=100), []

    def work(offset: int) -> None:
        for step in range(2000):
            key = (step + offset) % 17
            seen.append(int(cache.get(key, lambda key=key: np.full(10, key, dtype=np.uint8))[0]) == key)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8000
    assert all(seen)


def test_memory_stays_bounded_for_the_largest_run():
    """1440 heads (ESM-2 3B) over 1022 residues: all random weights at once would be 332 MB."""
    weights = np.random.default_rng(0).exponential(size=(1440, 1022))
    tracemalloc.start()
    p = exceedance_p(weights, weights[:, :16].sum(axis=1), one_stratum(1022, 16, 57_600, seed=99))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert p.shape == (1440,)
    assert peak < 200e6
