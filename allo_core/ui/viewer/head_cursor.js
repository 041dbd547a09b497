// The outline of the selected head on the Plotly heatmap, the click that selects one, and the arrow keys that move it. The place is kept
// here while keys are held, and sent as an absolute head: no key press is lost between two runs of the page. Clicks are heard here too:
// Streamlit hears those on Plotly's markers only, and 660 invisible markers take longer to draw than the cells.

const HEATMAP = ".st-key-heatmap .js-plotly-plot";
const CLICK_TOLERANCE = 4; // px
const PAUSE = 90; // ms between two messages
const PATIENCE = 2000; // ms for the page to answer
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
// Where arrow keys already mean something.
const TAKEN = "input, textarea, select, [contenteditable=true], [role=slider], [role=listbox], [role=combobox], [role=option], [role=tab], [role=grid], [role=radio], [role=dialog]";

const STATES = new WeakMap();

function listener(state) {
  return (event) => {
    const move = MOVES[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.composedPath().some((element) => element.matches?.(TAKEN))) return;
    event.preventDefault();
    const { layers, heads } = state.data;
    const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);
    state.place = [clamp(state.place[0] + move[0], layers), clamp(state.place[1] + move[1], heads)];
    state.timer ??= setTimeout(() => send(state), PAUSE);
  };
}

function send(state) {
  clearTimeout(state.timer);
  state.timer = null;
  [state.sent, state.at] = [state.place, Date.now()];
  state.trigger("move", { layer: state.place[0], head: state.place[1] });
}

// Both axes of a heatmap that has been laid out, else none.
function axesOf(plot) {
  const { xaxis, yaxis } = plot?._fullLayout ?? {};
  return xaxis?._offset === undefined || yaxis?._offset === undefined ? [] : [xaxis, yaxis];
}

// Plotly lays a cover over the page while a button is down, so the click itself comes from elsewhere.
function pressed(state) {
  return (event) => {
    const plot = event.button === 0 ? event.target.closest?.(HEATMAP) : null;
    state.press = plot && { plot, at: [event.clientX, event.clientY] };
  };
}

function released(state) {
  return (event) => {
    const { plot, at } = state.press ?? {};
    state.press = null;
    if (!plot || Math.hypot(event.clientX - at[0], event.clientY - at[1]) > CLICK_TOLERANCE) return;
    const [xaxis, yaxis] = axesOf(plot);
    if (!xaxis) return;
    const box = plot.getBoundingClientRect();
    const head = Math.round(xaxis.p2c(event.clientX - box.left - xaxis._offset));
    const layer = Math.round(yaxis.p2c(event.clientY - box.top - yaxis._offset));
    if (layer < 0 || layer >= state.data.layers || head < 0 || head >= state.data.heads) return;
    state.place = [layer, head];
    send(state);
  };
}

const LOOK = 150; // ms between two looks whether the heatmap was replaced: Streamlit mounts it anew when its figure changes

// Drawn into Plotly's own picture, so that it scrolls and scales with the cells.
function outline(state) {
  const plot = document.querySelector(HEATMAP);
  const [xaxis, yaxis] = axesOf(plot);
  if (!xaxis) return;
  if (state.plot !== plot) {
    state.plot = plot;
    plot.on("plotly_afterplot", () => outline(state)); // the window has another size, say
  }
  const { layer, head } = state.data;
  const x = xaxis._offset + xaxis.c2p(head - 0.5);
  const y = yaxis._offset + yaxis.c2p(layer - 0.5);
  const width = xaxis.c2p(head + 0.5) - xaxis.c2p(head - 0.5);
  const height = yaxis.c2p(layer + 0.5) - yaxis.c2p(layer - 0.5);
  const picture = plot.querySelector(".main-svg");
  picture.querySelector(".selected-head")?.remove();
  const group = document.createElementNS(picture.namespaceURI, "g");
  group.setAttribute("class", "selected-head");
  group.dataset.head = `${layer}.${head}`;
  for (const [stroke, thickness] of state.data.strokes) {
    const box = document.createElementNS(picture.namespaceURI, "rect");
    Object.entries({ x, y, width, height, stroke, fill: "none", "stroke-width": thickness }).forEach(([name, value]) => box.setAttribute(name, value));
    group.append(box);
  }
  picture.append(group);
}

function lookAgain(state) {
  const plot = document.querySelector(HEATMAP);
  if (plot && !plot.querySelector(".selected-head")) outline(state);
}

// Back and Forward: Streamlit changes the address alone, and the address holds the whole state.
const reopen = () => location.reload();

export default inOrder(({ data, parentElement, setTriggerValue }) => {
  let state = STATES.get(parentElement);
  if (!state) {
    state = { timer: null };
    state.listeners = { keydown: listener(state), pointerdown: pressed(state), pointerup: released(state) };
    Object.entries(state.listeners).forEach(([name, hear]) => document.addEventListener(name, hear, true));
    addEventListener("popstate", reopen);
    state.looks = setInterval(() => lookAgain(state), LOOK);
    STATES.set(parentElement, state);
  }
  state.data = data;
  state.trigger = setTriggerValue;
  outline(state);
  // What the page showed before the last message arrived is no news.
  const answered = !state.sent || (state.sent[0] === data.layer && state.sent[1] === data.head) || Date.now() - state.at > PATIENCE;
  if (answered) state.sent = null;
  if (state.timer === null && answered) state.place = [data.layer, data.head];
  return () => {
    clearTimeout(state.timer);
    clearInterval(state.looks);
    Object.entries(state.listeners).forEach(([name, hear]) => document.removeEventListener(name, hear, true));
    removeEventListener("popstate", reopen);
    STATES.delete(parentElement);
  };
});
