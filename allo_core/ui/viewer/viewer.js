// The 3D view. Python decides what is shown (colours, sets, pairs, labels); here it is drawn, and clicks go back as UniProt numbers.
// The residue numbers of the receptor are UniProt numbers, so nothing is mapped here.

const VIEWS = new WeakMap(); // parentElement -> view; survives reruns of the page, and the camera with it
const LIVE = new Set(); // views on the page, for those that turn together
const CLICK_TOLERANCE = 3; // px between pointer down and up that still is a click
const PROBES = [[0, 0], [2, 0], [-2, 0], [0, 2], [0, -2]];
const WAIT_FOR_STRUCTURE = 15000; // ms
const FILLED = 0.94; // share of the picture that a receptor may take
const BACKBONE = ["N", "CA", "C"];
const SIDE_GAP = 4; // Å between the receptor and the names of the two sides of the membrane
const SHIFTS = [0, -0.9, 0.9, -1.8, 1.8]; // label heights by which a label may move out of another's way

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
  view.viewer.zoomTo(wellKnown(view.data));
  view.viewer.zoom(1.05);
  makeFit(view);
  view.viewer.render();
}

// zoomTo centres on the mean of the atoms, so that a long receptor may reach out of the picture at one end.
function makeFit(view) {
  const { viewer, stage } = view;
  const atoms = viewer.selectedAtoms({ ...wellKnown(view.data), atom: "CA" });
  if (!atoms.length) return;
  const places = atoms.map(({ x, y, z }) => ({ x, y, z }));
  const box = stage.getBoundingClientRect();
  const [left, top] = [box.left + scrollX, box.top + scrollY];
  const extent = (values) => [Math.min(...values), Math.max(...values)];
  const reach = () => {
    const spots = viewer.modelToScreen(places);
    const [[west, east], [north, south]] = [extent(spots.map(({ x }) => x - left)), extent(spots.map(({ y }) => y - top))];
    return { inside: west >= 0 && north >= 0 && east <= box.width && south <= box.height, size: [east - west, south - north] };
  };
  if (reach().inside) return;
  const middle = ["x", "y", "z"].map((axis) => extent(places.map((place) => place[axis]))).map(([low, high]) => (low + high) / 2);
  viewer.setView([...middle.map((value) => -value), ...viewer.getView().slice(3)]);
  for (let round = 0; round < 3; round += 1) {
    // Perspective: what lies nearer is larger, so that one step does not do.
    const { size } = reach();
    const share = Math.max(size[0] / box.width, size[1] / box.height) / FILLED;
    if (share > 1) viewer.zoom(1 / share);
  }
}

// The receptor without what a prediction is not sure of, which may reach far out.
function wellKnown({ style, uncertain }) {
  const receptor = { chain: style.receptor };
  return uncertain.length ? { ...receptor, not: { resi: uncertain } } : receptor;
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

function isReceptor(view, atom) {
  return atom.chain === view.data.style.receptor;
}

function describe(view, atom) {
  const { first, labels, values, valueName, chains } = view.data;
  if (isReceptor(view, atom) && labels[atom.resi - first] !== undefined) {
    const value = values?.[atom.resi - first];
    return labels[atom.resi - first] + (value ? `\n${valueName}: ${value}` : "");
  }
  const chain = chains[atom.chain];
  return chain && !atom.hetflag ? `${chain}\n${atom.resn} ${atom.resi}` : `${atom.resn} ${atom.resi}`;
}

function hover(view, event) {
  if (!view.viewer || event.buttons) return hideTip(view);
  const atom = atomAt(view, event.clientX, event.clientY);
  view.stage.classList.toggle("over", Boolean(atom && isReceptor(view, atom)));
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
    if (atom && isReceptor(view, atom)) view.trigger("pick", { number: atom.resi, structure: view.shown, time: Date.now() });
  }, true);
  view.stage.addEventListener("pointermove", (event) => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => hover(view, event));
  });
  view.root.addEventListener("pointerenter", () => {
    for (const other of LIVE) other.pointed = other === view;
  });
  view.stage.addEventListener("pointerleave", () => {
    cancelAnimationFrame(pending);
    hideTip(view);
  });
  const button = (name, act) => view.root.querySelector(name).addEventListener("click", () => view.viewer && act());
  button(".reset", () => upright(view));
  button(".full", () => (document.fullscreenElement ? document.exitFullscreen() : view.root.requestFullscreen()));
  view.root.addEventListener("fullscreenchange", () => {
    view.root.querySelector(".full").textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  });
  button(".png", () => savePicture(view));
  button(".copies", () => {
    view.withCopies = !view.withCopies;
    offerCopies(view);
    paint(view);
  });
}

