// The snake plot.  Python draws it once as SVG (allo_core/figures/snake_svg.py); here residues take their colours and rings, and clicks and
// keys go back as UniProt numbers.

const PLOTS = new WeakMap(); // parentElement -> plot
const SVG = "http://www.w3.org/2000/svg";
const ALONG = { ArrowLeft: -1, ArrowRight: 1 };
const ACROSS = { ArrowUp: -1, ArrowDown: 1 };
const WAIT_FOR_DRAWING = 15000; // ms

function drawingText(id) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const text = globalThis.alloscopeStructures?.get(id);
      if (text === undefined) return;
      clearTimeout(timer);
      globalThis.removeEventListener("alloscope-structure", look);
      resolve(text);
    };
    const timer = setTimeout(() => reject(new Error("the drawing did not arrive")), WAIT_FOR_DRAWING);
    globalThis.addEventListener("alloscope-structure", look);
    look();
  });
}

// The colour of letters that are read on this one; as text_on in allo_core/figures/colours.py.
function textOn(colour, [dark, light], bright) {
  const [red, green, blue] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) ** (1 / 2.2) > bright ? dark : light;
}

function paint(plot) {
  const { data, residues } = plot;
  const ring = new Map();
  for (const { numbers, colour } of [...data.sets].reverse()) for (const number of numbers) ring.set(number - data.first, colour);
  for (const [index, { circle, letter, title, group }] of residues) {
    const fill = data.colours[index] ?? data.plain;
    circle.setAttribute("fill", fill);
    letter.setAttribute("fill", textOn(fill, data.letters, data.bright));
    circle.setAttribute("stroke", ring.get(index) ?? data.rim);
    circle.setAttribute("stroke-width", ring.has(index) ? "0.42" : "0.06");
    group.setAttribute("aria-selected", String(ring.has(index)));
    title.textContent = describe(data, index);
    group.setAttribute("aria-label", title.textContent);
  }
  for (const { group, first, last, text } of plot.folds) {
    const marked = [...ring.keys()].filter((index) => index >= first && index <= last);
    const rect = group.querySelector("rect");
    rect.setAttribute("stroke", marked.length ? ring.get(marked[0]) : data.rim);
    rect.setAttribute("stroke-width", marked.length ? "0.3" : "0.1");
    group.querySelector("text").textContent = marked.length ? `${text}, ${marked.length} marked` : text;
  }
  plot.svg.querySelectorAll(".tag").forEach((tag) => tag.remove());
  for (const [number, name] of data.tags) {
    const residue = residues.get(number - data.first);
    if (!residue) continue;
    const tag = document.createElementNS(SVG, "text");
    const place = { class: "tag", x: residue.x, y: residue.y - 1.35, "font-size": 1.2, "font-weight": 600, fill: data.ink };
    const halo = { "paint-order": "stroke", stroke: data.ground, "stroke-width": 0.45, "stroke-linejoin": "round" };
    for (const [name_, value] of Object.entries({ ...place, ...halo })) tag.setAttribute(name_, value);
    tag.textContent = name;
    plot.svg.append(tag);
  }
  const drawing = plot.drawing.dataset;
  drawing.colouring = data.colouring;
  for (const { name, numbers } of data.sets) drawing[`marked${name}`] = numbers.join(",");
  drawing.paints = Number(drawing.paints ?? 0) + 1;
}

function describe({ labels, values, valueName }, index) {
  return labels[index] + (values?.[index] ? `\n${valueName}: ${values[index]}` : "");
}

async function draw(plot) {
  const { data } = plot;
  if (plot.shown !== data.drawing) {
    const parsed = new DOMParser().parseFromString(await drawingText(data.drawing), "image/svg+xml");
    plot.svg = document.importNode(parsed.documentElement, true);
    for (const name of ["width", "height"]) plot.svg.removeAttribute(name);
    plot.drawing.replaceChildren(plot.svg);
    plot.residues = new Map([...plot.svg.querySelectorAll(".residue")].map((group) => {
      const circle = group.querySelector("circle");
      const at = { x: Number(circle.getAttribute("cx")), y: Number(circle.getAttribute("cy")) };
      return [Number(group.dataset.index), { group, circle, letter: group.querySelector("text"), title: group.querySelector("title"), ...at }];
    }));
    plot.folds = [...plot.svg.querySelectorAll(".fold")].map((group) => (
      { group, first: Number(group.dataset.first), last: Number(group.dataset.last), text: group.querySelector("text").textContent }
    ));
    plot.shown = data.drawing;
    plot.here = null;
    plot.drawing.dataset.drawing = data.drawing;
  }
  plot.root.style.height = heightOf(data);
  plot.root.classList.toggle("beside", Boolean(data.group));
  plot.root.querySelector(".title").textContent = data.title;
  writeLegend(plot);
  writeKey(plot);
  writeCredit(plot);
  paint(plot);
}

