"""The page Fold in a browser: a row chooses a fold, a structure judges it, files go along."""

import csv
import io

import pytest

from allo_core.library.receptors import DATA
from tests.browser import driving

pytestmark = pytest.mark.browser


def test_a_fold_on_the_structure_that_judges_it_and_its_files(page, app):
    page.goto(f"{app.url}/fold?protein=ADRB2&structure=4LDO&fold=fold-template-inactive&by=lddt")
    page.get_by_text("It is worse than the family average by TM-score").wait_for(timeout=driving.WAIT)
    driving.stage(page).wait_for(timeout=driving.WAIT)
    page.locator(".st-key-fold_track .js-plotly-plot").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert len(set(driving.colours_on_screen(page).values())) > 10
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Residues, CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    assert sum(bool(row["lddt"]) for row in rows) > 200
    shown = driving.colours_on_screen(page)
    page.get_by_text("by confidence", exact=True).click()
    driving.rest(page)
    assert "by=" not in page.url
    assert driving.colours_on_screen(page) != shown
    driving.click_residue(page, [int(number) for number in shown])
    page.get_by_text("from its place in the structure").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "residue=" in page.url
    assert page.locator("[data-testid=stException]").count() == 0


def test_from_explore_to_the_folds_of_the_same_receptor(page, app):
    page.goto(f"{app.url}/?protein=P2RY4&panel=3d")
    driving.stage(page).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("link", name="Fold").first.click()
    page.get_by_text("no structure to judge by").wait_for(timeout=driving.WAIT)
    driving.stage(page).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.get_by_text("Expected TM-score 0.91").first.is_visible()
    assert "/fold" in page.url
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_fold_of_the_model_is_computed_in_place_and_joins_the_table(page, app):
    if not (DATA / "distances_both.safetensors").is_file():
        pytest.skip("no distance head ships with this copy")
    page.goto(f"{app.url}/fold?protein=P2RY4")
    page.get_by_role("button", name="Fold from AlloScope GPCR 8M").click(timeout=driving.WAIT)
    page.get_by_role("button", name="Cancel").wait_for(timeout=driving.WAIT)
    page.get_by_role("button", name="Cancel").wait_for(state="detached", timeout=5 * driving.WAIT)
    driving.rest(page)
    assert page.get_by_role("button", name="Fold from AlloScope GPCR 8M").count() == 0
    page.goto(f"{app.url}/fold?protein=P2RY4&fold=fold-model-any")
    page.get_by_text("CA distances that a small network reads").first.wait_for(timeout=driving.WAIT)
    assert page.locator("[data-testid=stException]").count() == 0
