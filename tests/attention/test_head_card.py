import numpy as np
import pytest

from allo_core.attention.arcs import Arcs
from allo_core.attention.columns import columns
from allo_core.attention.head_card import THRESHOLDS, Stability, head_card, stability, strongest_pairs
from allo_core.attention.scores import score_heads
from allo_core.errors import ScoreError
from tests.runs.attention_runs import random_attention, residues_of, run_meta, write_run

LENGTH = 60
SITES = (3, 17, 18, 40)


@pytest.fixture(scope="module")
def attention():
    return random_attention(2, 3, LENGTH + 2, seed=5, sharpness=4.0)


@pytest.fixture
def maps(attention):
    return write_run(run_meta(LENGTH, 2, 3), attention)


@pytest.fixture(scope="module")
def cb():
    """A random walk with residues that the structure does not show."""
    generator = np.random.default_rng(2)
    points = np.cumsum(generator.normal(scale=2.2, size=(LENGTH, 3)), axis=0)
    points[[0, 5, 17, 33]] = np.nan
    return points


def arcs_of(*entries, threshold=0.3):
    queries, keys, weights = zip(*entries, strict=True) if entries else ((), (), ())
    return Arcs(np.array(queries, dtype=np.int64), np.array(keys, dtype=np.int64), np.array(weights, dtype=np.float32), threshold)


def card_by_loops(matrix, threshold, sites, cb):
    """The definitions, pair by pair."""
    arcs = [(i, j) for i in range(len(matrix)) for j in range(len(matrix)) if matrix[i, j] > threshold]
    shown = [(i, j) for i, j in arcs if i != j and not np.isnan(cb[i]).any() and not np.isnan(cb[j]).any()]
    far = [(i, j) for i, j in shown if abs(i - j) >= 6]
    on_site = {s: sum(float(matrix[i, s]) for i in range(len(matrix)) if matrix[i, s] > threshold) for s in sites}

    def contacts(pairs):
        return sum(((cb[i] - cb[j]) ** 2).sum() < 64 for i, j in pairs) / len(pairs)

    return {
        "n_arcs": len(arcs),
        "local_share": sum(abs(i - j) < 5 for i, j in arcs) / len(arcs),
        "long_range_share": sum(abs(i - j) > 23 for i, j in arcs) / len(arcs),
        "contact_share": contacts(shown),
        "n_resolved": len(shown),
        "contact_share_far": contacts(far),
        "n_resolved_far": len(far),
        "residues_hit": sum(value > 0 for value in on_site.values()),
        "n_sites": len(sites),
        "largest_share": max(on_site.values()) / sum(on_site.values()),
        "largest_residue": max(on_site, key=on_site.get),
    }


@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.3])
def test_the_card_follows_its_definitions(maps, attention, cb, threshold):
    """Against plain loops; equal to rounding."""
    for layer, head in np.ndindex(2, 3):
        card = head_card(maps.arcs(layer, head, threshold), SITES, maps.special_share[layer, head], cb)
        expected = card_by_loops(residues_of(attention)[layer, head], np.float32(threshold), SITES, cb)
        assert expected["n_resolved_far"] > 3
        for name, value in expected.items():
            assert getattr(card, name) == pytest.approx(value, rel=1e-6), name
        assert card.special_share == maps.special_share[layer, head]


def test_the_card_agrees_with_the_scores_of_all_heads(maps):
    for threshold in (0.1, 0.3):
        frame = score_heads(maps.columns(threshold), SITES).frame
        for row in frame.itertuples():
            card = head_card(maps.arcs(row.layer, row.head, threshold), SITES, 0.0)
            assert (card.n_arcs, card.residues_hit) == (row.n_arcs, row.residues_hit)


def test_without_a_structure_there_are_no_contacts(maps):
    card = head_card(maps.arcs(0, 0, 0.1), SITES, 0.25)
    assert (card.contact_share, card.contact_share_far, card.n_resolved, card.n_resolved_far) == (None, None, 0, 0)


def test_limits_of_the_definitions():
    """4 apart is local and 5 is not, 24 is long-range and 23 is not, 8 Å is no contact; an arc of a residue to itself is local only."""
    points = np.zeros((40, 3))
    points[:, 0] = 100 * np.arange(40)
    points[5, 0] = points[0, 0] + 8.0
    points[7, 0] = points[0, 0] - 7.999
    arcs = arcs_of((0, 4, 0.9), (0, 5, 0.8), (10, 10, 0.7), (30, 6, 0.6), (6, 29, 0.5), (0, 7, 0.4))
    card = head_card(arcs, [5], 0.0, points)
    assert card.local_share == pytest.approx(2 / 6)
    assert card.long_range_share == pytest.approx(1 / 6)
    assert (card.n_resolved, card.contact_share) == (5, pytest.approx(1 / 5))
    assert (card.n_resolved_far, card.contact_share_far) == (3, pytest.approx(1 / 3))
    assert (card.residues_hit, card.largest_share, card.largest_residue) == (1, 1.0, 5)


