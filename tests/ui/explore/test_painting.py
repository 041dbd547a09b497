from dataclasses import replace

import numpy as np
import pytest

from allo_core.analysis.track import Track, Values
from allo_core.analysis.tracks import TRACKS
from allo_core.figures.colours import ABSENT, SEGMENTS, attention_scale, hex_colours, signed_scale
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.runs.extract import extract_attention
from allo_core.ui.explore import address, results
from allo_core.ui.explore import view as state
from allo_core.ui.explore.painting import MOST_LABELS, paint, source_of, values_to_take_away
from allo_core.ui.explore.tracks import tracks

RECEPTOR = find_receptor("AA2AR")
PROTEIN, NUMBERS = RECEPTOR.protein, RECEPTOR.numbers


@pytest.fixture(scope="module")
def model():
    return load_model("antiberty", device="cpu")


@pytest.fixture
def view():
    return replace(state.starting_view(), threshold=0.05, head=(3, 6), sites_b=(101, 109, 226))


@pytest.fixture
def maps(model):
    return extract_attention(model, PROTEIN)


def result_of(view, maps):
    return results.result_of(view, PROTEIN, maps)


def shown_values(view, protein, result, maps=None):
    return tracks()[view.colouring].of(source_of(view, protein, result, maps))


def values(view, maps, colouring, **changes):
    view = replace(view, colouring=colouring, **changes)
    return shown_values(view, PROTEIN, result_of(view, maps))


def test_values_are_sums_over_the_map(view, maps):
    attention, a = maps[3, 6], list(view.sites)
    assert values(view, maps, "received").values == pytest.approx(attention.sum(axis=0), abs=0.05)
    assert values(view, maps, "above threshold").values == pytest.approx(np.where(attention > 0.05, attention, 0).sum(axis=0), abs=0.05)
    assert values(view, maps, "from A").values == pytest.approx(attention[a].sum(axis=0), abs=1e-4)
    assert values(view, maps, "to A").values == pytest.approx(attention[:, a].sum(axis=1), abs=1e-4)
    assert values(view, maps, "conservation").values == pytest.approx(NUMBERS.family_conservation, nan_ok=True)


def test_the_scale_is_this_heads_or_all_heads_and_the_legend_says_which(view, maps):
    every = np.stack([[maps.received(layer, head) for head in range(8)] for layer in range(8)])
    own, shared = values(view, maps, "received"), values(view, maps, "received", scale="model")
    assert (own.ceiling, own.ceiling_name) == (pytest.approx(np.quantile(every[3, 6], 0.98)), "98th percentile of this head")
    assert (shared.ceiling, shared.ceiling_name) == (pytest.approx(np.quantile(every, 0.98)), "98th percentile of all heads")
    other = values(view, maps, "received", scale="model", head=(0, 1))
    assert other.ceiling == shared.ceiling
    result = result_of(view, maps)
    assert "of this head" in paint(view, PROTEIN, result, None, "light").legend["high"]
    assert "of all heads" in paint(replace(view, scale="model"), PROTEIN, result, None, "light").legend["high"]


def test_where_no_head_passes_there_is_no_mean(view, maps, monkeypatch):
    result = result_of(view, maps)
    monkeypatch.setattr(type(result.scores), "passing", lambda self, q=0.05: self.frame.iloc[:0])
    shown = shown_values(replace(view, colouring="passing"), PROTEIN, result)
    assert shown.missing == "no head passes"
    assert np.isnan(shown.values).all()


def test_passing_heads_are_averaged(view, maps, monkeypatch):
    result = result_of(view, maps)
    chosen = result.scores.frame[(result.scores.frame["layer"] == 2) & (result.scores.frame["head"].isin([1, 5]))]
    monkeypatch.setattr(type(result.scores), "passing", lambda self, q=0.05: chosen)
    shown = shown_values(replace(view, colouring="passing"), PROTEIN, result)
    assert shown.values == pytest.approx((maps.received(2, 1) + maps.received(2, 5)) / 2)
    assert "mean of 2 passing heads" in shown.name


