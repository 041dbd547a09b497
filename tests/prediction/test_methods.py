"""What each method is given, residue by residue."""

import numpy as np
import pytest

from allo_core.learning.results import PREDICTOR
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction import methods as module
from allo_core.prediction.examples import Example, site_examples
from allo_core.prediction.features import head_features
from allo_core.prediction.methods import BASELINES, SIZES, HeadData, all_methods, read_heads
from allo_core.prediction.selection import sensitivity
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.runs.extract import extract_attention
from tests.learning.planted import examples

AA2AR = next((one for one in site_examples() if one.name == "AA2AR"), None)
NAMELESS = examples(1)[0]  # a random sequence without numbers
MADE = (AA2AR, NAMELESS)


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, "cpu")


@pytest.fixture
def methods(model):
    rng = np.random.default_rng(0)
    features = tuple(rng.normal(size=(len(one.protein), 5, 4)) for one in MADE)
    data = HeadData(features, rng.normal(size=(2, 5)), tuple((0, head) for head in range(5)))
    return {method.name: method for method in all_methods(model, MADE, data)}, data


def test_names_and_order(methods):
    assert list(methods[0]) == [PREDICTOR, *BASELINES]


def test_only_sensitive_heads_are_selected(methods):
    by_name, data = methods
    assert {name for name, method in by_name.items() if method.sizes} == {PREDICTOR, "sensitive heads without exchange"}
    assert by_name[PREDICTOR].sizes == SIZES
    assert by_name[PREDICTOR].design(0, (1, 3)).shape == (412, 8)
    np.testing.assert_array_equal(by_name[PREDICTOR].design(0, (1, 3))[:, 4:], data.features[0][:, 3])
    np.testing.assert_array_equal(by_name["sensitive heads without exchange"].design(0, (3,)), data.features[0][:, 3, :2])
    np.testing.assert_array_equal(by_name["all heads"].design(1, None), data.features[1].reshape(60, 20))


def test_conservation_segment_and_residue_type(methods):
    by_name, _ = methods
    conservation, segment, letters = (by_name[name].design(0, None) for name in ("conservation", "segment", "residue type"))
    np.testing.assert_array_equal(conservation[:, 0], AA2AR.numbers.family_conservation)
    np.testing.assert_array_equal(conservation[:, 1], AA2AR.numbers.ortholog_conservation)
    np.testing.assert_array_equal(conservation[:, 2], [number != "" for number in AA2AR.numbers.gpcrdb])
    for index in (0, 51, 300, 411):
        assert AMINO_ACIDS[letters[index].argmax()] == AA2AR.protein.sequence[index]
        assert (segment[index] == segment).all(axis=1).sum() == AA2AR.numbers.segment.count(AA2AR.numbers.segment[index])
    assert (letters.sum(axis=1) == 1).all()
    assert (segment.sum(axis=1) == 1).all()  # A2A has no residue without a segment


def test_without_numbers_conservation_and_segment_are_missing(methods):
    by_name, _ = methods
    assert np.isnan(by_name["conservation"].design(1, None)).all()
    assert np.isnan(by_name["segment"].design(1, None)).all()
    assert (by_name["residue type"].design(1, None).sum(axis=1) == 1).all()


def test_heads_are_read_from_the_model(model):
    told = []
    data = read_heads(model, MADE, told.append)
    assert told == ["attention on AA2AR", "attention on R0"]
    assert data.heads[21] == (1, 1)
    assert [values.shape for values in data.features] == [(412, 120, 4), (60, 120, 4)]
    maps = extract_attention(model, AA2AR.protein)
    one = head_features(maps, ((1, 1),), AA2AR.numbers, AA2AR.orthosteric)
    np.testing.assert_allclose(data.features[0][:, [21]], one, rtol=1e-12)
    received = maps.columns(0).weights.reshape(120, -1)
    np.testing.assert_array_equal(data.sensitivities[0], sensitivity(received, AA2AR.residues, AA2AR.numbers))


def test_letters_beyond_the_twenty_are_no_type():
    assert module._residue_types(Example(Protein("x", "AXU"), None, {"neighbourhood": (0,)}, None)).sum(axis=1).tolist() == [1, 0, 0]
