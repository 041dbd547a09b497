"""The progress of runs on a page."""

from streamlit.testing.v1 import AppTest


def two_runs() -> None:
    from allo_core.library.receptors import find_receptor
    from allo_core.ui.shared.jobs import Job, Request
    from allo_core.ui.shared.run_panel import draw_progress

    for entry, place in (("AA2AR", ""), ("ADRB2", "_beside")):
        draw_progress(Job(Request(find_receptor(entry).protein, "alloscope_gpcr_8m")), place)


def test_two_runs_of_one_page_can_both_be_cancelled():
    """Side by side, the second receptor may run while the first one waits."""
    page = AppTest.from_function(two_runs, default_timeout=60).run()
    assert not page.exception
    assert [button.label for button in page.button] == ["Cancel", "Cancel"]
    assert len({button.key for button in page.button}) == 2


def one_run() -> None:
    import streamlit as st

    from allo_core.library.receptors import find_receptor
    from allo_core.ui.shared.jobs import Job, Request
    from allo_core.ui.shared.run_panel import draw_under_way

    st.session_state.runs = st.session_state.get("runs", 0) + 1
    job = st.session_state.setdefault("job", Job(Request(find_receptor("AA2AR").protein, "alloscope_gpcr_8m")))
    if not draw_under_way(job):
        st.button("Offer")


def test_a_run_that_ended_after_the_page_had_looked_is_looked_for_once_more():
    page = AppTest.from_function(one_run, default_timeout=60).run()
    assert [button.label for button in page.button] == ["Cancel"]
    page.session_state["job"].state = "done"  # between two looks of the page
    before = page.session_state["runs"]
    page.run()
    assert page.session_state["runs"] == before + 2
    assert [button.label for button in page.button] == ["Offer"]
    before = page.session_state["runs"]
    page.run()
    assert page.session_state["runs"] == before + 1  # what is not there now was deleted on purpose


def test_what_went_wrong_stands_above_the_offer():
    page = AppTest.from_function(one_run, default_timeout=60).run()
    page.session_state["job"].state, page.session_state["job"].message = "failed", "No room"
    page.run()
    assert [error.value for error in page.error] == ["No room"]
    assert [button.label for button in page.button] == ["Offer"]
