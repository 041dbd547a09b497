"""Write the pictures of docs/: python -m tests.browser.screenshots"""

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from allo_core.fetch.three_d_mol import ensure_library
from tests.browser import driving
from tests.browser.conftest import FLAGS, REPOSITORY, App

BOTH = ("light", "dark")
LAPTOP, PROJECTOR = (1440, 900), (1920, 1080)
GS = "?protein=ADRB2&structure=3SN6&threshold=0.05&sites_b=D130,R131,F139,Y141&pairs=12"
POCKET = "receptors?positions=sodium+pocket&threshold=0.1"
# name, state, tab to open, themes, sizes
PICTURES = [
    ("receptors", POCKET, None, BOTH, (LAPTOP,)),
    ("explore", "", None, BOTH, (LAPTOP, PROJECTOR)),
    ("explore-gs", GS, None, BOTH, (LAPTOP,)),
    ("head", GS, "This head", BOTH, (LAPTOP,)),
    ("map", GS, "Map", ("light",), (LAPTOP,)),
    ("predicted", "?protein=ADRB2&structure=3SN6&colouring=predicted", "Predicted sites", ("light",), (LAPTOP,)),
    ("downloads", GS, "Downloads", ("light",), (LAPTOP,)),
]


def main() -> None:
    ensure_library()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        app = App(Path(home))
        app.start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, query, tab, themes, sizes in PICTURES:
            for theme in themes:
                for width, height in sizes:
                    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme).new_page()
                    page.goto(f"{app.url}/{query}")
                    if query is POCKET:
                        run_set(page)
                    else:
                        driving.wait_for_result(page)
                    if tab is not None:
                        show_tab(page, tab)
                    page.wait_for_timeout(800)  # tables draw themselves late
                    write_picture(REPOSITORY / f"docs/{name}-{theme}-{width}x{height}.webp", page.screenshot())
                    page.context.close()
        browser.close()
        app.stop()


def write_picture(path: Path, png: bytes) -> None:
    """As WebP, which takes a quarter of the room of PNG: every picture stays in the history for good."""
    Image.open(BytesIO(png)).convert("RGB").save(path, quality=88, method=6)


def run_set(page) -> None:
    """Run the set unless its receptors are kept."""
    run, heatmap = page.get_by_role("button", name="Run 280 receptors"), page.locator(".st-key-heatmap .js-plotly-plot")
    run.or_(heatmap).first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    if run.count():
        run.click()
    heatmap.wait_for(timeout=10 * driving.WAIT)
    driving.rest(page)


def show_tab(page, tab: str) -> None:
    """Open a tab and scroll to the end of the page."""
    driving.open_tab(page, tab)
    if tab == "Downloads":
        page.get_by_role("button", name="Slide, PNG").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 1e6)")


if __name__ == "__main__":
    main()
