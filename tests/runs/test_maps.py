import numpy as np
import pytest
import torch

from allo_core.attention.columns import columns
from allo_core.errors import ScoreError, StoreError
from allo_core.runs.store import find_run
from allo_core.runs.writer import RunWriter
from tests.runs.attention_runs import random_attention, residues_of, run_meta, write_run

THRESHOLDS = [0.01, *np.arange(0.05, 0.95, 0.05).round(2), 0.3, 0.333, 0.95]


@pytest.fixture(scope="module")
def attention():
    return random_attention(3, 4, 32)


@pytest.fixture
def maps(attention):
    return write_run(run_meta(), attention)


def test_stored_maps_are_within_float16(maps, attention):
    exact = residues_of(attention)
    assert maps.shape == exact.shape == (3, 4, 30, 30)
    for layer in range(3):
        for head in range(4):
            stored = maps[layer, head]
            assert stored.dtype == np.float32
            assert np.abs(stored - exact[layer, head]).max() <= 2.5e-4


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_columns_are_those_of_the_exact_maps(maps, attention, threshold):
    exact = columns(residues_of(attention), threshold)
    stored = maps.columns(threshold)
    assert exact.arcs.sum() > 0
    np.testing.assert_array_equal(stored.arcs, exact.arcs)
    np.testing.assert_allclose(stored.weights, exact.weights, atol=1e-12)
    assert stored.threshold == threshold


@pytest.mark.parametrize("threshold", [0.01, 0.3])
@pytest.mark.parametrize("queries", [[4], [0, 29], range(7, 19)])
def test_columns_of_some_queries_are_exact(maps, attention, threshold, queries):
    exact = columns(residues_of(attention), threshold, queries)
    stored = maps.columns(threshold, queries)
    np.testing.assert_array_equal(stored.arcs, exact.arcs)
    np.testing.assert_allclose(stored.weights, exact.weights, atol=1e-12)


def test_threshold_0_reads_the_column_sums(maps, attention):
    exact = columns(residues_of(attention), 0)
    np.testing.assert_allclose(maps.columns(0).weights, exact.weights, atol=1e-5)
    np.testing.assert_array_equal(maps.columns(0).arcs, exact.arcs)
    np.testing.assert_allclose(maps.received(2, 1), exact.weights[2, 1], atol=1e-5)


def test_threshold_0_with_queries_reads_the_float16_maps(maps, attention):
    exact = columns(residues_of(attention), 0, [3, 11])
    got = maps.columns(0, [3, 11])
    np.testing.assert_allclose(got.weights, exact.weights, atol=2 * 2.5e-4)
    np.testing.assert_array_equal(got.arcs, exact.arcs)


