"""How the tests drive the page: wait for pictures, click heads and residues."""

import json
from collections import Counter
from pathlib import Path

from playwright.sync_api import TimeoutError

from allo_core.models.registry import DEFAULT_MODEL, get_spec

__all__ = [
    "DEFAULT",
    "chips",
    "click_head",
    "click_residue",
    "click_threshold",
    "colours_on_screen",
    "heatmap_values",
    "kept_runs",
    "open_page",
    "stage",
    "view_of",
    "wait_for_result",
]

STAGE = '[data-testid="structure-view"]'
DEFAULT = get_spec(DEFAULT_MODEL)
WAIT = 90_000  # ms; the first run imports torch on a busy machine


def kept_runs(home: Path) -> Counter:
    """How many runs of each kind lie in a cache folder, each with its description; anything else there is counted as "foreign"."""
    found = Counter()
    for folder in (home / "runs").iterdir():
        try:
            meta = json.loads((folder / "meta.json").read_text())
        except OSError:
            found["foreign"] += 1
            continue
        found[meta["meta"].get("kind", "attention")] += 1
    return found


def open_page(page, url: str) -> None:
    page.goto(url)
    wait_for_result(page)


def wait_for_result(page) -> None:
    """Until heatmap and structure are drawn and Streamlit rests."""
    # The last: while Streamlit draws anew, the old picture may still stand beside the new one.
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=WAIT)
    page.locator(f"{STAGE}[data-structure]").wait_for(timeout=WAIT)
    rest(page)


def rest(page) -> None:
    """Until Streamlit is not running and has been still for a moment."""
    page.wait_for_function(
        """() => {
            const busy = document.querySelector('[data-testid="stApp"]').dataset.testScriptState !== 'notRunning';
            globalThis.still = busy ? 0 : (globalThis.still ?? 0) + 1;
            return globalThis.still > 10;
        }""",
        polling=50,
        timeout=WAIT,
    )
    page.evaluate("globalThis.still = 0")


def stage(page):
    return page.locator(STAGE)


def view_of(page) -> list[float]:
    """The camera, as 3Dmol gives it."""
    return stage(page).evaluate("element => element.viewer.getView()")


def colours_on_screen(page) -> dict[int, str]:
    """Cartoon colour of each residue that 3Dmol has drawn."""
    return stage(page).evaluate(
        """element => Object.fromEntries(element.viewer.selectedAtoms({chain: 'R', atom: 'CA'})
            .map(atom => [atom.resi, atom.style.cartoon.colorfunc(atom)]))"""
    )


def heatmap_values(page) -> list:
    """z values of the coloured heatmap."""
    text = page.locator(".st-key-heatmap .js-plotly-plot").evaluate(
        "plot => JSON.stringify(plot._fullData.filter(trace => trace.type === 'heatmap')[1].z.map(row => Array.from(row)))"
    )
    return json.loads(text)


def click_head(page, layer: int, head: int) -> None:
    """Click a cell of the heatmap, off its centre; it is scrolled to where nothing lies over it."""
    page.locator(".st-key-heatmap .js-plotly-plot").evaluate(
        "plot => plot.getBoundingClientRect().top < 60 && plot.scrollIntoView({block: 'center'})"
    )
    x, y = page.locator(".st-key-heatmap .js-plotly-plot").evaluate(
        """(plot, [layer, head]) => {
            const {xaxis, yaxis} = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.c2p(head + 0.2), box.top + yaxis._offset + yaxis.c2p(layer + 0.2)];
        }""",
        [layer, head],
    )
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y)
    page.wait_for_timeout(150)
    page.mouse.click(x, y)


def click_threshold(page, value: float) -> None:
    """Click the bar of the threshold's slider at this value; where a step is narrower than a pixel it may be the one beside it."""
    x, y = (
        widget(page, "threshold")
        .get_by_role("slider")
        .evaluate(
            """(slider, value) => {
                const bar = slider.closest('[role=group]').firstElementChild.getBoundingClientRect();
                return [bar.left + bar.width * value * 100 / Number(slider.max), bar.top + bar.height / 2];
            }""",
            value,
        )
    )
    page.mouse.click(x, y)


