"""Write the pictures of docs/: python -m tests.browser.screenshots"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from allo_core.ui.three_d_mol import ensure_library
from tests.browser import driving
from tests.browser.conftest import FLAGS, REPOSITORY, App

PICTURES = [
    ("explore", "", ("light", "dark"), ((1440, 900), (1920, 1080))),
    ("explore-gs", "?protein=ADRB2&structure=3SN6&threshold=0.05&colouring=above+threshold", ("light",), ((1440, 900),)),
]


def main() -> None:
    ensure_library()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        app = App(Path(home))
        app.start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, query, themes, sizes in PICTURES:
            for theme in themes:
                for width, height in sizes:
                    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme).new_page()
                    driving.open_page(page, f"{app.url}/{query}")
                    page.screenshot(path=REPOSITORY / f"docs/{name}-{theme}-{width}x{height}.png")
                    page.context.close()
        browser.close()
        app.stop()


if __name__ == "__main__":
    main()
