// A component's function is called for each new state that Python sends.  Streamlit waits for the component's script before each call, so that a
// call with an older state may come after one with a newer, and may be ended although the component stays.  `order` (components.py) grows with
// the states of one component.

const NEWEST = new WeakMap(); // parentElement -> order of the newest state

// Whether a newer state is on the page already.
function isOvertaken(parentElement, { order }) {
  if (order < (NEWEST.get(parentElement) ?? 0)) return true;
  NEWEST.set(parentElement, order);
  return false;
}

// What a component's function returns: `end` is called once the component has left the page.
function onceGone(parentElement, end) {
  return () => {
    if (!parentElement.isConnected) end();
  };
}

