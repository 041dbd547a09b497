"""What heads look at over a batch: the same numbers as over receptors of the library, and clusters where nothing is known of a sequence."""

import numpy as np
import pytest

from allo_core.batch import heads_summary, open_batch
from allo_core.batch.folder import writing
from allo_core.batch.heads_summary import properties_of, shares_over, special_share_over
from allo_core.batch.tasks import TASKS
from allo_core.errors import BatchError, HeadsError
from allo_core.heads.arcs import family_arcs
from allo_core.heads.labels import MARKED
from allo_core.heads.properties import head_property, of_positions
from allo_core.heads.shares import shares_of
from allo_core.library.receptors import receptors
from allo_core.models.language_model import load_model
from tests.batch.made import MARKS, MODEL, NAMES, heads_batch, receptor_records, sequence


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL, device="cpu")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return heads_batch(tmp_path_factory.mktemp("library") / "out", receptor_records())


@pytest.fixture(scope="module")
def found(model):
    return family_arcs(model, NAMES)


@pytest.mark.parametrize("name", ["residue type", "segment", "conserved third", MARKED, "offset"])
def test_shares_are_those_of_the_same_receptors(library, found, name):
    expected = shares_of(found, of_positions(tuple(MARKS.split()), MARKED) if name == MARKED else head_property(name))
    shares = shares_over(library, name)
    assert name in properties_of(library)
    assert (shares.what.values, shares.receptors, shares.clusters) == (expected.what.values, expected.receptors, expected.clusters)
    assert np.isfinite(shares.share).any()
    for number in ("hits", "known", "arcs", "could", "expected", "share", "background", "q_value", "intervals", "published"):
        np.testing.assert_allclose(getattr(shares, number), getattr(expected, number), rtol=1e-9, atol=1e-12, err_msg=number)


def test_special_tokens_get_what_they_get_there(library, found):
    np.testing.assert_allclose(special_share_over(library), found.special, atol=1e-6)


def test_sequences_near_no_receptor_are_laid_on_each_other(tmp_path, monkeypatch):
    """Two copies with few substitutions are one cluster; segments are known of none."""
    made = [sequence(120, seed) for seed in range(6)]
    records = [(at, f"s{at}", letters) for at, letters in enumerate([*made, made[0], "W" + made[1][1:]], 1)]
    results = heads_batch(tmp_path / "out", records)
    assert results.sequences["no_numbers"].str.contains("is identical to no receptor of the library at 90% or more").all()
    assert results.sequences["relative"].isna().all()
    shares = shares_over(results, "offset")
    assert (shares.clusters, len(shares.receptors)) == (6, 8)
    with pytest.raises(HeadsError, match="These sequences are of 0 clusters of homologues; at least 5 are needed"):
        shares_over(results, "segment")
    with pytest.raises(HeadsError, match="'contact' was not counted in this batch; it has residue type, segment"):
        shares_over(results, "contact")
    monkeypatch.setattr(heads_summary, "MOST_GROUPS", 5)
    fewer = shares_over(results, "offset")
    assert fewer.clusters == 5
    np.testing.assert_array_equal(fewer.share, shares.share)  # only the draws are others


def test_the_same_sequences_twice_have_the_same_shares_and_a_damaged_file_is_named(library, tmp_path):
    results = heads_batch(tmp_path / "out", [(at, name, receptors()[name].protein.sequence) for at, name in enumerate(NAMES * 2, 1)])
    one, twice = shares_over(library, "segment"), shares_over(results, "segment")
    np.testing.assert_array_equal(twice.hits, 2 * one.hits)
    np.testing.assert_allclose(twice.intervals[:, one.tested], one.intervals[:, one.tested])  # no more clusters than before
    file = next((tmp_path / "out").glob("part=*/arcs.parquet"))
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(BatchError, match=r"arcs\.parquet is damaged"):
        shares_over(results, "segment")


def test_a_batch_of_another_task(tmp_path):
    settings = TASKS["contacts"].choose(MODEL)
    with writing(tmp_path / "out", settings, "a.fasta", 0):
        pass
    with pytest.raises(BatchError, match=r"holds contacts \(--task contacts\) and not what heads look at"):
        shares_over(open_batch(tmp_path / "out"), "offset")
