"""What is taken away, in a real Chromium."""

import csv
import io
import json
import zipfile

import numpy as np
import pytest
from biotite.structure.io.pdbx import CIFFile, get_structure

from allo_core.analysis.frozen_file import read_frozen
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.runs.store import list_runs
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.browser import driving

pytestmark = pytest.mark.browser
QUERY = "?protein=ADRB2&structure=4LDO&threshold=0.05&sites_b=D130,R131,F139,Y141&head=2.6"
STEM = f"alloscope_ADRB2_{driving.DEFAULT.id}"


@pytest.fixture(scope="module")
def archive(chromium, app):
    """The ZIP of one state of the page."""
    from tests.browser.conftest import new_page

    page = new_page(chromium)
    driving.open_page(page, f"{app.url}/{QUERY}")
    driving.open_tab(page, "Downloads")
    page.get_by_role("button", name="Slide, PNG").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Everything, ZIP").click()
    assert waiting.value.suggested_filename == f"{STEM}.zip"
    content = waiting.value.path().read_bytes()
    page.context.close()
    return zipfile.ZipFile(io.BytesIO(content))


def test_the_zip_holds_every_file(archive):
    assert archive.testzip() is None
    place = f"{STEM}_4LDO"
    files = {f"{STEM}_scores.csv", f"{STEM}_run.json", f"{STEM}_figures.html", f"{STEM}.png", "README.txt"}
    assert set(archive.namelist()) == files | {
        f"{place}.pml",
        f"{place}.cxc",
        f"{place}_3d.html",
        f"{place}_coloured.cif",
        f"{STEM}_snake.svg",
        f"{STEM}_frozen.json",
    }
    assert b"</svg>" in archive.read(f"{STEM}_snake.svg")
    described = archive.read("README.txt").decode()
    assert all(name in described for name in archive.namelist() if name != "README.txt")


def test_the_b_factors_are_the_values_of_the_page(archive, app, monkeypatch):
    monkeypatch.setenv("ALLOSCOPE_HOME", str(app.home))
    protein = find_receptor("ADRB2").protein
    (run,) = [run for run in list_runs() if run.meta.sequence == protein.sequence]
    from allo_core.runs.maps import AttentionMaps

    received = AttentionMaps(run.folder).received(2, 6)
    text = archive.read(f"{STEM}_4LDO_coloured.cif").decode()
    atoms = get_structure(CIFFile.read(io.StringIO(text)), model=1, extra_fields=["b_factor"])
    index_of = map_structure(read_structure(shipped_structure("4LDO").path), protein).index_of
    expected = {(residue.chain, residue.number): received[index] for residue, index in index_of.items()}
    assert len(expected) > 250
    found = np.array([expected.get(key, -1.0) for key in zip(atoms.chain_id.tolist(), atoms.res_id.tolist(), strict=True)])
    assert atoms.b_factor == pytest.approx(found, rel=1e-4, abs=1e-6)


def test_the_slide_is_a_picture_of_1920_by_1080_that_is_not_empty(archive):
    content = archive.read(f"{STEM}.png")
    assert content.startswith(b"\x89PNG")
    assert (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")) == (1920, 1080)
    assert len(content) > 50_000


def test_the_record_names_what_was_run(archive):
    record = json.loads(archive.read(f"{STEM}_run.json"))
    assert (record["run"]["model_id"], record["run"]["dtype"], record["threshold"], record["null"]) == (
        driving.DEFAULT.id,
        "float32",
        0.05,
        "pocket",
    )
    assert len(record["run"]["weights_sha256"]) == 64
    assert record["run"]["licence"]
    assert [label.split()[0] for label in record["sets"]["B"]] == ["D130", "R131", "F139", "Y141"]
    assert len(record["sets"]["A"]) == 16
    assert record["structure"]["entry"] == "4LDO"
    looked = record["questions_looked_at"]
    assert (looked["total"], looked["this_question"], looked["questions"][0]["asked"]["threshold"]) == (1, 1, 0.05)
    assert looked["questions"][0]["found"]["global_p"] == record["places"]["global_p"]
    rows = list(csv.DictReader(io.StringIO(archive.read(f"{STEM}_scores.csv").decode())))
    assert len(rows) == driving.DEFAULT.layers * driving.DEFAULT.heads


def test_pages_and_scripts_ask_for_nothing_but_the_entry(archive, chromium, tmp_path):
    for name in (f"{STEM}_figures.html", f"{STEM}_4LDO_3d.html"):
        path = tmp_path / name
        path.write_bytes(archive.read(name))
        context = chromium.new_context(offline=True)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        page.locator("canvas, .js-plotly-plot").first.wait_for(timeout=driving.WAIT)
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
        context.close()
    assert "fetch 4ldo" in archive.read(f"{STEM}_4LDO.pml").decode().lower()
    assert "open 4ldo" in archive.read(f"{STEM}_4LDO.cxc").decode().lower()


def test_the_frozen_file_asks_what_the_page_asked(archive):
    frozen = read_frozen(archive.read(f"{STEM}_frozen.json").decode())
    assert frozen.earlier_run is not None  # the run that is in the ZIP
    assert (frozen.question.threshold, list(frozen.question.sets), len(frozen.asked().a)) == (0.05, ["A"], 16)


def test_a_frozen_file_is_opened_and_a_change_is_told(page, app, archive, tmp_path):
    file = tmp_path / "frozen.json"
    file.write_bytes(archive.read(f"{STEM}_frozen.json"))
    driving.open_page(page, f"{app.url}/?protein=ADRB2&threshold=0.3")
    page.get_by_text("Freeze or open a question").click()
    page.locator('[class*="st-key-frozen-"] input[type=file]').set_input_files(file)
    line = page.locator(".st-key-frozen_line")
    line.get_by_text("unchanged").wait_for(timeout=driving.WAIT)
    assert "threshold=0.05" in page.url
    assert "was not fixed before the model ran" in line.inner_text()
    page.get_by_role("button", name="2nd question of this session").wait_for(timeout=driving.WAIT)
    driving.click_threshold(page, 0.3)
    line.get_by_text("Not the question that was frozen").wait_for(timeout=driving.WAIT)
    line.get_by_role("button", name="Back to it").click()
    line.get_by_text("unchanged").wait_for(timeout=driving.WAIT)


def test_a_slide_follows_the_page_and_can_be_taken_again(page, app):
    driving.open_page(page, f"{app.url}/{QUERY}")
    driving.open_tab(page, "Downloads")
    image = page.locator('[data-testid="stImage"] img')
    image.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    first = image.get_attribute("src")
    box = driving.stage(page).bounding_box()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    page.mouse.move(box["x"] + 60, 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, 330, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Take it again").click()
    page.wait_for_function(
        "before => ![null, before].includes(document.querySelector('[data-testid=stImage] img')?.getAttribute('src') ?? null)",
        arg=first,
        timeout=driving.WAIT,
    )
