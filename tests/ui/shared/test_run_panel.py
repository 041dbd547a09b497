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
