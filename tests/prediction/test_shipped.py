"""The predictor that ships belongs to the model that ships, and the documents speak of both."""

from pathlib import Path

import numpy as np

from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.prediction.card import model_card
from allo_core.prediction.examples import site_examples
from allo_core.prediction.predictor import load_predictor, predict_sites
from allo_core.runs.extract import extract_attention

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "site-prediction.md").read_text(encoding="utf-8")


def test_it_was_fitted_to_the_model_that_ships_and_to_every_example():
    predictor = load_predictor()
    assert predictor.model_id == DEFAULT_MODEL
    assert predictor.weights_sha256 == MODELS[DEFAULT_MODEL].sources[0].sha256
    assert {one.receptor for one in predictor.training} == {example.name for example in site_examples()}
    assert predictor.weights_sha256 in DOCUMENT


def test_the_document_has_its_card():
    for sentence in model_card(load_predictor()):
        assert f"- {sentence}" in DOCUMENT


def test_it_predicts_for_a_receptor_without_known_sites():
    protein = find_receptor("GPR3").protein
    found = predict_sites(extract_attention(load_model(DEFAULT_MODEL, device="cpu"), protein), protein, numbers_for(protein))
    assert found.shape == (len(protein),)
    assert np.isfinite(found).all()
    assert 0 < found.min() < found.max() < 1
