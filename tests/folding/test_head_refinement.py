import threading

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.distance_head import Distogram
from allo_core.folding.distogram_fold import Places, places_from_distogram
from allo_core.folding.head_data import Places as ModelPlaces
from allo_core.folding.head_data import TrainingExample
from allo_core.folding.head_features import HeadInputs
from allo_core.folding.head_refinement import learn_head_refinement, refined_places, refinement_settings
from allo_core.folding.kept_refinement import REFINEMENT, REFINEMENT_CARD, load_refinement, read_refinement_record, save_refinement
from allo_core.folding.refinement import Refinement
from allo_core.folding.refinement_settings import RefinementSettings
from allo_core.library.receptors import find_receptor
from tests.folding.heads import SETTINGS
from tests.folding.refinements import moving
from tests.folding.test_distogram_fold import EDGES, distogram
from tests.structure.traces import shipped_trace

PROTEIN = find_receptor("ADRB2").protein
TRACE = shipped_trace("3SN6")
INDEX = np.arange(30, 130)
SHORT = RefinementSettings(20, width=8, layers=1, nearest=8, epochs=2)
LONGER = RefinementSettings(20, width=16, layers=2, nearest=12, epochs=15, learning_rate=2e-2)


def noisy(seed):
    """Distances of 3SN6 with places off by an ångström: a fold that can be made better."""
    return distogram(TRACE[INDEX] + np.random.default_rng(seed).normal(0, 1.0, (len(INDEX), 3)))


def example(seed, receptor="ADRB2"):
    inputs = HeadInputs(INDEX, np.full((len(INDEX), 1), seed, dtype=np.float16), np.zeros((1, 1), np.uint8), np.zeros((0, len(INDEX))))
    sure = np.isfinite(TRACE[INDEX]).all(axis=1) * np.float32(0.9)
    ca = np.nan_to_num(TRACE[INDEX]).astype(np.float32)
    return TrainingExample(receptor, inputs, ModelPlaces(INDEX, ca, ca, sure))


@pytest.fixture(autouse=True)
def head(monkeypatch):
    """A head whose distances are `noisy` by the state of its residues; of state 9 it knows nothing."""

    def predict(head, inputs, progress=None, cancel=None):
        seed = int(inputs.states[0, 0])
        probabilities = noisy(seed)
        if seed == 9:
            probabilities = np.full_like(probabilities, 1 / probabilities.shape[-1])
        return Distogram(inputs.index, probabilities, probabilities, EDGES)

    monkeypatch.setattr("allo_core.folding.distance_head.predict_distogram", predict)


def test_it_is_learnt_from_folds_of_the_head_and_says_what_it_is_worth(tmp_path):
    told = []
    refinement, record = learn_head_refinement(
        None, "a" * 64, [example(0), example(9)], [example(1), example(2)], LONGER, lambda *step: told.append(step)
    )
    assert told[3] == ("Drawing folds to refine", 4, 4)
    assert {step[0][:24] for step in told[4:]} == {"Learning to refine, loss"}
    assert told[-1][1:] == (15, 15)
    assert (record.learnt, record.held_out) == (1, 2), "a receptor that cannot be drawn is passed over"
    assert record.lddt_before is not None
    assert record.lddt_after is not None
    assert record.lddt_before < record.lddt_after
    assert record.better == 2
    assert f"takes the lDDT of 2 held-out receptors from {record.lddt_before:.3f}" in record.sentence
    save_refinement(tmp_path, refinement, record)
    assert read_refinement_record(tmp_path / REFINEMENT_CARD) == record
    again = load_refinement(tmp_path / REFINEMENT, record)
    found = Distogram(INDEX, noisy(3), noisy(3), EDGES)
    places = places_from_distogram(PROTEIN, found.ca, EDGES, INDEX)
    moved = refined_places(again, PROTEIN, places, found)
    np.testing.assert_array_equal(moved.xyz, refined_places(refinement, PROTEIN, places, found).xyz)
    assert not np.array_equal(moved.xyz[INDEX], places.xyz[INDEX])


def test_places_turn_with_the_fold_and_keep_their_confidence():
    found = Distogram(INDEX, noisy(3), noisy(3), EDGES)
    places = places_from_distogram(PROTEIN, found.ca, EDGES, INDEX)
    turn, shift = Rotation.random(rng=1).as_matrix(), np.array([30.0, -20.0, 5.0])
    moved = refined_places(moving(SHORT), PROTEIN, places, found)
    turned = refined_places(moving(SHORT), PROTEIN, Places(places.xyz @ turn + shift, places.confidence), found)
    np.testing.assert_allclose(turned.xyz, moved.xyz @ turn + shift, atol=1e-5)
    np.testing.assert_array_equal(np.isnan(moved.xyz), np.isnan(places.xyz))
    assert moved.confidence is places.confidence


def test_without_held_out_receptors_it_is_not_tested():
    record = learn_head_refinement(None, "a" * 64, [example(0)], [], SHORT)[1]
    assert (record.lddt_before, record.lddt_after, record.better) == (None, None, 0)
    assert record.sentence == "The refinement was learnt from 1 folds and not tested: no receptor was held out."


def test_what_cannot_be_learnt_is_refused():
    with pytest.raises(FoldError, match="no fold to learn a refinement from"):
        learn_head_refinement(None, "a" * 64, [example(9)], [example(0)], SHORT)
    with pytest.raises(FoldError, match="layers of a refinement is -1"):
        refinement_settings(SETTINGS, -1)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        learn_head_refinement(None, "a" * 64, [example(0)], [], SHORT, cancel=stop)


def test_damaged_files_are_refused(tmp_path):
    assert read_refinement_record(tmp_path / REFINEMENT_CARD) is None
    refinement, record = learn_head_refinement(None, "a" * 64, [example(0)], [], SHORT)
    save_refinement(tmp_path, refinement, record)
    other = Refinement(RefinementSettings(20, width=4, layers=1, nearest=8))
    save_refinement(tmp_path / "other", other, record)
    with pytest.raises(FoldError, match=r"other/refinement\.safetensors is no refinement of a distance head \(.*remove it"):
        load_refinement(tmp_path / "other" / REFINEMENT, record)
    (tmp_path / REFINEMENT).write_bytes(b"nothing")
    with pytest.raises(FoldError, match="is no refinement"):
        load_refinement(tmp_path / REFINEMENT, record)
    (tmp_path / REFINEMENT_CARD).write_text("{}")
    with pytest.raises(FoldError, match="they have no format"):
        read_refinement_record(tmp_path / REFINEMENT_CARD)
    with torch.no_grad():
        next(refinement.parameters()).fill_(np.nan)
    save_refinement(tmp_path, refinement, record)
    with pytest.raises(FoldError, match="not finite"):
        load_refinement(tmp_path / REFINEMENT, record)
