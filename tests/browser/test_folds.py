"""A receptor without a structure gets a fold, named and rated, in a real Chromium."""

import io
import zipfile

import pytest

from allo_core.folding.offers import fold_called
from allo_core.folding.trace import trace_pdb
from allo_core.library.receptors import find_receptor
from allo_core.structure.read import read_structure
from tests.browser import driving

pytestmark = pytest.mark.browser


def test_a_receptor_without_a_structure_opens_with_a_fold_named_and_rated(page, app):
    page.goto(f"{app.url}/?protein=P2RY4&panel=3d")
    driving.stage(page).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "structure=fold-family-any" in page.url
    said = page.locator('[data-testid="stMain"]')
    assert said.get_by_text("CA trace, no structure of this receptor").first.is_visible()
    assert said.get_by_text("Expected TM-score 0.91").first.is_visible()


def test_a_fold_is_chosen_shown_and_rated(page, app):
    page.goto(f"{app.url}/?protein=P2RY1&panel=3d&structure=")
    page.get_by_text("No structure for P2RY1").wait_for(timeout=driving.WAIT)
    page.get_by_text("No structure? Fetch its AlphaFold model").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    box = page.locator('[data-testid="stSidebar"]').get_by_role("combobox", name="Structure")
    box.click()
    box.fill("family average of class A (inactive)")
    page.get_by_role("option", name="family average of class A (inactive)").first.click()
    driving.stage(page).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    said = page.locator('[data-testid="stMain"]')
    assert said.get_by_text("CA trace, no structure of this receptor").first.is_visible()
    assert said.get_by_text("Expected TM-score 0.92").first.is_visible()
    assert "structure=fold-family-inactive" in page.url
    assert len(driving.colours_on_screen(page)) > 200


def test_a_fold_is_coloured_by_its_confidence_and_is_near_nothing(page, app):
    page.goto(f"{app.url}/?protein=P2RY1&structure=fold-template-active&colouring=plddt&panel=3d")
    driving.stage(page).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert len(set(driving.colours_on_screen(page).values())) > 10
    assert page.get_by_text("100/(1 + sd)").count() > 0
    assert page.get_by_text("Mark what is near").count() == 0
    assert page.get_by_text("What is near a ligand or partner cannot be told from a CA trace").count() == 1
    assert page.get_by_text("AlphaFold model: DeepMind and EMBL-EBI, CC BY 4.0").count() > 0


def test_a_fold_in_a_link_that_cannot_be_drawn_is_ignored_with_a_notice(page, app):
    page.goto(f"{app.url}/?protein=P2RY1&structure=fold-magic-active&panel=3d")
    driving.stage(page).wait_for(timeout=driving.WAIT)
    assert page.get_by_text("fold-magic-active").count() > 0


def test_what_is_taken_away_says_that_it_is_no_structure(page, app):
    page.goto(f"{app.url}/?protein=P2RY1&structure=fold-family-any&panel=3d")
    driving.stage(page).wait_for(timeout=driving.WAIT)
    driving.wait_for_result(page)
    driving.open_tab(page, "Downloads")
    page.get_by_role("button", name="Slide, PNG").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Everything, ZIP").click()
    with page.expect_download() as pdb:
        page.get_by_role("button", name="Structure, PDB").click()
    assert pdb.value.path().read_text() == trace_pdb(fold_called("fold-family-any", find_receptor("P2RY1").protein))
    archive = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes()))
    (name,) = (name for name in archive.namelist() if name.endswith("_coloured.cif"))
    structure = read_structure(archive.read(name))
    assert structure.trace
    assert "a CA trace, no structure of this receptor (family average of class A (any state))" in structure.title
    assert "CC BY 4.0" in structure.title
