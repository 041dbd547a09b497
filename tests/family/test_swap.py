"""Own sites beside those of other receptors, carried over by generic number."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from allo_core.attention.nulls import encode_strata, moments
from allo_core.family.consensus import consensus
from allo_core.family.members import library_set, positions_set
from allo_core.family.swap import swap_control
from allo_core.family.verdict import swap_sentence
from tests.family.made_sets import made_columns

CHOSEN = ("ACM2", "CCR5", "FFAR1", "OXYR", "P2RY1", "PAR2")


@pytest.fixture(scope="module")
def sites():
    whole = library_set()
    return replace(whole, members=tuple(member for member in whole.members if member.name in CHOSEN))


def made(asked, planted=0.0, head=0):
    return [made_columns(member, at, planted, head) for at, member in enumerate(asked.members)]


def test_p_is_the_share_of_orders_that_reach_the_own_sites(sites):
    columns = made(sites)
    found = consensus(sites, columns, draws=200)
    told = swap_control(found, columns, orders=40_000)
    assert (told.receptor_class, told.receptors) == ("A", 6)
    table = np.empty((6, 6, len(found.frame)))
    named = [{member.numbers.gpcrdb[at] for at in member.sites} - {None} for member in sites.members]
    for row, (member, each) in enumerate(zip(sites.members, columns, strict=True)):
        place = {number: at for at, number in enumerate(member.numbers.gpcrdb) if number}
        codes, weights = encode_strata(member.strata(), len(member.protein)), each.weights.reshape(len(found.frame), -1)
        for column, site in enumerate(named):
            here = [place[number] for number in site if number in place]
            assert len(here) >= 2 / 3 * len(site)
            mu, sigma = moments(weights, codes, np.bincount(codes[here], minlength=codes.max() + 1))
            table[row, column] = (weights[:, here].sum(axis=1) - mu) / sigma
    rows = np.arange(6)
    orders = np.array(list(permutations(range(6))))
    means = np.einsum("r,orh->oh", found.weights, table[rows, orders])
    np.testing.assert_allclose(told.own, found.weights @ table[rows, rows], rtol=1e-4, atol=1e-4)
    others = (table.sum(axis=1) - table[rows, rows]) / 5
    np.testing.assert_allclose(told.others, found.weights @ others, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(told.p_value, (means >= told.own - 1e-5).mean(axis=0), atol=0.012)


def test_heads_that_look_at_the_own_sites_pass_and_heads_that_like_all_sites_do_not(sites):
    own = made(sites, 2.0, head=1)
    told = swap_control(consensus(sites, own, draws=200), own)
    assert told.passing.tolist() == [1]
    assert told.own[1] > told.others[1] + 1
    every = {number for member in sites.members for at in member.sites if (number := member.numbers.gpcrdb[at])}
    liked = made(sites)
    for member, columns in zip(sites.members, liked, strict=True):
        columns.weights[0, 1, [at for at, number in enumerate(member.numbers.gpcrdb) if number in every]] += 2.0
    found = consensus(sites, liked, draws=200)
    told = swap_control(found, liked)
    assert found.frame["q_value"][1] < 0.05
    assert 1 not in told.passing
    said = swap_sentence(told)
    assert said.startswith(f"{len(told.passing)} of 6 heads look at the own sites of the 6 receptors of class A more than at each other's")


def test_why_there_is_nothing_to_swap(sites):
    pocket = positions_set("sodium pocket", entries=CHOSEN[:3])
    columns = made(pocket)
    assert "nothing to swap" in swap_control(consensus(pocket, columns, draws=100), columns)
    few = replace(sites, members=sites.members[:4])
    columns = made(few)
    assert swap_control(consensus(few, columns, draws=100), columns).startswith(
        "4 receptors of one class have sites of 3 numbered residues"
    )
