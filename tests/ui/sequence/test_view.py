"""The view of the page Sequence and its address."""

from dataclasses import fields, replace

import pytest

from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.ui.sequence.address import from_query, to_query
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared import inputs

A2A = find_receptor("AA2AR").protein


def test_the_first_view_is_that_of_explore():
    view, notices = from_query({})
    assert notices == []
    assert (view.protein, view.model, view.tab, view.structure, len(view.sites)) == ("AA2AR", DEFAULT_MODEL, "residues", "8FYN", 16)


def test_every_field_is_in_the_address_and_comes_back():
    ortholog = inputs.keep_protein(Protein("other", A2A.sequence[:-3]))
    default, changed = SequenceView("AA2AR"), SequenceView(
        "ADRB2", (112,), (130,), "B", "esm2_t33_650M_UR50D", "3SN6", "cpu", "bfloat16", "a", "b", "snake", "B", (112, 130),
        tab="variant", residue=112, how="masked", colouring="entropy", separation=12, shown_pairs=50, below="family",
        substitutions="D113A", ortholog=ortholog, head=(32, 19), property="conservation", state=33, method="t-SNE",
        change="cosine", span=(3, 20),
    )  # fmt: skip
    query = to_query(changed)
    for field in fields(SequenceView):
        assert getattr(changed, field.name) != getattr(default, field.name), field.name
        assert field.name in query, field.name
    assert from_query(query) == (changed, [])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"tab": "<script>"}, "tab was ignored"),
        ({"residue": "D53"}, "residue 53 is I"),
        ({"residue": "D52 S91"}, "is not one residue"),
        ({"how": "guess"}, "how was ignored"),
        ({"colouring": "received"}, "colouring was ignored"),
        ({"separation": "7"}, "separation was ignored"),
        ({"shown_pairs": "-1"}, "shown_pairs was ignored"),
        ({"substitutions": "W245A"}, "substitutions was ignored"),
        ({"substitutions": "W246Z"}, "substitutions was ignored"),
        ({"ortholog": "../../etc/passwd"}, "ortholog was ignored"),
        ({"head": "9.9"}, "is not a head of AlloScope GPCR 8M"),
        ({"state": "7"}, "not a whole number from -1 to 6"),
        ({"span": "1-6"}, "not a whole number from 0 to 5"),
        ({"span": "3-2"}, "ends before it begins"),
        ({"span": "3"}, "is no range of layers, such as 1-5"),
        ({"change": "site"}, "change was ignored"),
        ({"property": "charm"}, "property was ignored"),
        ({"threshold": "0.3"}, "means nothing here"),
    ],
)
def test_what_means_nothing_is_named_and_ignored(query, words):
    view, notices = from_query({"protein": "AA2AR", **query})
    assert len(notices) == 1
    assert words in notices[0]
    assert view == from_query({"protein": "AA2AR"})[0]


def test_another_protein_takes_away_what_belonged_to_the_one_before():
    view = replace(SequenceView("AA2AR"), residue=3, substitutions="W246A", ortholog="x", head=(1, 2), tab="variant")
    after = view.of_another_protein("ADRB2")
    assert (after.residue, after.substitutions, after.ortholog, after.head, after.tab) == (None, "", "", None, "variant")
