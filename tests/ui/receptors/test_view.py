"""What is chosen on the page Receptors, and its URL."""

import pytest

from allo_core.errors import StoreError
from allo_core.ui.receptors.view import SetView, asked_of, classes, from_query, to_query
from allo_core.ui.shared import inputs


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"positions": "2x50 7x49", "receptor_class": "A", "required": "D2.50"},
        {"positions": "2x50", "receptor_class": "C", "threshold": 0.05, "score": "q", "head": (5, 19)},
        {"kind": "library", "library": "transducer"},
        {"kind": "library", "evidence": "ligand contacts", "model": "esm2_t33_650M_UR50D", "head": (32, 19)},
        {"device": "cpu", "dtype": "bfloat16", "threshold": 0.0},
    ],
)
def test_url_round_trip(changes):
    view = SetView(**changes)
    assert from_query(to_query(view)) == (view, [])
    assert len(asked_of(view).members) > 1


def test_a_kept_table_in_a_url():
    key = inputs.keep_table(b"receptor,residues\nAA2AR,D52\n", "mine.csv")
    view = SetView(kind="table", table=key)
    assert from_query(to_query(view)) == (view, [])
    assert asked_of(view).title == "residues of mine.csv"


def test_a_table_that_is_no_utf8_is_neither_kept_nor_opened(own_home):
    content = "name,receptor,residues\né,AA2AR,D52\n".encode("cp1252")
    with pytest.raises(StoreError, match=r"the table is not UTF-8 text; save it as 'CSV UTF-8'"):
        inputs.keep_table(content, "mine.csv")
    assert not list(own_home.rglob("*.*"))
    key = inputs.keep_table(content.decode("cp1252").encode("utf-8-sig"), "mine.csv")
    assert asked_of(SetView(kind="table", table=key)).members[0].name == "é"
    (own_home / "inputs" / f"{key}.bin").write_bytes(content)  # as it was kept by an earlier version
    assert from_query({"table": key})[1] == [
        "The link's table was ignored: mine.csv is not UTF-8 text; save it as 'CSV UTF-8'.",
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"kind": "nonsense"}, "'nonsense' is not one of positions, library, table"),
        ({"positions": "2.46"}, "write the GPCRdb number"),
        ({"positions": "<script>"}, "'<script>' is not a generic position"),
        ({"receptor_class": "Z"}, "'Z' is not one of A, B, C"),
        ({"receptor_class": "B"}, "The sodium pocket is that of class A"),
        ({"required": "52"}, "is not a residue at a position"),
        ({"threshold": "0.17"}, "'0.17' is not one of 0, 0.05, 0.1"),
        ({"head": "9.3"}, "is not a head of AlloScope GPCR 8M"),
        ({"table": "table-../../etc"}, "is not the key of a kept input"),
        ({"table": "table-" + "0" * 20, "kind": "table"}, "is not kept on this machine"),
        ({"model": "esm3"}, "'esm3' is not one of"),
        ({"x" * 500: "1"}, "means nothing here"),
        ({"positions": "2x50 " * 1000}, "characters are too long"),
    ],
)
def test_what_a_link_may_not_say(query, words):
    view, notices = from_query(query)
    assert len(notices) == 1
    assert words in notices[0]
    assert len(notices[0]) < 300
    if view.kind == "positions":
        asked_of(view)  # what is left can be asked


def test_classes_have_numbers():
    assert classes()[:4] == ["A", "B", "C", "F"]
    assert all(asked_of(SetView(positions="3x50", receptor_class=name)).members for name in ("A", "B", "C", "F", "T"))
