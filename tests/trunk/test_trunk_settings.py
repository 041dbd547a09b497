"""The shape of a trunk, and what is refused."""

import pytest

from allo_core.errors import FoldError
from allo_core.trunk.trunk_settings import TrunkSettings


def test_a_layer_is_sparse_where_it_was_said():
    assert [TrunkSettings(layers=3, sparse=(True, False, True)).is_sparse(layer) for layer in range(3)] == [True, False, True]
    assert not TrunkSettings(layers=3).is_sparse(2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 30}, "width is 30; it must be a multiple of the heads, 4"),
        ({"heads": 0}, "heads is 0; it must be at least 1"),
        ({"layers": 0}, "layers is 0; it must be at least 1"),
        ({"expansion": -1}, "expansion is -1; it must be at least 1"),
        ({"block": 0}, "block is 0; it must be at least 1"),
        ({"sparse": (True,)}, r"sparse is \(True,\); it must be empty or have a value for each of the 2 layers"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be from 0 to below 1"),
        ({"msa": True, "compression": 0}, "compression is 0; it must be at least 1"),
        ({"compression": 4}, "compression is 4; it must be 1 where msa is False"),
        ({"inter_msa": True}, "inter_msa is True; it must be False where msa is False"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(FoldError, match=message):
        TrunkSettings(**settings)
