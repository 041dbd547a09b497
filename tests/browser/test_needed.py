"""Removing a head on Explore, in a real Chromium: the offer, its progress, the line on the card, and the tab."""

import re

import pytest

from tests.browser import driving

pytestmark = pytest.mark.browser


def test_a_head_is_removed_and_its_line_stands_on_the_card(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&a=sodium+pocket&head=5.3")
    page.get_by_role("button", name=re.compile("^Remove this head, about ")).click(timeout=driving.WAIT)
    page.get_by_text(re.compile(r"^Removing it: [+-]\d\.\d{3} nats at the site, ")).wait_for(timeout=4 * driving.WAIT)
    assert not page.get_by_role("button", name=re.compile("^Remove this head")).count()
    driving.open_tab(page, "Removed heads")
    page.get_by_text(re.compile("1 of 120 heads were removed")).wait_for(timeout=driving.WAIT)
    page.get_by_text("at least 8 are needed for a correlation of ranks").wait_for(timeout=driving.WAIT)
    assert page.get_by_role("button", name=re.compile("^Remove all, about ")).is_visible()


def test_heads_are_removed_together_beside_random_sets(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&a=sodium+pocket&head=5.3&removed=5.3,5.6")
    driving.open_tab(page, "Removed heads")
    box = page.get_by_role("textbox", name="Heads, such as 3.6 4.10")
    box.wait_for(timeout=driving.WAIT)
    assert box.input_value() == "5.3,5.6"
    box.fill("5.40")
    box.press("Enter")
    page.get_by_text("There is no head 5.40").wait_for(timeout=driving.WAIT)
    box = page.get_by_role("textbox", name="Heads, such as 3.6 4.10")
    box.fill("5.6 5.3")
    box.press("Enter")
    page.get_by_role("button", name=re.compile("^Remove these 2 heads and 20 random sets")).click(timeout=driving.WAIT)
    page.get_by_text(re.compile("these heads together raises the loss over all masked residues by")).wait_for(timeout=8 * driving.WAIT)
    page.locator(".st-key-set_figure .js-plotly-plot").wait_for(timeout=driving.WAIT)
    assert "random sets of as many heads of the same layers" in page.locator("body").inner_text()
