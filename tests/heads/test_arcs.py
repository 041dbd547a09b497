"""The arcs of a model over receptors: what is kept equals the maps, a job goes on where it was stopped, and damage is mended."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import Cancelled, HeadsError
from allo_core.heads import arcs as module
from allo_core.heads.arcs import BINS, family_arcs, kept_arcs
from allo_core.heads.calibration import CalibrationBin, calibration_of
from allo_core.heads.properties import head_property
from allo_core.heads.sample import receptors_for, sample_of
from allo_core.heads.similarity import blosum62, mantel, residue_similarity
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.registry import MODELS
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.readouts.kept_readouts import heads_folder, kept_readouts
from allo_core.readouts.library_panel import clusters_of
from allo_core.runs.extract import extract_attention
from tests.models.tiny import FAMILIES, random_model

NAMES = ("AA2AR", "ADRB2", "CCR5")


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda spec: spec.family)
def model(request):
    return random_model(request.param, seed=6)


def test_arcs_are_the_entries_of_the_maps(model, monkeypatch):
    monkeypatch.setattr(module, "THRESHOLD", 0.005)  # random weights have none of 0.3
    found = family_arcs(model, NAMES[:2])
    for one in found.of:
        maps = extract_attention(model, receptors()[one.receptor].protein)
        known = known_contacts()[one.receptor]
        far = {(i, j) for i in known.resolved.tolist() for j in known.resolved.tolist() if abs(i - j) >= 6}
        rows, cols = np.array(sorted(far)).T
        touching = known.map(maps.shape[-1])
        for layer in range(model.spec.layers):
            for head in range(model.spec.heads):
                at = layer * model.spec.heads + head
                own = maps[layer, head]
                mine = one.heads == at
                seen = np.zeros(own.shape, dtype=bool)
                seen[one.queries[mine], one.keys[mine]] = True
                assert (seen != (own >= 0.005)).sum() <= 3  # kept maps are halves
                assert one.special[at] == pytest.approx(1 - own.sum(axis=1, dtype=float).mean(), abs=2e-3)
                assert one.pairs[at].sum() == len(rows)
                expected = np.histogram(own[rows, cols], [*BINS, 1.01])[0]
                assert abs(one.pairs[at] - expected).max() <= 5
                assert one.touching[at].sum() == touching[rows, cols].sum()


def test_a_stopped_job_goes_on_where_it_was(model, monkeypatch):
    cancel, done = threading.Event(), []

    def stop(count: int, total: int) -> None:
        done.append((count, total))
        cancel.set()

    with pytest.raises(Cancelled):
        family_arcs(model, NAMES, stop, cancel)
    assert done == [(1, 3)]
    assert len(list(heads_folder().glob("*.npz"))) == 1
    read, calls = module.read, []
    monkeypatch.setattr(module, "read", lambda *given, **more: (calls.append(1), read(*given, **more)))
    found = family_arcs(model, NAMES)
    assert len(calls) == 2
    assert found.receptors == NAMES
    assert "arcs of heads over receptors" in kept_readouts()
    # One file is damaged: that receptor alone is read again.
    file = sorted(heads_folder().glob("*.npz"))[0]
    file.write_bytes(file.read_bytes()[:-50])
    again = family_arcs(model, NAMES)
    assert len(calls) == 3
    for one, other in zip(found.of, again.of, strict=True):
        np.testing.assert_array_equal(one.heads, other.heads)
        np.testing.assert_array_equal(one.keys, other.keys)


def test_what_is_kept_of_another_model_is_not_taken():
    assert kept_arcs("esm2_t6_8M_UR50D", NAMES) is None


def test_the_sample_is_one_of_each_cluster_or_drawn():
    spec = MODELS["alloscope_gpcr_8m"]
    names = sample_of(spec)
    assert np.unique(clusters_of(names)).size == len(names)
    drawn = sample_of(spec, 30)
    assert (len(set(drawn)), drawn) == (30, sample_of(spec, 30))
    table = replace(head_property("segment"), receptors=("OPRD", "CASR", "AA2AR"))
    assert receptors_for(spec, table, 30) == ("OPRD", "CASR", "AA2AR")
    assert "CASR" not in receptors_for(MODELS["antiberty"], table)
    assert receptors_for(spec, head_property("segment"), 30) == drawn
    with pytest.raises(HeadsError, match="AntiBERTy reads at most 510 residues"):
        receptors_for(MODELS["antiberty"], replace(table, receptors=("GRM5",)))
    for wrong in (3, 5000):
        with pytest.raises(HeadsError, match=f"{wrong} receptors cannot be drawn"):
            sample_of(spec, wrong)


def test_calibration_puts_small_bins_together_and_counts_every_pair(model):
    found = family_arcs(model, NAMES)
    one = calibration_of(found, 1, 2)
    assert sum(part.pairs for part in one.bins) <= sum(of.pairs[model.spec.heads + 2].sum() for of in found.of)
    assert all(part.pairs >= 50 for part in one.bins)
    assert one.receptors == 3
    total = sum(of.touching[0].sum() for of in found.of) / sum(of.pairs[0].sum() for of in found.of)
    assert one.random == pytest.approx(total)
    for part in one.bins:
        low, high = part.interval
        assert low <= part.share <= high
    # Wilson 1927 by hand: (p + z² / 2n ± z sqrt(p (1 - p) / n + z² / 4n²)) / (1 + z² / n) with p = 0.28, n = 50.
    assert CalibrationBin(0.3, 50, 14).interval == pytest.approx((0.174742, 0.416651), abs=1e-5)
    assert np.isnan(CalibrationBin(0.3, 0, 0).interval).all()


def test_similarity_of_random_weights_is_nothing_and_of_blosum_itself_is_one(model):
    some = family_arcs(model, NAMES)
    nothing = np.zeros(0, dtype=np.int32)
    quiet = residue_similarity(replace(some, of=tuple(replace(one, heads=nothing, queries=nothing, keys=nothing) for one in some.of)))
    assert np.isnan(quiet.r)
    assert "No two residues can be compared: 0 heads" in quiet.sentence
    matrix = blosum62()
    assert matrix[AMINO_ACIDS.index("W"), AMINO_ACIDS.index("W")] == 11
    assert matrix[AMINO_ACIDS.index("I"), AMINO_ACIDS.index("V")] == 3
    r, p, chance = mantel(matrix, matrix)
    assert (r, p) == (pytest.approx(1), pytest.approx(1 / 5001))
    assert 0 < chance < 0.5
    rng = np.random.default_rng(0)
    levels = []
    for _ in range(20):
        noise = rng.normal(size=(20, 20))
        levels.append(mantel(noise + noise.T, matrix)[1])
    assert sum(level <= 0.05 for level in levels) <= 4