def test_segments_and_plain_need_no_result(view):
    painted = paint(replace(view, colouring="segment"), PROTEIN, None, None, "light")
    assert painted.colours[NUMBERS.segment.index("TM3")] == SEGMENTS["TM3"]
    assert painted.colours[-1] == ABSENT  # the C-terminus
    assert len(painted.colours) == len(PROTEIN)
    assert paint(replace(view, colouring="plain"), PROTEIN, None, None, "light").legend is None
    assert paint(view, PROTEIN, None, None, "light").colours == []


def test_what_has_no_values_says_why_and_takes_away_attention_received(view, maps):
    empty = replace(view, colouring="from A", sites=(), measure="B")
    result = result_of(empty, maps)
    painted = paint(empty, PROTEIN, result, None, "light")
    assert "nothing is marked in set A" in painted.legend["title"]
    assert painted.colours == []
    assert values_to_take_away(empty, PROTEIN, result).values == pytest.approx(maps.received(3, 6))
    assert values_to_take_away(replace(view, colouring="plain"), PROTEIN, result).name == "attention received"


def test_at_most_six_labels_the_chosen_pair_first(view, maps):
    result = result_of(view, maps)
    painted = paint(replace(view, pair=(10, 20)), PROTEIN, result, None, "light")
    assert len(painted.tags) == MOST_LABELS
    assert [number for number, _ in painted.tags[:2]] == [11, 21]
    received = maps.received(3, 6)
    marked = sorted({*view.sites, *view.sites_b}, key=lambda index: -received[index])
    assert [number - 1 for number, _ in painted.tags[2:]] == marked[:4]
    assert painted.tags[0][1] == f"{PROTEIN.label(10)} {NUMBERS.ballesteros[10]}".strip()
    assert painted.pairs[-1] == (11, 21, 1.0, True)


def test_the_strongest_pairs_are_drawn_in_uniprot_numbers(view, maps):
    result = result_of(view, maps)
    details = results.details_of(result, 50, None)
    painted = paint(replace(view, pairs=3), PROTEIN, result, details, "light")
    assert len(painted.pairs) == 3
    attention = maps[3, 6].copy()
    np.fill_diagonal(attention, 0)
    query, key = np.unravel_index(attention.argmax(), attention.shape)
    assert painted.pairs[0][:2] == (query + 1, key + 1)


def test_signed_values_have_a_scale_with_two_sides(view, monkeypatch):
    """What speaks against and what speaks for are told apart, and nothing is grey."""
    ramp = np.linspace(-1, 1, len(PROTEIN))
    values = Values(ramp, "for or against", 1.0, "for", floor=-1.0, floor_name="against", signed=True)
    monkeypatch.setitem(TRACKS, "signed", Track("signed", "for or against", "", frozenset(), lambda source: values))
    painted = paint(replace(view, colouring="signed"), PROTEIN, None, None, "light")
    scale = signed_scale("light")
    assert (painted.colours[0], painted.colours[-1]) == (scale[0].lower(), scale[-1].lower())
    assert hex_colours(np.zeros(1), 1.0, scale, -1.0) == [scale[2].lower()]
    assert painted.legend["colours"] == list(scale)


def test_a_new_track_is_one_entry(view, maps, monkeypatch):
    """It is offered, read from a link, and painted with its label and scale."""
    ramp = np.arange(len(PROTEIN), dtype=float)
    made = Track("place", "place in the chain", "residues", frozenset(), lambda source: Values(ramp, "place", ramp[-1], "last residue"))
    monkeypatch.setitem(TRACKS, made.name, made)
    assert tracks()["place"].label == "place in the chain"
    shown, notices = address.from_query({"protein": "AA2AR", "colouring": "place"})
    assert (shown.colouring, notices) == ("place", [])
    painted = paint(shown, PROTEIN, None, None, "light")
    assert (painted.legend["title"], painted.legend["high"]) == ("place", "411 (last residue)")
    assert painted.colours[0] == attention_scale("light")[0].lower()
    assert painted.colours[-1] == attention_scale("light")[-1].lower()
