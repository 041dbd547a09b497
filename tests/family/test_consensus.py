"""The combined statistic and its null."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.attention.columns import Columns
from allo_core.attention.nulls import encode_strata, moments
from allo_core.attention.scores import score_heads
from allo_core.errors import ScoreError
from allo_core.family.consensus import consensus
from allo_core.family.coupled import CoupledDraws, coupled_sites
from allo_core.family.members import library_set, positions_set
from allo_core.family.positions import PositionDraws, universe_of
from tests.family.made_sets import HEADS, LAYERS, copy_of, made_columns, with_members

ENTRIES = ["AA2AR", "ADRB2", "OPSD", "CCR5", "ACM2", "OPRD", "DRD4", "GPR52"]


@pytest.fixture(scope="module")
def pocket():
    return positions_set("sodium pocket", entries=ENTRIES)


@pytest.fixture(scope="module")
def sites():
    whole = library_set()
    return replace(whole, members=tuple(member for member in whole.members if len(member.protein) < 480))


def made(asked, planted=0.0, first_seed=0):
    return [made_columns(member, first_seed + at, planted) for at, member in enumerate(asked.members)]


def test_snr_of_one_receptor_is_that_of_the_page(sites):
    """Under the matched null of its own residues, for heads that give the site anything."""
    columns = made(sites)
    found = consensus(sites, columns, draws=200)
    for row, (member, each) in enumerate(zip(sites.members, columns, strict=True)):
        alone = score_heads(each, member.sites, "matched", member.strata(), draws=200).frame
        known = alone["snr"].notna().to_numpy()
        assert found.snr[row][known] == pytest.approx(alone["snr"][known])
        assert found.enrichment[row][known] == pytest.approx(alone["enrichment"][known])


@pytest.mark.parametrize("which", ["pocket", "sites"])
def test_the_statistic_is_the_weighted_mean(which, request):
    asked = request.getfixturevalue(which)
    columns = made(asked)
    found = consensus(asked, columns, draws=200)
    assert found.weights.sum() == pytest.approx(1)
    assert found.frame["mean_snr"].to_numpy() == pytest.approx((found.weights[:, None] * found.snr).sum(axis=0))
    assert found.frame["mean_enrichment"].to_numpy() == pytest.approx((found.weights[:, None] * found.enrichment).sum(axis=0))
    assert (found.frame["receptors"] == len(asked.members)).all()


@pytest.mark.parametrize("which", ["pocket", "sites"])
def test_a_planted_head_is_found_and_no_other(which, request):
    asked = request.getfixturevalue(which)
    found = consensus(asked, made(asked, planted=0.7))
    frame = found.frame.set_index(["layer", "head"])
    assert found.best_head() == (0, 0)
    assert frame.loc[(0, 0), "p_value"] < 1e-3
    assert frame.loc[(0, 0), "q_value"] < 0.05
    assert (frame.drop((0, 0))["p_value"] > 0.005).all()
    assert [tuple(head) for head in found.passing()[["layer", "head"]].to_numpy().tolist()] == [(0, 0)]
    assert found.control.n_sites == 200
    assert found.control.median == 0


@pytest.mark.parametrize("which", ["pocket", "sites"])
@pytest.mark.parametrize("mutations", [0, 8])
def test_ten_near_copies_gain_nothing(which, mutations, request):
    """With a planted signal of middling strength in one receptor; its copies have nearly the same columns and the same sites."""
    asked = request.getfixturevalue(which)
    columns = made(asked)
    columns[0] = made_columns(asked.members[0], 99, planted=0.6)
    noise = np.random.default_rng(5)
    copies = [copy_of(asked.members[0], f"copy {at}", mutations) for at in range(10)]
    near = [Columns(columns[0].weights * noise.uniform(0.98, 1.02, columns[0].weights.shape), columns[0].arcs, 0.3) for _ in copies]
    before = consensus(asked, columns)
    after = consensus(with_members(asked, *copies), [*columns, *near])
    assert len(set(after.clusters.tolist())) == len(set(before.clusters.tolist()))
    assert after.frame["mean_snr"].to_numpy() == pytest.approx(before.frame["mean_snr"].to_numpy(), abs=0.1)
    p_before, p_after = before.frame["p_value"].to_numpy(), after.frame["p_value"].to_numpy()
    # Within what 20,000 draws and slightly different columns can tell apart.
    assert np.abs(p_after - p_before).max() < 0.03
    assert (p_after > 0.7 * p_before).all()


def test_copies_without_numbers_that_begin_elsewhere_gain_nothing(sites):
    """Orthologs in a table: no generic numbers, ends of different length, the same site and columns."""
    whole = sites.members[0]
    long, columns = replace(whole, numbers=None), made_columns(whole, 99, planted=0.5)
    assert min(whole.sites) > 5
    shorter = [
        replace(long, name=f"less {cut}", protein=replace(long.protein, sequence=long.protein.sequence[cut:]),
                sites=tuple(index - cut for index in long.sites))
        for cut in range(1, 6)
    ]  # fmt: skip
    theirs = [Columns(columns.weights[:, :, cut:], columns.arcs[:, :, cut:], 0.3) for cut in range(1, 6)]
    before = consensus(replace(sites, members=(long,)), [columns])
    after = consensus(replace(sites, members=(long, *shorter)), [columns, *theirs])
    assert len(set(after.clusters.tolist())) == 1
    p_before, p_after = before.frame["p_value"].to_numpy(), after.frame["p_value"].to_numpy()
    assert np.abs(p_after - p_before).max() < 0.03
    assert (p_after > 0.7 * p_before).all()


def test_unweighted_and_uncoupled_copies_would_gain(sites):
    """The test above is not empty: each of its two safeguards is needed."""
    member, columns = sites.members[0], made_columns(sites.members[0], 99, planted=0.5)
    everyone = [member, *(copy_of(member, f"copy {at}") for at in range(10))]
    alone = CoupledDraws([member], [columns], np.ones(1), np.zeros(1, int), 5000, 0).p_values()[0]
    weights = np.full(11, 1 / 11)
    coupled = CoupledDraws(everyone, [columns] * 11, weights, np.zeros(11, int), 5000, 0).p_values()[0]
    different = [
        replace(one, protein=replace(one.protein, sequence=one.protein.sequence[:-1] + letter))
        for one, letter in zip(everyone, "ACDEFGHIKLM", strict=True)
    ]
    apart = CoupledDraws(different, [columns] * 11, weights, np.arange(11), 5000, 0).p_values()[0]
    assert coupled == alone
    assert apart < alone / 3


@pytest.mark.parametrize("sets", [20, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("which", ["pocket", "sites"])
def test_random_sets_reject_as_often_as_they_should(which, sets, request):
    """P(p <= a) <= a + 3 standard errors, for random sets of the same kind."""
    asked = request.getfixturevalue(which)
    columns = made(asked)
    generator = np.random.default_rng(3)
    p = []
    for _ in range(sets):
        p.append(consensus(_random_set(asked, generator), columns, draws=400).frame["p_value"].to_numpy())
    p = np.array(p)  # [sets, heads]
    for level in (0.05, 0.2, 0.5):
        share = (p <= level).mean(axis=1)
        assert share.mean() <= level + 3 * share.std(ddof=1) / np.sqrt(len(share))
        assert share.mean() > level / 4  # and it is no test that never rejects


def _random_set(asked, generator):
    if asked.positions:
        universe = universe_of(asked)
        chosen = [universe.positions[at] for at in _matched(universe.codes, universe.asked, generator)]
        common = [position for position in chosen if all(position in member.numbers.gpcrdb for member in asked.members)]
        members = tuple(
            replace(member, sites=tuple(sorted(member.numbers.gpcrdb.index(position) for position in common))) for member in asked.members
        )
        return replace(asked, members=members, positions=tuple(common))
    members = []
    for member in asked.members:
        codes = encode_strata(member.strata(), len(member.protein))
        members.append(replace(member, sites=tuple(sorted(_matched(codes, np.array(member.sites), generator)))))
    return replace(asked, members=tuple(members))


def _matched(codes, sites, generator):
    counts = np.bincount(codes[sites], minlength=codes.max() + 1)
    return [
        int(at) for stratum, take in enumerate(counts) for at in generator.choice(np.flatnonzero(codes == stratum), take, replace=False)
    ]


def test_each_coupled_site_is_a_fair_matched_draw(sites):
    members = [sites.members[0], copy_of(sites.members[0], "copy", 10), sites.members[1]]
    codes = [encode_strata(member.strata(), len(member.protein)) for member in members]
    drawn = coupled_sites(members, codes, 20_000, 7)
    for member, code, random in zip(members, codes, drawn, strict=True):
        wanted = np.bincount(code[list(member.sites)], minlength=code.max() + 1)
        for row in random.members[:50]:
            assert len(set(row.tolist())) == len(member.sites)
            assert (np.bincount(code[row], minlength=code.max() + 1) == wanted).all()
        weights = np.random.default_rng(1).random((3, len(member.protein)))
        mu, sigma = moments(weights, code, wanted)
        found = random.weigh(weights)
        assert found.mean(axis=1) == pytest.approx(mu, abs=4 * sigma.max() / np.sqrt(20_000))
        assert found.std(axis=1) == pytest.approx(sigma, rel=0.03)
    assert (drawn[0].members == drawn[1].members).all()  # a copy gets the same residues


def test_positions_missing_in_a_few_receptors_count_where_they_are():
    """The combined columns against a plain mean over the receptors that have a position."""
    asked = positions_set("sodium pocket")
    asked = replace(asked, members=asked.members[:25])
    columns = made(asked)
    universe = universe_of(asked)
    weights = np.full(len(asked.members), 1 / len(asked.members))
    draws = PositionDraws(universe, columns, weights, 300, 0)
    for position in range(len(universe.positions)):
        parts = [
            each.weights.reshape(LAYERS * HEADS, -1)[:, place[position]] / score.sigma
            for each, score, place in zip(columns, draws.scores, universe.place, strict=True)
            if place[position] >= 0
        ]
        assert len(parts) >= 0.9 * len(asked.members)
        assert draws.combined[:, position] == pytest.approx(np.mean(parts, axis=0))
    assert (universe.place[:, universe.asked] >= 0).all()
    assert (universe.place < 0).any()  # the case is there
    for place in universe.place:  # loops stand where they are, bulges behind the residue they follow
        assert (np.diff(place[place >= 0]) > 0).all()


def test_heads_that_few_receptors_test_are_flagged(pocket):
    columns = made(pocket)
    silent = [Columns(each.weights * 0, each.arcs * 0, 0.3) for each in columns[:6]] + columns[6:]
    found = consensus(pocket, silent, draws=200)
    assert (found.frame["flags"] == "few receptors").all()
    assert found.frame[["mean_snr", "p_value", "q_value"]].isna().all().all()
    assert found.control.n_sites == 0
    assert found.best_head() == (0, 0)
    assert (found.frame["receptors"] == len(columns) - 6).all()


def test_columns_that_do_not_fit(pocket):
    columns = made(pocket)
    with pytest.raises(ScoreError, match=r"columns of 7 receptors for 8 members"):
        consensus(pocket, columns[1:])
    with pytest.raises(ScoreError, match="not run alike"):
        consensus(pocket, [*columns[:-1], made_columns(pocket.members[-1], 1, threshold=0.1)])
    with pytest.raises(ScoreError, match=r"has \d+ residues, its columns \d+"):
        consensus(pocket, [columns[1], columns[0], *columns[2:]])
    with pytest.raises(ScoreError, match="0 random draws"):
        consensus(pocket, columns, draws=0)
