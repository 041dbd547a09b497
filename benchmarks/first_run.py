"""The first minute: from the command that starts the app to its first pictures, in Chromium, with nothing kept from before.

    python benchmarks/first_run.py [--rounds 3] [OTHER_CHECKOUT]

Each start is a server of its own with an empty cache folder, and a browser without a cache.  Seconds from the start of the command until
the server answers, and from opening the page until its style is there (the bar with the pages or, where there is none, the rail), the line
that says what is shown, the structure, and the heatmap.  With another checkout both start in turn, and the ratio of the medians is printed.

The files of Python itself are warm after the first start, which is left out.  Needs what the browser tests need.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, sync_playwright

from allo_core.fetch.three_d_mol import FILE, ensure_library
from tests.browser.conftest import FLAGS, App

ROOT = Path(__file__).resolve().parents[1]
MARKS = {
    "styled page": '[data-testid="stTopNavLink"], [data-testid="stSidebar"] [data-testid="stSelectbox"]',
    "what is shown": ".st-key-strip p",
    "structure": '[data-testid="structure-view"][data-structure]',
    "heatmap": ".st-key-heatmap .js-plotly-plot .main-svg",
}
PATIENCE = 180  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("other", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ensure_library()
    checkouts = {"this": ROOT} | ({"other": options.other.resolve()} if options.other else {})
    for checkout in checkouts.values():
        if not (checkout / "static" / FILE).is_file():  # it is fetched once, over the network
            shutil.copy(ROOT / "static" / FILE, checkout / "static" / FILE)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for turn in range(options.rounds + 1):
            for name in checkouts if turn % 2 else reversed(checkouts):
                times = first_minute(checkouts[name], browser)
                if turn:
                    found[name].append(times)
        browser.close()
    for what in ("server answers", *MARKS):
        medians = {name: median(times[what] for times in found[name]) for name in checkouts}
        ratio = f"   ratio {medians['this'] / medians['other']:.2f}" if options.other else ""
        print(f"{what:<16}" + "".join(f"{medians[name]:8.2f} s" for name in checkouts) + ratio)


def first_minute(checkout: Path, browser: Browser) -> dict[str, float]:
    """Seconds of one cold start: of the server from its command, of the rest from opening the page."""
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as home:
        app = App(Path(home), checkout)
        start = time.perf_counter()
        app.start()
        try:
            times = {"server answers": time.perf_counter() - start}
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            opened = time.perf_counter()
            page.goto(app.url)
            for what, selector in MARKS.items():
                page.locator(selector).first.wait_for(timeout=PATIENCE * 1000)
                times[what] = time.perf_counter() - opened
            page.context.close()
        finally:
            app.stop()
    return times


if __name__ == "__main__":
    main()
