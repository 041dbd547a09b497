"""The verdict in words."""

import pandas as pd
import pytest

from allo_core.attention.scores import HeadScores, RandomSiteControl
from allo_core.sentences import set_phrases, verdict

PHRASES = {"A": "the sodium pocket", "B": "the 9 residues of set B"}


def scores_of(q_values, flags=None, null="matched"):
    frame = pd.DataFrame({"q_value": q_values, "snr": range(len(q_values)), "flags": flags or [""] * len(q_values)})
    return HeadScores(frame, 1, len(q_values), null, 0.3, (1,), 20_000, 0, 0.001)


MATCHED = "segment- and conservation-matched residues"
POCKET, NINE = PHRASES["A"], PHRASES["B"]


@pytest.mark.parametrize(
    ("measure", "null", "q_values", "claim"),
    [
        ("A", "matched", [0.01, 0.04, 0.05], f"2 of 3 heads attend to {POCKET} more than to {MATCHED}"),
        ("B", "uniform", [0.01, 0.2], f"1 of 2 heads attends to {NINE} more than to as many residues drawn from the whole sequence"),
        ("AB", "matched", [0.2, 0.3], f"0 of 2 heads look from {POCKET} at {NINE} more than at {MATCHED}"),
        ("BA", "matched", [0.01, 0.3], f"1 of 2 heads looks from {NINE} at {POCKET} more than at {MATCHED}"),
    ],
)
def test_verdict(measure, null, q_values, claim):
    said = verdict(scores_of(q_values, null=null), RandomSiteControl(1.0, 3.5, 200), measure, PHRASES)
    assert said.startswith(f"{claim} (q < 0.05); ")
    assert said.endswith(f"(q < 0.05); random {'matched ' if null == 'matched' else ''}sites: median 1, 95 % at most 3.5.")


def test_flagged_heads_are_counted_apart():
    said = verdict(scores_of([0.01, 0.02, 0.9], ["few arcs", "", "few arcs"]), RandomSiteControl(0, 0, 200), "A", PHRASES)
    assert said.startswith("2 of 3 heads (1 of them flagged) attend to the sodium pocket")


def test_without_a_control_there_is_no_count():
    assert verdict(scores_of([0.01]), None, "A", PHRASES).startswith("The published null gives no p")
    assert (
        verdict(scores_of([0.01]), RandomSiteControl(0, 0, 0), "A", PHRASES)
        == "None of the 1 heads has 10 arcs at this threshold, so none is tested."
    )


def test_sets_are_called_by_their_library_name_or_their_size():
    phrases = set_phrases({"A": (1, 2), "B": (5,)}, {"sodium pocket": (1, 2)})
    assert phrases == {"A": "the sodium pocket", "B": "the 1 residue of set B"}
    assert set_phrases({"A": (1, 3)}, {})["A"] == "the 2 residues of set A"
