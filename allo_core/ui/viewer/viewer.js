// The 3D view. Python decides what is shown (colours, marks, labels); here it is drawn, and clicks go back as UniProt numbers.
// The receptor is chain R and its residue numbers are UniProt numbers, so nothing is mapped here.

const VIEWS = new WeakMap(); // parentElement -> view; survives reruns of the page, and the camera with it
const CLICK_TOLERANCE = 3; // px between pointer down and up that still is a click
const PROBES = [[0, 0], [2, 0], [-2, 0], [0, 2], [0, -2]];
const WAIT_FOR_STRUCTURE = 15000; // ms

let library = null;

function loadLibrary(url) {
  library ??= import(new URL(url, document.baseURI).href);
  return library;
}

function structureText(id) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const text = globalThis.alloscopeStructures?.get(id);
      if (text === undefined) return;
      clearTimeout(timer);
      globalThis.removeEventListener("alloscope-structure", look);
      resolve(text);
    };
    const timer = setTimeout(() => reject(new Error("the structure did not arrive; reload the page")), WAIT_FOR_STRUCTURE);
    globalThis.addEventListener("alloscope-structure", look);
    look();
  });
}

function upright(view) {
  view.viewer.setView([0, 0, 0, 0, 0, 0, 0, 1]);
  view.viewer.zoomTo({ chain: "R" });
  view.viewer.zoom(1.1);
  view.viewer.render();
}

function atomAt(view, x, y) {
  const box = view.stage.getBoundingClientRect();
  for (const [dx, dy] of PROBES) {
    const right = ((x + dx - box.left) / box.width) * 2 - 1;
    const up = 1 - ((y + dy - box.top) / box.height) * 2;
    const hits = view.viewer.targetedObjects(right, up, { clickable: true });
    if (hits.length) return hits[0].clickable;
  }
  return null;
}

function describe(view, atom) {
  const { first, labels, values, valueName, chains } = view.data;
  if (atom.chain === "R" && labels[atom.resi - first] !== undefined) {
    const value = values?.[atom.resi - first];
    return labels[atom.resi - first] + (value ? `\n${valueName}: ${value}` : "");
  }
  const chain = chains[atom.chain];
  return chain && !atom.hetflag ? `${chain}\n${atom.resn} ${atom.resi}` : `${atom.resn} ${atom.resi}`;
}

function hover(view, event) {
  if (!view.viewer || event.buttons) return hideTip(view);
  const atom = atomAt(view, event.clientX, event.clientY);
  view.stage.classList.toggle("over", Boolean(atom && atom.chain === "R"));
  if (!atom) return hideTip(view);
  const box = view.stage.getBoundingClientRect();
  view.tip.textContent = describe(view, atom);
  view.tip.hidden = false;
  const left = Math.min(event.clientX - box.left + 14, box.width - view.tip.offsetWidth - 4);
  const top = Math.min(event.clientY - box.top + 14, box.height - view.tip.offsetHeight - 4);
  view.tip.style.left = `${Math.max(left, 0)}px`;
  view.tip.style.top = `${Math.max(top, 0)}px`;
}

function hideTip(view) {
  view.tip.hidden = true;
  view.stage.classList.remove("over");
}

function listen(view) {
  let down = null;
  let pending = null;
  view.stage.addEventListener("pointerdown", (event) => {
    down = event.button === 0 ? [event.clientX, event.clientY] : null;
    hideTip(view);
  }, true);
  view.stage.addEventListener("pointerup", (event) => {
    if (!down || !view.viewer) return;
    const moved = Math.max(Math.abs(event.clientX - down[0]), Math.abs(event.clientY - down[1]));
    down = null;
    if (moved > CLICK_TOLERANCE) return;
    const atom = atomAt(view, event.clientX, event.clientY);
    if (atom && atom.chain === "R") view.trigger("pick", { number: atom.resi, structure: view.shown, time: Date.now() });
  }, true);
  view.stage.addEventListener("pointermove", (event) => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => hover(view, event));
  });
  view.stage.addEventListener("pointerleave", () => {
    cancelAnimationFrame(pending);
    hideTip(view);
  });
  view.root.querySelector(".reset").addEventListener("click", () => view.viewer && upright(view));
}