def test_what_special_tokens_get_is_kept(maps, attention):
    share = 1 - residues_of(attention).sum(axis=-1).mean(axis=-1)
    assert share.min() > 0.001
    np.testing.assert_allclose(maps.special_share, share, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_any_shape_and_place_of_the_residues(seed):
    generator = np.random.default_rng(seed)
    layers, heads, length, before, after = generator.integers(1, [4, 9, 40, 3, 3]).tolist()
    attention = random_attention(layers, heads, before + length + after, seed, sharpness=float(generator.uniform(0, 8)))
    maps = write_run(run_meta(length, layers, heads), attention, first=before)
    exact = residues_of(attention, before, before + length)
    for threshold in (0.01, 0.07, 0.3, 0.9):
        np.testing.assert_array_equal(maps.columns(threshold).arcs, columns(exact, threshold).arcs)
    assert max(np.abs(maps[a, b] - exact[a, b]).max() for a in range(layers) for b in range(heads)) <= 2.5e-4


@pytest.mark.parametrize(("layers", "heads", "length"), [(1, 5, 600), (3, 12, 300), (2, 3, 1100)])
def test_large_layers_in_groups_of_heads(layers, heads, length):
    attention = random_attention(layers, heads, length + 2, sharpness=4)
    with RunWriter(run_meta(length, layers, heads)) as writer:
        buffer = torch.empty_like(attention[0])  # as a model does, that uses the memory of one layer for the next
        for layer in range(layers):
            writer.write_layer(layer, buffer.copy_(attention[layer]), 1, length)
        maps = writer.commit()
    exact = residues_of(attention)
    np.testing.assert_array_equal(maps.columns(0.01).arcs, columns(exact, 0.01).arcs)
    np.testing.assert_allclose(maps.columns(0).weights, exact.sum(axis=-2, dtype=np.float64), rtol=1e-5)
    assert all(np.abs(maps[layer, heads - 1] - exact[layer, heads - 1]).max() <= 2.5e-4 for layer in range(layers))


@pytest.mark.parametrize("threshold", [0.005, -1, 0.951, float("nan")])
def test_thresholds_that_are_not_kept_are_named(maps, threshold):
    with pytest.raises(ScoreError, match=f"threshold {threshold:g} is not possible; choose 0, or from 0.01 to 0.95"):
        maps.columns(threshold)


def test_layers_and_heads_that_do_not_exist(maps):
    for where in [(3, 0), (0, 4), (-1, 0)]:
        with pytest.raises(IndexError, match="layers 0 to 2 and heads 0 to 3"):
            maps[where]


def test_what_the_run_was_made_from_is_kept(maps):
    assert maps.meta == run_meta()
    assert find_run(maps.meta.key).meta == run_meta()
    assert maps.nbytes == sum(item.stat().st_size for item in maps.folder.iterdir())


@pytest.mark.parametrize("threshold", [0.01, 0.05, 0.3, 0.333, 0.95])
@pytest.mark.parametrize("queries", [None, [4], range(7, 19)])
def test_arcs_are_the_entries_of_the_exact_map(maps, attention, threshold, queries):
    rows = range(30) if queries is None else queries
    found = 0
    for layer, head in np.ndindex(3, 4):
        exact = residues_of(attention)[layer, head]
        expected = [(-exact[i, j], i, j) for i in rows for j in range(30) if exact[i, j] > np.float32(threshold)]
        arcs = maps.arcs(layer, head, threshold, queries)
        assert [(-w, i, j) for w, i, j in zip(arcs.weights, arcs.queries, arcs.keys, strict=True)] == sorted(expected)
        assert arcs.weights.dtype == np.float32
        assert arcs.threshold == threshold
        found += len(arcs)
    assert found > 0 or threshold == 0.95


def test_equal_arcs_come_by_query_and_key():
    attention = torch.full((1, 1, 12, 12), 1 / 12)
    arcs = write_run(run_meta(10, 1, 1), attention).arcs(0, 0, 0.05)
    assert list(zip(arcs.queries.tolist(), arcs.keys.tolist(), strict=True)) == list(np.ndindex(10, 10))


@pytest.mark.parametrize("threshold", [0.0, 0.01, 0.1, 0.3])
def test_a_layer_above_a_threshold_has_the_columns_of_the_scores(maps, threshold):
    queries = [0, 3, 5]
    expected = maps.columns(threshold, queries)
    for layer in range(maps.shape[0]):
        above = maps.above(layer, threshold)
        assert above.shape == maps.shape[1:]
        np.testing.assert_allclose(above[:, queries].sum(axis=1), expected.weights[layer], rtol=1e-5, atol=1e-7)
        if threshold:
            assert ((above[:, queries] > 0).sum(axis=1) == expected.arcs[layer]).all()
    with pytest.raises(ScoreError, match=r"0\.005"):
        maps.above(0, 0.005)


def test_arcs_above_a_higher_threshold(maps):
    arcs, higher = maps.arcs(1, 1, 0.01), maps.arcs(1, 1, 0.3)
    for name in ("queries", "keys", "weights"):
        np.testing.assert_array_equal(getattr(arcs.above(0.3), name), getattr(higher, name))
    assert len(arcs) > len(higher) > 0
    with pytest.raises(ScoreError, match=r"taken above 0\.3"):
        higher.above(0.1)


def test_arcs_that_are_not_kept(maps):
    with pytest.raises(ScoreError, match=r"no arcs at threshold 0, where every entry counts; choose from 0\.01 to 0\.95"):
        maps.arcs(0, 0, 0)
    with pytest.raises(ScoreError, match=r"threshold 0\.005 is not possible"):
        maps.arcs(0, 0, 0.005)
    with pytest.raises(ScoreError, match="query index 30 does not exist"):
        maps.arcs(0, 0, 0.3, [30])
    with pytest.raises(IndexError, match="layers 0 to 2"):
        maps.arcs(3, 0, 0.3)


def test_arcs_of_a_damaged_layer(maps):
    path = maps.folder / "entries.bin"
    damaged = bytearray(path.read_bytes())
    damaged[10] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"checksum of layer 0 in entries\.bin does not match"):
        maps.arcs(0, 0, 0.3)
