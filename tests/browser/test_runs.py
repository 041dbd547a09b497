"""Runs that take a while: progress, cancel, a usable page, the queue of two tabs."""

import pytest

from allo_core.models.registry import get_spec
from tests.browser import driving
from tests.browser.conftest import new_page, running
from tests.models.tiny import fair_esm_model, random_protein, save_fair_esm

pytestmark = pytest.mark.browser
SLOW = ">slow\n" + random_protein(2000, seed=1).sequence
MODEL = "esm2_t6_8M_UR50D"
RUN = "Run all 2,000 residues"


@pytest.fixture(scope="module")
def app(tmp_path_factory, chromium):
    """A server that finds an official-format ESM-2 8M file with random weights."""
    folder = tmp_path_factory.mktemp("weights")
    save_fair_esm(fair_esm_model(get_spec(MODEL), seed=0, sharpness=3.0), folder / f"{MODEL}.pt")
    with running(tmp_path_factory.mktemp("app"), ALLOSCOPE_WEIGHTS=str(folder)) as app:
        yield app


def open_slow(page, app):
    """A long sequence and ESM-2, not yet run."""
    driving.open_page(page, app.url)
    driving.paste_sequence(page, SLOW, f"{driving.DEFAULT.label} saw in training at most 1,022 residues; this sequence has 2,000.")
    driving.choose(page, "Model", "ESM-2 8M")
    page.get_by_text("ESM-2 8M saw in training at most 1,022 residues; this sequence has 2,000.").first.wait_for(timeout=driving.WAIT)
    assert page.get_by_text("1024 tokens").first.is_visible()  # longer than in training: allowed, and said
    driving.write(page, "Residues as text", "10-30")
    page.get_by_text("A 21 residues").wait_for(timeout=driving.WAIT)


def test_a_cancelled_run_keeps_nothing(page, app):
    open_slow(page, app)
    driving.rest(page)
    page.get_by_role("button", name=RUN).last.click()
    page.get_by_role("button", name="Cancel").click(timeout=driving.WAIT)
    page.get_by_text("The run was cancelled; nothing of it was kept.").wait_for(timeout=driving.WAIT)
    assert driving.kept_runs(app.home) == {"attention": 1, "probabilities": 1}  # the default model on AA2AR
    page.get_by_role("button", name="Run again").wait_for(timeout=driving.WAIT)


def test_progress_queue_and_result(page, app, chromium):
    open_slow(page, app)
    driving.rest(page)
    page.get_by_role("button", name=RUN).last.click()
    page.get_by_text("Layer 1 of 6").or_(page.get_by_text("Layer 2 of 6")).first.wait_for(timeout=driving.WAIT)

    # the page stays usable while it runs
    driving.write(page, "Residues as text", "10-40")
    page.get_by_text("A 31 residues").wait_for(timeout=driving.WAIT)

    # the run of a second tab waits for it
    second = new_page(chromium)
    second.goto(f"{app.url}/?protein=OPRD")
    waited = second.get_by_text("Waiting for 1 other run").or_(second.locator(".st-key-heatmap .js-plotly-plot")).first
    waited.wait_for(timeout=driving.WAIT)
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    second.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    second.context.close()

    driving.rest(page)
    values = driving.heatmap_values(page)
    assert (len(values), len(values[0])) == (6, 20)
    assert driving.kept_runs(app.home) == {"attention": 3, "probabilities": 3}


def test_nothing_marked_says_what_to_do(page, app):
    driving.open_page(page, app.url)
    driving.write(page, "Residues as text", "")
    page.get_by_text("Nothing is asked yet").wait_for(timeout=driving.WAIT)
    number = driving.click_residue(page, list(range(40, 68)))
    page.get_by_text("A 1 residue").first.wait_for(timeout=driving.WAIT)
    assert driving.marked(page) == {number}


def test_everything_marked_says_so(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&sites=1-412&threshold=0.1")
    assert page.get_by_text("All residues are marked, so there is nothing to compare them with.").is_visible()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\x00\x01\x02binary" * 50, "is binary"), (b"ATOM      1  N   MET A   1 ", "is cut in the line")],
)
def test_a_bad_structure_keeps_the_earlier_one(page, app, content, words):
    driving.open_page(page, app.url)
    shown = driving.stage(page).get_attribute("data-structure")
    before = driving.heatmap_values(page)
    page.get_by_text("Fetch or upload a structure").click()
    page.locator(".st-key-upload input[type=file]").set_input_files(
        {"name": "<img src=x>.pdb", "mimeType": "text/plain", "buffer": content}
    )
    error = page.locator('[data-testid="stSidebar"] [data-testid="stAlert"]').filter(has_text="<img src=x>.pdb")
    error.first.wait_for(timeout=driving.WAIT)
    assert words in error.first.inner_text()
    driving.rest(page)
    assert driving.stage(page).get_attribute("data-structure") == shown
    assert driving.heatmap_values(page) == before
    assert page.locator("img[src=x]").count() == 0
