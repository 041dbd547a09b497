"""The predictor that ships belongs to the model that ships, and the documents speak of both."""

from pathlib import Path

import numpy as np
import pytest

from allo_core.learning.metrics import areas
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.prediction.card import model_card
from allo_core.prediction.examples import site_examples
from allo_core.prediction.frame import place
from allo_core.prediction.memory import recalled
from allo_core.prediction.methods import POSITION_MEMORY
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


def test_its_ranking_is_that_of_position_memory_and_the_table_has_its_numbers():
    """What ships is what was judged: the ranking by the broadest Gaussian, and its row of the document."""
    predictor = load_predictor()
    assert predictor.comparison is not None
    assert predictor.comparison.predictor == POSITION_MEMORY
    assert predictor.ingredients == ("memory",)
    receptor = find_receptor("GPR3")
    target = place(receptor.protein)
    total = sum(recalled(one.remembered, target)[:, -1] for one in predictor.training)
    found = predict_sites(None, receptor.protein, receptor.numbers, predictor)
    kept = total > total.mean() / 100  # below, ratios count as 1/100
    np.testing.assert_array_equal(np.argsort(-found[kept], kind="stable"), np.argsort(-total[kept], kind="stable"))
    for name, quality in predictor.comparison.methods.items():
        assert f"| {name} | {quality.auroc.value:.3f} [" in DOCUMENT


def test_the_earlier_numbers_of_position_memory_are_reproduced():
    """The earlier folds: GRM1 and GRM5 alone kept apart, one template (8FYN), other classes by their own numbers."""
    from allo_core.analysis.places import _positions
    from allo_core.library.structures import shipped_structure

    made, template = site_examples(), find_receptor("AA2AR")
    there = _positions(shipped_structure("8FYN").path, template.protein)
    place_of = {number: position for number, position in zip(template.numbers.gpcrdb, there, strict=True) if number}
    points = [np.array([place_of.get(number, [np.nan] * 3) for number in one.numbers.gpcrdb]) for one in made]
    found = []
    for i, one in enumerate(made):
        score = np.zeros(len(one.protein))
        for j, other in enumerate(made):
            if i != j and {one.name, other.name} != {"GRM1", "GRM5"}:
                listed = points[j][list(other.residues)]
                listed = listed[np.isfinite(listed).all(axis=1)]
                apart = np.linalg.norm(points[i][:, None] - listed, axis=-1)
                score += np.nan_to_num(np.exp(-(apart**2) / 128).mean(axis=1))
        found.append(areas(one.labels, score))
    assert np.mean([one.auprc for one in found]) == pytest.approx(0.197, abs=0.0006)
    assert np.mean([one.auroc for one in found]) == pytest.approx(0.737, abs=0.0006)
