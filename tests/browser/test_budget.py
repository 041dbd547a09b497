"""What Explore shows before any click: one sentence, one heatmap, one structure, and a rail that can be taken in at once."""

import re

import pytest

from tests.browser import driving

pytestmark = pytest.mark.browser
MOST_CONTROLS = 8

# Widgets that can be used now: visible, not in a closed expander, and with something in them that is enabled.  The round
# question marks that show a help text are no controls, nor are the links to other pages.
CONTROLS = """rail => [...rail.querySelectorAll('[data-testid=stElementContainer]')]
    .filter(element => element.checkVisibility({visibilityProperty: true}) && !element.closest('details:not([open])'))
    .filter(element => [...element.querySelectorAll('input, textarea, select, button')]
        .some(control => !control.disabled && !control.closest('[data-testid=stTooltipIcon]')))
    .map(element => [...element.classList].find(name => name.startsWith('st-key-')) ?? element.innerText)"""


def controls(page) -> list[str]:
    """Their keys, once there are any and nothing more is coming: a busy connection disables all of them for a moment, and
    Streamlit fetches the code of each kind of widget when it first draws one, some later than others."""
    page.wait_for_function(
        f"""() => {{
            const rail = document.querySelector('[data-testid=stSidebar]');
            const found = rail.querySelector('[data-testid=stSkeleton]') ? '' : ({CONTROLS})(rail).join();
            globalThis.same = found && found === globalThis.found ? (globalThis.same ?? 0) + 1 : 0;
            globalThis.found = found;
            return globalThis.same > 20;
        }}""",
        polling=50,
        timeout=driving.WAIT,
    )
    page.evaluate("globalThis.same = 0")
    return page.locator('[data-testid="stSidebar"]').evaluate(CONTROLS)


def test_what_explore_shows_before_any_click(page, app):
    driving.open_page(page, app.url)
    (verdict,) = page.locator(".st-key-verdict [data-testid=stMarkdown]").all_inner_texts()
    assert len(re.findall(r"[.!?](?=\s|$)", verdict.strip())) == 1, verdict
    kinds = page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map(plot => plot._fullData.map(trace => trace.type))")
    assert sum("heatmap" in kind for kind in kinds) == 1, kinds
    assert driving.stage(page).count() == 1
    assert page.locator(f"{driving.STAGE}[data-structure]").count() == 1
    assert len(controls(page)) <= MOST_CONTROLS, controls(page)


def test_what_is_unfolded_is_counted(page, app):
    """The count sees a widget as soon as it can be used, so that it would see one too many."""
    driving.open_page(page, app.url)
    before = controls(page)
    assert {name.rsplit("-", 1)[0] for name in before} >= {"st-key-receptor", "st-key-model", "st-key-residues", "st-key-structure"}
    page.get_by_text("Advanced").click()
    driving.widget(page, "draws").wait_for(timeout=driving.WAIT)
    assert len(controls(page)) == len(before) + 4
