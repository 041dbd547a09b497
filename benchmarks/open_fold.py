"""How long a receptor without any structure takes until its fold stands in the 3D view.

    python benchmarks/open_fold.py

Explore with P2RY1 and GPR21 (threaded), P2RY4 and GPR3 (average of the class), in Chromium at 1440 x 900 with WebGL in software, so that
browser and server share the processor.  Chosen on the open page, from the click on its name, while its run of the model begins
beside the drawing.  By an address, from the request: in a browser that has read the page's programs before,
and in one that has not.  All until 3Dmol has painted the fold.  Needs what the browser tests need.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from allo_core.fetch.three_d_mol import ensure_library
from tests.browser import driving
from tests.browser.conftest import FLAGS, App, new_page

CHOSEN = ("P2RY1", "P2RY4", "GPR3", "GPR21")
ADDRESSED = {"P2RY1": "threaded", "P2RY4": "family average"}
TIMES = 5


def main() -> None:
    ensure_library()
    path = os.environ.get("ALLOSCOPE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as home, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        app = App(Path(home))
        app.start()
        page = new_page(chromium)
        print(f"first opening of a server: {addressed(page, app, 'AA2AR'):.1f} s (AA2AR, with its experiment)", flush=True)
        print(f"chosen on the open page: {spread([chosen(page, receptor) for receptor in CHOSEN])}", flush=True)
        print(f"an experiment, to compare (AA2AR): {chosen(page, 'AA2AR'):.1f} s", flush=True)
        for receptor, kind in ADDRESSED.items():
            print(f"{receptor}, {kind}, by its address: {spread([addressed(page, app, receptor) for _ in range(TIMES)])}", flush=True)
        page.context.close()
        for receptor, kind in {**ADDRESSED, "AA2AR": "an experiment, to compare"}.items():
            print(f"{receptor}, {kind}, in a new browser: {spread([anew(chromium, app, receptor) for _ in range(TIMES)])}", flush=True)
        app.stop()
        chromium.close()


def chosen(page, receptor: str) -> float:
    """Seconds from the click on the name of a receptor until its view stands."""
    driving.rest(page)
    shown = driving.stage(page).get_attribute("data-structure")
    box = page.get_by_role("combobox", name="Receptor")
    box.click()
    box.fill(receptor)
    option = page.get_by_role("option", name=f"{receptor} ·").first
    option.wait_for()
    begun = time.perf_counter()
    option.click()
    page.locator(f"{driving.STAGE}[data-structure]:not([data-structure='{shown}'])").wait_for(timeout=driving.WAIT)
    seconds = time.perf_counter() - begun
    driving.rest(page)
    return seconds


def anew(chromium, app: App, receptor: str) -> float:
    page = new_page(chromium)
    try:
        return addressed(page, app, receptor)
    finally:
        page.context.close()


def addressed(page, app: App, receptor: str) -> float:
    """Seconds from the request of an address until the view stands."""
    begun = time.perf_counter()
    page.goto(f"{app.url}/?protein={receptor}&panel=3d", wait_until="commit")
    page.locator(f"{driving.STAGE}[data-structure]").wait_for(timeout=driving.WAIT)
    seconds = time.perf_counter() - begun
    driving.rest(page)
    return seconds


def spread(seconds: list[float]) -> str:
    return f"median {median(seconds):.1f} s, worst {max(seconds):.1f} s of {len(seconds)}"


if __name__ == "__main__":
    main()