function offerCopies(view) {
  const button = view.root.querySelector(".copies");
  button.hidden = !view.data.copies.length;
  button.setAttribute("aria-pressed", String(view.withCopies));
  button.textContent = view.withCopies ? "Hide other copies" : "Other copies";
}

function savePicture(view) {
  const link = document.createElement("a");
  link.href = picture(view, 2).toDataURL("image/png");
  link.download = `alloscope_${view.data.file}.png`;
  link.click();
}

// --- what is drawn -------------------------------------------------------------------------------------------------------------

function colourOf(data, atom) {
  return data.colours[atom.resi - data.first] ?? data.plain;
}

function paint(view) {
  const { viewer, data } = view;
  const { style, elements } = data;
  const receptor = { chain: style.receptor };
  const bound = { chain: style.ligand };
  const byElement = { colorscheme: { prop: "elem", map: elements } };
  if (view.background !== background(view)) {
    view.background = background(view);
    viewer.setBackgroundColor(view.background, 0); // draws everything once more
  }
  viewer.removeAllShapes();
  viewer.setStyle({}, {});
  viewer.setStyle(receptor, { cartoon: { style: data.ribbon, colorfunc: (atom) => colourOf(data, atom), thickness: style.cartoon } });
  if (data.uncertain.length) {
    // What a prediction is not sure of steps back: its backbone alone, thin and grey.
    const doubtful = { ...receptor, resi: data.uncertain };
    viewer.setStyle(doubtful, {});
    viewer.setStyle({ ...doubtful, atom: BACKBONE }, { stick: { radius: style.uncertain, color: data.uncertainColour } });
  }
  viewer.setStyle({ not: receptor, hetflag: false }, { cartoon: { style: data.ribbon, color: data.partner, opacity: data.partnerOpacity } });
  if (data.copies.length && !view.withCopies) viewer.setStyle({ chain: data.copies, hetflag: false }, {});
  viewer.setStyle({ ...bound, resn: data.ligands }, { stick: { radius: style.ligand_stick, ...byElement } });
  viewer.setStyle({ ...bound, resn: data.lipids }, { stick: { radius: style.lipid_stick, ...byElement } });
  viewer.setStyle({ ...bound, resn: data.ions }, { sphere: { scale: style.ion_scale, ...byElement } });
  for (const { numbers, colour } of [...data.sets].reverse()) {
    if (!numbers.length) continue; // set A last, so that it is seen where a residue is in both
    viewer.addStyle({ ...receptor, resi: numbers }, { stick: { radius: style.marked_stick, color: colour } });
    viewer.addStyle({ ...receptor, resi: numbers, atom: "CA" }, { sphere: { radius: style.marked_sphere, color: colour } });
  }
  drawPairs(view);
  viewer.render();
  const stage = view.stage.dataset;
  stage.paints = Number(stage.paints ?? 0) + 1;
  for (const { name, numbers } of data.sets) stage[`marked${name}`] = numbers.join(",");
  stage.colouring = data.colouring;
  stage.pairs = String(view.drawnPairs);
}

function background(view) {
  return getComputedStyle(view.root).getPropertyValue("--st-background-color").trim() || "white";
}

// The atom that stands for a residue where pairs meet: CB, CA for glycine, as distances are measured.
function anchor(view, number) {
  const atoms = view.viewer.selectedAtoms({ chain: view.data.style.receptor, resi: number });
  return atoms.find((atom) => atom.atom === "CB") ?? atoms.find((atom) => atom.atom === "CA") ?? null;
}

function drawPairs(view) {
  const { viewer, data } = view;
  const [weakest, strongest] = data.style.pair_radius;
  view.drawnPairs = 0;
  const heaviest = Math.max(...data.pairs.filter(([, , , chosen]) => !chosen).map(([, , weight]) => weight), 1e-9);
  for (const [query, key, weight, chosen] of data.pairs) {
    const [start, end] = [anchor(view, query), anchor(view, key)];
    if (!start || !end) continue;
    const radius = chosen ? strongest : weakest + (strongest - weakest) * (weight / heaviest);
    viewer.addCylinder({ start, end, radius, color: chosen ? data.pointedOut : data.pairColour, fromCap: 1, toCap: 1 });
    view.drawnPairs += 1;
  }
}

