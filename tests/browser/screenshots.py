"""Write the picture of the README, what Explore opens with: python -m tests.browser.screenshots"""

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from allo_core.fetch.three_d_mol import ensure_library
from tests.browser import driving
from tests.browser.conftest import FLAGS, REPOSITORY, App

WIDTH, HEIGHT = 1440, 900


def main() -> None:
    ensure_library()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        app = App(Path(home))
        app.start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light").new_page()
        page.goto(app.url)
        driving.wait_for_result(page)
        hide = page.get_by_role("button", name="Hide for good")
        hide.click()
        hide.wait_for(state="detached")
        driving.rest(page)
        page.wait_for_timeout(800)  # the picture of the structure follows its place
        write_picture(REPOSITORY / f"docs/explore-light-{WIDTH}x{HEIGHT}.webp", page.screenshot())
        browser.close()
        app.stop()


def write_picture(path: Path, png: bytes) -> None:
    """As WebP, which takes a quarter of the room of PNG: every picture stays in the history for good."""
    Image.open(BytesIO(png)).convert("RGB").save(path, quality=88, method=6)


if __name__ == "__main__":
    main()