def visible_residue(page, numbers: list[int], place: str = STAGE) -> tuple[int, float, float]:
    """One of the residues, and a pixel around which nothing but this residue is hit."""
    found = page.locator(place).evaluate(
        """(element, numbers) => {
            const viewer = element.viewer, box = element.getBoundingClientRect();
            const hit = (x, y) => {
                const place = [(x - box.left) / box.width * 2 - 1, 1 - (y - box.top) / box.height * 2];
                const hits = viewer.targetedObjects(...place, {clickable: true});
                return hits.length && hits[0].clickable.chain === 'R' ? hits[0].clickable.resi : null;
            };
            for (const number of numbers) {
                for (const atom of viewer.selectedAtoms({chain: 'R', resi: number})) {
                    const {x, y} = viewer.modelToScreen(atom);
                    const [left, top] = [x - scrollX, y - scrollY];
                    const cross = [[0, 0], [2, 0], [-2, 0], [0, 2], [0, -2]];
                    if (cross.every(([dx, dy]) => hit(left + dx, top + dy) === number)) return [number, left, top];
                }
            }
            return null;
        }""",
        numbers,
    )
    assert found, f"none of the residues {numbers} is visible"
    return tuple(found)


def click_residue(page, numbers: list[int], place: str = STAGE) -> int:
    """Click the first residue of the list that is visible in the 3D view at ``place``; its number."""
    number, x, y = visible_residue(page, numbers, place)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()
    return number


def widget(page, name: str):
    """A widget that shows a part of the view; its key has a number behind the name (allo_core/ui/shared/mirror.py)."""
    return page.locator(f"[class*='st-key-{name}-']")


def wait_for_head(page, layer: int, head: int) -> None:
    """Until this head is selected; else says which one is."""
    try:
        page.get_by_role("heading", name=f"Layer {layer}, head {head}", exact=True).first.wait_for(timeout=WAIT)
    except TimeoutError:
        raise AssertionError(f"{page.locator('.title').inner_text()}, not layer {layer}, head {head}") from None


def marked(page, name: str = "A") -> set[int]:
    """UniProt numbers of a set, as the 3D view draws them."""
    text = stage(page).get_attribute(f"data-marked-{name.lower()}")
    return {int(number) for number in text.split(",") if number}


def mark_set(page, name: str) -> None:
    """Choose the set that is marked next."""
    widget(page, "marking").get_by_role("radio", name=f"Set {name}").click()
    rest(page)


def open_tab(page, name: str) -> None:
    """Open a tab below the pictures."""
    page.get_by_role("tab", name=name, exact=True).click()
    rest(page)


def chips(page) -> list[str]:
    """Texts of the chips of the set that is marked, unfolded or not."""
    return page.locator("[class*=st-key-chips] button, [class*=st-key-more_chips] button").all_inner_texts()


def wait_for_another_structure(page, shown: str) -> None:
    """Until the 3D view shows another structure than ``shown``."""
    page.locator(f"{STAGE}[data-structure]:not([data-structure='{shown}'])").wait_for(timeout=WAIT)
    rest(page)


def choose(page, label: str, option: str) -> None:
    """Choose an option of a select box by typing a part of it, as a person does."""
    rest(page)
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option).first.click()


def write(page, label: str, text: str) -> None:
    """Write into a text area and apply it."""
    rest(page)
    box = page.get_by_role("textbox", name=label)
    box.fill(text)
    box.press("Control+Enter")


def paste_sequence(page, text: str, answer: str) -> None:
    """Paste a sequence and use it, until the page shows ``answer``; a click that came while the page was drawn anew is given again."""
    box = page.get_by_role("textbox", name="Sequence or FASTA")
    if not box.is_visible():
        page.get_by_text("Paste, upload or fetch a sequence").click()
    rest(page)
    for attempt in range(3):
        box.fill(text)
        box.press("Tab")
        rest(page)
        page.get_by_role("button", name="Use this sequence").click()
        try:
            page.get_by_text(answer).first.wait_for(timeout=WAIT if attempt == 2 else WAIT / 3)
            return
        except TimeoutError:
            if attempt == 2:
                raise


def labels(page) -> list[str]:
    """Names of residues written on the structure."""
    return page.locator(".labels .residue").all_inner_texts()
