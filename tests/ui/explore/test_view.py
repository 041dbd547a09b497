from dataclasses import fields, replace

import pytest

from allo_core.analysis.frozen import freeze
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.errors import StoreError
from allo_core.library.receptors import SODIUM_POCKET, find_receptor
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.ui.explore import address
from allo_core.ui.explore import view as state
from allo_core.ui.protein import view as protein_view
from allo_core.ui.shared import inputs
from allo_core.ui.shared.refs import input_kind

A2A = find_receptor("AA2AR")


def test_first_view_is_a2a_with_the_sodium_pocket():
    view, notices = address.from_query({})
    assert notices == []
    assert (view.protein, view.model, view.threshold, view.null, view.structure) == ("AA2AR", DEFAULT_MODEL, 0.3, "pocket", "8FYN")
    assert sorted(A2A.numbers.gpcrdb[index] for index in view.sites) == sorted(SODIUM_POCKET)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sites": ()},
        {"sites": (51, 90), "threshold": 0.0, "null": "uniform", "score": "snr", "head": (5, 19)},
        {"model": "esm2_t33_650M_UR50D", "head": (32, 19), "colouring": "above threshold", "device": "cpu", "dtype": "bfloat16"},
        {"sites_b": (101, 109), "marking": "B", "measure": "AB", "draws": 50_000, "scale": "model", "pairs": 12, "pair": (51, 279)},
        {"colouring": "passing"},
        {"weighting": "value", "threshold": 0.1},
        {"colouring": "to A", "sites": (), "sites_b": (3, 4), "measure": "B"},
        {"structure": "", "threshold": 0.95, "score": "q", "null": "published"},
    ],
)
def test_url_round_trip(changes):
    view = replace(state.starting_view(), **changes)
    assert address.from_query(address.to_query(view)) == (view, [])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"protein": "<script>"}, "protein was ignored"),
        ({"protein": "sequence-0123456789abcdef0123"}, "not kept on this machine"),
        ({"threshold": "2"}, "threshold was ignored"),
        ({"threshold": "nan"}, "threshold was ignored"),
        ({"threshold": "x"}, "threshold was ignored"),
        ({"model": "gpt"}, "model was ignored"),
        ({"head": "9.9"}, "is not a head of AlloScope GPCR 8M"),
        ({"head": "-1.2"}, "head was ignored"),
        ({"sites": "D53"}, "residue 53 is I"),
        ({"structure": "../../etc/passwd"}, "structure was ignored"),
        ({"structure": "3SN6"}, "was not fetched on this machine"),
        ({"sites_b": "5x99"}, "has no residue with this generic number"),
        ({"measure": "AA"}, "measure was ignored"),
        ({"weighting": "norm"}, "weighting was ignored"),
        ({"marking": "C"}, "marking was ignored"),
        ({"scale": "x"}, "scale was ignored"),
        ({"pairs": "51"}, "is not a whole number from 0 to 50"),
        ({"pairs": "-1"}, "pairs was ignored"),
        ({"pairs": "\N{ARABIC-INDIC DIGIT ONE}"}, "pairs was ignored"),
        ({"pair": "1.9999"}, "Residue 9999 does not exist"),
        ({"pair": "x"}, "is not a pair of residues"),
        ({"draws": "7"}, "draws was ignored"),
        ({"colour": "red"}, "The link's 'colour' means nothing here"),
        ({"structure": "structure-0123456789abcdef0123"}, "not kept on this machine"),
        ({"null": "x"}, "null was ignored"),
        ({"contacts": "x"}, "contacts was ignored"),
        ({"centrality": "x"}, "centrality was ignored"),
        ({"edges": "x"}, "edges was ignored"),
        ({"against": "9ZZZ"}, "against was ignored"),
        ({"removed": "40.1"}, "There is no head 40.1"),
        ({"removed": "<b>"}, "is no head; write layer.head"),
        ({"score": "x"}, "score was ignored"),
        ({"device": "tpu"}, "device was ignored"),
        ({"frozen": "x"}, "is not the key of a kept input"),
        ({"frozen": "frozen-0123456789abcdef0123"}, "not kept on this machine"),
    ],
)
def test_nonsense_in_the_url_is_ignored_with_a_notice(query, words):
    view, notices = address.from_query(query)
    assert view == state.starting_view()
    assert len(notices) == 1
    assert words in notices[0]


