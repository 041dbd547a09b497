from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.head_data import crop_of, data_sha256, divide, learnable, places_of, training_examples
from allo_core.folding.head_features import region_of
from allo_core.folding.head_settings import HeadSettings
from allo_core.library.families import family_of_name
from allo_core.library.predicted import predicted_structure
from allo_core.library.receptors import receptors
from allo_core.protein.homologues import identities
from allo_core.structure.read import read_structure
from allo_core.training.split import held_out
from tests.folding.heads import made_up_example
from tests.models.tiny import FAMILIES, random_model

# Enough to have a held-out family (adrenoceptors), held-out single receptors, their homologues, and others.
NAMES = ("AA1R", "AA2AR", "ADRB1", "ADRB2", "DRD2", "GLR", "HRH1", "OPSD", "OPSB", "SMO", "ACM1")


def test_places_are_those_of_the_file_and_weigh_by_their_confidence():
    places = places_of("AA2AR")
    atoms = read_structure(predicted_structure("AA2AR").path).atoms
    row = {int(number): k for k, number in enumerate(atoms.res_id[atoms.atom_name == "CA"])}
    ca = atoms[atoms.atom_name == "CA"]
    sequence = receptors()["AA2AR"].protein.sequence
    for k, index in enumerate(places.index.tolist()):
        atom = ca[row[index + 1]]
        np.testing.assert_allclose(places.ca[k], atom.coord, atol=1e-4)
        assert places.weights[k] == pytest.approx(atom.b_factor / 100 if atom.b_factor >= 70 else 0, abs=1e-5)
        apart = np.linalg.norm(places.cb[k] - places.ca[k])
        assert apart == pytest.approx(0 if sequence[index] == "G" else 1.53, abs=0.1)
    assert (places.weights == 0).any()
    assert (places.index == region_of(len(sequence), receptors()["AA2AR"].numbers)).all()


def test_a_receptor_without_a_model_is_refused():
    with pytest.raises(FoldError, match="No AlphaFold model of LGR4 ships"):
        places_of("LGR4")


def test_receptors_are_held_out_by_their_names():
    division = divide(learnable(), "receptor")
    assert set(division.held_out) == held_out(learnable())
    assert {"AA2AR", "ADRB2"} <= set(division.held_out)  # no AlphaFold model of OPSD ships
    assert not division.left_out
    assert sorted([*division.learnt, *division.held_out]) == list(learnable())


def test_a_family_is_held_out_with_all_that_are_like_it():
    division = divide(NAMES, "family")
    library = receptors()
    assert {"ADRB1", "ADRB2", "GLR"} <= set(division.held_out)  # adrenoceptors and glucagon are families that are held out
    assert sorted([*division.learnt, *division.held_out, *division.left_out]) == sorted(NAMES)
    table = identities([library[name] for name in (*division.learnt, *division.held_out)])
    assert table[: len(division.learnt), len(division.learnt) :].max() <= 0.4
    assert set(division.left_out) == {"AA1R", "OPSB"}
    families = {family_of_name(library[name].name) for name in division.learnt}
    assert not families & {family_of_name(library[name].name) for name in ("ADRB1", "GLR")}
    assert divide(reversed(NAMES), "family") == division


def test_nothing_held_out_and_nothing_left():
    assert divide(NAMES, "none") == (tuple(sorted(NAMES)), (), ())
    with pytest.raises(FoldError, match="Of 2 receptors 2 are held out and 0 left"):
        divide(["AA2AR", "OPSD"], "receptor")


def test_examples_have_features_of_the_residues_that_have_places():
    model = random_model(FAMILIES[0])
    examples = training_examples(model, ["GP173", "HRH1"], HeadSettings())
    assert [one.receptor for one in examples] == ["GP173", "HRH1"]
    for one in examples:
        assert (one.inputs.index == one.places.index).all()
        assert len(one.inputs.states) == len(one.places.weights)


def test_shuffled_examples_have_the_features_of_another_receptor_and_their_own_places():
    model = random_model(FAMILIES[0])
    names = ["GP173", "HRH1"]
    plain, shuffled = (training_examples(model, names, HeadSettings(shuffled=on)) for on in (False, True))
    for k, other in ((0, 1), (1, 0)):
        assert (shuffled[k].places.ca == plain[k].places.ca).all()
        shared = np.arange(min(len(plain[0].inputs.index), len(plain[1].inputs.index)))
        assert (shuffled[k].inputs.states[shared] == plain[other].inputs.states[shared]).all()
        assert (shuffled[k].inputs.between(shared, shared) == plain[other].inputs.between(shared, shared)).all()
        assert len(shuffled[k].inputs.states) == len(plain[k].places.index)


def test_cancelled_before_a_structure_is_read():
    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        training_examples(random_model(FAMILIES[0]), ["GP173"], HeadSettings(), cancel=cancel)


def test_crops_are_two_stretches_anywhere():
    rng = np.random.default_rng(0)
    crops = [crop_of(30, 5, rng) for _ in range(3000)]
    for crop in crops:
        steps = np.diff(crop)
        assert len(crop) == 10
        assert (np.delete(steps, 4) == 1).all()
        assert steps[4] >= 1
    assert {int(crop[0]) for crop in crops} == set(range(21))
    assert {int(crop[-1]) for crop in crops} == set(range(9, 30))
    assert crop_of(10, 5, rng).tolist() == list(range(10))


def test_the_fingerprint_is_that_of_the_places():
    one, other = made_up_example("one"), made_up_example("other")
    assert data_sha256([one]) == data_sha256([made_up_example("one")])
    moved = replace(one, places=one.places._replace(ca=one.places.ca + 1))
    assert len({data_sha256(examples) for examples in ([one], [other], [one, other], [moved])}) == 4
