"""A study keeps a model of all pairs, and says what models that had not seen a pair said of it, beside the baselines."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import ExtraError
from allo_core.interaction.coupling_scores import compare_couplings
from allo_core.interaction.coupling_table import coupling_pairs
from allo_core.interaction.fold_models import train_folds
from allo_core.interaction.kept_model import load_pair_model, save_pair_model
from allo_core.interaction.learn import predict_logits
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.linear_coupling import fit_linear, load_linear, save_linear
from allo_core.interaction.model_card import MethodRow
from allo_core.interaction.splits import by_protein
from allo_core.interaction.study import CHANCE, Described, card_of, compare_pairs, coupling_rows, in_names, study
from tests.interaction.planted import planted, small_model

INPUTS = planted()
SPLIT = by_protein(INPUTS.pairs, 3)
QUICK = LearningSettings(learning_rate=3e-3, batch=32, epochs=2)
DESCRIBED = Described(("published", "published"), "esm2_t6_8M_UR50D", "a" * 64, "random pairs", "none")


def test_a_study(tmp_path):
    told = []
    kept = study(
        INPUTS, SPLIT, small_model(), QUICK, DESCRIBED, lambda found: compare_pairs("amps", found, INPUTS, SPLIT), tmp_path,
        lambda fold, epoch: told.append(fold),
    )  # fmt: skip
    card, folds = kept.card, train_folds(INPUTS, SPLIT, small_model(), QUICK)
    assert card.comparison[0].name == "amps"
    assert [row.name for row in card.comparison] == ["amps", "names alone", "lengths alone", "side B alone", CHANCE]
    assert card.comparison[-1].measure("auc") == 0.5
    assert set(told) == {0, 1, 2, 3}
    # What is kept of a pair is what the model of its fold said, not the model that is kept.
    row = int(folds.tested[0])
    name_a, name_b = (INPUTS.pairs.proteins[side[row]].name for side in (INPUTS.pairs.first, INPUTS.pairs.second))
    assert card.out_of_fold[name_a][name_b] == pytest.approx(1 / (1 + np.exp(-folds.logits[row])), abs=1e-5)
    assert sum(map(len, card.out_of_fold.values())) == len(
        {(a, b) for a, b in zip(INPUTS.pairs.first[folds.tested], INPUTS.pairs.second[folds.tested], strict=True)}
    )
    assert card.kept == tuple(learnt.kept for learnt in folds.learnt.values())
    save_pair_model(tmp_path / "model.safetensors", kept)
    read = load_pair_model(tmp_path)
    rows = np.arange(len(INPUTS.pairs))
    assert np.array_equal(predict_logits(read.model, INPUTS, rows), predict_logits(kept.model, INPUTS, rows))
    # From the checkpoints nothing is learnt anew.
    told.clear()
    study(INPUTS, SPLIT, small_model(), QUICK, DESCRIBED, lambda found: (MethodRow("x", {}),), tmp_path, lambda *all: told.append(all))
    assert told == []


def test_pairs_that_were_never_tested_have_no_value():
    found = np.full(len(INPUTS.pairs), np.nan)
    found[3] = 0.25
    first, second = (INPUTS.pairs.proteins[side[3]].name for side in (INPUTS.pairs.first, INPUTS.pairs.second))
    assert in_names(INPUTS.pairs, found) == {first: {second: 0.25}}


def card(rows):
    return card_of(INPUTS, SPLIT, DESCRIBED, rows, np.full(len(INPUTS.pairs), np.nan))


def test_what_a_model_loses_to_is_said_first():
    rows = (
        MethodRow("amps", {"auc": 0.6}),
        MethodRow("names", {"auc": 0.9}),
        MethodRow("lengths", {"auc": 0.7}),
        MethodRow("none", {"auc": None}),
    )
    assert (
        card(rows).verdict == "amps is not better in auc (0.600) than names (0.900); lengths (0.700). It reaches auc 0.600, 0.5 by chance."
    )
    assert card(rows).better("auc") == ("names", "lengths")
    best = (MethodRow("amps", {"mean AUC": 0.6, "mean AUC low": 0.5, "mean AUC high": 0.7}), MethodRow("x", {"mean AUC": 0.49}))
    assert card(best).verdict == "amps is better than all it is compared with: mean AUC 0.600 (95 % 0.500 to 0.700), 0.5 by chance."
    near = (best[0], MethodRow("x", {"mean AUC": 0.49}), MethodRow("y", {"mean AUC": 0.55}))
    assert card(near).verdict == "amps is not told from y. It reaches mean AUC 0.600 (95 % 0.500 to 0.700), 0.5 by chance."
    rows = (MethodRow("amps", {"mean AUC": 0.6, "top family": 0.5}), MethodRow("prior", {"mean AUC": 0.5, "top family": 0.6}))
    assert card(rows).verdict.startswith(
        "amps is not better in the share of receptors whose likeliest family is reported (0.500) than prior (0.600)."
    )
    assert "undefined" in card((MethodRow("amps", {"auc": None}),)).verdict


def test_rows_of_couplings_are_those_of_the_comparison():
    pairs = coupling_pairs()
    split = by_protein(pairs, 5, side="A")
    found = {"a": np.linspace(0, 1, len(pairs)), "b": pairs.labels * 0.8 + 0.1}
    comparison = compare_couplings(found, split, np.arange(251))
    rows = coupling_rows("b", comparison)
    assert [row.name for row in rows] == ["b", "a", CHANCE]
    assert rows[0].measure("mean AUC") == rows[0].measure("AUC Gs") == 1
    assert rows[1].measure("mean AUC") == comparison.scores[0].mean_auc.value
    assert rows[1].measure("pooled mcc") == pytest.approx(comparison.scores[0].pooled.mcc, abs=1e-5)
    assert rows[2].measure("AP Gs") == comparison.chance_ap[0] < 0.5
    assert np.isnan(rows[2].measure("pooled mcc"))


def test_the_linear_model_is_that_of_scikit_learn(tmp_path):
    pytest.importorskip("sklearn", reason="the extra pairs is not installed")
    from allo_core.interaction.baselines import make_classifier

    rng = np.random.default_rng(0)
    pairs = replace(INPUTS.pairs, second=rng.integers(28, 30, len(INPUTS.pairs)))
    inputs = replace(INPUTS, pairs=pairs)
    save_linear(tmp_path / "linear.safetensors", fit_linear(inputs, card((MethodRow("linear", {"auc": 0.5}),))))
    linear = load_linear(tmp_path / "linear.safetensors")
    rows = np.flatnonzero(pairs.second == 29)
    vectors = inputs.first.vectors.reshape(30, -1)
    expected = (
        make_classifier("logistic", vectors.shape[1], 0).fit(vectors[pairs.first[rows]], pairs.labels[rows]).decision_function(vectors)
    )
    np.testing.assert_allclose([linear.logits(own)[1] for own in inputs.first.vectors], expected, atol=1e-4)


def test_without_scikit_learn(monkeypatch):
    import builtins

    whole = builtins.__import__

    def without(name, *more):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return whole(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExtraError, match="needs scikit-learn"):
        fit_linear(INPUTS, card((MethodRow("linear", {}),)))
