"""The model card says on what the predictor was trained; the notes say where it should not be believed."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.learning.compare import compare, hold_out
from allo_core.learning.model import LinearModel, Setting
from allo_core.learning.results import verdict
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor
from allo_core.prediction.card import model_card, notes_on
from allo_core.prediction.examples import site_examples
from allo_core.prediction.predictor import SitePredictor, TrainingReceptor
from allo_core.protein.sequence import Protein
from tests.learning.planted import examples, head_method, noise_method, unrelated

TRAINING = tuple(TrainingReceptor.of(one) for one in site_examples() if one.name in ("AA2AR", "GRM1", "SMO", "CCR9"))


@pytest.fixture(scope="module")
def predictor():
    made = examples(6)
    found = compare(made, hold_out((head_method(made, sizes=(1,)), noise_method(made)), made, unrelated(6)))
    model = LinearModel(np.zeros(8), np.ones(8), np.ones(8), -2.5)
    return SitePredictor("alloscope_gpcr_8m", "ab" * 32, ((0, 3), (5, 11)), model, Setting(2, 0.1), TRAINING, (found,), {"numpy": "2"})


def test_the_card(predictor):
    quality, compared, *cautions, trained, last = model_card(predictor)
    assert last == "L1 logistic regression on the attention of 2 heads (layer.head) of AlloScope GPCR 8M, weights abababababab: 0.3, 5.11."
    assert trained == (
        "Fitted to the listed allosteric sites of 4 receptors, 2 with ligand contacts (24 residues) and 2 with neighbourhood "
        "(86 residues): AA2AR, CCR9, GRM1, SMO."
    )
    methods = predictor.comparisons[0].methods
    assert quality.startswith(f"On receptors left out (all sites, 6): mean AUPRC {methods['sensitive heads'].auprc.value:.3f} (95 % ")
    assert f"of a random ranking {methods['random ranking'].auprc.value:.3f}; mean AUROC" in quality
    assert compared == verdict(predictor.comparisons[0])
    assert "unlabelled, not known to be no site" in cautions[0]


def test_a_card_without_comparisons_and_of_an_unknown_model(predictor):
    card = model_card(replace(predictor, comparisons=(), model_id="mine"))
    assert "of mine, weights" in card[-1]
    assert len(card) == 5


def notes(predictor, protein):
    return notes_on(predictor, protein, numbers_for(protein))


def test_a_receptor_of_the_training_is_no_prediction(predictor):
    (note,) = notes(predictor, find_receptor("AA2AR").protein)
    assert note == "The predictor was fitted to AA2AR itself: what it says here is no prediction."
    construct = find_receptor("AA2AR").protein.sequence.replace("L", "V", 3)
    assert notes(predictor, Protein("construct", construct))[0] == note


def test_a_homologue_is_said(predictor):
    said = notes(predictor, find_receptor("AA2BR").protein)
    assert len(said) == 1
    assert said[0].startswith("The predictor was fitted to AA2AR, 6") or said[0].startswith("The predictor was fitted to AA2AR, 5")
    assert notes(predictor, find_receptor("HRH1").protein) == ()


def test_what_is_not_known_and_what_is_long(predictor):
    long = notes(predictor, find_receptor("GRM8").protein)  # class C
    assert [note.split(":")[0] for note in long] == [
        "The predictor was fitted to GRM1, " + long[0].split(", ")[1].split(":")[0],
        "The predictor was fitted to at most 510 residues at once, these are 908",
        "The orthosteric site is not known here, so attention exchanged with it counts as average.",
    ]
    pasted = notes(predictor, Protein("pasted", "ACDEFGHIKLMNPQRSTVWY" * 8))
    assert [note.split()[0] for note in pasted] == ["Without", "The"]
