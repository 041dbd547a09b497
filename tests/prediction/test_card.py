"""The model card says on what the predictor was trained; the notes say where it should not be believed."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.learning.compare import compare, hold_out
from allo_core.learning.method import Setting
from allo_core.learning.model import LinearModel
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
    names = ("memory, structure, attention", "memory, structure")
    methods = (
        noise_method(made, "combined"),
        head_method(made, sizes=(1,)),
        noise_method(made, names[1]),
        noise_method(made, names[0]),
    )
    found = compare(made, hold_out(methods, made, unrelated(6)), unrelated(6), "combined", ("sensitive heads",), names)
    model = LinearModel(np.zeros(11), np.ones(11), np.ones(11), -2.5)
    setting = Setting("memory + 2 heads", 0.1)
    return SitePredictor("alloscope_gpcr_8m", "ab" * 32, setting, ((0, 3), (5, 11)), model, TRAINING, found, {"numpy": "2"})


def test_the_card(predictor):
    compared, picked, attention, quality, reads, *cautions, trained = model_card(predictor)
    assert "decided on these same receptors" in picked
    assert compared == verdict(predictor.comparison)
    assert compared.startswith("The predictor (combined) on 6 receptors left out in 6 groups of relatives. In mean AUROC it is worse")
    assert attention.startswith("Attention adds nothing that can be told from 0 to position memory and structure: AUROC +0.000 [")
    assert reads == (
        "L1 logistic regression on position memory (the listed residues of the training receptors, carried over by generic number and "
        "space), and the attention of 2 heads (layer.head) of AlloScope GPCR 8M, weights abababababab: 0.3, 5.11."
    )
    assert trained == (
        "Fitted to the listed allosteric sites of 4 receptors, 2 with ligand contacts (24 residues) and 2 with neighbourhood "
        "(86 residues): AA2AR, CCR9, GRM1, SMO."
    )
    methods = predictor.comparison.methods
    assert quality.startswith(f"On receptors left out: mean AUROC {methods['combined'].auroc.value:.3f} (95 % ")
    assert f"mean AUPRC {methods['combined'].auprc:.3f}, at random {methods['random ranking'].auprc:.3f}." in quality
    assert "unlabelled, not known to be no site" in cautions[0]


def test_a_card_without_a_comparison_of_an_unknown_model_and_without_attention(predictor):
    unmeasured = model_card(replace(predictor, comparison=None, model_id="mine"))
    assert unmeasured[:2] == ("How good it is was not measured.", "What attention adds was not measured.")
    assert any("of mine, weights" in sentence for sentence in unmeasured)
    alone = model_card(replace(predictor, setting=Setting("memory", 0.1), heads=()))
    assert alone[4].endswith("only if the combination beat position memory alone with the whole interval of AUROC, and it does not.")


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
        "The orthosteric site is not known here, so what depends on it counts as average.",
    ]
    pasted = notes(predictor, Protein("pasted", "ACDEFGHIKLMNPQRSTVWY" * 8))
    assert [note.split(":")[0].split(",")[0] for note in pasted] == [
        "Without generic numbers of class A",
        "Without generic numbers one feature of each head is unknown and counts as average.",
        "The orthosteric site is not known here",
    ]
    assert "position memory is missing here" in pasted[0]
    alone = replace(predictor, setting=Setting("memory", 0.1), heads=())
    assert len(notes(alone, Protein("pasted", "ACDEFGHIKLMNPQRSTVWY" * 8))) == 1
    assert notes(alone, find_receptor("GPR52").protein) == (
        "No structure of it ships: its residues were placed as in AF-P29274-F1 by generic number.",
    )
