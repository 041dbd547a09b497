"""The autoencoder has the published shape, keeps its best weights, knows no left-out protein, and stands beside principal components."""

import threading

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.reduction import Autoencoder, Reducer, fit_reducer, sizes_for


def curved(proteins: int = 40, tokens: int = 3, width: int = 16, seed: int = 0) -> np.ndarray:
    """Vectors that two numbers give."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(proteins, tokens, 2))
    mixing = random.normal(size=(4, width))
    return (np.concatenate([hidden, np.sin(2 * hidden)], axis=2) @ mixing).astype(np.float32)


def fit(vectors: np.ndarray, groups: np.ndarray, **settings) -> Reducer:
    """To the tokens of proteins, each with the group of its protein."""
    return fit_reducer(vectors.reshape(-1, vectors.shape[2]), np.repeat(groups, vectors.shape[1]), **settings)


def test_published_sizes():
    assert sizes_for(1280) == (512, 256, 150)
    assert sizes_for(320) == (128, 64, 38)
    module = Autoencoder(1280, sizes_for(1280))
    # Both linear maps and the norm of every block, one beta, latent and output layer.
    ends = [(1280, 512), (512, 256), (150, 256), (256, 512)]
    expected = sum(2 * (before * after + after) + 2 * after for before, after in ends) + 1 + (256 * 150 + 150) + (512 * 1280 + 1280)
    assert sum(parameter.numel() for parameter in module.parameters()) == expected
    assert len([name for name, _ in module.named_parameters() if name.endswith("beta")]) == 1  # the same in all blocks


def test_spectral_norms_are_one_after_training():
    module = fit(curved(), np.arange(40), epochs=20).module
    for name, layer in module.named_modules():
        if isinstance(layer, torch.nn.Linear):
            largest = float(torch.linalg.matrix_norm(layer.weight, ord=2))
            assert largest == pytest.approx(1, abs=0.05), name


def test_error_falls_and_stands_beside_components():
    found = fit(curved(), np.arange(40), epochs=60)
    assert found.error < found.losses[0, 1]
    assert found.error < found.mean_error
    assert found.error == found.losses[:, 1].min()
    assert "principal components" in found.sentence
    assert ("less than principal" in found.sentence) == (found.error >= found.components_error)


def test_components_are_those_of_the_training():
    vectors, groups = curved(), np.arange(40)
    found = fit(vectors, groups, seed=1, epochs=1)
    from allo_core.learning.folds import group_folds

    left = group_folds(np.repeat(groups, 3), 5, 1)[::3] == 0
    learnt, held = (vectors[rows].reshape(-1, 16).astype(float) for rows in (~left, left))
    _, _, basis = np.linalg.svd(learnt - learnt.mean(axis=0), full_matrices=False)
    centred, basis = held - learnt.mean(axis=0), basis[: found.latent]
    assert found.components_error == pytest.approx(((centred - centred @ basis.T @ basis) ** 2).mean(), rel=1e-4)
    assert found.mean_error == pytest.approx((centred**2).mean(), rel=1e-4)


def test_the_weights_are_those_of_the_best_epoch():
    """The error of the left-out proteins, worked out again with the kept weights, is the lowest of the history."""
    from allo_core.learning.folds import group_folds

    vectors, groups = curved(), np.repeat(np.arange(20), 2)
    found = fit(vectors, groups, seed=2, epochs=80)
    held = vectors[group_folds(np.repeat(groups, 3), 5, 2)[::3] == 0].reshape(-1, 16)
    with torch.no_grad():
        again = found.module(torch.from_numpy(held)).numpy()
    assert ((again - held) ** 2).mean() == pytest.approx(found.error, rel=1e-5)
    assert found.error == found.losses[:, 1].min()


def test_relatives_are_left_out_together_and_never_seen():
    """Vectors of left-out groups may be anything: nothing of the training changes."""
    from allo_core.learning.folds import group_folds

    vectors, groups = curved(), np.repeat(np.arange(10), 4)
    left = group_folds(np.repeat(groups, 3), 5, 0)[::3] == 0
    assert len(set(groups[left]) & set(groups[~left])) == 0
    other = vectors.copy()
    other[left] += 3
    first, second = (fit(given, groups, epochs=1) for given in (vectors, other))
    assert first.losses[0, 0] == second.losses[0, 0]
    assert first.losses[0, 1] != second.losses[0, 1]


def test_latent_vectors_keep_the_order_of_tokens():
    vectors = curved()
    found = fit(vectors, np.arange(40), epochs=5)
    latent = found.encode(vectors)
    assert latent.shape == (40, 3, found.latent)
    assert found.encode(vectors[7:8, 2:3])[0, 0] == pytest.approx(latent[7, 2], abs=1e-5)


def test_the_same_seed_gives_the_same_and_leaves_others_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second = (fit(curved(), np.arange(40), seed=3, epochs=4) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    assert np.array_equal(first.losses, second.losses)
    assert np.array_equal(first.encode(curved()), second.encode(curved()))


def test_refused_and_cancelled():
    with pytest.raises(PairError, match="4 groups"):
        fit(curved(4), np.arange(4))
    wrong = curved()
    wrong[0, 0, 0] = np.nan
    with pytest.raises(PairError, match="not finite"):
        fit(wrong, np.arange(40))
    event, seen = threading.Event(), []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        event.set()

    with pytest.raises(Cancelled):
        fit(curved(), np.arange(40), progress=progress, cancel=event)
    assert seen == [(1, 100)]
