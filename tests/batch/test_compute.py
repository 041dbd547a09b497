"""The numbers of a batch are those of `analyse`."""

import numpy as np
import pandas as pd
import pytest

from allo_core.attention.scores import score_heads
from allo_core.batch.compute import compute
from allo_core.library.receptors import find_receptor
from allo_core.library.sites import find_site, site_indices
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import extract_attention
from tests.batch.made import sequence, settings

A2A = find_receptor("AA2AR")


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.mark.parametrize(
    ("sites", "null", "threshold"),
    [("sodium pocket", None, 0.1), ("2.50 3x50 52-55", "uniform", 0.3), ("52 53 54", "published", 0.0)],
    ids=["matched", "uniform", "published"],
)
def test_scores_and_columns_equal_those_of_the_maps_bit_by_bit(model, sites, null, threshold):
    maps = extract_attention(model, A2A.protein)
    if sites == "sodium pocket":
        marked = site_indices(find_site(A2A, sites), A2A.protein, A2A.numbers)
    else:
        marked = parse_residues(sites, A2A.protein, A2A.numbers)
    strata = A2A.numbers.strata() if null is None else None
    expected = score_heads(maps.columns(threshold), marked, null or "matched", strata)
    chosen = settings(model_id=DEFAULT_MODEL, sites=sites, null=null, threshold=threshold, thresholds=(0.05, 0.3), draws=None)
    found = compute(model, A2A.protein, chosen)
    pd.testing.assert_frame_equal(found.result.scores[expected.frame.columns], expected.frame, check_exact=True)
    assert found.result.scores["null"].eq(null or "matched").all()
    assert found.result.scores["threshold"].eq(threshold).all()
    assert (found.result.receptor, found.result.identity, found.device) == ("AA2AR", 1.0, "cpu")
    for at, kept in enumerate((0.05, 0.3)):
        np.testing.assert_array_equal(found.result.weights[at], maps.columns(kept).weights.astype(np.float32))
        np.testing.assert_array_equal(found.result.arcs[at], maps.columns(kept).arcs)


@pytest.mark.parametrize(
    ("changes", "protein", "reason"),
    [
        (
            {"sites": "sodium pocket"},
            Protein("x", sequence(40, 0)),
            "x is near no receptor of the library, so it has no site 'sodium pocket'",
        ),
        ({"sites": "sodium pocket"}, find_receptor("CALCR").protein, "CALCR has no site 'sodium pocket' in the library"),
        ({"sites": "2.50"}, Protein("x", sequence(40, 0)), "2.50: this sequence has no generic numbers"),
        ({"sites": "50"}, Protein("x", sequence(40, 0)), "50: residue 50 does not exist"),
        ({"null": "matched"}, Protein("x", sequence(40, 0)), "The matched null needs generic numbers, which x lacks"),
    ],
    ids=["no receptor", "no such site", "no numbers", "no residue", "no strata"],
)
def test_where_nothing_can_be_scored_the_columns_are_kept_and_the_reason_is_told(model, changes, protein, reason):
    found = compute(model, protein, settings(**{"model_id": DEFAULT_MODEL} | changes))
    assert found.result.scores is None
    assert found.result.lacks.startswith(reason)
    assert found.result.weights.shape == found.result.arcs.shape == (2, 6, 20, len(protein))
    assert found.result.weights[0].sum() > 0


def test_without_sites_nothing_is_scored_and_no_numbers_are_looked_up(model, monkeypatch):
    monkeypatch.setattr("allo_core.library.nearest.numbers_for", None)
    found = compute(model, A2A.protein, settings(model_id=DEFAULT_MODEL, sites=None))
    assert (found.result.scores, found.result.lacks, found.result.receptor) == (None, None, None)


def test_unusual_letters_and_length_are_noted(model):
    found = compute(model, Protein("x", "MKX" + "A" * 1100), settings(model_id=DEFAULT_MODEL, sites=None, thresholds=(0.3,)))
    assert any("trained at 1024 tokens" in note for note in found.notes)
    assert any("X3" in note for note in found.notes)
