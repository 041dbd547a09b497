// The outline of the selected cell of a Plotly heatmap, the click that selects one, and the arrow keys that move it. The place is kept
// here while keys are held, and sent as an absolute cell: no key press is lost between two runs of the page. Clicks are heard here too:
// Streamlit hears those on Plotly's markers only, and 660 invisible markers take longer to draw than the cells.

const heatmapOf = (state) => `.st-key-${state.data.plot} .js-plotly-plot`;
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
    const { rows, columns } = state.data;
    const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);
    state.place = [clamp(state.place[0] + move[0], rows), clamp(state.place[1] + move[1], columns)];
    state.timer ??= setTimeout(() => send(state), PAUSE);
  };
}

function send(state) {
  clearTimeout(state.timer);
  state.timer = null;
  [state.sent, state.at] = [state.place, Date.now()];
  state.trigger("move", { row: state.place[0], column: state.place[1] });
}

// Both axes of a heatmap that has been laid out, else none.
function axesOf(plot) {
  const { xaxis, yaxis } = plot?._fullLayout ?? {};
  return xaxis?._offset === undefined || yaxis?._offset === undefined ? [] : [xaxis, yaxis];
}

// Plotly lays a cover over the page while a button is down, so the click itself comes from elsewhere.
function pressed(state) {
  return (event) => {
    const plot = event.button === 0 ? event.target.closest?.(heatmapOf(state)) : null;
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
    const column = Math.round(xaxis.p2c(event.clientX - box.left - xaxis._offset)) - state.data.first;
    const row = Math.round(yaxis.p2c(event.clientY - box.top - yaxis._offset));
    if (row < 0 || row >= state.data.rows || column < 0 || column >= state.data.columns) return;
    state.place = [row, column];
    send(state);
  };
}

const LOOK = 150; // ms between two looks whether the heatmap was replaced: Streamlit mounts it anew when its figure changes

// Drawn into Plotly's own picture, so that it scrolls and scales with the cells.
function outline(state) {
  const plot = document.querySelector(heatmapOf(state));
  const [xaxis, yaxis] = axesOf(plot);
  if (!xaxis) return;
  if (state.plot !== plot) {
    state.plot = plot;
    plot.on("plotly_afterplot", () => outline(state)); // the window has another size, say
  }
  const { row, column, first, whole } = state.data;
  const at = column + first;
  const [top, bottom] = whole ? [-0.5, state.data.rows - 0.5] : [row - 0.5, row + 0.5];
  const x = xaxis._offset + xaxis.c2p(at - 0.5);
  const y = yaxis._offset + yaxis.c2p(top);
  const width = xaxis.c2p(at + 0.5) - xaxis.c2p(at - 0.5);
  const height = yaxis.c2p(bottom) - yaxis.c2p(top);
  const picture = plot.querySelector(".main-svg");
  picture.querySelector(".selected-cell")?.remove();
  if (column < 0) return; // nothing is selected
  const group = document.createElementNS(picture.namespaceURI, "g");
  group.setAttribute("class", "selected-cell");
  group.dataset.cell = `${row}.${column}`;
  for (const [stroke, thickness] of state.data.strokes) {
    const box = document.createElementNS(picture.namespaceURI, "rect");
    Object.entries({ x, y, width, height, stroke, fill: "none", "stroke-width": thickness }).forEach(([name, value]) => box.setAttribute(name, value));
    group.append(box);
  }
  picture.append(group);
}

function lookAgain(state) {
  const plot = document.querySelector(heatmapOf(state));
  if (plot && state.data.column >= 0 && !plot.querySelector(".selected-cell")) outline(state);
}

export default inOrder(({ data, parentElement, setTriggerValue }) => {
  let state = STATES.get(parentElement);
  if (!state) {
    state = { timer: null };
    state.listeners = { keydown: listener(state), pointerdown: pressed(state), pointerup: released(state) };
    Object.entries(state.listeners).forEach(([name, hear]) => document.addEventListener(name, hear, true));
    state.looks = setInterval(() => lookAgain(state), LOOK);
    STATES.set(parentElement, state);
  }
  state.data = data;
  state.trigger = setTriggerValue;
  outline(state);
  // What the page showed before the last message arrived is no news.
  const answered = !state.sent || (state.sent[0] === data.row && state.sent[1] === data.column) || Date.now() - state.at > PATIENCE;
  if (answered) state.sent = null;
  if (state.timer === null && answered) state.place = [data.row, data.column];
  return () => {
    clearTimeout(state.timer);
    clearInterval(state.looks);
    Object.entries(state.listeners).forEach(([name, hear]) => document.removeEventListener(name, hear, true));
    STATES.delete(parentElement);
  };
});
