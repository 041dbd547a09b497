"""Pairs of residues in a comparison of layers: which are drawn, and what a probe is given of them, against loops over tiny models."""

from collections import Counter

import numpy as np
import pytest

from allo_core.attention.contacts import apc
from allo_core.learning.folds import group_folds
from allo_core.learning.probes import class_task, probe
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.registry import MODELS
from allo_core.readouts.layer_asked import rows_of
from allo_core.readouts.layer_pairs import MOST_IN_PAIRS, drawn_pairs, most_pairs
from allo_core.readouts.layers import compare_layers, kept_layers, states_size
from allo_core.readouts.library_panel import LONGEST, clusters_of
from allo_core.readouts.library_states import library_states
from allo_core.runs.extract import extract_attention
from tests.models.tiny import FAMILIES, random_model

WHAT = "contact of two residues"
FEW = ("AA2AR", "ADRB2", "CCR5", "OPSD", "DRD3", "CNR2")


def test_for_each_contact_a_pair_as_far_apart_that_does_not_touch():
    for entry in FEW:
        known = known_contacts()[entry]
        residues = tuple(known.resolved.tolist())
        first, second, touching = drawn_pairs(entry, residues, 10_000)
        contacts = set(zip(known.first.tolist(), known.second.tolist(), strict=True))
        assert [pair in contacts for pair in zip(first.tolist(), second.tolist(), strict=True)] == touching.tolist()
        assert Counter((second - first)[touching].tolist()) == Counter((second - first)[~touching].tolist())
        assert (second - first).min() >= 6
        assert set(first) | set(second) <= set(residues)
        assert len(set(zip(first, second, strict=True))) == len(first) >= len(contacts)
        again = drawn_pairs(entry, residues, 10_000)
        assert all(np.array_equal(one, other) for one, other in zip((first, second, touching), again, strict=True))
        assert len(drawn_pairs(entry, residues, 31)[0]) == 30


def test_they_are_of_receptors_that_every_model_reads():
    asked = rows_of(MODELS["antiberty"], WHAT, None)
    assert len(asked.receptors) > 20
    assert all(len(receptors()[entry].protein) <= LONGEST for entry in asked.receptors)
    assert max(map(len, asked.panel.residues)) == MOST_IN_PAIRS


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda spec: spec.family)
def model(request):
    return random_model(request.param, seed=5)


def test_a_probe_is_given_products_and_differences(model):
    asked = rows_of(model.spec, WHAT, FEW[:4])
    states = library_states(model, asked.panel)
    scaled = (states[1] - states[1].mean(axis=0)) / states[1].std(axis=0)
    places = {
        (entry, index): at
        for at, (entry, index) in enumerate(
            (entry, index) for entry, own in zip(asked.panel.receptors, asked.panel.residues, strict=True) for index in own
        )
    }
    expected, kinds = [], []
    for entry, residues in zip(asked.panel.receptors, asked.panel.residues, strict=True):
        sequence = receptors()[entry].protein.sequence
        for i, j, _ in zip(*drawn_pairs(entry, residues, most_pairs(model.spec, 4)), strict=True):
            one, other = scaled[places[entry, i]], scaled[places[entry, j]]
            expected.append(np.concatenate([one * other, abs(one - other)]))
            kinds.append("".join(sorted(sequence[i] + sequence[j])))
    np.testing.assert_allclose(asked.features(states[1]), np.array(expected), rtol=1e-4, atol=1e-4)
    assert asked.types.tolist() == kinds
    assert np.unique(asked.labels, return_counts=True)[1].tolist() == [len(expected) // 2] * 2


def test_what_heads_give_to_pairs_is_their_corrected_map(model):
    asked = rows_of(model.spec, WHAT, FEW[:3])
    steps = []
    found = asked.from_attention(model, lambda: steps.append(1))
    assert len(steps) == asked.attention_passes == 3
    begin = 0
    for entry, residues in zip(asked.panel.receptors, asked.panel.residues, strict=True):
        maps = extract_attention(model, receptors()[entry].protein)
        first, second, _ = drawn_pairs(entry, residues, most_pairs(model.spec, 3))
        for layer in range(model.spec.layers):
            for head in range(model.spec.heads):
                corrected = apc(maps[layer, head])[first, second]
                # Kept maps are halves.
                np.testing.assert_allclose(found[layer, begin : begin + len(first), head], corrected, rtol=5e-3, atol=2e-5)
        begin += len(first)
    assert begin == found.shape[1]


def test_states_and_attention_stand_beside_what_is_known_without_a_model(model):
    calls = []
    found = compare_layers(model, WHAT, FEW, lambda done, total: calls.append((done, total)))
    assert [done for done, _ in calls] == list(range(1, calls[0][1] + 1))
    asked = rows_of(model.spec, WHAT, FEW)
    maps = asked.from_attention(model, lambda: None)
    folds = group_folds(asked.groups, 5)
    for layer, score in enumerate(found.attention):
        (expected,) = probe(maps[layer], [class_task(asked.labels)], folds, asked.groups)
        assert score.value == pytest.approx(expected.value, abs=1e-5)
    (everything,) = probe(np.concatenate(list(maps), axis=1), [class_task(asked.labels)], folds, asked.groups)
    assert found.attention_so_far[-1].value == pytest.approx(everything.value, abs=1e-5)
    assert found.attention_so_far[0] == found.attention[0]
    bars = {one.name: one.score.value for one in found.baselines}
    # Pairs that touch are as far apart as those that do not, and the family knows most of them.
    assert bars["separation"] == pytest.approx(0.5, abs=0.06)
    assert bars["chance"] == pytest.approx(0.5, abs=0.01)
    assert bars["family's contacts"] > 0.75
    assert found.bar == "family's contacts"
    assert set(found.not_above) == set(range(model.spec.layers + 1))
    assert "the contacts of other receptors of the class give" in found.sentence
    assert f"all heads together {found.attention_so_far[-1]}" in found.sentence
    assert found.clusters == np.unique(clusters_of(FEW)).size


def test_the_answer_is_kept(model, monkeypatch):
    found = compare_layers(model, WHAT, FEW[:4])
    monkeypatch.setattr("allo_core.readouts.layers.library_states", lambda *_: pytest.fail("it was kept"))
    assert compare_layers(model, WHAT, FEW[:4]) == found
    assert kept_layers("esm2_t6_8M_UR50D", WHAT, FEW[:4]) is None  # another model


def test_of_large_models_fewer_pairs_are_asked():
    large, small = MODELS["esm2_t48_15B_UR50D"], MODELS["alloscope_gpcr_8m"]
    assert states_size("esm2_t48_15B_UR50D", WHAT) <= 1_000_000_000
    assert most_pairs(large, 40) * 40 * 49 * 2 * large.width * 4 <= 1_000_000_000
    assert len(rows_of(small, WHAT, None).rows) > 5000
