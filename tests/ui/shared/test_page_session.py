"""What a page remembers is read from the link once, is its own, and changes only as a person wishes."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from allo_core.errors import ScoreError
from allo_core.models.registry import get_spec
from allo_core.ui.shared.page_session import PageSession

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Choices:
    """A page's view."""

    colour: str = "red"
    head: tuple[int, int] | None = None
    pair: tuple[int, int] | None = None


@pytest.fixture
def session() -> PageSession[Choices]:
    return PageSession(Choices(), lambda view: {"colour": view.colour})


def test_a_problem_stays_at_its_place_until_it_is_cleared(session):
    session.problem("residues", ScoreError("no such residue"), residues="D53")
    session.problem("structure", ScoreError("no such structure"))
    assert (session.noted("residues"), session.noted("structure"), session.noted("sequence")) == (
        "no such residue",
        "no such structure",
        "",
    )
    assert session.written("residues", "residues", "D52") == "D53"
    assert session.written("residues", "other", "D52") == "D52"
    session.problem("residues")
    assert session.noted("residues") == ""
    assert session.written("residues", "residues", "D52") == "D52"
    assert session.noted("structure") == "no such structure"


def test_a_later_problem_forgets_the_texts_of_the_one_before(session):
    session.problem("question", ScoreError("no position"), positions="2.46")
    session.problem("question", ScoreError("no residue"), required="X")
    assert session.written("question", "positions", "2x50") == "2x50"
    assert session.written("question", "required", "") == "X"


def test_a_head_that_the_model_lacks_is_not_selected(session):
    spec = get_spec("alloscope_gpcr_8m")
    session.change(pair=(1, 2))
    for head in ((spec.layers, 0), (0, spec.heads), (-1, 0), (0, -1)):
        session.select_head(*head, spec, pair=None)
        assert session.view == Choices(pair=(1, 2))
    session.select_head(spec.layers - 1, spec.heads - 1, spec, pair=None)
    assert session.view == Choices(head=(spec.layers - 1, spec.heads - 1))
    session.select_head(99, 99)  # a page that knows no model before it has read something
    assert session.view.head == (99, 99)


def _two_pages():
    """Two pages that begin in one browser session."""
    import streamlit as st

    from allo_core.ui.shared.page_session import PageSession
    from tests.ui.shared.test_page_session import Choices

    for name in st.session_state.names:

        def read(query, name=name):
            return Choices(query["colour"]), [f"notice of {name}"]

        PageSession.start(name, read, lambda view: {"colour": view.colour})


def test_the_link_is_read_once_and_each_page_keeps_its_notices():
    script = AppTest.from_function(_two_pages, default_timeout=60)
    script.session_state["names"] = ["one"]
    script.query_params["colour"] = "blue"
    script.run()
    script.query_params["colour"] = "green"
    script.session_state["names"] = ["one", "two"]
    script.run()
    assert not script.exception
    one, two = script.session_state["one"], script.session_state["two"]
    assert (one.view.colour, two.view.colour) == ("blue", "green")
    assert (one.notices, two.notices) == (["notice of one"], ["notice of two"])


def test_the_start_of_another_page_leaves_the_notices_of_the_one_before(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    receptors = AppTest.from_file(str(REPOSITORY / "pages/receptors.py"), default_timeout=180)
    receptors.session_state["entered"] = True
    receptors.query_params["score"] = "beauty"
    receptors.run()
    (told,) = receptors.session_state["receptors"].notices
    assert told.startswith("The link's score was ignored: 'beauty' is not one of")
    batch = AppTest.from_file(str(REPOSITORY / "pages/batch.py"), default_timeout=180)
    batch.session_state["entered"] = True
    batch.session_state["receptors"] = receptors.session_state["receptors"]
    batch.query_params["shows"] = "truth"
    batch.run()
    assert not batch.exception
    assert batch.session_state["receptors"].notices == [told]
    (warning,) = [str(box.value) for box in batch.warning]
    assert "truth" in warning
    assert "beauty" not in warning
    batch.button(key="dismiss").click().run()
    assert batch.session_state["batch"].notices == []
    assert batch.session_state["receptors"].notices == [told]
