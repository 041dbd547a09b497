// Streamlit calls a component's function for each new state, and waits for the component's script before each call: a call with an older state may
// come after one with a newer, and may be ended although the component stays.  `order` (components.py) grows with the states of one component.

// The function of a component whose `draw` is called for newer states alone; what `draw` returns is called once the component has left the page.
function inOrder(draw) {
  const newest = new WeakMap(); // parentElement -> { order, end } of the newest state
  return (call) => {
    const { data: { order }, parentElement } = call;
    if (order >= (newest.get(parentElement)?.order ?? 0)) newest.set(parentElement, { order, end: draw(call) });
    return () => {
      if (!parentElement.isConnected) newest.get(parentElement).end?.();
    };
  };
}

