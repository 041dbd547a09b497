"""The network learns what is planted, keeps its best epoch, and Integrated Gradients find the token that decides."""

import threading

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.gradients import integrated_gradients
from allo_core.interaction.latent_network import LatentNetwork, fit_network

CHOOSING = np.arange(200) % 5 == 0


def planted(count: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    features = np.random.default_rng(seed).normal(size=(count, 4, 3)).astype(np.float32)
    return features, (features[:, 2].sum(axis=1) > 0).astype(np.int64)


def test_published_sizes():
    module = LatentNetwork(20, 150)
    assert [tuple(layer.weight.shape) for layer in module.layers if isinstance(layer, torch.nn.Linear)] == [
        (1796, 3000),
        (382, 1796),
        (1, 382),
    ]


def test_it_learns_and_the_token_is_found():
    features, labels = planted()
    found = fit_network(features, labels, CHOOSING)
    others, expected = planted(60, seed=1)
    assert ((found.logits(others) > 0) == expected).mean() > 0.75
    values = integrated_gradients(found.module, others[:10], features[~CHOOSING].mean(axis=0))
    assert np.argmax(values.magnitude) == 2


def test_weights_are_those_of_the_best_epoch():
    features, labels = planted()
    found = fit_network(features, labels, CHOOSING, seed=2)
    loss = binary_cross_entropy_with_logits(torch.from_numpy(found.logits(features[CHOOSING])), torch.from_numpy(labels[CHOOSING]).double())
    assert float(loss) == pytest.approx(found.losses[:, 1].min(), rel=1e-5)
    assert found.losses[found.best_epoch, 1] == found.losses[:, 1].min()


def test_seed():
    features, labels = planted()
    first, second, other = (fit_network(features, labels, CHOOSING, seed).logits(features) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_refused_and_cancelled():
    features, labels = planted()
    with pytest.raises(PairError, match="200 pairs 0 choose"):
        fit_network(features, labels, np.zeros(200, dtype=bool))
    features[0, 0, 0] = np.inf
    with pytest.raises(PairError, match="loss is"):
        fit_network(features, labels, CHOOSING)
    event = threading.Event()
    with pytest.raises(Cancelled):
        fit_network(*planted(), CHOOSING, progress=lambda done, total: event.set(), cancel=event)
