"""What each method is given, residue by residue."""

import numpy as np
import pytest

from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction import methods as module
from allo_core.prediction.examples import Example, site_examples
from allo_core.prediction.features import head_features
from allo_core.prediction.methods import BASELINES, COMBINED, SIZES, WITH_AND_WITHOUT, HeadData, all_methods, choice_of, read_heads
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
    above = tuple(rng.random((5, len(one.protein))) for one in MADE)
    data = HeadData(features, rng.normal(size=(2, 5)), tuple((0, head) for head in range(5)), above)
    return {method.name: method for method in all_methods(model, MADE, data, np.eye(2, dtype=bool))}, data


def design(method, receptor, training=(0, 1)):
    """Features of the only choice of a method."""
    (choice,) = method.choices
    return method.design(choice, receptor, training)


def test_names_and_order(methods):
    assert list(methods[0]) == [COMBINED, *BASELINES]


def test_the_choices_of_the_predictor(methods):
    by_name, data = methods
    predictor = by_name[COMBINED]
    assert [choice_of(choice) for choice in predictor.choices] == [
        (("memory",), 0),
        (("memory", "structure"), 0),
        *((("memory", "attention"), size) for size in SIZES),
        *((("memory", "structure", "attention"), size) for size in SIZES),
    ]
    assert [{choice_of(choice)[0] for choice in predictor.parts[name]} for name in WITH_AND_WITHOUT] == [
        {("memory", "structure", "attention")},
        {("memory", "structure")},
    ]
    found = predictor.design("memory + structure + 5 heads", 0, (0, 1))
    assert found.shape == (412, 3 + 3 + 5 * 4)
    np.testing.assert_array_equal(found[:, 6:], data.features[0].reshape(412, 20))
    np.testing.assert_array_equal(design(by_name["all heads"], 1), data.features[1].reshape(60, 20))
    assert set(by_name["sensitive heads"].choices) == {f"{size} heads" for size in SIZES}


def test_what_has_no_place_has_no_memory_and_no_structure(methods):
    by_name, _ = methods
    found = by_name[COMBINED].design("memory + structure", 1, (0,))
    assert np.isnan(found).all()
    assert (design(by_name["position memory 8 Å"], 1, (0,)) == 0).all()  # nothing to rank by
    assert not by_name["position memory 8 Å"].strengths


def test_conservation_segment_and_residue_type(methods):
    by_name, _ = methods
    conservation, segment, letters = (design(by_name[name], 0) for name in ("conservation", "segment", "residue type"))
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
    assert np.isnan(design(by_name["conservation"], 1)).all()
    assert np.isnan(design(by_name["segment"], 1)).all()
    assert (design(by_name["residue type"], 1).sum(axis=1) == 1).all()


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
    np.testing.assert_array_equal(data.above[0], maps.columns(0.3).weights.reshape(120, -1))


def test_letters_beyond_the_twenty_are_no_type():
    assert module._residue_types(Example(Protein("x", "AXU"), None, {"neighbourhood": (0,)}, None)).sum(axis=1).tolist() == [1, 0, 0]
