"""What each layer does to each residue: against a loop over the states, and its correlations against scipy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from allo_core.analysis.covariates import covariates_of
from allo_core.analysis.subject import Subject
from allo_core.library.receptors import find_receptor
from allo_core.models.embeddings import embed
from allo_core.models.registry import MODELS
from allo_core.protein.sequence import Protein
from allo_core.readouts.library_states import untrained
from allo_core.readouts.state_changes import StateChanges, comparable_layers, relations, state_changes
from tests.models.tiny import FAMILIES, random_model

A2A = find_receptor("AA2AR").protein


@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
def test_changes_are_those_of_a_loop_over_states(spec):
    model, protein = random_model(spec, seed=3), Protein("short", A2A.sequence[:40])
    found = state_changes(model, protein)
    for read, update, cosine in (
        (model, found.update, found.cosine),
        (untrained(model), found.untrained_update, found.untrained_cosine),
    ):
        states = embed(read, protein, range(spec.layers + 1)).states
        for layer in range(spec.layers):
            for residue in range(len(protein)):
                before, after = (states[layer + k][residue].astype(float) for k in (0, 1))
                assert update[layer, residue] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(before), rel=1e-5)
                expected = before @ after / np.sqrt((before @ before) * (after @ after))
                assert cosine[layer, residue] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(found.mean("update", (0, 1)), found.update[:2].mean(axis=0))
    with pytest.raises(ValueError, match="layers 1 to 9 are not among 0 to 2"):
        found.mean("cosine", (1, 9))


def test_the_first_layer_and_a_final_norm_are_left_out():
    assert comparable_layers(MODELS["esm2_t33_650M_UR50D"]) == (1, 31)
    assert comparable_layers(MODELS["esmc_300m"]) == (1, MODELS["esmc_300m"].layers - 2)
    assert comparable_layers(MODELS["antiberty"]) == (1, 7)
    assert comparable_layers(replace(MODELS["antiberty"], layers=1)) == (0, 0)


def made(track, plain=None):
    """Changes of one layer with given values."""
    values = np.asarray(track, dtype=float)[None]
    other = None if plain is None else np.asarray(plain, dtype=float)[None]
    return StateChanges(MODELS["antiberty"], A2A, values, values, other, other)


def test_correlations_are_those_of_scipy_beside_moved_tracks():
    rng, known = np.random.default_rng(0), covariates_of(Subject.of(A2A))
    track, plain = rng.normal(size=len(A2A)), rng.normal(size=len(A2A))
    for one in relations(made(track, plain), "update", (0, 0)):
        target = known[one.covariate][:, 0]
        at = np.isfinite(target)
        assert one.rho == pytest.approx(spearmanr(track[at], target[at]).statistic)
        assert one.untrained == pytest.approx(spearmanr(plain[at], target[at]).statistic)
        assert one.residues == at.sum()
        moved = [spearmanr(np.roll(track[at], k), target[at]).statistic for k in range(1, at.sum())]
        assert (one.low, one.high) == pytest.approx(tuple(np.quantile(moved, [0.025, 0.975])))


def test_what_is_conservation_is_found_and_what_is_nothing_is_not():
    conservation = covariates_of(Subject.of(A2A))["conservation"][:, 0]
    track = np.nan_to_num(conservation, nan=0.0)
    of_conservation, _ = relations(made(track), "update", (0, 0))
    assert of_conservation.beyond_chance
    assert of_conservation.rho == pytest.approx(1, abs=1e-6)
    assert "more than the same track moved along the chain" in of_conservation.sentence
    assert "untrained" not in of_conservation.sentence
    # A smooth track that knows nothing: the moved ones are as smooth, so few are told to go with anything.
    told = 0
    for seed in range(40):
        smooth = np.convolve(np.random.default_rng(seed).normal(size=len(A2A) + 20), np.ones(21), mode="valid")
        told += sum(one.beyond_chance for one in relations(made(smooth), "update", (0, 0)))
    assert told <= 12  # of 80, at a level of 5 %


def test_without_generic_numbers_it_is_said():
    pasted = Protein("pasted", "MPIMGSSVYITVELAIAVLA")
    changes = state_changes(random_model(FAMILIES[0], seed=3), pasted)
    assert relations(changes, "update", (1, 1)) == "without generic numbers neither conservation nor segments are known"
