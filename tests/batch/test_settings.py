"""What a batch computes, and what is refused before anything is computed."""

from dataclasses import replace

import pytest

from allo_core.batch.task_scores import ScoreSettings
from allo_core.batch.tasks import read_settings
from allo_core.errors import AlloScopeError
from tests.batch.made import MODEL, settings


def test_settings_come_back_from_json():
    chosen = settings()
    assert read_settings(chosen.to_json()) == chosen
    assert chosen.thresholds == (0.0, 0.1)
    assert len(chosen.weights_sha256) == 64
    for damaged in ({}, [], chosen.to_json() | {"more": 1}):
        with pytest.raises(ValueError, match="do not fit"):
            read_settings(damaged)


def test_by_default_the_columns_of_the_scores_are_kept():
    assert ScoreSettings.choose(MODEL).thresholds == (0.3,)
    assert ScoreSettings.choose(MODEL, threshold=0.1).thresholds == (0.1,)
    assert ScoreSettings.choose(MODEL, thresholds=(0.5, 0.2, 0.5)).thresholds == (0.2, 0.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_id": "esm2_t6_8M_UR50D"}, "--model antiberty, not esm2_t6_8M_UR50D"),
        ({"threshold": 0.2, "thresholds": (0.2,)}, "--threshold 0.1, not 0.2"),
        ({"thresholds": (0.0, 0.2)}, "--thresholds 0,0.1, not 0,0.2"),
        ({"sites": None}, "--sites 5-9, not not given"),
        ({"versions": {"torch": "1"}}, "versions of the libraries torch "),
    ],
    ids=["model", "threshold", "thresholds", "sites", "versions"],
)
def test_the_first_setting_that_differs_is_named(changes, words):
    chosen = settings()
    assert chosen.difference(replace(chosen, **changes)).startswith(words)


def test_where_and_under_which_licence_weights_were_found_makes_no_difference():
    chosen = settings()
    assert chosen.difference(replace(chosen, weights_source="elsewhere", licence="another")) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_id": "esm9"}, "'esm9'"),
        ({"threshold": 2.0}, "threshold 2 is not possible"),
        ({"thresholds": (0.001,)}, "threshold 0.001 is not possible"),
        ({"dtype": "int8"}, "'int8' is unknown"),
        ({"null": "none"}, "null 'none' is unknown"),
        ({"draws": 0}, "0 random draws"),
        ({"sites": " "}, "--sites names nothing"),
        ({"sites": "calcium pocket"}, "No receptor of the library has a site 'calcium pocket'"),
    ],
    ids=["model", "threshold", "thresholds", "dtype", "null", "draws", "no sites", "unknown site"],
)
def test_what_is_possible_for_no_sequence_is_refused_at_once(changes, message):
    with pytest.raises(AlloScopeError, match=message):
        settings(**changes)
