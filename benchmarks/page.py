"""What a person waits for on the page, what goes over the wire, and what ten open tabs hold.

    python benchmarks/page.py

A stored run of ESM-2 650M's shape (33 layers, 20 heads, random weights) on AA2AR; the page in Chromium at 1440 x 900 with WebGL in
software, so that browser and server share the processor.  Times run from the release of the mouse button until the browser has drawn the
first frame in which the picture is another: the image of the heatmap's cells, or the colours of the residues that 3Dmol has drawn.  Every
residue, cell and threshold is new, so no score of it is in a cache.  Bytes are those of all websocket messages, both ways, until the page
rests; uncompressed, as Streamlit sends them.  Memory is proportional (PSS, Linux): pages that processes share count once.

Needs what the browser tests need (playwright, Chromium), 8 GB of memory and 6 GB of disk; takes some minutes.
"""

import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from _measure import Memory, in_fresh_process, maps_library, memory_of, with_children
from playwright.sync_api import sync_playwright

from allo_core.fetch.three_d_mol import ensure_library
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import get_spec
from tests.browser import driving
from tests.browser.conftest import FLAGS, App, new_page

MODEL = "esm2_t33_650M_UR50D"
SHARPNESS = 2.2  # factor on q and k weights: 5 % of the entries exceed 0.01, as in the trained model (3 to 6 %)
RECEPTOR = "AA2AR"
THRESHOLD = 0.05  # random weights are less sharp than trained ones: here every head has arcs
TIMES = 20
TABS = 10
LOCAL = Path(__file__).resolve().parent


class Wait(NamedTuple):
    """Milliseconds from the release of the mouse button to each step, and bytes of the websocket.

    Parameters
    ----------
    sent, answered, changed, shown, rested : float
        First message to the server, last message before the change, the change, its frame handed over, last message.
    bytes, largest : int
        Of all messages, and of the largest.
    """

    sent: float
    answered: float
    changed: float
    shown: float
    rested: float
    bytes: int
    largest: int


def main() -> None:
    ensure_library()
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        weights, home = Path(folder, "weights"), Path(folder, "home")
        weights.mkdir()
        home.mkdir()
        os.environ |= {"ALLOSCOPE_WEIGHTS": str(weights), "ALLOSCOPE_HOME": str(home)}
        run = in_fresh_process(__file__, "run")
        rows = [(f"share of entries above 0.01, L = {run['length']}", f"{run['share']:.1%}", "3 to 6 %")]
        rows += measure(home)
    width = max(len(row[0]) for row in rows)
    for what, value, limit in rows:
        print(f"{what:<{width}}  {value:<34} {limit}")


def make_run() -> dict:
    """Random weights in an official file, and the run that is made with them."""
    from allo_core.models.language_model import load_model
    from allo_core.runs.extract import extract_attention
    from tests.models.tiny import fair_esm_model, save_fair_esm

    save_fair_esm(fair_esm_model(get_spec(MODEL), seed=0, sharpness=SHARPNESS), Path(os.environ["ALLOSCOPE_WEIGHTS"], f"{MODEL}.pt"))
    maps = extract_attention(load_model(MODEL, "cpu", "float32"), find_receptor(RECEPTOR).protein)
    return {"length": maps.shape[-1], "share": float(maps.columns(0.01).arcs.sum() / np.prod(maps.shape, dtype=float))}


