"""Value-weighted attention as what counts for a question: its answer, verdict, record and tracks."""

import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from allo_core.analysis.answer import answer, answer_from_columns
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.analysis.track import Selected, TrackSource
from allo_core.analysis.tracks import TRACKS
from allo_core.analysis.verdict import plain_verdict, set_phrases, verdict
from allo_core.attention.columns import Columns
from allo_core.errors import ScoreError
from allo_core.export import run_record, scores_csv
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.runs.extract_norms import extract_weighted

A2A = Subject.of(find_receptor("AA2AR").protein)
POCKET = A2A.sites["sodium pocket"]
HEAD = (5, 3)


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def weighted(model):
    return extract_weighted(model, A2A.protein)


def asked(**changes):
    return replace(Question(A2A, POCKET, threshold=0.0, null="matched", weighting="value"), **changes)


def naive_columns(weighted):
    """A_ij n_j, summed over the queries in double precision, without the division."""
    maps, norms = weighted.attention, weighted.norms.norms().astype(float)
    layers, heads = maps.shape[:2]
    return np.array([[maps.received(layer, head) * norms[layer, head] for head in range(heads)] for layer in range(layers)])


def test_scores_are_those_of_undivided_columns_and_differ_from_attention(weighted):
    """The numbers that docs/value-weighted.md gives for AA2AR."""
    found = answer(asked(), weighted)
    plain = answer(asked(weighting="attention"), weighted.attention)
    columns = naive_columns(weighted)
    expected = answer_from_columns(asked(), Columns(columns, np.full(columns.shape, len(A2A.protein)), 0.0))
    for name in ("impact", "enrichment", "snr", "p_value", "q_value"):
        # Of 20,000 draws one or two may tie in one sum and not in the other.
        draws = 1.5e-4 if name.endswith("value") else 1e-9
        np.testing.assert_allclose(found.scores.frame[name], expected.scores.frame[name], rtol=1e-5, atol=draws)
    assert spearmanr(found.scores.frame["snr"], plain.scores.frame["snr"]).statistic == pytest.approx(0.897, abs=0.002)
    top = [set(each.scores.frame["snr"].nlargest(10).index) for each in (found, plain)]
    assert len(top[0] & top[1]) == 6
    assert [len(each.scores.passing()) for each in (found, plain)] == [2, 2]
    assert found.run == weighted.meta
    assert found.pockets.n_low == expected.pockets.n_low
    assert found.pockets.global_p == pytest.approx(expected.pockets.global_p)


def test_what_counts_has_no_threshold_and_is_part_of_the_key():
    with pytest.raises(ScoreError, match=r"has no threshold, so 0\.3 is not possible; choose 0"):
        Question(A2A, POCKET, weighting="value")
    with pytest.raises(ScoreError, match="weighting 'norm' is unknown; choose one of attention, value"):
        asked(weighting="norm")
    assert asked().key != asked(weighting="attention").key


def test_maps_of_the_other_weighting_are_refused(weighted):
    with pytest.raises(ScoreError, match="about value-weighted attention"):
        answer(asked(), weighted.attention)
    with pytest.raises(ScoreError, match="about attention"):
        answer(asked(weighting="attention"), weighted)


@pytest.mark.parametrize("measure", ["A", "AB"])
@pytest.mark.parametrize("say", [verdict, plain_verdict])
def test_the_verdict_says_what_counts(weighted, measure, say):
    question = asked(measure=measure, b=tuple(range(100, 112)))
    said = say(answer(question, weighted), set_phrases(question.sets, A2A.sites))
    assert said.startswith("By value-weighted attention: ")
    assert said.removeprefix("By value-weighted attention: ")[0] in "0123456789no"
    plain = replace(question, weighting="attention")
    assert "weighted" not in say(answer(plain, weighted.attention), set_phrases(plain.sets, A2A.sites))


def test_record_and_table_name_it(weighted):
    found, plain = answer(asked(), weighted), answer(asked(weighting="attention"), weighted.attention)
    record = json.loads(run_record(found))
    assert record["weighting"].startswith("value-weighted attention A_ij |v_j W_O| (Kobayashi et al. 2020)")
    assert (record["run"]["kind"], record["run"]["key"], record["threshold"]) == ("value_norms", weighted.meta.key, 0)
    assert json.loads(run_record(plain))["weighting"] == "attention A_ij"
    for each, name in ((found, "value"), (plain, "attention")):
        table = pd.read_csv(StringIO(scores_csv(each)))
        assert set(table["weighting"]) == {name}


# --- colourings -------------------------------------------------------------------------------------------------------------------------


def source(weighted, **changes):
    found = answer(asked(), weighted)
    return replace(
        TrackSource(A2A, lambda maps, threshold, queries: maps.columns(threshold, queries), POCKET, weighted.attention,
                    Selected(found, HEAD), weighted=weighted),
        **changes,
    )  # fmt: skip


def test_colourings_by_attention_are_value_weighted_and_say_so(weighted):
    arcs = weighted.attention[HEAD].astype(float) * weighted.norms.norms()[HEAD]
    given = arcs / arcs.sum() * len(A2A.protein)
    expected = {
        "received": given.sum(axis=0),
        "above threshold": given.sum(axis=0),
        "from A": given[list(POCKET)].sum(axis=0),
        "to A": arcs[:, list(POCKET)].sum(axis=1) / arcs.sum(axis=1),
    }
    for name, values in expected.items():
        for shared in (False, True):
            shown = TRACKS[name].of(source(weighted, shared_scale=shared))
            assert shown.name.endswith(", value-weighted")
            np.testing.assert_allclose(shown.values, values, rtol=3e-3, atol=2e-3)
    assert expected["to A"].max() <= 1
    assert TRACKS["passing"].of(source(weighted)).name == "attention received, mean of 2 passing heads, value-weighted"
    assert "weighted" not in TRACKS["received"].of(replace(source(weighted), weighted=None)).name


def test_the_run_itself_stays_what_predictors_read(weighted):
    assert source(weighted).run is weighted.attention
    assert source(weighted).counted is weighted
