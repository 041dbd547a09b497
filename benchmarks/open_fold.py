"""How long a receptor without any structure takes until its fold stands in the 3D view.

    python benchmarks/open_fold.py

Explore with P2RY1 (threaded) and P2RY4 (average of its class), in Chromium at 1440 x 900 with WebGL in software, so that browser and server
share the processor.  From the request of the address until 3Dmol has painted the fold; the first opening of a server loads all libraries,
and is said apart.  Needs what the browser tests need.
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

RECEPTORS = {"P2RY1": "threaded", "P2RY4": "family average"}
TIMES = 5


def main() -> None:
    ensure_library()
    path = os.environ.get("ALLOSCOPE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as home, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        app = App(Path(home))
        app.start()
        print(f"first opening of a server: {opened(chromium, app, 'AA2AR'):.1f} s (AA2AR, with its experiment)")
        print(f"an experiment, to compare: {spread([opened(chromium, app, 'AA2AR') for _ in range(TIMES)])}")
        for receptor, kind in RECEPTORS.items():
            print(f"{receptor}, {kind}: {spread([opened(chromium, app, receptor) for _ in range(TIMES)])}")
        app.stop()
        chromium.close()


def opened(chromium, app: App, receptor: str) -> float:
    """Seconds until the view stands, in a session of its own."""
    page = new_page(chromium)
    begun = time.perf_counter()
    page.goto(f"{app.url}/?protein={receptor}&panel=3d", wait_until="commit")
    page.locator(f"{driving.STAGE}[data-structure]").wait_for(timeout=driving.WAIT)
    seconds = time.perf_counter() - begun
    driving.rest(page)
    page.context.close()
    return seconds


def spread(seconds: list[float]) -> str:
    return f"median {median(seconds):.1f} s, worst {max(seconds):.1f} s of {len(seconds)}"


if __name__ == "__main__":
    main()