def measure(home: Path) -> list[tuple[str, str, str]]:
    """Every row of the table but the first."""
    path = os.environ.get("ALLOSCOPE_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        rows = []
        for job in (waits, tabs):
            app = App(home)
            app.start()
            rows += job(chromium, app)
            app.stop()
        chromium.close()
    return rows


# --- what a person waits for ---------------------------------------------------------------------------------------------------


def waits(chromium, app: App) -> list[tuple[str, str, str]]:
    rows = []
    for what, picture, clicks in (
        ("residue click to recoloured heatmap", "heatmap", residues),
        ("cell click to recoloured structure", "structure", cells),
        ("threshold to heatmap", "heatmap", thresholds),
    ):
        page = opened(chromium, app)
        rows += table(what, [timed(page, picture, click) for click in clicks(page)])
        page.context.close()
    return rows


def opened(chromium, app: App, query: str = f"&threshold={THRESHOLD}"):
    """A page of its own on the stored run, with the stopwatch inside."""
    page = new_page(chromium)
    page.add_init_script(path=LOCAL / "_page.js")
    driving.open_page(page, f"{app.url}/?protein={RECEPTOR}&model={MODEL}{query}")
    return page


def timed(page, picture: str, click: Callable[[], object]) -> Wait:
    """One click, until the picture is another and the page rests."""
    driving.stage(page).evaluate("(stage, picture) => stopwatch.arm(stage, picture)", picture)
    click()
    page.wait_for_function("stopwatch.done()", polling=50)
    driving.rest(page)
    return Wait(**page.evaluate("stopwatch.report()"))


def residues(page) -> Iterable[Callable[[], object]]:
    """Clicks on unmarked residues of the structure; each gives the set another size."""
    protein = find_receptor(RECEPTOR).protein
    order = [protein.number(int(index)) for index in np.random.default_rng(0).permutation(len(protein))]
    for _ in range(TIMES):
        left = [number for number in order if number not in driving.marked(page)]
        yield lambda left=left: driving.click_residue(page, left)


def cells(page) -> Iterable[Callable[[], object]]:
    """Clicks on cells of the heatmap, each in another layer as long as there are some."""
    spec = get_spec(MODEL)
    generator = np.random.default_rng(0)
    for layer in generator.permutation(spec.layers)[:TIMES]:
        head = int(generator.integers(spec.heads))
        yield lambda layer=int(layer), head=head: driving.click_head(page, layer, head)


def thresholds(page) -> Iterable[Callable[[], object]]:
    """Clicks on the bar of the slider, at its left and right in turn: a click on the thumb itself moves nothing."""
    steps = 0.07 + 0.03 * np.arange(TIMES).reshape(2, -1)[::-1]  # from 0.05, the right half is far
    for value in steps.T.ravel():
        yield lambda value=float(value): driving.click_threshold(page, value)


def table(what: str, measured: list[Wait]) -> list[tuple[str, str, str]]:
    def of(name: str) -> str:
        values = [getattr(wait, name) for wait in measured]
        return f"{median(values):.0f}, {max(values):.0f} ms"

    parts = [
        ("click to the first message to the server", [wait.sent for wait in measured]),
        ("from there to the last answer before the change", [wait.answered - wait.sent for wait in measured]),
        ("from there until it is drawn", [wait.shown - wait.answered for wait in measured]),
    ]
    sizes = [wait.bytes / 1e3 for wait in measured]
    return [
        (f"{what}: median, worst of {len(measured)}", of("shown"), "< 500 ms"),
        *((f"    {name}", f"{median(values):.0f}, {max(values):.0f} ms", "") for name, values in parts),
        ("    click to the end of the rerun", of("rested"), ""),
        ("    websocket, both ways: median, worst", f"{median(sizes):.0f}, {max(sizes):.0f} kB", "< 200 kB"),
        ("    largest message", f"{max(wait.largest for wait in measured) / 1e3:.0f} kB", ""),
    ]


# --- what open tabs hold -------------------------------------------------------------------------------------------------------


def tabs(chromium, app: App) -> list[tuple[str, str, str]]:
    """Tabs in sessions of their own, each with other residues and another threshold, so that what the server keeps differs."""
    server = app.process.pid
    rows = [megabytes("server before the first tab", server)]
    generator, length = np.random.default_rng(0), len(find_receptor(RECEPTOR).protein)
    pages = []
    for tab in range(TABS):
        marked = ",".join(str(number) for number in sorted(generator.choice(length, 16, replace=False) + 1))
        pages.append(opened(chromium, app, f"&sites={marked}&threshold={THRESHOLD + 0.01 * tab:.2f}"))
        if tab == 0:
            rows.append(megabytes("server with one idle tab", server))
    for page in pages:
        driving.rest(page)
    rows.append(megabytes(f"server with {TABS} idle tabs", server, "< 1500 MB"))
    rows.append(("    torch is loaded", "yes" if maps_library(server, "libtorch") else "no", ""))
    pages[0].goto(f"{app.url}/?protein=ADRB2&threshold=0.1")  # AntiBERTy runs by itself
    driving.wait_for_result(pages[0])
    assert maps_library(server, "libtorch")
    rows.append(megabytes(f"server with {TABS} idle tabs, AntiBERTy loaded", server, "< 1500 MB"))
    alone = Memory(*in_fresh_process(__file__, "torch"))
    rows.append(("    a process that imports torch and transformers only", shown(alone), ""))
    rows.append((f"Chromium with {TABS} tabs", shown(memory_of(browser_processes())), ""))
    for page in pages:
        page.context.close()
    return rows


def megabytes(what: str, server: int, limit: str = "") -> tuple[str, str, str]:
    return what, shown(memory_of(with_children(server))), limit


def shown(memory: Memory) -> str:
    return f"{memory.proportional:.0f} MB (RSS {memory.resident:.0f})"


def browser_processes() -> list[int]:
    """Descendants of this process that are Chromium's; the server and Playwright's driver are not."""
    names = {pid: Path(f"/proc/{pid}/comm") for pid in with_children(os.getpid())}
    return [pid for pid, name in names.items() if name.is_file() and name.read_text(encoding="utf-8").startswith("chrom")]


def import_torch() -> Memory:
    """What the two libraries hold as soon as they are imported."""
    for library in ("torch", "transformers"):
        importlib.import_module(library)
    return memory_of([os.getpid()])


JOBS = {"run": make_run, "torch": import_torch}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(json.dumps(JOBS[sys.argv[1]]()))
