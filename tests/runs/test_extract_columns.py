"""Column weights straight from a model: those of the maps, with nothing large kept."""

import threading

import numpy as np
import pytest

from allo_core.attention.scores import score_heads
from allo_core.errors import Cancelled, SequenceError
from allo_core.library.receptors import find_receptor
from allo_core.library.sites import find_site, site_indices
from allo_core.models.language_model import load_model
from allo_core.models.reading import read
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs.column_reducer import ColumnReducer
from allo_core.runs.column_store import columns_folder
from allo_core.runs.extract import extract_attention
from allo_core.runs.extract_columns import extract_columns, find_kept_columns, reduce_columns
from allo_core.runs.store import runs_folder

A2A = find_receptor("AA2AR")


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


def test_scores_are_those_of_the_maps(model):
    site = site_indices(find_site(A2A, "sodium pocket"), A2A.protein, A2A.numbers)
    maps = extract_attention(model, A2A.protein)
    run = extract_columns(model, A2A.protein)
    for threshold in run.thresholds:
        expected = score_heads(maps.columns(threshold), site, "matched", A2A.numbers.strata())
        found = score_heads(run.columns(threshold), site, "matched", A2A.numbers.strata())
        for name in ("enrichment", "snr", "attention_on_site", "expected"):
            np.testing.assert_allclose(found.frame[name], expected.frame[name], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(found.frame[["n_arcs", "residues_hit", "flags"]], expected.frame[["n_arcs", "residues_hit", "flags"]])
        np.testing.assert_array_equal(found.frame["p_value"], expected.frame["p_value"])


def test_number_for_number_before_they_are_rounded(model):
    maps = extract_attention(model, A2A.protein)
    reducer = reduce_columns(model, A2A.protein, (0.0, 0.3))
    np.testing.assert_array_equal(reducer.weights[1], maps.columns(0.3).weights)
    np.testing.assert_array_equal(reducer.weights[0], maps.columns(0).weights)


def test_a_kept_run_is_opened_and_no_map_is_kept(model, monkeypatch):
    first = extract_columns(model, A2A.protein, (0.3,))
    assert not runs_folder().exists()
    assert len(list(columns_folder().iterdir())) == 1
    monkeypatch.setattr("allo_core.runs.extract_columns.reduce_columns", None)
    again = extract_columns(model, A2A.protein, (0.3,))
    np.testing.assert_array_equal(first.columns(0.3).weights, again.columns(0.3).weights)
    assert find_kept_columns(DEFAULT_MODEL, A2A.protein, (0.3,)).meta == first.meta
    assert find_kept_columns(DEFAULT_MODEL, A2A.protein, (0.2,)) is None
    assert first.meta == again.meta


def test_cancelled_leaves_nothing(model):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        extract_columns(model, A2A.protein, cancel=cancel)
    assert not columns_folder().exists()


def test_too_long():
    with pytest.raises(SequenceError, match="reads at most 510"):
        extract_columns(load_model("antiberty", device="cpu"), Protein("long", "A" * 511))


def test_a_reducer_reads_proteins_of_its_own_length_alone(model):
    protein = Protein("part", A2A.protein.sequence[:40])
    for length in (30, 45):
        reducer = ColumnReducer(model.spec.layers, model.spec.heads, length, (0.3,))
        with pytest.raises(ValueError, match=f"this reducer is for {length} residues, part has 40"):
            read(model, protein, [reducer])
