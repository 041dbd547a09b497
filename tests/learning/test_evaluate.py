"""Leaving receptors out: what is there is found, what is not there is not, and nothing leaks."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import PredictionError
from allo_core.learning import evaluate
from allo_core.learning.evaluate import STRENGTHS, Evaluation
from allo_core.learning.metrics import areas, random_precision
from allo_core.prediction.selection import sensitivity
from tests.learning.planted import PLANTED, examples, head_method, noise_method, unrelated


def held_out(method, made, related=None):
    return Evaluation(method, [one.labels for one in made], unrelated(len(made)) if related is None else related).held_out()


def precision(found, made):
    return np.array([areas(one.labels, scores).auprc for one, scores in zip(made, found.scores, strict=True)])


def chance(made):
    return np.array([random_precision(one.labels.sum(), len(one.protein)) for one in made])


def test_a_planted_head_is_chosen_in_every_fold_and_wins():
    made = examples(6)
    method = head_method(made)
    evaluation = Evaluation(method, [one.labels for one in made], unrelated(6))
    found = evaluation.held_out()
    for receptor, setting in enumerate(found.settings):
        training = tuple(one for one in range(6) if one != receptor)
        assert PLANTED in evaluation.fitted(training, setting)[1]
    assert (precision(found, made) > 1.5 * chance(made)).all()
    assert precision(found, made).mean() > precision(held_out(noise_method(made), made), made).mean() + 0.2


def test_random_labels_give_what_chance_gives():
    """Selection, C and fit together find nothing where nothing is: 20 receptors, within three standard errors."""
    made = examples(20, seed=3, length=150, sites=12)
    found = precision(held_out(head_method(made, strength=0.0), made), made) - chance(made)
    assert abs(found.mean()) < 3 * found.std(ddof=1) / np.sqrt(20)
    # A selection that had seen the labels would do better: the same heads, fitted to all.
    method = head_method(made, strength=0.0)
    evaluation = Evaluation(method, [one.labels for one in made], unrelated(20))
    model, heads = evaluation.fitted(tuple(range(20)), evaluation.choose())
    seen = [areas(one.labels, model.probabilities(method.design(at, heads))).auprc for at, one in enumerate(made)]
    assert np.mean(seen) >= precision(held_out(method, made), made).mean()


def relabelled(made, which):
    """The same receptors, with other sites in one of them."""
    residues = tuple(np.flatnonzero(~made[which].labels)[:20].tolist())
    changed = replace(made[which], sites={"neighbourhood": residues})
    return (*made[:which], changed, *made[which + 1 :])


def sensitivity_of(made, method):
    """What a method looks like when the labels are those of `made`: only the sensitivities depend on them."""
    received = [2.0 ** values[:, :, 0].T for values in method.features]
    found = np.array([sensitivity(one, example.residues, None) for one, example in zip(received, made, strict=True)])
    return replace(method, sensitivities=found)


@pytest.mark.parametrize("related", [False, True], ids=["alone", "with a homologue"])
def test_labels_of_the_left_out_change_nothing_in_its_scores(related):
    made = examples(6)
    pairs = unrelated(6)
    if related:
        pairs[2, 5] = pairs[5, 2] = True
    method = sensitivity_of(made, head_method(made))
    before = held_out(method, made, pairs)
    for which in (2, 5):
        other = relabelled(made, which)
        after = held_out(sensitivity_of(other, method), other, pairs)
        for receptor in range(6):
            same = np.array_equal(before.scores[receptor], after.scores[receptor])
            assert same == (receptor == which or (related and {receptor, which} == {2, 5})), (receptor, which)
        assert after.settings[which] == before.settings[which]


def test_heads_are_chosen_by_the_training_receptors_alone():
    made = examples(6)
    method = head_method(made, strength=0.0, sizes=(1,))
    before = held_out(method, made)
    for which in range(6):
        loud = method.sensitivities.copy()
        loud[which, 5] = 1e6  # this receptor is for head 5, louder than all others together
        evaluation = Evaluation(replace(method, sensitivities=loud), [one.labels for one in made], unrelated(6))
        after = evaluation.held_out()
        np.testing.assert_array_equal(after.scores[which], before.scores[which])
        for other in set(range(6)) - {which}:
            assert evaluation.fitted(tuple(one for one in range(6) if one != other), after.settings[other])[1] == (5,)


def test_no_fit_for_a_receptor_sees_it_or_its_homologue(monkeypatch):
    made = examples(6)
    pairs = unrelated(6)
    pairs[2, 5] = pairs[5, 2] = True
    method = head_method(made)
    fits = []
    fit = evaluate.fit

    def spy(features, labels, strengths):
        fits.append({at for at, one in enumerate(made) if any(part is known[at] for part in labels)})
        return fit(features, labels, strengths)

    known = [one.labels for one in made]
    monkeypatch.setattr(evaluate, "fit", spy)
    evaluation = Evaluation(method, known, pairs)
    evaluation.choose((2,))
    assert fits
    assert all(2 not in training and 5 not in training for training in fits)
    # Inside, one more is left out each time, so that what chooses is not what was fitted to.
    assert sorted(map(sorted, fits)) == sorted([sorted({0, 1, 3, 4} - {one}) for one in (0, 1, 3, 4)] * 2)  # two sizes


def test_each_training_set_is_fitted_once(monkeypatch):
    made = examples(6)
    calls = []
    fit = evaluate.fit
    monkeypatch.setattr(evaluate, "fit", lambda x, y, c: calls.append(len(y)) or fit(x, y, c))
    held_out(noise_method(made), made)
    assert sorted(calls) == [4] * 15 + [5] * 6  # pairs left out, and single ones


def test_equally_good_settings_the_simplest_is_taken():
    made = examples(6)
    constant = noise_method(made)
    constant = replace(constant, features=tuple(np.zeros((len(one.protein), 1)) for one in made))
    assert {setting.c for setting in held_out(constant, made).settings} == {STRENGTHS[0]}


def test_too_few_receptors():
    made = examples(4)
    with pytest.raises(PredictionError, match="2 receptors remain"):
        held_out(noise_method(made), made)
