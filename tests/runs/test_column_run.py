"""Column runs: number for number what the maps give, kept in one file."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from allo_core.attention.columns import columns
from allo_core.errors import ScoreError, StoreError
from allo_core.runs.column_reducer import ColumnReducer, check_thresholds
from allo_core.runs.column_store import columns_folder, find_column_run, keep_column_run
from tests.runs.attention_runs import random_attention, residues_of, run_meta, write_run

THRESHOLDS = (0.0, 0.05, 0.3)


@pytest.fixture
def meta():
    return run_meta()


@pytest.fixture
def layers(meta):
    return list(random_attention(meta.layers, meta.heads, len(meta.sequence) + 2))


def reduced(meta, layers):
    reducer = ColumnReducer(meta.layers, meta.heads, len(meta.sequence), THRESHOLDS)
    for layer, attention in enumerate(layers):
        reducer.add(layer, attention, 1)
    return reducer


def test_number_for_number_what_the_maps_give(meta, layers):
    reducer = reduced(meta, layers)
    maps = write_run(meta, torch.stack(layers))
    for at, threshold in enumerate(THRESHOLDS):
        expected = maps.columns(threshold)
        np.testing.assert_array_equal(reducer.weights[at], expected.weights)
        np.testing.assert_array_equal(reducer.arcs[at], expected.arcs)
    np.testing.assert_array_equal(reducer.special_share, maps.special_share)


def test_the_definition(meta, layers):
    run = keep_column_run(meta, reduced(meta, layers))
    inside = residues_of(torch.stack(layers))
    for threshold in THRESHOLDS:
        expected = columns(inside, threshold)
        found = run.columns(threshold)
        np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-6)  # kept as float32
        np.testing.assert_array_equal(found.arcs, expected.arcs)
        assert found.threshold == threshold
    with pytest.raises(ScoreError, match=r"above 0\.2 were not kept; there are those above 0, 0\.05, 0\.3"):
        run.columns(0.2)


def test_kept_and_found_again(meta, layers):
    assert find_column_run(meta, THRESHOLDS) is None
    reducer = reduced(meta, layers)
    keep_column_run(meta, reducer)
    found = find_column_run(meta, THRESHOLDS)
    for threshold in THRESHOLDS:
        np.testing.assert_array_equal(found.columns(threshold).weights, reducer.columns(threshold).weights.astype(np.float32))
        np.testing.assert_array_equal(found.columns(threshold).arcs, reducer.columns(threshold).arcs)
    np.testing.assert_array_equal(found.special_share, reducer.special_share)
    assert (found.meta, found.thresholds) == (meta, THRESHOLDS)
    assert find_column_run(meta, (0.0, 0.3)) is None
    assert find_column_run(replace(meta, sequence=meta.sequence[::-1]), THRESHOLDS) is None
    assert find_column_run(replace(meta, protein_name="another name"), THRESHOLDS) is not None
    assert len(list(columns_folder().iterdir())) == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "another run"])
def test_a_file_without_its_description_is_not_found(meta, layers, damage):
    keep_column_run(meta, reduced(meta, layers))
    (path,) = columns_folder().iterdir()
    content = path.read_bytes()
    if damage == "another run":
        keep_column_run(replace(meta, sequence=meta.sequence[::-1]), reduced(meta, layers))
        content = next(other for other in columns_folder().iterdir() if other != path).read_bytes()
    path.write_bytes({"cut": content[:-30], "empty": b"", "text": b"no archive"}.get(damage, content))
    assert find_column_run(meta, THRESHOLDS) is None


def test_a_damaged_or_deleted_file_is_named(meta, layers):
    run = keep_column_run(meta, reduced(meta, layers))
    (path,) = columns_folder().iterdir()
    content = bytearray(path.read_bytes())
    content[200] ^= 1  # in the first array
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"cannot be read .*delete the file and run again"):
        run.columns(0.0)
    path.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        run.columns(0.3)


def test_what_is_not_attention_is_refused(meta, layers):
    reducer = ColumnReducer(meta.layers, meta.heads, len(meta.sequence), THRESHOLDS)
    with pytest.raises(StoreError, match="rows do not sum to 1"):
        reducer.add(0, 3 * layers[0], 1)


def test_a_full_disk(meta, layers, monkeypatch):
    def refuse(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("allo_core.runs.column_store.write_whole", refuse)
    with pytest.raises(StoreError, match=r"No space left on device; make room or set ALLOSCOPE_HOME"):
        keep_column_run(meta, reduced(meta, layers))


def test_thresholds():
    assert check_thresholds((0.3, 0.0, 0.3)) == (0.0, 0.3)
    with pytest.raises(ScoreError, match="No threshold is given"):
        check_thresholds(())
    with pytest.raises(ScoreError, match=r"0\.001 is not possible"):
        check_thresholds((0.001,))
