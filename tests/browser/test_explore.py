"""The loop of the first page, in a real Chromium."""

import csv
import json
import urllib.parse

import numpy as np
import pytest

from allo_core.library.receptors import find_receptor
from tests.browser import driving
from tests.browser.conftest import new_page

pytestmark = pytest.mark.browser
A2A = find_receptor("AA2AR")
TM2 = [number for number in range(40, 68) if number not in {48, 49, 51, 52}]  # not in the sodium pocket


def test_the_loop(page, app):
    # open: the default run appears by itself
    driving.open_page(page, app.url)
    assert page.get_by_text("AA2AR · Adenosine receptor A2a").is_visible()
    assert page.get_by_text("sodium pocket (16)").is_visible()
    before = driving.heatmap_values(page)
    assert np.shape(before) == (driving.DEFAULT.layers, driving.DEFAULT.heads)
    camera = driving.view_of(page)
    marked = driving.marked(page)
    assert len(marked) == 16

    # click a residue of TM2 in 3D: it becomes a chip and the heatmap changes
    number = driving.click_residue(page, TM2)
    label = A2A.protein.label(number - 1)
    page.locator('[data-testid="stSidebar"]').get_by_role("button", name=label).first.wait_for(state="attached", timeout=driving.WAIT)
    driving.rest(page)
    assert driving.marked(page) == marked | {number}
    after = driving.heatmap_values(page)
    assert after != before
    assert page.get_by_text("A 17 residues").is_visible()
    assert "at the 17 residues of set A more than" in page.locator(".st-key-verdict").inner_text()
    assert driving.view_of(page) == pytest.approx(camera)

    # a second click takes it away again
    assert driving.click_residue(page, [number]) == number
    page.get_by_text("sodium pocket (16)").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.heatmap_values(page) == before

    # turn the structure, then click a heatmap cell: the structure recolours, the camera stays
    box = driving.stage(page).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 130, steps=5)
    page.mouse.up()
    turned = driving.view_of(page)
    assert turned != pytest.approx(camera)
    colours = driving.colours_on_screen(page)
    driving.click_head(page, 1, 7)
    page.get_by_role("heading", name="Layer 1, head 7").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.colours_on_screen(page) != colours
    assert driving.view_of(page) == pytest.approx(turned)
    assert urllib.parse.parse_qs(urllib.parse.urlparse(page.url).query)["head"] == ["1.7"]

    # move the threshold
    slider = driving.widget(page, "threshold").get_by_role("slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.get_by_text("threshold 0.25").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.heatmap_values(page) != before
    assert page.get_by_role("heading", name="Layer 1, head 7").first.is_visible()  # the slider's arrow keys are its own

    # download the CSV and the record
    driving.open_tab(page, "Downloads")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Scores, CSV").click()
    download = waiting.value
    assert download.suggested_filename == f"alloscope_AA2AR_{driving.DEFAULT.id}_scores.csv"
    rows = list(csv.DictReader(download.path().read_text(encoding="utf-8").splitlines()))
    assert [(int(row["layer"]), int(row["head"])) for row in rows] == list(np.ndindex(driving.DEFAULT.layers, driving.DEFAULT.heads))
    shown = driving.heatmap_values(page)
    for row in rows:
        value = shown[int(row["layer"])][int(row["head"])]
        if row["flags"] == "":
            assert value == pytest.approx(np.log2(float(row["enrichment"])), abs=1e-6)
        else:
            assert value is None
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Run record, JSON").click()
    record = json.loads(waiting.value.path().read_text(encoding="utf-8"))
    assert (record["threshold"], record["null"], record["run"]["model_id"]) == (0.25, "pocket", driving.DEFAULT.id)
    assert "D52 2.50 2x50" in record["sites"]


def test_all_pictures_fit_a_laptop_screen(page, app):
    driving.open_page(page, app.url)
    for selector in (".st-key-heatmap", driving.STAGE, ".st-key-profile"):
        box = page.locator(selector).bounding_box()
        assert box["height"] > 140, selector
        assert box["y"] >= 0, selector
        assert box["y"] + box["height"] <= 900, selector


def test_the_url_brings_back_what_was_shown(page, app, chromium):
    driving.open_page(
        page, f"{app.url}/?protein=ADRB2&sites=3x32,2x50,D113,113-119,207&threshold=0.1&null=uniform&score=snr&structure=3SN6&head=2.3"
    )
    page.get_by_role("heading", name="Layer 2, head 3").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    url, values, colours = page.url, driving.heatmap_values(page), driving.colours_on_screen(page)
    other = new_page(chromium)
    driving.open_page(other, url)
    assert other.url == url
    assert driving.heatmap_values(other) == values
    assert driving.colours_on_screen(other) == colours
    other.context.close()


def test_back_shows_the_head_before(page, app):
    driving.open_page(page, f"{app.url}/?protein=ADRB2&structure=3SN6&head=2.3")
    values = driving.heatmap_values(page)
    driving.click_head(page, 4, 5)
    driving.wait_for_head(page, 4, 5)
    driving.rest(page)
    page.go_back()
    driving.wait_for_head(page, 2, 3)
    driving.wait_for_result(page)
    assert driving.heatmap_values(page) == values


def test_hover_names_residue_numbers_and_value(page, app):
    driving.open_page(page, app.url)
    number, x, y = driving.visible_residue(page, TM2)
    page.mouse.move(x - 1, y)
    page.mouse.move(x, y)
    tip = page.locator(".tip")
    tip.wait_for(state="visible")
    index = number - 1
    expected = f"{A2A.protein.label(index)} {A2A.numbers.ballesteros[index]} {A2A.numbers.gpcrdb[index]}"
    assert tip.inner_text().startswith(f"{expected}\nattention received: ")


def test_a_wrong_residue_keeps_marks_and_pictures(page, app):
    driving.open_page(page, app.url)
    before = driving.heatmap_values(page)
    text = page.get_by_role("textbox", name="Residues as text")
    text.fill("D53 9.99")
    text.press("Control+Enter")
    page.get_by_text("D53: residue 53 is I.").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.heatmap_values(page) == before
    assert text.input_value() == "D53 9.99"
    text.fill("D52 2x47 D53 L48")  # the good ones are taken, the bad one is named and stays to be mended
    text.press("Control+Enter")
    page.get_by_text("A 3 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.get_by_text("D53: residue 53 is I.").is_visible()
    assert text.input_value() == "D52 2x47 D53 L48"
    assert driving.chips(page) == ["L48 2.46", "A49 2.47", "D52 2.50"]
    text.fill("D52 2x47 L48")
    text.press("Control+Enter")
    page.get_by_text("D53: residue 53 is I.").wait_for(state="hidden", timeout=driving.WAIT)


def test_a_receptor_without_structure_offers_the_upload(page, app, shared):
    page.goto(f"{app.url}/?protein=P2RY1&structure=&panel=3d")
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    page.get_by_text("No structure for P2RY1").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    upload = page.locator(".st-key-upload_here input[type=file]")
    upload.set_input_files(shared / "data/structures/1U19.cif.gz")
    # refused in the panel where it was given, and the chip of the file is gone
    page.locator('[data-testid="stMain"]').get_by_text("is not a structure of P2RY1").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator('[data-testid="stSidebar"]').get_by_text("is not a structure of P2RY1").count() == 0
    assert page.get_by_text("1U19.cif.gz", exact=True).count() == 0
    assert page.get_by_text("No structure for P2RY1").is_visible()


def test_an_uploaded_structure_is_shown(page, app, shared):
    driving.open_page(page, app.url)
    first = driving.stage(page).get_attribute("data-structure")
    page.get_by_text("Fetch or upload a structure").click()
    page.locator(".st-key-upload input[type=file]").set_input_files(shared / "data/structures/5G53.pdb.gz")
    driving.wait_for_another_structure(page, first)
    assert page.get_by_text("5G53.pdb.gz chain").is_visible()


def test_a_pasted_sequence_runs_and_gets_its_numbers(page, app):
    driving.open_page(page, app.url)
    mutant = A2A.protein.sequence[:51] + "N" + A2A.protein.sequence[52:]
    driving.paste_sequence(page, f">my <b>mutant</b>\n{mutant}", "Generic numbers from AA2AR, 99.7 % identical")
    driving.wait_for_result(page)
    assert "N52→D 2.50" in driving.chips(page)
    driving.paste_sequence(page, "MPIM1GSS", "The digit '1' at position 5 is not a residue")
    driving.rest(page)
    assert page.locator(".st-key-heatmap .js-plotly-plot").is_visible()


def test_a_fasta_file_with_several_records_needs_a_choice(page, app):
    driving.open_page(page, app.url)
    page.get_by_text("Paste, upload or fetch a sequence").click()
    fasta = f">first\nMPIMGSSVYIT\n>second part of A2A\n{A2A.protein.sequence[:320]}\n"
    page.locator(".st-key-fasta input[type=file]").set_input_files(
        {"name": "two.fasta", "mimeType": "text/plain", "buffer": fasta.encode()}
    )
    page.get_by_text("two.fasta").first.wait_for()
    driving.rest(page)
    page.get_by_role("button", name="Use this sequence").click()
    page.get_by_text("The text holds 2 sequences (first, second)").wait_for()
    assert page.locator(".st-key-heatmap .js-plotly-plot").is_visible()
    driving.rest(page)
    page.get_by_role("textbox", name="Record, if there are several").fill("second")
    page.get_by_role("textbox", name="Record, if there are several").press("Tab")
    driving.rest(page)
    page.get_by_role("button", name="Use this sequence").click()
    page.get_by_text(f"second | {driving.DEFAULT.label}").wait_for()
    driving.wait_for_result(page)
    assert "D52 2.50" in driving.chips(page)


def test_a_long_receptor_is_offered_its_seven_helices(page, app):
    page.goto(f"{app.url}/?protein=GRM5")
    button = page.get_by_role("button", name="Use the 7TM domain, 548–").last  # in the panel; the rail has it, too
    button.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    button.click()
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    assert any(text.startswith("G624 ") for text in driving.chips(page))


def test_a_kept_run_opens_at_once_after_a_restart(chromium, app):
    page = new_page(chromium)
    driving.open_page(page, app.url)
    values = driving.heatmap_values(page)
    app.stop()
    runs = sorted(folder.name for folder in (app.home / "runs").iterdir())
    app.start()
    driving.open_page(page, app.url)
    assert driving.heatmap_values(page) == values
    assert sorted(folder.name for folder in (app.home / "runs").iterdir()) == runs
    page.context.close()


def test_marking_keeps_the_head_and_names_the_best_one(page, app):
    driving.open_page(page, app.url)
    title = page.locator(".title").inner_text()
    assert "best, does not pass among places like it (q" in page.locator(".st-key-selected_head").inner_text()
    driving.click_residue(page, TM2)
    page.get_by_text("A 17 residues").wait_for(timeout=driving.WAIT)
    driving.write(page, "Residues as text", "10-14")
    page.get_by_text("A 5 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator(".title").inner_text() == title
    page.get_by_role("button", name="Best now: layer").click()
    page.get_by_role("button", name="Best now: layer").wait_for(state="hidden", timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator(".title").inner_text() != title


def test_marks_are_undone_and_carried_to_another_receptor(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&sites=D52,S91,S412")
    driving.click_residue(page, TM2)
    page.get_by_text("A 4 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("button", name="Undo the last change of marks").click()
    page.get_by_text("A 3 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.chips(page) == ["D52 2.50", "S91 3.39", "S412"]
    driving.choose(page, "Receptor", "CXCR4")
    page.get_by_text("2 of 3 residues carried over by generic number. Without a counterpart: S412.").wait_for(timeout=driving.WAIT)
    driving.wait_for_result(page)
    assert driving.chips(page) == ["D84 2.50", "S123 3.39"]
    assert "AF-P61073-F1 AlphaFold model, predicted" in page.locator('[data-testid="stMain"]').inner_text()
    assert page.get_by_text("AlphaFold model: DeepMind and EMBL-EBI, CC BY 4.0").is_visible()


def test_what_is_not_tested_is_not_called_a_failure(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&sites=2x50,3x39,6x48&sites_b=7x49,7x50,7x53&measure=AB&threshold=0.5")
    verdict = page.locator(".st-key-verdict")
    assert "of 120 heads have fewer than 10 arcs" in verdict.inner_text() or "No head is tested" in verdict.inner_text()
    verdict.get_by_role("button", name="Use threshold").click()
    verdict.get_by_role("button", name="Use threshold").wait_for(state="hidden", timeout=driving.WAIT)
    driving.rest(page)
    assert "threshold 0.50" not in page.locator(".st-key-strip").inner_text()
    assert "No head is tested" not in verdict.inner_text()
    driving.write(page, "Residues as text", "D52")
    page.get_by_role("radio", name="on A").click()
    page.get_by_text("Not tested: one marked residue is too few").first.wait_for(timeout=driving.WAIT)