def test_a_head_without_arcs_or_without_any_on_the_site():
    empty = head_card(arcs_of(), SITES, 0.1, np.zeros((LENGTH, 3)))
    assert (empty.n_arcs, empty.contact_share, empty.residues_hit, empty.largest_residue) == (0, None, 0, None)
    assert np.isnan([empty.local_share, empty.long_range_share, empty.largest_share]).all()
    beside = head_card(arcs_of((1, 2, 0.5)), SITES, 0.1)
    assert (beside.n_arcs, beside.local_share, beside.largest_residue) == (1, 1.0, None)
    assert np.isnan(beside.largest_share)
    assert strongest_pairs(arcs_of(), 10) == ()


def test_nothing_marked():
    with pytest.raises(ScoreError, match="Nothing is marked"):
        head_card(arcs_of((1, 2, 0.5)), [], 0.1)


def test_strongest_pairs(maps, attention, cb):
    matrix = residues_of(attention)[1, 2]
    pairs = strongest_pairs(maps.arcs(1, 2, 0.01), 10, cb)
    order = [(i, j) for i, j in np.argwhere(matrix > 0.01).tolist() if i != j]
    order.sort(key=lambda pair: -matrix[pair])
    assert [(pair.query, pair.key) for pair in pairs] == order[:10]
    assert [pair.weight for pair in pairs] == [float(matrix[pair]) for pair in order[:10]]
    for pair in strongest_pairs(maps.arcs(1, 2, 0.01), 500, cb):
        expected = np.sqrt(((cb[pair.query] - cb[pair.key]) ** 2).sum())
        np.testing.assert_allclose(pair.distance, expected, rtol=1e-12)
    assert all(np.isnan(pair.distance) for pair in strongest_pairs(maps.arcs(1, 2, 0.01), 5))
    assert len(strongest_pairs(maps.arcs(1, 2, 0.01), 0)) == 0
    first = {order[7][1], order[3][1]}
    ahead = [pair for pair in order if pair[1] in first]
    wanted = [*ahead, *(pair for pair in order if pair[1] not in first)][:10]
    assert [(pair.query, pair.key) for pair in strongest_pairs(maps.arcs(1, 2, 0.01), 10, None, tuple(first))] == wanted


@pytest.mark.parametrize("null", ["uniform", "matched", "published"])
@pytest.mark.parametrize("queries", [None, (2, 3, 30, 31, 32, 55)])
def test_stability_equals_the_scores_of_all_heads(maps, null, queries):
    """At every threshold: NaN at the same places, else equal to rounding (1e-12)."""
    strata = [i // 20 for i in range(LENGTH)]
    frames = {t: score_heads(maps.columns(t, queries), SITES, null, strata if null == "matched" else None).frame for t in THRESHOLDS}
    defined = 0
    for number, (layer, head) in enumerate(np.ndindex(2, 3)):
        points = stability(maps.arcs(layer, head, 0.01, queries), SITES, null, strata)
        assert [point.threshold for point in points] == list(THRESHOLDS)
        for point in points:
            row = frames[point.threshold].iloc[number]
            assert point.n_arcs == row["n_arcs"]
            np.testing.assert_allclose(point.log2_enrichment, np.log2(row["enrichment"]), rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(point.snr, row["snr"], rtol=1e-12, atol=1e-12)
            defined += not np.isnan(point.snr)
    assert defined > 5
    if queries is not None:
        assert defined < 6 * len(THRESHOLDS)  # some are not, and agree in that


def test_stability_takes_its_length_from_the_strata_or_a_parameter(maps, attention):
    arcs = maps.arcs(0, 1, 0.1)
    assert stability(arcs, SITES, "uniform", None, length=LENGTH) == stability(arcs, SITES, "uniform", ["any"] * LENGTH)
    point = stability(arcs, SITES, "uniform", None, (0.25,), LENGTH)[0]
    assert isinstance(point, Stability)
    weights = columns(residues_of(attention)[0, 1], 0.25).weights
    expected = weights[list(SITES)].sum() / (len(SITES) * weights.mean())
    assert point.log2_enrichment == pytest.approx(np.log2(expected), rel=1e-9)


def test_stability_of_a_head_without_attention_on_the_site():
    points = stability(arcs_of((1, 2, 0.45), (3, 2, 0.15), threshold=0.1), SITES, "uniform", None, length=LENGTH)
    assert [point.n_arcs for point in points] == [2, 1, 1, 1, 0]
    assert all(np.isnan([point.log2_enrichment, point.snr]).all() for point in points)


def test_settings_under_which_stability_is_not_defined(maps):
    arcs = maps.arcs(0, 0, 0.2)
    with pytest.raises(ScoreError, match=r"taken above 0\.2; take them again for a threshold of 0\.1"):
        stability(arcs, SITES, "uniform", None, length=LENGTH)
    for changes, message in [
        ({"strata": None}, "give strata or a length"),
        ({"null": "matched", "strata": None, "length": LENGTH}, "needs a stratum for each residue"),
        ({"null": "matched", "length": 10}, "60 strata for 10 residues|does not exist"),
        ({"null": "t test"}, "null 't test' is unknown"),
        ({"sites": []}, "Nothing is marked"),
        ({"sites": [LENGTH]}, "index 60 does not exist"),
    ]:
        with pytest.raises(ScoreError, match=message):
            stability(**({"arcs": arcs, "sites": SITES, "null": "uniform", "strata": [0] * LENGTH, "thresholds": (0.3,)} | changes))