function pick(plot, index) {
  plot.trigger("pick", { number: index + plot.data.first, structure: plot.shown, time: Date.now() });
}

function go(plot, index) {
  plot.residues.get(plot.here)?.group.classList.remove("here");
  plot.here = index;
  const { group } = plot.residues.get(index);
  group.classList.add("here");
  plot.drawing.setAttribute("aria-activedescendant", group.id);
  const box = plot.root.getBoundingClientRect();
  const place = group.getBoundingClientRect();
  tell(plot, index, place.right - box.left, place.bottom - box.top);
}

// The next residue along the chain that is drawn, or the nearest one above or below.
function neighbour(plot, key) {
  const drawn = [...plot.residues.keys()];
  if (plot.here === null) return drawn[0];
  if (ALONG[key]) return drawn[drawn.indexOf(plot.here) + ALONG[key]] ?? plot.here;
  const from = plot.residues.get(plot.here);
  let best = [Infinity, plot.here];
  for (const [index, to] of plot.residues) {
    const [aside, ahead] = [Math.abs(to.x - from.x), (to.y - from.y) * ACROSS[key]];
    if (ahead > 0.9 && aside + ahead < best[0] && aside < ahead * 1.5) best = [aside + ahead, index];
  }
  return best[1];
}

function tell(plot, index, left, top) {
  plot.tip.textContent = describe(plot.data, index);
  plot.tip.hidden = false;
  const box = plot.root.getBoundingClientRect();
  plot.tip.style.left = `${Math.max(Math.min(left + 10, box.width - plot.tip.offsetWidth - 4), 0)}px`;
  plot.tip.style.top = `${Math.max(Math.min(top + 10, box.height - plot.tip.offsetHeight - 4), 0)}px`;
}

function residueOf(event) {
  const group = event.target.closest?.(".residue");
  return group ? Number(group.dataset.index) : null;
}

function listen(plot) {
  const { drawing } = plot;
  drawing.addEventListener("click", (event) => {
    const index = residueOf(event);
    if (index !== null) pick(plot, index);
  });
  drawing.addEventListener("pointermove", (event) => {
    const index = residueOf(event);
    const box = plot.root.getBoundingClientRect();
    if (index === null) plot.tip.hidden = true;
    else tell(plot, index, event.clientX - box.left, event.clientY - box.top);
  });
  drawing.addEventListener("pointerleave", () => { plot.tip.hidden = true; });
  drawing.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !plot.residues) return;
    if (event.key in ALONG || event.key in ACROSS) go(plot, neighbour(plot, event.key));
    else if ((event.key === "Enter" || event.key === " ") && plot.here !== null) pick(plot, plot.here);
    else if (event.key === "Escape") drawing.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  drawing.addEventListener("blur", () => {
    plot.tip.hidden = true;
    plot.residues?.get(plot.here)?.group.classList.remove("here");
  });
  plot.root.querySelector(".full").addEventListener("click", () => (
    document.fullscreenElement ? document.exitFullscreen() : plot.root.requestFullscreen()
  ));
  plot.root.querySelector(".svg").addEventListener("click", () => plot.svg && save(plot));
}

function save(plot) {
  const copy = plot.svg.cloneNode(true);
  const [, , width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("width", String(Math.round(width * 12)));
  copy.setAttribute("height", String(Math.round(height * 12)));
  copy.style.background = plot.data.ground;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  link.download = `alloscope_${plot.data.file}_snake.svg`;
  link.click();
  URL.revokeObjectURL(link.href);
}

export default inOrder(({ data, parentElement, setTriggerValue }) => {
  let plot = PLOTS.get(parentElement);
  if (!plot) {
    const root = parentElement.querySelector(".box");
    plot = { root, drawing: root.querySelector(".drawing"), tip: root.querySelector(".tip"), here: null, queue: Promise.resolve() };
    listen(plot);
    PLOTS.set(parentElement, plot);
  }
  plot.data = data;
  plot.trigger = setTriggerValue;
  plot.queue = plot.queue.then(() => draw(plot)).catch((error) => { plot.drawing.dataset.error = String(error); });
  return () => PLOTS.delete(parentElement);
});
