"""Autoencoder, forest and network find the token that decides, and see nothing of the pairs that they are asked about."""

import numpy as np
import pytest

from allo_core.errors import Cancelled
from allo_core.interaction.latent_importance import latent_importance, latent_inputs
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.protein.sequence import Protein


def planted(seed: int = 0) -> PairInputs:
    """Sixty proteins in pairs with two partners; token 1 of A and the partner decide."""
    random = np.random.default_rng(seed)
    proteins = tuple(Protein(f"P{number}", "ACDEFGHIKL") for number in range(62))
    first = np.repeat(np.arange(60), 2)
    second = 60 + np.arange(120) % 2
    vectors = random.normal(size=(62, 3, 24)).astype(np.float32)
    vectors[:, 1] *= 3
    labels = (vectors[first, 1, :12].sum(axis=1) > 0).astype(np.int64)
    return PairInputs(
        PairSet(proteins, first, second, labels), TokenVectors(("a", "b", "c"), vectors), TokenVectors(("m",), vectors[:, :1])
    )


TRAIN, CHOOSING, ASKED = np.arange(0, 84), np.arange(84, 100), np.arange(100, 120)


@pytest.fixture(scope="module")
def found():
    for package in ("sklearn", "shap"):
        pytest.importorskip(package)
    return latent_importance(planted(), TRAIN, CHOOSING, ASKED, np.arange(62))


def test_the_token_that_decides(found):
    assert found.shap.values.shape == (20, 4, found.reducer.latent)
    for values in (found.shap.magnitude, found.forest.gini, found.gradients.magnitude):
        assert np.argmax(values) == 1
    assert found.gradients.gaps.max() <= 0.01


def test_what_is_asked_changes_nothing(found):
    """Proteins of the asked pairs may be anything; the models stay the same."""
    inputs = planted()
    inputs.first.vectors[50:60] += 5
    again = latent_importance(inputs, TRAIN, CHOOSING, ASKED, np.arange(62))
    assert np.array_equal(again.reducer.losses, found.reducer.losses)
    assert np.array_equal(again.forest.gini, found.forest.gini)
    assert np.array_equal(again.network.losses, found.network.losses)


def test_sides_keep_their_tokens(found):
    short = latent_inputs(planted(), found.reducer)
    assert short.names == ("A a", "A b", "A c", "B m")
    assert short.batch(ASKED).shape == (20, 4, found.reducer.latent)


def test_progress_and_cancel():
    class Stop:
        def __init__(self) -> None:
            self.asked = False

        def is_set(self) -> bool:
            return self.asked

    stop, seen = Stop(), []

    def progress(what: str, done: int, total: int) -> None:
        seen.append(what)
        stop.asked = what == "network"

    with pytest.raises(Cancelled):
        latent_importance(planted(), TRAIN, CHOOSING, ASKED, np.arange(62), progress=progress, cancel=stop)
    assert seen[0] == "autoencoder"
    assert seen[-1] == "network"
