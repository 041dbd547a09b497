// The outline of the selected head on the Plotly heatmap, and the arrow keys that move it. The place is kept here while keys are held,
// and sent as an absolute head: no key press is lost between two runs of the page.

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
    state.timer ??= setTimeout(() => {
      state.timer = null;
      [state.sent, state.at] = [state.place, Date.now()];
      state.trigger("move", { layer: state.place[0], head: state.place[1] });
    }, PAUSE);
  };
}

const STROKES = [["#FFFFFF", 6], ["#000000", 3]]; // white around black: seen on every colour
const LOOK = 150; // ms between two looks whether the heatmap was replaced: Streamlit mounts it anew when its figure changes

// Drawn into Plotly's own picture, so that it scrolls and scales with the cells.
function outline(state) {
  const plot = document.querySelector(".st-key-heatmap .js-plotly-plot");
  const { xaxis, yaxis } = plot?._fullLayout ?? {};
  if (xaxis?._offset === undefined || yaxis?._offset === undefined) return;
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
  for (const [stroke, thickness] of STROKES) {
    const box = document.createElementNS(picture.namespaceURI, "rect");
    Object.entries({ x, y, width, height, stroke, fill: "none", "stroke-width": thickness }).forEach(([name, value]) => box.setAttribute(name, value));
    group.append(box);
  }
  picture.append(group);
}

function lookAgain(state) {
  const plot = document.querySelector(".st-key-heatmap .js-plotly-plot");
  if (plot && !plot.querySelector(".selected-head")) outline(state);
}

export default function ({ data, parentElement, setTriggerValue }) {
  let state = STATES.get(parentElement);
  if (!state) {
    state = { timer: null };
    state.listener = listener(state);
    document.addEventListener("keydown", state.listener);
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
    document.removeEventListener("keydown", state.listener);
    STATES.delete(parentElement);
  };
}
