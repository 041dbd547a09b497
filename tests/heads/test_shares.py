"""What heads look at: against loops over small random maps, against `impact_arcs`, and by the published procedure on a fixture."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import false_discovery_control, norm

from allo_core.attention.columns import columns
from allo_core.attention.scores import score_heads
from allo_core.errors import HeadsError
from allo_core.heads import arcs as arcs_module
from allo_core.heads.arcs import THRESHOLD, FamilyArcs, ReceptorArcs
from allo_core.heads.properties import OFFSETS, PROPERTIES, HeadProperty, contact_rate, head_property, of_layer_property, of_positions
from allo_core.heads.shares import HeadShares, shares_of
from allo_core.heads.verdict import difference_sentence, verdict
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import SODIUM_POCKET, find_receptor, receptors
from allo_core.models.registry import MODELS
from allo_core.readouts.layer_properties import library_property
from allo_core.readouts.library_panel import clusters_of
from allo_core.readouts.value_table import property_of_table

SPEC = replace(MODELS["alloscope_gpcr_8m"], layers=2, heads=3)
NAMES = ("AA1R", "AA2AR", "ADRB2", "CCR5", "OPSD", "MTR1A", "P2Y12", "CNR2")  # the first two are homologues


def sparse_maps(length: int, seed: int) -> np.ndarray:
    """Rows with one or two entries above the threshold; head 0.0 looks at the next residue, head 1.2 at nothing."""
    rng = np.random.default_rng(seed)
    maps = rng.uniform(0, 0.2, (2, 3, length, length)).astype(np.float32)
    for layer in range(2):
        for head in range(3):
            for query in range(length):
                maps[layer, head, query, rng.integers(length)] = 0.5
    maps[0, 0] = 0
    maps[0, 0, np.arange(length - 1), np.arange(1, length)] = 0.9
    maps[1, 2] = 0.01
    return maps


def of_maps(name: str, maps: np.ndarray) -> ReceptorArcs:
    layer, head, query, key = np.nonzero(maps >= THRESHOLD)
    empty = np.zeros((6, len(arcs_module.BINS)), dtype=np.int64)
    flat = (layer * 3 + head).astype(np.int32)
    return ReceptorArcs(name, flat, query.astype(np.int32), key.astype(np.int32), np.zeros(6, dtype=np.float32), empty, empty)


@pytest.fixture(scope="module")
def maps():
    return {name: sparse_maps(len(receptors()[name].protein), seed) for seed, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def found(maps):
    return FamilyArcs(SPEC, None, tuple(of_maps(name, one) for name, one in maps.items()))


def has(what: HeadProperty, value: str, name: str, query: int, key: int) -> bool | None:
    """Whether an arc goes to a value; None where that is not known."""
    if what.kind == "offset":
        return key - query == int(value)
    label = what.labels[name][key]
    return None if not label else label == value


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_is_counted_as_by_a_loop(found, maps, name):
    what = head_property(name)
    shares = shares_of(found, what)
    known_of = {"offset": NAMES, "contact": known_contacts(), "target": what.labels}[what.kind]
    assert set(shares.receptors) == {one for one in NAMES if one in known_of}
    clusters = clusters_of(shares.receptors)
    assert shares.clusters == np.unique(clusters).size
    value = len(shares.what.values) // 2
    hits, known, everything, expected = (defaultdict(float) for _ in range(4))
    for receptor in shares.receptors:
        length = len(receptors()[receptor].protein)
        if what.kind == "contact":
            touching = set(zip(known_contacts()[receptor].first.tolist(), known_contacts()[receptor].second.tolist(), strict=True))
            resolved = set(known_contacts()[receptor].resolved.tolist())
        rate = None
        if what.kind == "target":
            labels = what.labels[receptor]
            rate = (labels == shares.what.values[value]).sum() / (labels != "").sum()
        for layer, head, query, key in zip(*np.nonzero(maps[receptor] >= THRESHOLD), strict=True):
            at = layer * 3 + head
            everything[at] += 1
            if what.kind == "contact":
                if abs(key - query) < 6 or query not in resolved or key not in resolved:
                    continue
                is_there = (min(query, key), max(query, key)) in touching
            else:
                is_there = has(what, shares.what.values[value], receptor, int(query), int(key))
                if is_there is None:
                    continue
            known[at] += 1
            hits[at] += is_there
            if what.kind == "contact":
                expected[at] += contact_rate(np.array([abs(key - query)]))[0]
            elif what.kind == "offset":
                expected[at] += (length - abs(OFFSETS[value])) / length**2
            else:
                expected[at] += rate
    for at in range(6):
        np.testing.assert_allclose(shares.hits[:, at, value].sum(), hits[at])
        np.testing.assert_allclose(shares.known[:, at, value].sum(), known[at])
        np.testing.assert_allclose(shares.expected[:, at, value].sum(), expected[at], rtol=1e-9, atol=1e-9)
        assert shares.arcs[:, at].sum() == everything[at]
        assert shares.tested[at, value] == (known[at] >= 100)
        if known[at] >= 100:
            assert shares.share[at, value] == pytest.approx(hits[at] / known[at])
            assert shares.published[at, value] == pytest.approx(hits[at] / everything[at])
        else:
            assert np.isnan(shares.share[at, value])
    assert np.isnan(shares.share[5]).all()  # head 1.2 has no arcs


def test_the_share_of_marked_residues_is_impact_arcs(found, maps):
    """For one receptor the number that Explore calls impact (arcs)."""
    shares = shares_of(found, of_positions(tuple(SODIUM_POCKET), "pocket"))
    receptor = find_receptor("ADRB2")
    marked = tuple(np.flatnonzero(np.isin(receptor.numbers.gpcrdb, SODIUM_POCKET)).tolist())
    frame = score_heads(columns(maps["ADRB2"], THRESHOLD), marked).frame
    cluster = np.unique(clusters_of(shares.receptors), return_inverse=True)[1][shares.receptors.index("ADRB2")]
    own = shares.hits[cluster, :, 0] / np.maximum(shares.known[cluster, :, 0], 1)
    expected = frame["impact_arcs"].to_numpy()
    np.testing.assert_allclose(own[~np.isnan(expected)], expected[~np.isnan(expected)])


def test_the_published_interval_is_that_of_statsmodels_by_hand(found):
    shares = shares_of(found, head_property("residue type"))
    value, at = shares.what.values.index("L"), 1
    arcs = shares.arcs[:, at].sum()
    share = shares.hits[:, at, value].sum() / arcs
    tested = (shares.arcs.sum(axis=0) >= 100).sum()
    assert tested == 5
    assert shares.published_error[at, value] == pytest.approx(norm.isf(0.05 / tested / 2) * np.sqrt(share * (1 - share) / arcs))
    letters = "".join(receptors()[name].protein.sequence for name in shares.receptors)
    assert shares.published_background[value] == pytest.approx(letters.count("L") / len(letters))


def test_a_head_that_looks_at_the_next_residue_is_found_and_others_are_not(found):
    shares = shares_of(found, head_property("offset"))
    value = shares.what.values.index("+1")
    assert shares.best(value) == 0
    assert shares.share[0, value] == 1
    assert shares.passing(value).tolist() == [True, False, False, False, False, False]
    assert verdict(shares, value).startswith(
        "1 of 5 heads look at the residue at +1 more than expected, 1 at least 1.5 times as much; head 0.0 gives"
    )
    centre, low, high = shares.centres[value]
    assert centre == pytest.approx(0, abs=0.05)
    assert low <= centre <= high
    assert "No head of 5 looks at itself more than expected" in verdict(shares, shares.what.values.index("+0"))


def test_q_is_benjamini_and_hochberg_over_draws_of_clusters(found):
    shares = shares_of(found, head_property("segment"))
    value = shares.what.values.index("TM3")
    q = shares.q_value[:, value]
    assert np.isnan(q[5])
    draws = shares._log_draws(value)
    p = norm.sf(draws[0][:5] / draws[1:, :5].std(axis=0, ddof=1))
    np.testing.assert_allclose(q[:5], false_discovery_control(p))


def test_heads_that_look_at_random_residues_pass_at_their_level():
    """Arcs to residues drawn at random, 12 receptors of different clusters, 60 heads of nothing: few pass."""
    names = tuple(name for name in library_property("segment").receptors)[:12]
    spec, rng, passed = replace(SPEC, layers=6, heads=10), np.random.default_rng(4), 0
    for _ in range(10):
        made = []
        for name in names:
            length = len(receptors()[name].protein)
            heads = np.repeat(np.arange(60, dtype=np.int32), 30)
            queries, keys = (rng.integers(length, size=len(heads)).astype(np.int32) for _ in range(2))
            empty = np.zeros((60, len(arcs_module.BINS)), dtype=np.int64)
            made.append(ReceptorArcs(name, heads, queries, keys, np.zeros(60, dtype=np.float32), empty, empty))
        shares = shares_of(FamilyArcs(spec, None, tuple(made)), head_property("segment"))
        passed += shares.passing(shares.what.values.index("TM6")).sum()
    assert passed <= 12  # of 600 heads that all look at nothing


def test_a_table_of_ones_own_and_what_cannot_be_counted(found):
    table = "receptor,residue,mark\n" + "\n".join(
        f"{name},{number},{'in' if number % 2 else 'out'}" for name in NAMES for number in range(20, 300)
    )
    shares = shares_of(found, of_layer_property(property_of_table(table)))
    assert shares.what.values == ("in", "out")
    assert shares.share[0] == pytest.approx([0.5, 0.5], abs=0.01)
    numbers = of_layer_property(property_of_table(table.replace(",in", ",1").replace(",out", ",2")))
    assert len(numbers.values) == 1
    with pytest.raises(HeadsError, match="'class' is no property of residues"):
        of_layer_property(library_property("class"))
    with pytest.raises(HeadsError, match="No receptor of the library has 9x99"):
        of_positions(("9x99",), "nothing")
    with pytest.raises(HeadsError, match="There is no property 'charm'"):
        head_property("charm")
    ones = property_of_table("receptor,residue,mark\n" + "\n".join(f"{name},{at},1" for name in NAMES for at in range(20, 60)))
    with pytest.raises(HeadsError, match="All residues have the same 'mark'"):
        shares_of(found, of_layer_property(ones))
    only = property_of_table("receptor,residue,mark\nOPRD,50,in\nOPRD,51,out\n")
    with pytest.raises(HeadsError, match="'mark' is known of none of these receptors"):
        shares_of(found, of_layer_property(only))
    few = property_of_table("receptor,residue,mark\nAA2AR,50,in\nOPSD,51,out\n")
    with pytest.raises(HeadsError, match="of 2 clusters of homologues"):
        shares_of(found, of_layer_property(few))


def test_a_table_that_lists_marked_residues_alone_counts_the_others_as_others(found):
    listed = property_of_table("receptor,residue,mark\n" + "\n".join(f"{name},{at},PTM" for name in NAMES for at in range(50, 90)))
    what = of_layer_property(listed)
    assert what.receptors == tuple(sorted(NAMES))
    shares = shares_of(found, what)
    assert shares.what.values == ("PTM",)
    lengths = [len(receptors()[name].protein) for name in NAMES]
    assert shares.published_background[0] == pytest.approx(40 * len(NAMES) / sum(lengths))
    assert shares.background[1, 0] == pytest.approx(0.1, abs=0.03)
    assert shares.share[1, 0] == pytest.approx(0.1, abs=0.05)  # this head looks at random residues


def test_the_difference_of_two_values_has_an_interval_and_says_what_was_expected(found):
    shares = shares_of(found, head_property("offset"))
    one, other = (shares.what.values.index(name) for name in ("+1", "-1"))
    value, low, high = shares.differences(one, other)[:, 0]
    assert (value, low, high) == (1, 1, 1)  # all arcs of head 0.0 go to the next residue
    assert np.isnan(shares.differences(one, other)[:, 5]).all()
    at_random = shares.differences(one, other)[:, 1]
    assert at_random[1] <= at_random[0] <= at_random[2]
    said = difference_sentence(shares, one, other)
    assert said.startswith("1 of 5 heads look at the residue at +1 more than at the residue at -1 beyond what is expected of both")
    assert "head 0.0 most: by +100.0 points" in said


def test_a_model_without_arcs_has_no_head(found):
    quiet = FamilyArcs(SPEC, None, tuple(of_maps(name, np.zeros((2, 3, 5, 5), dtype=np.float32)) for name in NAMES))
    shares: HeadShares = shares_of(quiet, head_property("residue type"))
    assert all(shares.best(value) is None for value in range(len(shares.what.values)))
    assert verdict(shares, 0).startswith("No head has 100 arcs")
    assert shares.centres[0] is None
    assert np.isnan(shares.q_value).all()


def test_secondary_structure_is_that_of_a_gpcr():
    labels = head_property("secondary structure").labels
    own, segments = labels["AA2AR"], np.array(find_receptor("AA2AR").numbers.segment)
    in_helices = np.char.startswith(segments, "TM") & (own != "")
    assert (own[in_helices] == "helix").mean() > 0.8  # ends and kinks are none
    assert "helix" in own
    assert "" in own  # the C-terminus is not sure
