"""How long the tab Residues of the page Sequence takes after a kept run.

    python benchmarks/sequence_page.py [--times 7]

The model that ships on AA2AR (412 residues), run once before; Chromium at 1440 x 900 with WebGL in software, so that browser and server
share the processor.  Each time another tab is open and the tab Residues is clicked; time runs from the click until the heatmap of
substitutions is drawn; beside the 3D view, which a GPU would draw and here keeps the browser busy meanwhile, and beside the snake plot.
Needs what the browser tests need.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from allo_core.fetch.three_d_mol import ensure_library
from tests.browser import driving
from tests.browser.conftest import FLAGS, App, new_page

PLOT = ".st-key-mutations .js-plotly-plot .main-svg"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--times", type=int, default=7)
    times = options.parse_args().times
    ensure_library()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        app = App(Path(home))
        app.start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = new_page(browser)
        for beside, query in (("3D view", ""), ("snake plot", "&panel=snake")):
            page.goto(f"{app.url}/sequence?protein=AA2AR&tab=residues{query}")
            page.locator(PLOT).first.wait_for()
            driving.rest(page)
            waits = [_wait(page) for _ in range(times)]
            print(
                f"tab Residues after a kept run, {beside}: median {median(waits):.0f} ms of {times} ({min(waits):.0f} to {max(waits):.0f})"
            )
        browser.close()
        app.stop()


def _wait(page) -> float:
    """Milliseconds from the click on the tab until its heatmap is drawn."""
    page.get_by_text("Variant", exact=True).click()
    page.locator(PLOT).first.wait_for(state="detached")
    driving.rest(page)
    waited = page.evaluate(_CLICK, PLOT)
    driving.rest(page)
    return waited


_CLICK = """place => new Promise(done => {
    const tab = [...document.querySelectorAll('button')].find(button => button.innerText.trim() === 'Residues');
    const begun = performance.now();
    tab.click();
    const look = () => document.querySelector(place) ? requestAnimationFrame(() => done(performance.now() - begun)) : setTimeout(look, 10);
    look();
})"""


if __name__ == "__main__":
    main()