// Names beside residues and helix ends: HTML over the canvas, so that they stay sharp; where they stand follows the camera.
function placeLabels(view) {
  const { data, viewer } = view;
  const wanted = [];
  for (const [number, text] of data.tags) {
    const atom = anchor(view, number);
    if (atom) wanted.push({ text, kind: "residue", at: atom });
  }
  if (data.helices.length) {
    const heights = viewer.selectedAtoms(wellKnown(data)).map((atom) => atom.y);
    wanted.push({ text: "extracellular", kind: "side", at: { x: 0, y: Math.max(...heights) + SIDE_GAP, z: 0 } });
    wanted.push({ text: "intracellular", kind: "side", at: { x: 0, y: Math.min(...heights) - SIDE_GAP, z: 0 } });
  }
  for (const { name, top } of data.helices) wanted.push({ text: name, kind: "helix", at: { x: top[0], y: top[1], z: top[2] } });
  view.labels.replaceChildren(...wanted.map(({ text, kind }) => {
    const label = document.createElement("span");
    label.textContent = text;
    label.className = kind;
    return label;
  }));
  view.placed = wanted.map((label, index) => {
    const { offsetWidth: width, offsetHeight: height } = view.labels.children[index];
    return { ...label, width, height };
  });
  followCamera(view);
  if (!view.following) {
    view.following = true;
    viewer.setViewChangeCallback(() => {
      followCamera(view);
      turnTogether(view);
    });
  }
}

// Whatever comes first, the page's own view and what stands beside it are seen from where the page's own is seen.
function turnLikeTheFirst(view) {
  const group = [...LIVE].filter((live) => live.shown && view.data.group && live.data?.group === view.data.group);
  const first = group.find((live) => live.data.onSlides);
  if (!first) return;
  for (const other of group) if (!other.data.onSlides) other.viewer.setView(first.viewer.getView());
}

// The other views of the group take the camera of the one under the pointer.
function turnTogether(view) {
  if (!view.data.group || !view.pointed) return;
  const camera = view.viewer.getView();
  for (const other of LIVE) {
    if (other !== view && other.data?.group === view.data.group && other.shown) other.viewer.setView(camera);
  }
}

// Each label goes where it belongs or a little above or below, where it hides no label before it; else it is left out.
function followCamera(view) {
  if (!view.placed?.length) return;
  const box = view.stage.getBoundingClientRect();
  const taken = [];
  const spots = view.viewer.modelToScreen(view.placed.map(({ at }) => ({ x: at.x, y: at.y, z: at.z })));
  view.placed.forEach(({ width, height, kind }, index) => {
    const label = view.labels.children[index];
    if (!label) return;
    const x = spots[index].x - scrollX - box.left;
    let y = spots[index].y - scrollY - box.top;
    if (kind === "side") y = Math.min(Math.max(y, height / 2), box.height - height / 2); // seen from close by, too
    const shift = SHIFTS.find((step) => taken.every((other) => apart([x, y + step * height, width, height], other)));
    label.hidden = shift === undefined;
    if (label.hidden) return;
    taken.push([x, y + shift * height, width, height]);
    label.style.left = `${x}px`;
    label.style.top = `${y + shift * height}px`;
  });
}

function apart([x, y, width, height], [left, top, wide, high]) {
  return Math.abs(x - left) > (width + wide) / 2 || Math.abs(y - top) > (height + high) / 2 - 3;
}

function say(view, problem) {
  const line = view.root.querySelector(".problem");
  line.textContent = problem;
  line.hidden = !problem;
}

// --- a picture of the view -----------------------------------------------------------------------------------------------------

// Canvas with the structure and its labels, `scale` times as large as on the page; the camera and the page stay as they are.
function picture(view, scale) {
  const { stage, viewer } = view;
  const { width, height } = stage.getBoundingClientRect();
  const ratio = globalThis.devicePixelRatio || 1;
  const factor = scale / ratio;
  const before = stage.style.cssText;
  // All in one task: the browser paints nothing in between.
  stage.style.cssText = `position:fixed;left:0;top:0;right:auto;bottom:auto;width:${width * factor}px;height:${height * factor}px`;
  viewer.resize();
  viewer.render();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.fillStyle = background(view);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(viewer.getCanvas(), 0, 0, canvas.width, canvas.height);
  stage.style.cssText = before;
  viewer.resize();
  viewer.render();
  drawLabels(view, context, scale);
  drawCredit(view, context, canvas, scale);
  return canvas;
}

