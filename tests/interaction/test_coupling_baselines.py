"""The baselines of coupling on tiny vectors: all of them, on folds without homologues, with another method beside them."""

import numpy as np
import pytest

from allo_core.interaction import baselines, coupling_baselines
from allo_core.interaction.coupling_baselines import BASELINES, coupling_split
from allo_core.interaction.coupling_table import coupling_pairs
from allo_core.interaction.features import cut_tokens
from allo_core.interaction.pairs import TokenVectors

TOKENS = cut_tokens("published")


@pytest.fixture
def clusters(monkeypatch):
    """Made up, as to find homologues takes half a minute."""
    made = np.arange(251) // 3
    monkeypatch.setattr(coupling_baselines, "coupling_identities", lambda: 0.1 + 0.9 * (made[:, None] == made))
    return made


def vectors(told: bool) -> TokenVectors:
    """Four numbers a vector; where ``told``, one of the first stretch says whether Gs is reported."""
    values = np.random.default_rng(0).normal(size=(255, len(TOKENS), 4)).astype(np.float32)
    if told:
        values[:251, TOKENS.index("segment0"), 0] += 6 * coupling_pairs().labels[::4]
    return TokenVectors(TOKENS, values)


def test_no_homologue_is_on_both_sides_and_all_partners_are(clusters):
    split, pairs = coupling_split(), coupling_pairs()
    assert split.never_tested == 0
    for fold in range(split.count):
        learnt, tested = pairs.first[split.train(fold)], pairs.first[split.test(fold)]
        assert not set(clusters[learnt]) & set(clusters[tested])
        assert set(pairs.second[split.test(fold)]) == set(range(251, 255))
    assert coupling_split("protein").kind == "protein"
    with pytest.raises(ValueError, match="by pair a receptor is on both sides"):
        coupling_split("pair")


def test_all_baselines_and_another_method(clusters, monkeypatch):
    monkeypatch.setattr(baselines, "_TREES", 20)
    done = []
    more = {"knows": coupling_pairs().labels.astype(float)}
    found = coupling_baselines.coupling_baselines(vectors(told=True), more=more, progress=lambda *step: done.append(step))
    assert done == [(number, 7) for number in range(1, 8)]
    assert tuple(score.name for score in found.scores) == (*BASELINES, "knows")
    by_name = {score.name: score for score in found.scores}
    assert by_name["family prior"].mean_auc.value == 0.5
    assert by_name["knows"].mean_auc.value == 1
    assert by_name["logistic regression, 10 segments"].auc[0].value > 0.9
    assert by_name["random forest, 10 segments"].auc[0].value > 0.6
    assert by_name["logistic regression, mean"].auc[0].value < 0.65
    assert by_name["logistic regression, 10 segments, labels shuffled"].auc[0].value < 0.65
    assert found.baseline == "homologues"
    assert found.differences.keys() == by_name.keys() - {"homologues"}
    assert found.differences["knows"].value == pytest.approx(1 - by_name["homologues"].mean_auc.value, abs=1e-4)
    assert found.receptors == 251
    assert found.clusters == 84


def test_vectors_of_other_proteins_are_refused():
    with pytest.raises(ValueError, match="vectors of 3 proteins, the coupling pairs have 255"):
        coupling_baselines.coupling_baselines(TokenVectors(TOKENS, np.zeros((3, 13, 4), dtype=np.float32)))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_numbers_of_the_document():
    """docs/pairs.md: sequence identity without a model, and the vectors of the model that ships, with and without homologues."""
    from allo_core.interaction.features import token_vectors
    from allo_core.models.language_model import load_model
    from allo_core.models.registry import DEFAULT_MODEL

    features = token_vectors(load_model(DEFAULT_MODEL, "cpu"), coupling_pairs().proteins)
    expected = {"cluster": (0.59, 0.59, 0.57), "protein": (0.80, 0.73, 0.72)}
    for kind, values in expected.items():
        found = coupling_baselines.coupling_baselines(features, coupling_split(kind))
        means = {score.name: score.mean_auc.value for score in found.scores}
        names = ("homologues", "logistic regression, 10 segments", "random forest, 10 segments")
        assert [means[name] for name in names] == pytest.approx(values, abs=0.01)
        assert found.clusters == 99
        assert not any(found.differences[name].low > 0 for name in BASELINES if name != "homologues")
