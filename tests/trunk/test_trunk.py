"""The trunk with each of its options: who sees whom, padding, gradients, and the same numbers again."""

import itertools

import pytest
import torch

from allo_core.errors import FoldError
from allo_core.trunk.trunk import Trunk
from allo_core.trunk.trunk_settings import TrunkSettings

L, M, PADDED = 11, 3, 14
WITHOUT_MSA = [{"sparse": sparse, "reversible": reversible} for sparse in [(), (True, False)] for reversible in (False, True)]
WITH_MSA = [
    {"msa": True, "inter_msa": inter_msa, "compression": compression, "reversible": reversible}
    for inter_msa, compression, reversible in itertools.product((False, True), (1, 3), (False, True))
]
OPTIONS = pytest.mark.parametrize("options", [*WITHOUT_MSA, *WITH_MSA], ids=str)


def trunk(options, seed=0, **more):
    torch.manual_seed(seed)
    return Trunk(TrunkSettings(width=8, heads=2, block=2, **options, **more))


def inputs(options, length=L, seed=1):
    generator = torch.Generator().manual_seed(seed)
    pair = torch.randn(2, length, length, 8, generator=generator)
    return (pair, torch.randn(2, M, length, 8, generator=generator)) if options.get("msa") else (pair, None)


def masks(options, real=L, length=L):
    seen = torch.arange(length) < real
    pair = (seen[:, None] & seen).expand(2, -1, -1)
    return pair, seen.expand(2, M, -1) if options.get("msa") else None


@OPTIONS
def test_padding_changes_nothing(options):
    """Nor does a batch: the second protein is alone when it is shorter than the first."""
    model = trunk(options)
    pair, msa = inputs(options, PADDED)
    pair_mask, msa_mask = masks(options, L, PADDED)
    alone = model(pair[1:, :L, :L], None, None if msa is None else msa[1:, :, :L])
    padded = model(pair, pair_mask, msa, msa_mask)
    assert padded.shape == (2, PADDED, PADDED, 8)
    torch.testing.assert_close(padded[1:, :L, :L], alone, atol=1e-5, rtol=0)
    unmasked = model(pair, None, msa)
    assert (unmasked[1:, :L, :L] - alone).abs().max() > 1e-2


@OPTIONS
def test_every_weight_learns_and_gradients_are_finite_with_rows_that_see_nothing(options):
    model = trunk(options)
    pair, msa = inputs(options)
    pair_mask, msa_mask = masks(options, L - 4)
    model(pair, pair_mask, msa, msa_mask).square().mean().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name


@OPTIONS
def test_some_tokens_at_a_time_give_the_same(options):
    model = trunk(options)
    pair, msa = inputs(options)
    pair_mask, msa_mask = masks(options, L - 2)
    with torch.no_grad():
        whole = model(pair, pair_mask, msa, msa_mask)
        model.chunk = 3 * L
        torch.testing.assert_close(model(pair, pair_mask, msa, msa_mask), whole, atol=1e-6, rtol=0)
    model.chunk = 1
    torch.testing.assert_close(model(pair, pair_mask, msa, msa_mask), whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize("options", WITH_MSA, ids=str)
def test_the_order_of_aligned_sequences_changes_nothing_and_what_they_are_does(options):
    model = trunk(options)
    pair, msa = inputs(options)
    order = torch.tensor([2, 0, 1])
    given = model(pair, None, msa)
    torch.testing.assert_close(model(pair, None, msa[:, order]), given, atol=1e-5, rtol=0)
    assert (model(pair, None, -msa) - given).abs().max() > 1e-3


@OPTIONS
def test_the_same_seed_gives_the_same(options):
    pair, msa = inputs(options)

    def once(seed):
        return trunk(options, seed, dropout=0.3)(pair, None, msa)

    assert torch.equal(once(0), once(0))
    assert not torch.equal(once(0), once(1))


def test_dropout_is_of_training_alone():
    model = trunk({}, dropout=0.5)
    pair, _ = inputs({})
    assert not torch.equal(model(pair), model(pair))
    assert torch.equal(model.eval()(pair), model(pair))


def test_which_layers_are_sparse_is_said_for_each():
    """The same weights: sparse in the first layer, in the second, in both and in none are four results."""
    pair, _ = inputs({}, 16)
    results = [trunk({"sparse": sparse})(pair) for sparse in itertools.product((False, True), repeat=2)]
    assert all((one - other).abs().max() > 1e-4 for one, other in itertools.combinations(results, 2))
    assert torch.equal(results[0], trunk({})(pair))


def test_aligned_sequences_that_do_not_see_each_other():
    """Without the switch another third sequence changes nothing but itself."""
    _, msa = inputs({"msa": True})
    other = torch.cat([msa[:, :2], -msa[:, 2:]], dim=1)
    for together in (False, True):
        attention = trunk({"msa": True, "inter_msa": together}).layers[0]["msa_attention"]
        changed = (attention(msa, None) - attention(other, None)).abs().amax(dim=(0, 2, 3)) > 1e-4
        assert changed.tolist() == [together, together, True]


def test_one_residue():
    for options in (*WITHOUT_MSA, *WITH_MSA):
        pair, msa = inputs(options, 1)
        assert trunk(options)(pair, None, msa).isfinite().all()


def test_aligned_sequences_where_there_are_none_or_should_be():
    pair, msa = inputs({"msa": True})
    with pytest.raises(FoldError, match="reads aligned sequences"):
        trunk({"msa": True})(pair)
    with pytest.raises(FoldError, match="reads no aligned sequences"):
        trunk({})(pair, None, msa)
