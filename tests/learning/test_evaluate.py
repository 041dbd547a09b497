"""Leaving receptors out: what is there is found, what is not there is not, and nothing leaks."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import PredictionError
from allo_core.learning import evaluate
from allo_core.learning.evaluate import Evaluation
from allo_core.learning.method import STRENGTHS, CarriedOver, ChosenHeads, Fixed, Method, Setting, StrongestHeads
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
        (ingredient,) = method.choices[setting.choice]
        assert PLANTED in ingredient.rule(training)
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
    setting = evaluation.choose()
    seen = [areas(one.labels, evaluation.scores(at, tuple(range(20)), setting)).auprc for at, one in enumerate(made)]
    assert np.mean(seen) >= precision(held_out(method, made), made).mean()


def relabelled(made, which):
    """The same receptors, with other sites in one of them."""
    residues = tuple(np.flatnonzero(~made[which].labels)[:20].tolist())
    changed = replace(made[which], sites={"neighbourhood": residues})
    return (*made[:which], changed, *made[which + 1 :])


def combined(made, pairs):
    """Everything that depends on labels: what is carried over, and which heads are chosen; with something fixed beside it."""
    features = features_of(head_method(examples(6)))  # of the true labels, whatever `made` says
    received = [2.0 ** values[:, :, 0].T for values in features]
    snr = np.array([sensitivity(one, example.residues, None) for one, example in zip(received, made, strict=True)])
    rng = np.random.default_rng(5)
    places = [rng.normal(size=(len(one.protein), 3)) for one in made]
    said = tuple(
        tuple(
            np.exp(-((mine[:, None] - its[list(source.residues)]) ** 2).sum(-1)).mean(1, keepdims=True)
            for its, source in zip(places, made, strict=True)
        )
        for mine in places
    )
    memory, chosen, fixed = CarriedOver(said, pairs, (0,)), ChosenHeads(features, StrongestHeads(snr, 1)), Fixed(tuple(places))
    return Method("combined", {"memory": (memory,), "memory + heads": (memory, chosen), "all": (memory, chosen, fixed)})


def features_of(method):
    return next(iter(method.choices.values()))[0].features


@pytest.mark.parametrize("related", [False, True], ids=["alone", "with a relative"])
def test_labels_of_the_left_out_and_its_relatives_change_nothing_in_its_scores(related):
    made = examples(6)
    pairs = unrelated(6)
    if related:
        pairs[2, 5] = pairs[5, 2] = True
    before = held_out(combined(made, pairs), made, pairs)
    for which in (2, 5):
        other = relabelled(made, which)
        after = held_out(combined(other, pairs), other, pairs)
        for receptor in range(6):
            same = np.array_equal(before.scores[receptor], after.scores[receptor])
            assert same == (receptor == which or (related and {receptor, which} == {2, 5})), (receptor, which)
        assert after.settings[which] == before.settings[which]


def test_heads_are_chosen_by_the_training_receptors_alone():
    made = examples(6)
    method = head_method(made, strength=0.0, sizes=(1,))
    before = held_out(method, made)
    (chosen,) = method.choices["1 heads"]
    for which in range(6):
        loud = chosen.rule.sensitivities.copy()
        loud[which, 5] = 1e6  # this receptor is for head 5, louder than all others together
        changed = replace(chosen, rule=StrongestHeads(loud, 1))
        after = held_out(Method("loud", {"1 heads": (changed,)}), made)
        np.testing.assert_array_equal(after.scores[which], before.scores[which])
        for other in set(range(6)) - {which}:
            assert changed.rule(tuple(one for one in range(6) if one != other)) == (5,)


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
    constant = Method.of("constant", [np.zeros((len(one.protein), 1)) for one in made])
    assert {setting.c for setting in held_out(constant, made).settings} == {STRENGTHS[0]}


def test_too_few_receptors():
    made = examples(4)
    with pytest.raises(PredictionError, match="2 receptors remain"):
        held_out(noise_method(made), made)


def test_what_is_carried_over_to_a_training_receptor_is_not_its_own_list():
    made, pairs = examples(4), unrelated(4)
    pairs[0, 1] = pairs[1, 0] = True
    said = tuple(tuple(np.full((len(mine.protein), 1), 10.0**source) for source in range(4)) for mine in made)
    carried = CarriedOver(said, pairs, (0,), logarithm=False)
    assert (carried.design(0, (0, 1, 2, 3)) == 1100).all()  # neither its own nor its relative's
    assert (carried.design(2, (0, 1, 2)) == 11).all()
    with pytest.raises(PredictionError, match="No receptor remains"):
        carried.design(0, (0, 1))


def test_a_method_without_a_fit_is_its_first_feature():
    made = examples(5)
    values = [np.random.default_rng(at).normal(size=(len(one.protein), 2)) for at, one in enumerate(made)]
    found = held_out(Method("as it stands", {"x": (Fixed(tuple(values)),)}, ()), made)
    assert set(found.settings) == {Setting("x", None)}
    for scores, value in zip(found.scores, values, strict=True):
        np.testing.assert_array_equal(scores, value[:, 0])


def test_parts_are_what_their_choices_alone_would_give():
    made, pairs = examples(6), unrelated(6)
    method = combined(made, pairs)
    evaluation = Evaluation(method, [one.labels for one in made], pairs)
    evaluation.held_out()
    part = evaluation.held_out(("all",))
    alone = held_out(replace(method, choices={"all": method.choices["all"]}), made, pairs)
    assert part.settings == alone.settings
    for one, other in zip(part.scores, alone.scores, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_rule_that_chooses_no_head_tells_no_residue_from_another():
    made = examples(5)
    features = features_of(head_method(made))
    found = held_out(Method("none", {"none": (ChosenHeads(features, lambda training: ()),)}, (0.1,)), made)
    assert {len(set(scores.tolist())) for scores in found.scores} == {1}
