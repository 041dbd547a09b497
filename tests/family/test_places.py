"""A set of receptors beside places that hang together like the asked ones."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.analysis.places import places_of
from allo_core.attention.nulls import moments
from allo_core.attention.pockets import pockets_like
from allo_core.family.consensus import consensus
from allo_core.family.members import library_set, positions_set
from allo_core.family.places import _movable, _moved_together, rank_set, same_places, table_with_places
from allo_core.family.verdict import consensus_verdict
from allo_core.protein.sequence import Protein
from tests.family.made_sets import made_columns

ENTRIES = ["AA2AR", "ADRB2", "OPSD", "CCR5", "ACM2", "OPRD"]


@pytest.fixture(scope="module")
def pocket():
    return positions_set("sodium pocket", entries=ENTRIES)


@pytest.fixture(scope="module")
def sites():
    whole = library_set()
    return replace(whole, members=tuple(member for member in whole.members if member.name in ("AA2AR", "OPRD", "CCR5", "P2RY1", "GLP1R")))


def made(asked, planted=0.0, head=0):
    return [made_columns(member, at, planted, head) for at, member in enumerate(asked.members)]


def test_generic_positions_are_ranked_among_pockets_of_them(pocket):
    columns = made(pocket)
    found = consensus(pocket, columns, draws=500)
    told = rank_set(found, columns)
    assert told.rank.kind == "pocket"
    assert told.receptors == len(ENTRIES)
    assert told.source.startswith("AF-")
    universe, codes = found.universe, found.universe.codes
    most = (universe.place >= 0).sum(axis=1)
    at = min(row for row in range(len(ENTRIES)) if most[row] == most.max())
    there = universe.place[at]
    positions = np.where(there[:, None] >= 0, places_of(pocket.members[at].subject).positions[there], np.nan)
    pockets = pockets_like(np.sort(universe.asked), positions).members[:4000].astype(int)

    def snr(members):
        mu, sigma = moments(found.combined, codes, np.bincount(codes[members], minlength=codes.max() + 1))
        return (found.combined[:, members].sum(axis=1) - mu) / sigma

    own, others = snr(universe.asked), np.array([snr(members) for members in pockets[::10]])
    share = (others >= own).mean(axis=0)
    np.testing.assert_allclose(told.rank.p_value, share, atol=4 * np.sqrt(0.25 / len(others)))


def test_what_is_planted_on_positions_passes(pocket):
    columns = made(pocket, 1.5, head=2)
    assert 2 in rank_set(consensus(pocket, columns, draws=500), columns).rank.passing
    quiet = made(pocket)
    assert not len(rank_set(consensus(pocket, quiet, draws=500), quiet).rank.passing)


def test_what_is_planted_on_own_residues_passes(sites):
    columns = made(sites, 3.0, head=1)
    found = consensus(sites, columns, draws=500)
    told = rank_set(found, columns)
    assert told.rank.passing.tolist() == [1]
    assert (told.source, told.receptors) == ("", 5)
    assert told.groups == 4  # the sodium sites of AA2AR and OPRD are moved together
    quiet = made(sites)
    assert not len(rank_set(consensus(sites, quiet, draws=500), quiet).rank.passing)


def test_the_statistic_of_own_residues_is_that_of_the_set(sites, monkeypatch):
    """The own sites in the place of all pockets: every draw reaches them, and p is 1."""
    from allo_core.attention.draws import RandomSites
    from allo_core.family import places as module

    def itself(site, length, _, __):
        return "pocket", RandomSites(np.tile(site.astype(np.uint16), (4, 1)), length, ("itself", site.tobytes()))

    monkeypatch.setattr(module, "places_like", itself)
    columns = made(sites)
    found = consensus(sites, columns, draws=500)
    monkeypatch.setattr(module, "rank_statistics", lambda own, places, enough, count: (own, places))
    own, places = rank_set(found, columns).rank
    np.testing.assert_allclose(own, found.frame["mean_snr"], rtol=1e-6)
    np.testing.assert_allclose(places, np.repeat(own[:, None], places.shape[1], axis=1), rtol=1e-3, atol=1e-3)


def test_receptors_of_one_group_are_moved_to_the_same_place(sites):
    members = {member.name: member for member in sites.members}
    pair = [_movable(members[name], 0) for name in ("AA2AR", "OPRD")]
    middles = []
    for each, taken in zip(pair, _moved_together(pair, [0, 0]), strict=True):
        member, places, site = each.member, each.places, each.sites
        named = [at for at, number in enumerate(member.numbered.gpcrdb) if number and np.isfinite(places.positions[at]).all()]
        centre = np.nanmean(places.positions[site.members[taken].astype(int)], axis=1)
        nearest = ((centre[:, None] - places.positions[named][None]) ** 2).sum(axis=-1).argmin(axis=1)
        middles.append(np.array([member.numbered.gpcrdb[at] for at in named])[nearest])
    assert (middles[0] == middles[1]).mean() > 0.9
    assert len(set(middles[0])) > 50


def test_sites_that_share_places_are_told(sites):
    group = dict(zip([member.name for member in sites.members], same_places(sites.members).tolist(), strict=True))
    assert group["AA2AR"] == group["OPRD"]
    assert len(set(group.values())) == 4


def test_receptors_without_positions_are_told(sites):
    bare = tuple(
        replace(member, numbers=None, protein=Protein(member.name, member.protein.sequence[::-1]), sites=(10, 40, 90))
        for member in sites.members
    )
    unknown = replace(sites, members=bare)
    columns = made(unknown)
    found = consensus(unknown, columns, draws=200)
    told = rank_set(found, columns)
    assert told == "most of the receptors have no structure here"
    said = consensus_verdict(found, "sites", places=told)
    assert said.endswith(" Not compared with other places like it: most of the receptors have no structure here.")
    assert consensus_verdict(found, "sites").endswith(" The comparison with other places like it follows.")


def test_the_table_of_heads_has_p_and_q_of_places_beside_those_of_random_residues(pocket):
    columns = made(pocket)
    found = consensus(pocket, columns, draws=500)
    places = rank_set(found, columns)
    table = table_with_places(found, places)
    assert table[found.frame.columns].equals(found.frame)
    np.testing.assert_array_equal(table["p_places"], places.rank.p_value)
    np.testing.assert_array_equal(table["q_places"], places.rank.q_value)
    for unknown in ("no receptor of the set has a structure here", None):
        assert table_with_places(found, unknown)[["p_places", "q_places"]].isna().all(axis=None)


def test_the_verdict_says_places_first(pocket, sites):
    for asked, words in ((pocket, "random pockets of its size and shape in AF-"), (sites, "at pockets like the sites, moved 20,500 times")):
        columns = made(asked)
        found = consensus(asked, columns, draws=500)
        said = consensus_verdict(found, asked.title, places=rank_set(found, columns))
        assert said.startswith(f"0 of 6 heads look at the {asked.title} more than at ")
        assert words in said.split(";")[0]
        assert "global p" in said
        assert f"0 of 6 heads look at the {asked.title} more than at segment- and conservation-matched" in said


def test_a_stretch_of_positions_is_moved_along_them():
    asked = positions_set("3x45 3x46 3x47 3x48 3x49 3x50", entries=ENTRIES)
    columns = made(asked)
    found = consensus(asked, columns, draws=200)
    told = rank_set(found, columns)
    assert told.rank.kind == "stretch"
    assert "more than at such a stretch of positions at " in consensus_verdict(found, asked.title, places=told)
