"""Losses without heads, on tiny random models of each family: masks, means, what is kept, rises and sets."""

import threading

import numpy as np
import pytest
import torch

from allo_core.errors import AblationError, Cancelled
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import receptors
from allo_core.models.capture import Intervention
from allo_core.models.masked_loss import gate_gradients, masked_losses
from allo_core.models.readers import Reader
from allo_core.models.reading import read
from allo_core.protein.sequence import Protein
from allo_core.readouts import ablation as module
from allo_core.readouts import head_means as means_module
from allo_core.readouts.ablation import Ablation, ablate
from allo_core.readouts.ablation_masks import SHARE, MaskedInput, masked_inputs
from allo_core.readouts.ablation_rises import rises_of, rises_of_residues, site_rises
from allo_core.readouts.head_gradients import chosen_by_gradient, guessed_rises
from allo_core.readouts.head_means import head_means, reference_receptors
from allo_core.readouts.head_sets import among_random, greedy_order, random_sets
from allo_core.readouts.kept_readouts import ablations_folder, delete_readouts, kept_readouts
from allo_core.readouts.removal import all_heads, check_heads, heads_of_layer, heads_text, parse_heads, removed
from tests.models.tiny import FAMILIES, random_model, random_protein

PROTEINS = [random_protein(40, seed=1), random_protein(47, seed=2), random_protein(52, seed=3)]


@pytest.fixture(params=FAMILIES, ids=lambda spec: spec.family)
def any_model(request):
    return random_model(request.param, seed=5)


@pytest.fixture(scope="module")
def model():
    return random_model(FAMILIES[0], seed=5)


@pytest.fixture(autouse=True)
def few_references(monkeypatch, tmp_path):
    """Means over three receptors: a tiny model is no faster on long ones; nothing is kept from test to test."""
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path))
    monkeypatch.setattr(means_module, "_REFERENCES", 3)


def test_masks_are_disjoint_and_as_many_in_each_set():
    inputs = masked_inputs(PROTEINS)
    assert [one.protein for one in inputs] == [protein for protein in PROTEINS for _ in range(2)]
    for first, second in zip(inputs[::2], inputs[1::2], strict=True):
        assert len(first.residues) == len(second.residues) == round(SHARE * len(first.protein))
        assert not set(first.residues) & set(second.residues)
    # Drawn by the sequence alone: whoever else is asked, and by what name, they are the same.
    assert masked_inputs([PROTEINS[2], Protein("other", PROTEINS[1].sequence)])[2:] == tuple(
        MaskedInput(Protein("other", PROTEINS[1].sequence), one.residues) for one in inputs[2:4]
    )


def test_of_one_protein_every_residue_is_masked_but_unusual_letters():
    protein = Protein("x", "X" + PROTEINS[1].sequence + "UB")
    inputs = masked_inputs([protein])
    assert {residue for one in inputs for residue in one.residues} == set(range(1, 48))
    assert {len(one.residues) for one in inputs} == {round(SHARE * 50)}


@pytest.mark.parametrize("sequence", ["MKT", "X" * 30 + "MKTA"])
def test_too_short_proteins_are_refused(sequence):
    with pytest.raises(AblationError, match="short one has"):
        masked_inputs([Protein("short one", sequence), PROTEINS[0]])


def test_every_head_is_removed_from_the_same_masked_input(any_model):
    """And gives what a whole pass gives that removes it, by zero and by mean."""
    inputs, sets = masked_inputs(PROTEINS[:2]), all_heads(any_model.spec)
    for kind in ("zero", "mean"):
        found = ablate(any_model, inputs, sets, kind)
        assert found.done.all()
        means = head_means(any_model) if kind == "mean" else None
        for one, base, losses in zip(inputs, found.base, found.losses, strict=True):
            np.testing.assert_allclose(base, masked_losses(any_model, *one), atol=1e-5)
            for at, heads in enumerate(sets):
                gone = removed(any_model.spec, heads, means, len(one.protein) + 2)
                np.testing.assert_allclose(losses[at], masked_losses(any_model, *one, (), gone), atol=1e-5)
        assert np.abs(found.losses[0] - found.base[0]).max() > 1e-3


def test_means_are_those_of_residues_start_and_end(any_model):
    class Contexts(Reader):
        wants = frozenset({"context"})

        def __init__(self):
            self.kept = []

        def layer(self, layer):
            self.kept.append(layer.context.clone())

    found, contexts = head_means(any_model), []
    for entry in reference_receptors()[:3]:
        reader = Contexts()
        read(any_model, receptors()[entry].protein, [reader])
        contexts.append(reader.kept)
    for layer in range(any_model.spec.layers):
        everything = [each[layer] for each in contexts]
        residues = torch.cat([one[:, 1:-1] for one in everything], dim=1).mean(dim=1)
        ends = (torch.stack([one[:, at] for one in everything]).mean(dim=0) for at in (0, -1))
        for kind, wanted in enumerate((residues, *ends)):
            np.testing.assert_allclose(found[layer, kind], wanted.numpy(), atol=1e-5)


