"""Residues told by attention: the largest weights of each column, by a loop, and their scores beside those of the states."""

import numpy as np
import pytest

from allo_core.errors import LayerError
from allo_core.learning.folds import group_folds
from allo_core.learning.probes import class_task, probe
from allo_core.library.receptors import receptors
from allo_core.readouts.layer_asked import rows_of
from allo_core.readouts.layer_attention import LARGEST
from allo_core.readouts.layers import compare_layers, kept_layers
from allo_core.readouts.library_states import untrained
from tests.models.tiny import FAMILIES, attention_of, random_model

FEW = ("AA2AR", "ADRB2", "CCR5", "OPSD", "MTR1A", "P2Y12")


@pytest.fixture(scope="module")
def model():
    return random_model(FAMILIES[0], seed=2)


def test_the_ten_largest_weights_that_a_residue_receives(model):
    asked = rows_of(model.spec, "segment", FEW[:3], attention=True)
    found = asked.from_attention(model, lambda: None)
    assert found.shape == (model.spec.layers, len(asked.rows), model.spec.heads * LARGEST)
    maps = []
    attention_of(model, receptors()["ADRB2"].protein, lambda layer, attention: maps.append(attention[:, 1:-1, 1:-1].numpy().copy()))
    at = asked.panel.receptors.index("ADRB2")
    begin = sum(len(own) for own in asked.panel.residues[:at])
    own = [(row, asked.panel.residues[at][place - begin]) for row, place in enumerate(asked.rows) if 0 <= place - begin < 64]
    assert len(own) > 20
    for row, residue in own[::5]:
        for layer in range(model.spec.layers):
            expected = np.concatenate([np.sort(one[:, residue])[::-1][:LARGEST] for one in maps[layer]])
            np.testing.assert_allclose(found[layer, row], expected, rtol=1e-5)


def test_scores_of_attention_stand_beside_those_of_the_states(model):
    calls = []
    plain = compare_layers(model, "segment", FEW)
    found = compare_layers(model, "segment", FEW, lambda done, total: calls.append((done, total)), attention=True)
    assert [done for done, _ in calls] == list(range(1, calls[0][1] + 1))
    assert (found.states, found.baselines) == (plain.states, plain.baselines)
    assert (plain.attention, found.attention_so_far) == ((), ())
    asked = rows_of(model.spec, "segment", FEW, attention=True)
    features = asked.from_attention(model, lambda: None)
    for layer, score in enumerate(found.attention):
        (expected,) = probe(features[layer], [class_task(asked.labels)], group_folds(asked.groups, 5), asked.groups)
        assert score.value == pytest.approx(expected.value, abs=1e-5)
    random = asked.from_attention(untrained(model), lambda: None)
    (expected,) = probe(random[1], [class_task(asked.labels)], group_folds(asked.groups, 5), asked.groups)
    assert found.attention_untrained[1].value == pytest.approx(expected.value, abs=1e-5)
    assert f"; attention of untrained weights at most {max(one.value for one in found.attention_untrained):.3f}." in found.sentence
    best = int(np.argmax([score.value for score in found.attention]))
    assert f"Of attention, layer {best} tells most ({found.attention[best]}), no more than what " in found.sentence
    assert compare_layers(model, "segment", FEW, lambda *_: pytest.fail("it was kept"), attention=True) == found
    assert compare_layers(model, "segment", FEW) == plain  # kept apart


def test_of_whole_receptors_no_attention_is_read(model):
    with pytest.raises(LayerError, match="Attention is read of residues, and 'class' is a property of receptors"):
        kept_layers("alloscope_gpcr_8m", "class", attention=True)
