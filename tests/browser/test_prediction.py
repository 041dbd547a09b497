"""Predicted sites of a receptor, in a real Chromium."""

import re

import numpy as np
import pytest

from allo_core.figures.colours import attention_scale, hex_colours, value_ceiling
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.predictor import predict_sites
from allo_core.runs.extract import extract_attention
from tests.browser import driving

pytestmark = pytest.mark.browser
BETA2 = find_receptor("ADRB2")


def test_predicted_sites_on_the_structure_and_as_marks(page, app):
    expected = predict_sites(extract_attention(load_model(DEFAULT_MODEL, device="cpu"), BETA2.protein), BETA2.protein, BETA2.numbers)
    driving.open_page(page, f"{app.url}/?protein=ADRB2&structure=3SN6")
    driving.open_tab(page, "Predicted sites")
    page.get_by_role("button", name="Show on the structure").click(timeout=driving.WAIT)
    page.locator(".legend").get_by_text(re.compile("predicted sites")).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    colours = hex_colours(expected, value_ceiling(expected)[0], attention_scale("light"), float(np.median(expected)))
    drawn = {int(number): colour for number, colour in driving.colours_on_screen(page).items()}
    assert len(drawn) > 250
    assert drawn == {number: colours[BETA2.protein.index(number)] for number in drawn}

    page.get_by_role("button", name="Mark the 10 highest as set A").click()
    page.get_by_text("A 10 residues").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    highest = {BETA2.protein.number(int(index)) for index in np.argsort(-expected, kind="stable")[:10]}
    written = page.get_by_role("textbox", name="Residues as text").input_value()
    assert {int(number) for number in re.findall(r"[A-Z](\d+)", written)} == highest
