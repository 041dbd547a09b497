"""The network of a structure, in a real Chromium."""

import csv
import re

import numpy as np
import pytest

from allo_core.figures.colours import attention_scale, hex_colours, value_ceiling
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.networks.centrality import centrality
from allo_core.networks.network import network_of
from allo_core.networks.points import points_of
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.browser import driving

pytestmark = pytest.mark.browser
PROTEIN = find_receptor("AA2AR").protein


def test_centrality_on_the_structure_and_the_route(page, app):
    structure = read_structure(shipped_structure("8FYN").path)
    network = network_of(points_of(structure, map_structure(structure, PROTEIN), len(PROTEIN), "ca"))
    values = centrality(network, "closeness")
    known = values[np.isfinite(values)]
    driving.open_page(page, f"{app.url}/?protein=AA2AR&structure=8FYN&sites_b=R102,L110,K227&contacts=ca&centrality=closeness")
    driving.open_tab(page, "Network")
    page.get_by_role("button", name="Compute the network").click(timeout=driving.WAIT)
    page.get_by_text(re.compile("^The path from A to B")).wait_for(timeout=driving.WAIT)
    assert "pocket pairs at that distance" in page.get_by_text(re.compile("^The path from A to B")).inner_text()
    page.get_by_role("button", name="Show on the structure").click()
    page.locator(".legend").get_by_text(re.compile("closeness")).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    colours = hex_colours(values, value_ceiling(known)[0], attention_scale("light"), float(known.min()))
    drawn = {int(number): colour for number, colour in driving.colours_on_screen(page).items()}
    assert len(drawn) == len(network.nodes)
    assert drawn == {number: colours[PROTEIN.index(number)] for number in drawn}
    named = page.get_by_text(re.compile("^Shortest route:")).inner_text()
    route = [int(number) for number in re.findall(r"[A-Z](\d+)", named.split("(")[0])]
    assert len(route) > 2
    assert f"steps of a route from A to B ({len(route) - 1})" in page.locator(".key").first.inner_text()
    assert int(driving.stage(page).get_attribute("data-pairs")) == len(route) - 1


def test_contacts_beside_another_structure_are_compared_and_taken_away(page, app):
    driving.open_page(page, f"{app.url}/?protein=ADRB2&structure=4LDO&contacts=ca&against=3SN6")
    driving.open_tab(page, "Network")
    page.get_by_role("button", name="Compare the contacts").click(timeout=driving.WAIT)
    said = page.get_by_text(re.compile("^From 4LDO to 3SN6"))
    said.wait_for(timeout=driving.WAIT)
    lost, gained = (int(number) for number in re.search(r"(\d+) are lost and (\d+) gained", said.inner_text()).groups())
    assert "are more than noise" in said.inner_text()
    with page.expect_download() as got:
        page.get_by_role("button", name="Contacts gained and lost, CSV").click()
    rows = list(csv.DictReader(got.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["contact"] for row in rows] == ["gained"] * gained + ["lost"] * lost
