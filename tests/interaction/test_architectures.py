"""The models of pairs against plain torch modules with the same parameters."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from allo_core.interaction.architectures import Architecture, PairModel, build, published, smaller, tokens_for
from allo_core.interaction.cuts import REGIONS, SEGMENTS

WIDTH = 16
TINY = Architecture("amps", WIDTH, (10, 10), layers=2, heads=4, feed_forward=24, dropout=0.3, hidden=(8, 3))


def random_tokens(architecture: Architecture, pairs: int = 5, seed: int = 0) -> torch.Tensor:
    return torch.randn(pairs, architecture.tokens, architecture.width, generator=torch.Generator().manual_seed(seed))


def lively(architecture: Architecture, seed: int = 0) -> PairModel:
    """A model in evaluation mode whose biases and norms are not those of a beginning."""
    model, generator = build(architecture, seed).eval(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for values in model.parameters():
            values += 0.1 * torch.randn(values.shape, generator=generator)
    return model


def reference_encoder(architecture: Architecture) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        architecture.width, architecture.heads, architecture.feed_forward, architecture.dropout, batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(layer, architecture.layers, enable_nested_tensor=False)


def size(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


@pytest.mark.parametrize("kind", ["amps", "amp_cse"])
def test_the_encoder_is_that_of_torch(kind):
    architecture = replace(TINY, kind=kind)
    model, encoder = lively(architecture), reference_encoder(architecture).eval()
    # strict: every name and shape is the same.
    encoder.layers.load_state_dict(model.layers.state_dict())
    x = random_tokens(architecture)
    expected = model.head(encoder(x).mean(dim=1)).squeeze(1)
    torch.testing.assert_close(model(x), expected, atol=1e-5, rtol=0)


def test_attention_is_that_of_torch_before_dropout():
    model, x = lively(TINY), random_tokens(TINY)
    maps = model.attention(x)
    assert maps.shape == (2, 5, 4, 20, 20)
    torch.testing.assert_close(maps.sum(dim=-1), torch.ones(2, 5, 4, 20))
    reference = nn.MultiheadAttention(WIDTH, 4, dropout=0.3, batch_first=True).eval()
    for number, layer in enumerate(model.layers):
        reference.load_state_dict(layer.self_attn.state_dict())
        normed = layer.norm1(x)
        torch.testing.assert_close(maps[number].mean(dim=1), reference(normed, normed, normed)[1])
        x = layer(x)[0]


def test_attention_is_refused_in_training_and_where_there_is_none():
    with pytest.raises(ValueError, match=r"eval\(\)"):
        build(TINY, 0).train().attention(random_tokens(TINY))
    plain = smaller("mean", WIDTH)
    with pytest.raises(ValueError, match="mean has no attention"):
        build(plain, 0).eval().attention(random_tokens(plain))


def test_dropout_acts_in_training_alone():
    model, x = lively(TINY), random_tokens(TINY)
    assert torch.equal(model(x), model(x))
    model.train()
    assert not torch.equal(model(x), model(x))


@pytest.mark.parametrize("kind", ["amps", "amp_cse"])
def test_the_published_encoders_have_the_parameters_of_the_reference(kind):
    # Without memory: only shapes are made.
    with torch.device("meta"):
        architecture = published(kind, 1280)
        model = PairModel(architecture)
        encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(d_model=1280, nhead=8, norm_first=True, batch_first=True, dropout=0.3),
            num_layers=6,
            enable_nested_tensor=False,
        )
    first = {"amps": 640, "amp_cse": 480}[kind]
    assert architecture.hidden == (first, 240)
    assert architecture.tokens == {"amps": 20, "amp_cse": 24}[kind]
    classifier = (1280 * first + first) + (first * 240 + 240) + (240 + 1)
    assert size(model) == size(encoder) + classifier


def test_published_sizes_of_the_others_and_their_scaling():
    assert published("dpm", 1280).hidden == (1280, 480, 100)
    assert published("amps", 320).hidden == (160, 60)
    with torch.device("meta"):
        assert size(PairModel(published("gru", 1280)).gru) == size(nn.GRU(1280, 1280, 6, batch_first=True))
    small = smaller("amps", 320, marks=True)
    assert (small.layers, small.feed_forward, small.heads, small.marks) == (2, 640, 8, True)
    assert not smaller("gru", 320, marks=True).marks


def test_without_marks_an_encoder_sees_a_set():
    model, x = lively(TINY), random_tokens(TINY)
    swapped = torch.cat([x[:, 10:], x[:, :10]], dim=1)
    moved = x[:, torch.randperm(20, generator=torch.Generator().manual_seed(1))]
    torch.testing.assert_close(model(swapped), model(x), atol=1e-5, rtol=0)
    torch.testing.assert_close(model(moved), model(x), atol=1e-5, rtol=0)


def test_with_marks_proteins_and_places_differ():
    model, x = lively(replace(TINY, marks=True)), random_tokens(TINY)
    swapped = torch.cat([x[:, 10:], x[:, :10]], dim=1)
    within = x[:, [1, 0, *range(2, 20)]]
    assert (model(swapped) - model(x)).abs().min() > 1e-3
    assert (model(within) - model(x)).abs().max() > 1e-3


def test_dpm_is_linear_norm_relu_three_times():
    architecture = replace(published("dpm", WIDTH), hidden=(12, 6, 4))
    model, x = lively(architecture), random_tokens(architecture)
    reference = nn.Sequential(
        *(nn.Linear(2 * WIDTH, 12), nn.LayerNorm(12), nn.ReLU()),
        *(nn.Linear(12, 6), nn.LayerNorm(6), nn.ReLU()),
        *(nn.Linear(6, 4), nn.LayerNorm(4), nn.ReLU()),
        nn.Linear(4, 1),
    )
    reference.load_state_dict(model.head.state_dict())
    torch.testing.assert_close(model(x), reference(torch.cat([x[:, 0], x[:, 1]], dim=1)).squeeze(1))
    assert (model(x.flip(1)) - model(x)).abs().max() > 1e-3


def test_gru_is_that_of_torch_and_hears_the_order():
    architecture = smaller("gru", WIDTH)
    model, x = lively(architecture), random_tokens(architecture)
    reference = nn.GRU(WIDTH, WIDTH, 2, batch_first=True)
    reference.load_state_dict(model.gru.state_dict())
    torch.testing.assert_close(model(x), model.head(reference(x)[0].mean(dim=1)).squeeze(1))
    assert (model(x.flip(1)) - model(x)).abs().max() > 1e-4


def test_mean_is_the_classifier_alone():
    architecture = smaller("mean", WIDTH)
    model, x = lively(architecture), random_tokens(architecture)
    assert size(model) == size(model.head)
    torch.testing.assert_close(model(x), model.head(x.mean(dim=1)).squeeze(1))


def test_classifiers_begin_as_published():
    head = build(published("mean", 320), 0).head
    for part in head[:-1:2]:
        assert part.weight.std().item() == pytest.approx((2 / part.in_features) ** 0.5, rel=0.05)  # Kaiming, fan-in, ReLU
        assert not part.bias.any()


def test_a_seed_gives_a_model_and_leaves_the_generator_alone():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    one, same, other = build(TINY, 1), build(TINY, 1), build(TINY, 2)
    assert torch.equal(torch.random.get_rng_state(), before)
    x = random_tokens(TINY)
    assert torch.equal(one.eval()(x), same.eval()(x))
    assert not torch.equal(one(x), other.eval()(x))


def test_tokens():
    assert tokens_for("amps") == tokens_for("gru") == tokens_for("mean") == SEGMENTS
    assert tokens_for("amp_cse") == ("cls", *SEGMENTS, "eos")
    assert tokens_for("dpm") == ("mean",)
    assert tokens_for("amp_cse", REGIONS) == ("cls", *REGIONS, "eos")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"heads": 5}, "5 heads do not divide the width 16"),
        ({"dropout": 1.0}, "dropout 1.0"),
        ({"layers": 0}, "at least 1"),
        ({"hidden": ()}, "at least 1"),
        ({"kind": "dpm"}, "dpm has no encoder"),
        ({"kind": "cnn"}, "'cnn'"),
    ],
)
def test_shapes_that_cannot_be(change, told):
    with pytest.raises(ValueError, match=told):
        replace(TINY, **change)


def test_marks_are_refused_where_they_do_nothing():
    with pytest.raises(ValueError, match="mean has no marks"):
        replace(smaller("mean", WIDTH), marks=True)
