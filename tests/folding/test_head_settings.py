from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding.head_settings import EDGES, HeadSettings
from allo_core.trunk.trunk_settings import TrunkSettings


def test_the_edges_are_fine_where_residues_touch_and_reach_beyond_a_bundle():
    steps = np.diff(EDGES[:-1])
    assert (EDGES[0], EDGES[-2], EDGES[-1]) == (2.0, 50.0, np.inf)
    assert set(steps[EDGES[:-2] < 20]) == {0.5}
    assert set(steps[EDGES[:-2] >= 20]) == {1.0}


def test_settings_come_back_from_their_text():
    settings = HeadSettings(features="attention", trunk=TrunkSettings(layers=3, sparse=(True, False, True)), seed=4)
    assert HeadSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize("text", ["", "[]", '{"steps": "many"}', '{"colour": 1}', '{"steps": 0}'])
def test_other_texts_are_refused(text):
    with pytest.raises(FoldError, match=r"settings of a distance head|steps is 0"):
        HeadSettings.from_json(text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"features": "all"}, "features is all; it must be one of: both, states, attention, position"),
        ({"split": "half"}, "split is half"),
        ({"hidden": 0}, "hidden is 0"),
        ({"window": 3}, "window is 3; it must be above 3"),
        ({"lr": 1.0}, "lr is 1.0"),
        ({"far_weight": 0.0}, "far_weight is 0.0"),
        ({"msa_rows": 4}, "msa_rows is 4"),
        ({"features": "position", "shuffled": True}, "shuffled is True"),
    ],
)
def test_a_value_out_of_range_is_named(changed, said):
    with pytest.raises(FoldError, match=said):
        replace(HeadSettings(), **changed)


def test_the_learning_rate_rises_then_falls_to_a_twentieth():
    settings = HeadSettings(steps=1000, lr=0.01)
    rates = [settings.learning_rate(step) for step in range(1000)]
    assert np.argmax(rates) in (29, 30)
    assert rates[29] == pytest.approx(0.01)
    assert (np.diff(rates[30:]) < 0).all()
    assert rates[-1] == pytest.approx(0.0005)