function drawLabels(view, context, scale) {
  const page = view.root.getBoundingClientRect();
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const label of view.labels.children) {
    if (label.hidden) continue;
    const box = label.getBoundingClientRect();
    const style = getComputedStyle(label);
    context.font = `${style.fontWeight} ${parseFloat(style.fontSize) * scale}px ${style.fontFamily}`;
    const at = [(box.left + box.width / 2 - page.left) * scale, (box.top + box.height / 2 - page.top) * scale];
    context.lineWidth = 4 * scale;
    context.strokeStyle = background(view);
    context.strokeText(label.textContent, ...at);
    context.fillStyle = style.color;
    context.fillText(label.textContent, ...at);
  }
}

function drawCredit(view, context, canvas, scale) {
  context.font = `${12 * scale}px ${getComputedStyle(view.root).fontFamily}`;
  context.fillStyle = getComputedStyle(view.root).color;
  context.textAlign = "right";
  context.textBaseline = "bottom";
  context.fillText(view.data.credit, canvas.width - 8 * scale, canvas.height - 6 * scale);
}

// --- life of a view ------------------------------------------------------------------------------------------------------------

// Without a GPU the processor draws each pixel.  Four times as many, as 3Dmol takes for smooth edges, and its finest cartoon then take most
// of the time from a click to its answer.
function drawnBySoftware() {
  const gl = document.createElement("canvas").getContext("webgl");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /SwiftShader|llvmpipe|softpipe|software|Basic Render/i.test(name);
}

async function update(view) {
  const { data } = view;
  view.root.style.height = heightOf(data);
  view.root.classList.toggle("beside", Boolean(data.group));
  view.root.querySelector(".title").textContent = data.title;
  const loading = view.root.querySelector(".loading");
  if (!data.library) {
    loading.hidden = true;
    say(view, data.problem);
    return;
  }
  loading.hidden = view.shown === data.structure;
  if (!view.viewer) {
    const { createViewer } = await loadLibrary(data.library);
    const options = { backgroundColor: "white", backgroundAlpha: 0, disableFog: true, antialias: true };
    view.viewer = createViewer(view.stage, drawnBySoftware() ? { ...options, upscale: false, cartoonQuality: 6 } : options);
    if (!view.viewer) throw new Error("this browser offers no WebGL, which the 3D view needs");
    view.stage.viewer = view.viewer;
  }
  if (view.shown !== data.structure) {
    view.viewer.removeAllModels();
    view.shown = null;
    if (data.structure) {
      view.viewer.addModel(await structureText(data.structure), "pdb");
      view.viewer.setClickable({}, true, () => {});
      upright(view);
      view.shown = data.structure;
      turnLikeTheFirst(view);
      view.stage.dataset.structure = data.structure;
    }
  }
  say(view, data.problem);
  writeLegend(view);
  writeKey(view);
  writeCredit(view);
  offerCopies(view);
  paint(view);
  loading.hidden = true;
  placeLabels(view);
  if (data.onSlides) [globalThis.alloscopePicture, globalThis.alloscopePainted] = [view.picture, data.painting]; // the slide waits for it
}

function mount(root) {
  const box = root.querySelector(".box");
  const view = {
    root: box,
    stage: box.querySelector(".stage"),
    tip: box.querySelector(".tip"),
    labels: box.querySelector(".labels"),
    viewer: null,
    shown: null,
    withCopies: false, // of the receptor, such as its neighbours in the crystal
    queue: Promise.resolve(),
  };
  view.resized = new ResizeObserver(() => {
    if (!view.viewer) return;
    view.viewer.resize();
    followCamera(view);
  });
  view.resized.observe(view.stage);
  listen(view);
  LIVE.add(view);
  view.picture = (scale) => (view.shown ? picture(view, scale) : null);
  return view;
}

function release(view) {
  LIVE.delete(view);
  view.resized.disconnect();
  if (globalThis.alloscopePicture === view.picture) delete globalThis.alloscopePicture; // a newer view keeps its own
  const canvas = view.stage.querySelector("canvas");
  const context = canvas?.getContext("webgl2") ?? canvas?.getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
}

export default inOrder(({ data, parentElement, setTriggerValue }) => {
  let view = VIEWS.get(parentElement);
  if (!view) {
    view = mount(parentElement);
    VIEWS.set(parentElement, view);
  }
  view.data = data;
  view.trigger = setTriggerValue;
  view.queue = view.queue.then(() => update(view)).catch((error) => {
    view.root.querySelector(".loading").hidden = true;
    say(view, `The 3D view failed: ${error.message}`);
    view.stage.dataset.error = String(error);
  });
  return () => {
    release(view);
    VIEWS.delete(parentElement);
  };
});