function paint(view) {
  const { viewer, data } = view;
  const colour = (atom) => data.colours[atom.resi - data.first] ?? data.plain;
  const background = getComputedStyle(view.root).getPropertyValue("--st-background-color").trim() || "white";
  viewer.setBackgroundColor(background, 0);
  viewer.setStyle({}, {});
  viewer.setStyle({ chain: "R" }, { cartoon: { colorfunc: colour, thickness: 0.5 } });
  viewer.setStyle({ not: { chain: "R" }, hetflag: false }, { cartoon: { color: data.partner, opacity: 0.75 } });
  viewer.setStyle({ resn: data.ligands }, { stick: { radius: 0.32, colorscheme: { prop: "elem", map: data.elements } } });
  viewer.setStyle({ resn: data.lipids }, { stick: { radius: 0.12, colorscheme: { prop: "elem", map: data.elements } } });
  viewer.setStyle({ resn: data.ions }, { sphere: { scale: 0.6, colorscheme: { prop: "elem", map: data.elements } } });
  if (data.marked.length) {
    viewer.addStyle({ chain: "R", resi: data.marked }, { stick: { radius: 0.22, color: data.mark } });
    viewer.addStyle({ chain: "R", resi: data.marked, atom: "CA" }, { sphere: { radius: 1.5, color: data.mark } });
  }
  viewer.render();
  view.stage.dataset.paints = Number(view.stage.dataset.paints ?? 0) + 1;
  view.stage.dataset.marked = data.marked.join(",");
  view.stage.dataset.colouring = data.colouring;
}

function writeLegend(view) {
  const { legend } = view.data;
  const box = view.root.querySelector(".legend");
  box.hidden = !legend;
  if (!legend) return;
  box.querySelector(".legend-title").textContent = legend.title;
  box.querySelector(".legend-low").textContent = legend.low;
  box.querySelector(".legend-high").textContent = legend.high;
  box.querySelector(".legend-bar").style.background = `linear-gradient(to right, ${legend.colours.join(",")})`;
}

function say(view, problem) {
  const line = view.root.querySelector(".problem");
  line.textContent = problem;
  line.hidden = !problem;
}

async function update(view) {
  const { data } = view;
  view.root.style.height = `${data.height}px`;
  if (!data.library) {
    say(view, data.problem);
    return;
  }
  if (!view.viewer) {
    const { createViewer } = await loadLibrary(data.library);
    view.viewer = createViewer(view.stage, { backgroundColor: "white", backgroundAlpha: 0, disableFog: true, antialias: true });
    if (!view.viewer) throw new Error("this browser offers no WebGL, which the 3D view needs");
    view.stage.viewer = view.viewer;
  }
  if (view.shown !== data.structure) {
    view.viewer.removeAllModels();
    view.shown = null;
    if (data.structure) {
      view.viewer.addModel(await structureText(data.structure), "pdb");
      view.viewer.setClickable({}, true, () => {});
      paint(view);
      upright(view);
      view.shown = data.structure;
      view.stage.dataset.structure = data.structure;
    }
  }
  say(view, data.problem);
  writeLegend(view);
  paint(view);
}

function mount(root) {
  const box = root.querySelector(".box");
  const view = { root: box, stage: box.querySelector(".stage"), tip: box.querySelector(".tip"), viewer: null, shown: null, queue: Promise.resolve() };
  view.resized = new ResizeObserver(() => view.viewer?.resize());
  view.resized.observe(view.stage);
  listen(view);
  return view;
}

function release(view) {
  view.resized.disconnect();
  const canvas = view.stage.querySelector("canvas");
  const context = canvas?.getContext("webgl2") ?? canvas?.getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
}

export default function ({ data, parentElement, setTriggerValue }) {
  let view = VIEWS.get(parentElement);
  if (!view) {
    view = mount(parentElement);
    VIEWS.set(parentElement, view);
  }
  view.data = data;
  view.trigger = setTriggerValue;
  view.queue = view.queue.then(() => update(view)).catch((error) => {
    say(view, `The 3D view failed: ${error.message}`);
    view.stage.dataset.error = String(error);
  });
  return () => {
    release(view);
    VIEWS.delete(parentElement);
  };
}
