"""Tracks: values for each residue, what they need, and where their scale ends."""

import numpy as np
import pytest

from allo_core.analysis.answer import answer
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.analysis.track import Segments, Selected, Track, TrackSource, Values
from allo_core.analysis.tracks import OF_PROBABILITIES, TRACKS
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.runs.extract import extract_attention

A2A = Subject.of(find_receptor("AA2AR").protein)
BARE = Subject.of(Protein("poly-alanine", "A" * 40))
A = (51, 90, 279)


def columns(maps, threshold, queries):
    return maps.columns(threshold, queries)


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOSCOPE_HOME", str(tmp_path_factory.mktemp("runs")))
        return extract_attention(load_model("alloscope_gpcr_8m", device="cpu"), A2A.protein)


def source(maps, head=(2, 5), shared_scale=False, a=A):
    found = answer(Question(A2A, a or (1,), threshold=0.05, draws=200), maps)
    return TrackSource(A2A, columns, a, maps, Selected(found, head), shared_scale)


def test_values_against_the_map_of_the_head(maps):
    attention = np.asarray(maps[2, 5], dtype=float)
    for name, expected in {
        "received": attention.sum(axis=0),
        "above threshold": np.where(attention > 0.05, attention, 0).sum(axis=0),
        "from A": attention[list(A)].sum(axis=0),
        "to A": attention[:, list(A)].sum(axis=1),
    }.items():
        assert TRACKS[name].of(source(maps)).values == pytest.approx(expected, abs=0.05), name
    assert TRACKS["conservation"].of(source(maps)).values == pytest.approx(A2A.numbers.family_conservation, nan_ok=True)
    assert TRACKS["segment"].of(source(maps)) == Segments(A2A.numbers.segment)


def test_a_shared_scale_is_the_same_for_all_heads(maps):
    for name in ("received", "above threshold", "from A", "to A"):
        one, other = (TRACKS[name].of(source(maps, head, shared_scale=True)) for head in ((2, 5), (0, 1)))
        assert (one.ceiling, one.ceiling_name) == (other.ceiling, other.ceiling_name), name
        assert "all heads" in one.ceiling_name
        assert (one.values != other.values).any()


@pytest.mark.parametrize("name", list(TRACKS))
def test_what_a_track_needs_is_told_and_enough(maps, name):
    track, whole = TRACKS[name], source(maps)
    without = {"run": TrackSource(A2A, columns, A, None, whole.selected), "head": TrackSource(A2A, columns, A, maps)}
    without["scores"] = without["head"]
    for need, poor in without.items():
        if need in track.needs:
            assert track.of(poor) is None
    if not track.needs:
        assert type(track.of(TrackSource(A2A, columns))) is type(track.of(whole))
    values = track.of(whole)
    if isinstance(values, Values):
        assert values.values.shape == (len(A2A.protein),)
        assert track.unit or values.missing


def test_why_there_are_no_values(maps):
    for name in ("from A", "to A"):
        assert TRACKS[name].of(source(maps, a=())).missing == "nothing is marked in set A"
    bare = TrackSource(BARE, columns)
    assert TRACKS["conservation"].of(bare).missing == "no generic numbers"
    assert np.isnan(TRACKS["conservation"].of(bare).values).all()
    assert TRACKS["segment"].of(bare) is None


def test_a_track_may_ask_for_no_more_than_it_says():
    greedy = Track("greedy", "greedy", "", frozenset(), lambda source: Values(source.run.received(0, 0), "", 1.0, ""))
    with pytest.raises(LookupError, match="there is no run"):
        greedy.of(TrackSource(A2A, columns))


@pytest.mark.parametrize("masked", [True, False])
def test_what_a_model_expects_can_colour(masked):
    length = len(A2A.protein)
    p = np.random.default_rng(0).dirichlet(np.ones(20), size=length)
    found = ResidueProbabilities(A2A.protein, np.log(p).astype(np.float32), masked)
    given = TrackSource(A2A, columns, probabilities=found)
    there = np.array([AMINO_ACIDS.index(letter) for letter in A2A.protein.sequence])
    own = p[np.arange(length), there]
    expected = {
        "wild type": own,
        "entropy": -(p * np.log2(p)).sum(axis=1),
        "intolerance": [-(np.log(np.delete(row, at)) - np.log(row[at])).mean() for row, at in zip(p, there, strict=True)],
    }
    for name, values in expected.items():
        shown = TRACKS[name].of(given)
        assert ("masked" in shown.name) == masked
        assert ("a ranking only" in shown.name) != masked
        np.testing.assert_allclose(shown.values, values, rtol=1e-4, atol=1e-5)
    assert TRACKS["expected"].of(given).letters == "".join(AMINO_ACIDS[at] for at in p.argmax(axis=1))
    assert set(OF_PROBABILITIES) == {*expected, "expected"}


def test_without_probabilities_tracks_say_where_they_are_read():
    for name in OF_PROBABILITIES:
        shown = TRACKS[name].of(TrackSource(A2A, columns))
        assert isinstance(shown, Values)
        assert "the page Sequence reads it" in shown.missing


def test_a_fold_is_coloured_by_its_own_confidence_which_is_no_plddt():
    confidence = np.linspace(0.2, 1, len(A2A.protein))
    values = TRACKS["plddt"].of(TrackSource(A2A, columns, (), fold_confidence=confidence))
    assert values.values == pytest.approx(100 * confidence)
    assert values.name.startswith("100/(1 + sd)")
    assert TRACKS["plddt"].of(TrackSource(A2A, columns, ())).missing == "the structure is not a prediction"
