"""Components where Streamlit calls them out of order."""

import pytest

from allo_core.ui.shared.components import component_file, component_script
from tests.browser.conftest import new_page

pytestmark = pytest.mark.browser

# Mounts a component as Streamlit does, in a shadow root, and calls it with states in the order in which they are given.
MOUNT = """async ([html, script]) => {
  const host = document.body.appendChild(document.createElement("div"));
  globalThis.root = host.attachShadow({ mode: "open" });
  root.innerHTML = html;
  const { default: component } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  globalThis.ends = [];
  globalThis.call = (data) => ends.push(component({ data, parentElement: root, setTriggerValue: () => {} }));
}"""


@pytest.fixture
def bare(chromium):
    page = new_page(chromium)
    yield page
    page.context.close()


def state(order: int, title: str) -> dict:
    """A state of the 3D view where 3Dmol.js is missing: it writes its title and what is wrong."""
    return {"order": order, "title": title, "library": "", "problem": f"problem of {title}", "structure": "s", "height": 300, "group": ""}


def title(page) -> str:
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
    return page.evaluate("root.querySelector('.title').textContent")


def test_an_older_state_that_comes_late_is_not_drawn(bare):
    bare.evaluate(MOUNT, [component_file("viewer.html"), component_script("picture.js", "viewer.js")])
    bare.evaluate("(state) => call(state)", state(2, "newer"))
    bare.evaluate("(state) => call(state)", state(1, "older"))
    assert title(bare) == "newer"
    bare.evaluate("(state) => call(state)", state(3, "newest"))
    assert title(bare) == "newest"


def test_the_end_of_a_call_that_was_overtaken_leaves_the_component(bare):
    bare.evaluate(MOUNT, [component_file("snake.html"), component_script("picture.js", "snake.js")])
    bare.evaluate("(state) => call(state)", state(1, "first"))
    bare.evaluate("ends[0]()")  # as Streamlit does where the next state came before the script was there
    bare.evaluate("(state) => call(state)", state(2, "second"))
    presses = """() => {
      let presses = 0;
      root.querySelector(".box").requestFullscreen = () => { presses += 1; };
      root.querySelector(".full").click();
      return presses;
    }"""
    assert bare.evaluate(presses) == 1  # set up once: a click is heard once
    bare.evaluate("root.host.remove(); ends[1]()")
    bare.evaluate("(state) => call(state)", state(3, "third"))
    assert bare.evaluate(presses) == 2  # what has left the page was ended, so it was set up anew
