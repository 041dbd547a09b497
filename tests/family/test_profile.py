"""A head along the family."""

import numpy as np
import pytest

from allo_core.attention.columns import Columns
from allo_core.errors import ScoreError
from allo_core.family.members import Member, library_set, positions_set
from allo_core.family.profile import commonest_class, family_profile
from tests.family.made_sets import made_columns


@pytest.fixture(scope="module")
def asked():
    return positions_set("sodium pocket", entries=["AA2AR", "ADRB2", "OPSD", "CCR5"])


def test_mean_and_quartiles_by_position(asked):
    columns = [made_columns(member, at) for at, member in enumerate(asked.members)]
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    frame = family_profile(asked.members, columns, weights, 1, 2).set_index("position")
    received = []
    for member, each in zip(asked.members, columns, strict=True):
        c = each.weights[1, 2]
        received.append(c[member.numbers.gpcrdb.index("2x50")] / c.mean())
    row = frame.loc["2x50"]
    assert row["mean"] == pytest.approx(np.dot(weights, received))
    order = np.argsort(received)
    reached = np.cumsum(weights[order])
    assert row["low"] == pytest.approx(np.array(received)[order][np.argmax(reached >= 0.25 - 1e-9)])
    assert row["high"] == pytest.approx(np.array(received)[order][np.argmax(reached >= 0.75 - 1e-9)])
    assert (row["segment"], row["receptors"], row["asked"]) == ("TM2", 4, 4)
    assert row["conservation"] > 0.8
    assert frame["asked"].sum() == 4 * 16
    assert list(frame.index).index("1x50") < list(frame.index).index("2x50") < list(frame.index).index("7x53")


def test_a_planted_position_stands_out(asked):
    columns = []
    for member in asked.members:
        weights = np.full((1, 1, len(member.protein)), 0.1)
        weights[0, 0, member.numbers.gpcrdb.index("3x50")] = 5
        columns.append(Columns(weights, np.ones_like(weights, dtype=int), 0.3))
    frame = family_profile(asked.members, columns, np.full(4, 0.25), 0, 0)
    assert frame.loc[frame["mean"].idxmax(), "position"] == "3x50"


def test_who_takes_no_part(asked):
    columns = [made_columns(member, at) for at, member in enumerate(asked.members)]
    columns[0] = Columns(columns[0].weights * 0, columns[0].arcs * 0, 0.3)
    members = [*asked.members[:3], Member("bare", asked.members[3].protein, None, (1,))]
    frame = family_profile(members, columns, np.full(4, 0.25), 0, 0)
    assert frame["receptors"].max() == 2
    with pytest.raises(ScoreError, match="choose a lower threshold"):
        family_profile(members[:1], columns[:1], np.ones(1), 0, 0)


def test_classes_are_not_averaged():
    mixed = library_set()
    columns = [made_columns(member, 1) for member in mixed.members]
    with pytest.raises(ScoreError, match=r"of classes A, B, C, F, whose positions name other residues"):
        family_profile(mixed.members, columns, np.full(len(columns), 1 / len(columns)), 0, 0)


def test_the_commonest_class_is_chosen_and_can_be_averaged():
    mixed = library_set(evidence="ligand contacts").members
    bare = Member("bare", mixed[0].protein, None, (1,))
    name, chosen = commonest_class([bare, *mixed])
    assert (name, len(chosen)) == ("A", 4)
    assert 0 not in chosen
    assert {[bare, *mixed][at].numbers.receptor_class for at in chosen} == {"A"}
    columns = [made_columns(mixed[at - 1], at) for at in chosen]
    assert family_profile([mixed[at - 1] for at in chosen], columns, np.full(4, 0.25), 0, 0)["receptors"].max() == 4
    assert commonest_class([bare]) == ("", [])