def test_one_wrong_parameter_does_not_spoil_the_others():
    view, notices = address.from_query({"protein": "adrb2", "threshold": "0.5", "head": "z"})
    assert (view.protein, view.threshold, view.head, view.structure) == ("ADRB2", 0.5, None, "4LDO")
    assert len(notices) == 1


def kept_frozen() -> str:
    """Key of a frozen analysis that is kept here."""
    text = freeze(Question(Subject.of(A2A.protein), (51, 90, 279)), DEFAULT_MODEL).text()
    return inputs.keep_frozen(text.encode(), "mine.json")


def test_every_field_of_a_view_is_in_the_url():
    default, query = state.View("AA2AR"), {}
    changed = state.View(
        "ADRB2", (112,), (130, 131), "B", "esm2_t33_650M_UR50D", "3SN6", "cpu", "bfloat16", "my pocket", "Gs", "snake", "B", (112, 130),
        "BA", 0.1, "uniform", 100_000, "snr", (32, 19), "segment", "model", 7, "fixed", "AA2AR", "8FYN", "value", kept_frozen(),
        "ca", "degree", "head", "4LDO", "3.6,4.10",
    )  # fmt: skip
    query = address.to_query(changed)
    for field in fields(state.View):
        assert getattr(changed, field.name) != getattr(default, field.name), field.name
        assert field.name in query, field.name
    assert address.from_query(query) == (changed, [])


def test_a_click_toggles():
    assert protein_view.toggled((3, 5), 4) == (3, 4, 5)
    assert protein_view.toggled((3, 4, 5), 4) == (3, 5)


def test_kept_protein_and_structure_come_back():
    protein = Protein("../<b>x</b>", "MPIMGSS", first=5)
    key = inputs.keep_protein(protein)
    assert input_kind(key) == "sequence"
    assert inputs.kept_protein(key) == protein
    upload = inputs.keep_structure(b"ATOM", "../../evil.pdb")
    path, name = inputs.kept_structure(upload)
    assert (path.read_bytes(), name) == (b"ATOM", "../../evil.pdb")
    assert path.parent == inputs._folder()
    with pytest.raises(StoreError, match="not the key"):
        inputs.kept_structure("../../etc/passwd")
    with pytest.raises(StoreError, match="not kept on this machine"):
        inputs.kept_protein("sequence-" + "0" * 20)


def test_a_part_of_a_receptor_has_its_sites_and_structures():
    part = A2A.protein.crop(10, 320)
    key = inputs.keep_protein(part)
    sites = protein_view.offered_sites(key)
    assert [part.label(index) for index in sites["Na+ contacts (4EIY)"]] == ["D52", "S91", "N280"]
    assert len(sites["sodium pocket"]) == 16
    assert list(protein_view.offered_structures(key)) == ["8FYN", "AF-P29274-F1"]
    assert protein_view.offered_sites(inputs.keep_protein(Protein("x", "MPIMGSS" * 20))) == {}


def test_folds_are_offered_and_linked_where_no_experiment_ships():
    assert protein_view.folds_of("AA2AR") == {}
    assert "fold-template-inactive" in protein_view.folds_of("P2RY1")
    view, notices = address.from_query({"protein": "P2RY1", "structure": "fold-template-inactive"})
    assert (view.structure, notices) == ("fold-template-inactive", [])
    for protein, name in (("AA2AR", "fold-family-active"), ("P2RY1", "fold-family-open"), ("TA2R1", "fold-family-active")):
        view, notices = address.from_query({"protein": protein, "structure": name})
        assert view.structure != name
        assert name in notices[0]
