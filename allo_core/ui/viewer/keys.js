// Arrow keys move the selected head. The place is kept here while keys are held, and sent as an absolute head: no key press is lost
// between two runs of the page.

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

export default function ({ data, parentElement, setTriggerValue }) {
  let state = STATES.get(parentElement);
  if (!state) {
    state = { timer: null };
    state.listener = listener(state);
    document.addEventListener("keydown", state.listener);
    STATES.set(parentElement, state);
  }
  state.data = data;
  state.trigger = setTriggerValue;
  // What the page showed before the last message arrived is no news.
  const answered = !state.sent || (state.sent[0] === data.layer && state.sent[1] === data.head) || Date.now() - state.at > PATIENCE;
  if (answered) state.sent = null;
  if (state.timer === null && answered) state.place = [data.layer, data.head];
  return () => {
    clearTimeout(state.timer);
    document.removeEventListener("keydown", state.listener);
    STATES.delete(parentElement);
  };
}
