"""Mean vectors, maps of points and shapes of layers with a tiny random model."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from allo_core.learning.geometry import linear_cka, participation_ratio
from allo_core.library.families import FAMILIES as LIGAND_FAMILIES
from allo_core.library.families import family_of_name
from allo_core.library.receptors import receptors
from allo_core.protein.homologues import identities
from allo_core.readouts import layer_shapes, mean_vectors
from allo_core.readouts.layer_shapes import layer_similarity, reference_panel, shapes_of
from allo_core.readouts.library_states import library_states
from allo_core.readouts.mean_vectors import NEAR_IDENTICAL, MeanVectors, family_agreement
from allo_core.readouts.vector_map import vector_map
from tests.models.tiny import FAMILIES, random_model

ENTRIES = ("5HT1A", "5HT1B", "5HT2A", "5HT2B", "AA1R", "AA2AR", "AA2BR", "AA3R", "ADRB1", "ADRB2", "ADRB3", "GPR3", "GPR12", "OPSD")


def made(vectors) -> MeanVectors:
    known = [receptors()[entry] for entry in ENTRIES]
    names = tuple(one.name for one in known)
    families = tuple(map(family_of_name, names))
    return MeanVectors("none", "Made", ENTRIES, names, tuple(one.receptor_class for one in known), families, vectors.astype(np.float32))


def test_vectors_that_hold_the_family_tell_it_and_noise_does_not():
    rng = np.random.default_rng(0)
    families = np.array([family_of_name(receptors()[entry].name) for entry in ENTRIES])
    assert families[-3:].tolist() == ["", "", "opsin"]  # orphans, and the only one of its family
    centres = {family: rng.normal(size=6) for family in sorted(set(families))}
    good = np.array([centres[family] for family in families]) + 0.01 * rng.normal(size=(len(ENTRIES), 6))
    found = family_agreement(made(np.stack([rng.normal(size=good.shape), good])))
    assert (found.receptors, found.families) == (11, 3)
    assert found.nearest[1].value == found.nearest_far[1].value == 1
    assert found.rand[1] == 1
    assert found.nearest[0].value < 0.8
    assert found.best == 1
    assert 0 in found.not_above
    sizes = np.array([4, 4, 3])
    assert found.chance == pytest.approx((sizes * (sizes - 1) / 10).sum() / 11)


def test_the_same_from_sequence_identity():
    found = family_agreement(made(np.random.default_rng(0).normal(size=(1, len(ENTRIES), 5))))
    names = ENTRIES[:11]
    table = identities([receptors()[entry] for entry in names])
    family = [family_of_name(receptors()[entry].name) for entry in names]
    right, right_far, counted = 0, 0, 0
    for k in range(len(names)):
        others = [j for j in range(len(names)) if j != k]
        right += family[max(others, key=lambda j: table[k, j])] == family[k]
        far = [j for j in others if table[k, j] <= NEAR_IDENTICAL]
        if any(family[j] == family[k] for j in far):
            counted += 1
            right_far += family[max(far, key=lambda j: table[k, j])] == family[k]
    assert found.identity.value == pytest.approx(right / len(names))
    assert (found.receptors_far, found.identity_far.value) == (counted, pytest.approx(right_far / counted))
    assert found.sentence.startswith("No state of Made tells families better than sequence identity: of state 0")


def test_mean_vectors_are_read_once(monkeypatch):
    model = random_model(FAMILIES[0], seed=3)
    few = mean_vectors.library_property("class")
    monkeypatch.setattr(mean_vectors, "library_property", lambda name: type(few)(few.name, few.kind, few.labels, ENTRIES[:3], True))
    steps = []
    found = mean_vectors.mean_vectors(model, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert found.vectors.shape == (4, 3, 64)
    assert found.families == ("5-hydroxytryptamine",) * 3
    again = mean_vectors.mean_vectors(model, lambda *_: pytest.fail("they were kept"))
    np.testing.assert_array_equal(again.vectors, found.vectors)
    assert mean_vectors.kept_mean_vectors("esm2_t6_8M_UR50D") is None


def test_families_are_those_of_the_names():
    assert family_of_name("Adenosine receptor A2a") == "adenosine"
    assert family_of_name("Probable G-protein coupled receptor 101") == ""
    named = [family_of_name(one.name) for one in receptors().values()]
    assert set(named) - {""} == set(LIGAND_FAMILIES)  # no entry of the table is without a receptor
    for family in set(named) - {""}:
        classes = {one.receptor_class for one, own in zip(receptors().values(), named, strict=True) if own == family}
        assert len(classes) == 1, family


def test_shapes_of_layers(monkeypatch):
    model = random_model(FAMILIES[0], seed=3)
    monkeypatch.setattr(layer_shapes, "panel_receptors", lambda: ENTRIES[:5])
    found = layer_similarity(model)
    states = library_states(model, reference_panel(model.spec))
    assert found.vectors == states.shape[1] == 320
    np.testing.assert_allclose(found.similarity.diagonal(), 1)
    np.testing.assert_array_equal(found.similarity, found.similarity.T)
    assert found.similarity[1, 3] == pytest.approx(linear_cka(states[1], states[3]))
    assert found.participation[2] == pytest.approx(participation_ratio(states[2]))
    assert np.isnan(found.dimension[0])  # twenty vectors alone
    assert found.dimension[3] > 1
    assert shapes_of(np.random.default_rng(0).normal(size=(2, 2500, 3)).astype(np.float32)).vectors == 2000


def test_maps_of_points():
    rng = np.random.default_rng(0)
    vectors, reference = rng.normal(size=(50, 12)), rng.normal(size=(90, 12)) * np.arange(1, 13)
    own = vector_map(vectors)
    assert own.fitted_to == 50
    assert own.shown == pytest.approx(sum(own.shares))
    np.testing.assert_allclose(np.abs(own.coordinates), np.abs(PCA(2).fit_transform(vectors)), atol=1e-9)
    other = vector_map(vectors, reference=reference)
    expected = PCA(2).fit(reference)
    np.testing.assert_allclose(np.abs(other.coordinates), np.abs(expected.transform(vectors)), atol=1e-9)
    np.testing.assert_allclose(other.shares, expected.explained_variance_ratio_)
    assert other.shown == pytest.approx(expected.transform(vectors).var(axis=0).sum() / vectors.var(axis=0).sum())
    assert other.axes[0] == f"PC1 ({other.shares[0]:.0%})"
    near = vector_map(vectors, "t-SNE")
    assert near.coordinates.shape == (50, 2)
    assert near.axes == ("t-SNE 1", "t-SNE 2")
    assert np.isnan(near.shown)
