"""Where residues lie, for comparison with random pockets."""

import numpy as np
import pytest

from allo_core.analysis.answer import answer_from_columns
from allo_core.analysis.places import places_of
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import Columns
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein


def subject(entry):
    return Subject.of(find_receptor(entry).protein)


def test_the_alphafold_model_comes_first_without_its_loose_ends():
    places = places_of(subject("AA2AR"))
    assert places.source == "AF-P29274-F1"
    known = np.isfinite(places.positions[:, 0])
    assert 290 < known.sum() < 350
    assert known[51]  # D52
    assert known[320:].mean() < 0.2  # the tail, which the prediction is not sure of
    # D52 2.50, S91 3.39 and N280 7.45 hold the sodium ion
    near = places.positions[[51, 90, 279]]
    assert np.linalg.norm(near[:, None] - near[None], axis=-1).max() < 12


def test_else_an_experimental_structure_that_ships():
    places = places_of(subject("OPSD"))
    assert places.source == "1U19"
    assert np.isfinite(places.positions).all()


def test_else_a_receptor_of_the_class_by_generic_number():
    there = subject("GPR52")
    places = places_of(there)
    assert places.source.endswith(" by generic number")
    known = np.isfinite(places.positions[:, 0])
    assert known.sum() > 200
    assert not known[[index for index, number in enumerate(there.numbers.gpcrdb) if not number]].any()


def test_a_part_has_the_positions_of_the_whole():
    whole = subject("AA2AR")
    part = places_of(Subject.of(whole.protein.crop(10, 300)))
    np.testing.assert_array_equal(part.positions, places_of(whole).positions[9:300])


def test_without_generic_numbers_there_are_none():
    protein = Protein("other", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV" * 2)
    assert places_of(Subject.of(protein)) is None
    columns = Columns(np.random.default_rng(0).random((1, 2, len(protein))), np.ones((1, 2, len(protein)), dtype=int), 0.1)
    far = answer_from_columns(Question(Subject.of(protein), (3, 40, 90)), columns)
    assert far.pockets == "without generic numbers there are no positions of the residues"
    assert answer_from_columns(Question(Subject.of(protein), (3, 4, 5)), columns).pockets.kind == "stretch"


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"a": (3, 4)}, "at least 3 residues are needed"),
        ({"a": (3, 4, 5), "null": "published"}, "the published null gives no p"),
        ({"a": (3, 4, 5), "b": (90, 91, 92), "measure": "AB"}, "a coupling is compared with"),
    ],
)
def test_what_is_not_compared_says_why(keywords, reason):
    there = subject("AA2AR")
    shape = (1, 2, len(there.protein))
    answer = answer_from_columns(Question(there, **keywords), Columns(np.ones(shape), np.ones(shape, dtype=int), 0.1))
    assert answer.pockets_known
    assert answer.pockets.startswith(reason)


def test_residues_without_a_position_are_counted():
    there = subject("AA2AR")
    shape = (1, 2, len(there.protein))
    answer = answer_from_columns(Question(there, (51, 400, 405)), Columns(np.ones(shape), np.ones(shape, dtype=int), 0.1))
    assert not answer.pockets_known
    assert answer.pockets == "2 of the 3 marked residues have no position, so there are no pockets like theirs"
