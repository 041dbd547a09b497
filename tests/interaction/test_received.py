"""Attention received, rollout and blocks equal what loops over single numbers give, and stand beside chance."""

import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.architectures import build, smaller
from allo_core.interaction.received import BLOCKS, attention_received, block_sentence, rollout

NAMES = ("A segment0", "A segment1", "A segment2", "B segment0", "B segment1")


class Given(nn.Module):
    """Attention that depends on the pair by its first number alone."""

    architecture: Any = smaller("amps", 8, (3, 2))

    def __init__(self, layers: int = 3, heads: int = 2, tokens: int = 5, scale: float = 1.0):
        super().__init__()
        self.logits = torch.randn(layers, heads, tokens, tokens, generator=torch.Generator().manual_seed(0))
        self.scale = scale

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.logits[:, None] * x[None, :, :1, :1, None], dim=-1) * self.scale


def inputs(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 5, 4)).astype(np.float32)


def test_equal_to_loops():
    model, pairs = Given(), inputs(2)
    found = attention_received(model, pairs, NAMES, (3, 2))
    maps = model.attention(torch.from_numpy(pairs)).numpy()
    layers, count, heads, tokens, _ = maps.shape
    for pair in range(count):
        rolled = np.eye(tokens)
        for layer in range(layers):
            for token in range(tokens):
                expected = np.mean([maps[layer, pair, head, query, token] for head in range(heads) for query in range(tokens)])
                assert found.layers[pair, layer, token] == pytest.approx(expected)
            rolled = (0.5 * maps[layer, pair].mean(axis=0) + 0.5 * np.eye(tokens)) @ rolled
            across = np.mean([maps[layer, pair, head, query, 3:].sum() for head in range(heads) for query in range(3)])
            back = np.mean([maps[layer, pair, head, query, :3].sum() for head in range(heads) for query in (3, 4)])
            assert found.blocks[pair, layer] == pytest.approx([1 - across, across, back, 1 - back], abs=1e-6)
        assert found.rollout[pair] == pytest.approx(rolled.mean(axis=0), abs=1e-6)
    assert found.maps == pytest.approx(maps.mean(axis=(1, 2)), abs=1e-6)
    assert found.tokens == pytest.approx(found.layers.mean(axis=1))


def test_all_sum_to_one_and_chance_is_alike():
    even = Given()
    even.logits = torch.zeros_like(even.logits)
    found = attention_received(even, inputs(3), NAMES, (3, 2))
    assert found.tokens == pytest.approx(found.chance)
    assert found.rollout == pytest.approx(found.chance)
    assert found.blocks.reshape(-1, len(BLOCKS)) == pytest.approx(np.tile(found.block_chance, (9, 1)))
    other = attention_received(Given(), inputs(3), NAMES, (3, 2))
    assert other.tokens.sum(axis=1) == pytest.approx(1)
    assert other.rollout.sum(axis=1) == pytest.approx(1)


def test_parts_of_many_pairs_are_put_together():
    pairs, seen = inputs(70), []
    found = attention_received(Given(), pairs, NAMES, (3, 2), lambda done, total: seen.append((done, total)))
    alone = attention_received(Given(), pairs[66:67], NAMES, (3, 2))
    assert found.tokens[66] == pytest.approx(alone.tokens[0])
    every = [attention_received(Given(), pairs[row : row + 1], NAMES, (3, 2)).maps for row in range(70)]
    assert found.maps == pytest.approx(np.mean(every, axis=0))
    assert seen == [(32, 70), (64, 70), (70, 70)]


def test_rollout_of_the_identity_changes_nothing():
    assert rollout(np.tile(np.eye(4), (3, 1, 1, 1)))[0] == pytest.approx(np.eye(4))


def test_what_is_said():
    found = attention_received(Given(), inputs(3), NAMES, (3, 2))
    without, told = block_sentence(found, marks=False), block_sentence(found, marks=True)
    assert without.startswith("This model cannot tell A from B")
    assert "set of 5 vectors" in without
    assert "(chance 40.0%)" in told
    assert "(60.0%)" in told
    assert "cannot" not in told


def test_what_is_refused():
    with pytest.raises(PairError, match="sum to 0\\.5"):
        attention_received(Given(scale=0.5), inputs(1), NAMES, (3, 2))
    with pytest.raises(PairError, match="No pair"):
        attention_received(Given(), inputs(0), NAMES, (3, 2))


def test_a_model_of_pairs():
    """In the mode in which it trains, too; marks make both proteins differ, and without them the order of tokens does not matter."""
    model = build(smaller("amps", 16, (3, 2)), 0).train()
    pairs = np.random.default_rng(0).normal(size=(2, 5, 16)).astype(np.float32)
    found = attention_received(model, pairs, NAMES, (3, 2))
    turned = attention_received(model, pairs[:, ::-1].copy(), NAMES, (3, 2))
    assert model.training
    assert found.tokens == pytest.approx(turned.tokens[:, ::-1], abs=1e-6)
    marked = build(smaller("amps", 16, (3, 2), marks=True), 0)
    with torch.no_grad():
        marked.marks.mul_(50)
    first, second = (attention_received(marked, given, NAMES, (3, 2)).tokens for given in (pairs, pairs[:, ::-1].copy()))
    assert np.abs(first - second[:, ::-1]).max() > 1e-3
    with pytest.raises(PairError, match="dpm has no attention"):
        attention_received(build(smaller("dpm", 16), 0), pairs[:, :2], NAMES[:2], (1, 1))


def test_cancel():
    event = threading.Event()
    with pytest.raises(Cancelled):
        attention_received(Given(), inputs(40), NAMES, (3, 2), lambda done, total: event.set(), event)