def test_a_constant_head_is_not_missed_when_its_mean_takes_its_place(any_model):
    """Its values are the same at every token, so it gives the same whatever it looks at; removed by zero it is missed."""
    spec, size = any_model.spec, any_model.spec.width // any_model.spec.heads
    head, weights = (
        1,
        [
            parameter
            for name, parameter in any_model.module.named_parameters()
            if ".1." in name and name.endswith(("self.value.weight", "v_proj.weight"))
        ],
    )
    assert len(weights) == 1
    weights[0][head * size : (head + 1) * size] = 0
    inputs, sets = masked_inputs(PROTEINS[:1]), (((1, head),), ((1, head + 1),))
    by_mean, by_zero = (ablate(any_model, inputs, sets, kind) for kind in ("mean", "zero"))
    assert np.abs(by_mean.losses[0][0] - by_mean.base[0]).max() < 1e-5
    assert np.abs(by_mean.losses[0][1] - by_mean.base[0]).max() > 1e-3
    if spec.family != "esmc":  # its values have no bias: such a head gives zeros
        assert np.abs(by_zero.losses[0][0] - by_zero.base[0]).max() > 1e-3


def test_a_cancelled_run_goes_on_and_gives_the_same(model, monkeypatch):
    inputs, sets = masked_inputs(PROTEINS), all_heads(model.spec)
    cancel, calls = threading.Event(), []

    def report(stage, done, total):
        calls.append((stage, done, total))
        if done == 17 and stage == module._REMOVING:
            cancel.set()

    with pytest.raises(Cancelled):
        ablate(model, inputs, sets, "zero", None, report, cancel)
    assert calls[-1] == (module._REMOVING, 17, 12 * 6)
    seen = []
    resumed = ablate(model, inputs, sets, "zero", None, lambda *said: seen.append(said))
    assert seen[0] == (module._REMOVING, 1, 12 * 6 - 17)
    whole = ablate(model, inputs, sets, "zero", None, lambda *_: pytest.fail("it was kept"))
    delete_readouts("losses without heads")
    assert kept_readouts() == {}
    anew = ablate(model, inputs, sets, "zero")
    for one, other, third in zip(resumed.losses, whole.losses, anew.losses, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
    assert kept_readouts()["losses without heads"] > 0


def test_some_heads_are_done_and_the_others_not_tested(model):
    inputs, sets = masked_inputs(PROTEINS), all_heads(model.spec)
    found = ablate(model, inputs, sets, "zero", [3, 7])
    assert np.flatnonzero(found.done).tolist() == [3, 7]
    assert np.flatnonzero(np.isfinite(rises_of(found).value)).tolist() == [3, 7]
    (path,) = ablations_folder().glob("*.npz") if len(inputs) == 1 else sorted(ablations_folder().glob("*.npz"))[:1]
    path.write_bytes(path.read_bytes()[:50])  # damaged: computed anew
    again = ablate(model, inputs, sets, "zero", [3])
    np.testing.assert_allclose(rises_of(again).value[3], rises_of(found).value[3], atol=1e-6)


def made(protein, base, losses, parts):
    """An ablation with losses that were written down."""
    inputs = tuple(MaskedInput(protein, part) for part in parts)
    pick = [list(part) for part in parts]
    return Ablation(
        inputs, (((0, 0),), ((0, 1),)), "zero", tuple(base[one] for one in pick), tuple(losses[:, one].astype(np.float32) for one in pick)
    )


def test_rises_at_marked_and_matched_residues_against_a_loop():
    protein = receptors()["AA2AR"].protein
    rng = np.random.default_rng(0)
    base, losses = rng.random(len(protein)).astype(np.float32), rng.random((2, len(protein))).astype(np.float32)
    order = rng.permutation(len(protein))
    parts = [tuple(sorted(order[:150])), tuple(sorted(order[150:300]))]
    found, marked = made(protein, base, losses, parts), [int(residue) for residue in order[:12]] + [int(order[-1])]
    numbers = numbers_for(protein)
    assert numbers is not None
    strata, masked = numbers.strata(), set(order[:300].tolist())
    site, matched, left_out = [], [], 0
    for residue in sorted(set(marked) & masked):
        alike = [other for other in masked - set(marked) if strata[other] == strata[residue]]
        if not alike:
            left_out += 1
            continue
        site.append(losses[:, residue] - base[residue])
        matched.append(np.mean([losses[:, other] - base[other] for other in alike], axis=0))
    rises = site_rises(found, {protein.sequence: marked})
    assert rises is not None
    assert (rises.site.residues, rises.left_out) == (len(site), left_out)
    np.testing.assert_allclose(rises.site.value, np.mean(site, axis=0), atol=1e-6)
    np.testing.assert_allclose(rises.matched.value, np.mean(matched, axis=0), atol=1e-6)
    np.testing.assert_allclose(rises.difference.value, np.mean(site, axis=0) - np.mean(matched, axis=0), atol=1e-6)
    assert (rises.difference.low < rises.difference.value).all()
    assert (rises.difference.value < rises.difference.high).all()
    assert site_rises(found, {protein.sequence: [int(order[-1])]}) is None  # it was not masked
    assert site_rises(found, {}) is None


def test_residues_that_were_masked_twice_count_with_their_mean():
    base, losses = np.array([1.0, 2.0, 3.0], dtype=np.float32), np.array([[2.0, 4.0, 3.0], [1.0, 1.0, np.nan]])
    protein = Protein("three", "MKT")
    found = made(protein, base, losses, [(0, 1), (1, 2)])
    own, rises = rises_of_residues(found, protein)
    np.testing.assert_allclose(own, base)
    np.testing.assert_allclose(rises[0], [1, 2, 0])
    assert np.isnan(rises[1, 2])


def test_clusters_of_homologues_count_alike():
    """Two copies of a receptor and another one: the copies are one cluster."""
    one, other, third = (receptors()[entry].protein for entry in ("AA1R", "AA2AR", "OPSD"))
    inputs = tuple(MaskedInput(protein, (3, 5)) for protein in (one, other, third))
    base = tuple(np.zeros(2, np.float32) for _ in inputs)
    losses = tuple(np.full((1, 2), value, np.float32) for value in (1, 3, 10))
    found = rises_of(Ablation(inputs, (((0, 0),),), "zero", base, losses))
    assert (found.groups, found.residues) == (2, 6)
    assert found.value[0] == 6  # the mean of 2 and 10
    assert np.isnan(found.low[0])  # there is no interval over two clusters


def test_the_guess_is_the_mean_gradient_with_its_sign_changed(model):
    inputs = masked_inputs(PROTEINS[:2])
    wanted = -np.mean([gate_gradients(model, *one) for one in inputs], axis=0)
    found = guessed_rises(model, inputs)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    grid = np.arange(120.0).reshape(10, 12)[::-1]
    chosen = chosen_by_gradient(grid, [(5, 3)])
    assert len(chosen) == 41
    assert {grid.ravel()[at] for at in chosen} == {*range(20), *range(100, 120), grid[5, 3]}


def test_random_sets_are_of_the_same_layers(model):
    own = ((0, 1), (0, 2), (2, 3))
    found = random_sets(model.spec, own, 20)
    assert len(set(found)) == 20
    assert own not in found
    assert all([layer for layer, _ in one] == [0, 0, 2] and len(set(one)) == 3 for one in found)
    assert len(random_sets(model.spec, ((1, 0),), 200)) == 3  # there are no more
    with pytest.raises(AblationError, match="all heads of their layers"):
        random_sets(model.spec, heads_of_layer(model.spec, 1))


def test_a_set_stands_beside_random_ones(model):
    inputs, own = masked_inputs(PROTEINS[:2]), ((0, 0), (1, 1))
    sets = (own, *random_sets(model.spec, own, 9))
    rises = rises_of(ablate(model, inputs, sets, "zero"))
    found = among_random(rises)
    assert found.p == (1 + np.sum(rises.value[1:] >= rises.value[0])) / 10
    assert found.sentence.startswith("No more than random sets") == (found.p > 0.05)
    gates = torch.ones(model.spec.layers, model.spec.heads)
    gates[0, 0] = gates[1, 1] = 0
    wanted = np.mean(
        [
            np.concatenate(
                [masked_losses(model, *one, (), Intervention(gates)) - masked_losses(model, *one) for one in inputs[at : at + 2]]
            ).mean()
            for at in (0, 2)
        ]
    )
    assert found.value == pytest.approx(wanted, abs=1e-5)


def test_a_greedy_order_takes_the_most_needed_head_each_time(model):
    inputs, heads = masked_inputs(PROTEINS[:1]), ((0, 0), (1, 1), (2, 2))
    order = greedy_order(model, inputs, heads, "zero")
    assert sorted(head for head, _ in order) == sorted(heads)
    single = rises_of(ablate(model, inputs, tuple((head,) for head in heads), "zero")).value
    assert order[0] == (heads[int(single.argmax())], pytest.approx(single.max()))
    assert order[2][1] == pytest.approx(rises_of(ablate(model, inputs, (heads,), "zero")).value[0], abs=1e-6)


def test_heads_are_read_as_people_write_them(model):
    spec = model.spec
    assert parse_heads("2.3, 0.1,2.3", spec) == ((0, 1), (2, 3))
    assert heads_text(((0, 1), (2, 3))) == "0.1,2.3"
    for text, said in (("5.3", "no head 5.3"), ("x", "'x' is no head"), ("", "No head is named")):
        with pytest.raises(AblationError, match=said):
            parse_heads(text, spec)
    assert check_heads(spec, ((1, 1), (1, 1))) == ((1, 1),)
