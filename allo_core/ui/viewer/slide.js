// Composes the slide: heatmap at the left, the present view of the structure at the right, caption below; 1920 x 1080.

const WIDTH = 1920;
const HEIGHT = 1080;
const EDGE = 60;
const FONT = "'Source Sans', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif";
let ink = ""; // of the theme, set for each slide
let faint = "";
const PICTURES = { top: 170, bottom: 850 };
const HEATMAP = { left: EDGE + 50, right: 760 };
const DOT = 5; // radius
const STRUCTURE = { left: 830, right: WIDTH - EDGE };

const LONGEST_WAIT = 15000; // ms
const STEP = 100;

const SENT = new WeakMap(); // parentElement -> token of the slide that was asked for last

function write(context, text, x, y, size, { colour = ink, weight = 400, align = "left", widest = WIDTH - 2 * EDGE } = {}) {
  context.font = `${weight} ${size}px ${FONT}`;
  context.fillStyle = colour;
  context.textAlign = align;
  context.fillText(text, x, y, widest);
}

function wrapped(context, text, x, y, size, widest, step) {
  context.font = `400 ${size}px ${FONT}`;
  context.fillStyle = faint;
  context.textAlign = "left";
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && context.measureText(longer).width > widest) {
      context.fillText(line, x, y);
      y += step;
      line = word;
    } else {
      line = longer;
    }
  }
  context.fillText(line, x, y, widest);
  return y + step;
}

function drawHeatmap(context, { cells, passing, layers, heads, selected, low, high, colours, label }, grey, [fill, ring]) {
  const [width, height] = [(HEATMAP.right - HEATMAP.left) / heads, (PICTURES.bottom - PICTURES.top) / layers];
  const corner = (layer, head) => [HEATMAP.left + head * width, PICTURES.top + layer * height];
  const cornerOf = (index) => corner(Math.floor(index / heads), index % heads);
  cells.forEach((colour, index) => {
    const [x, y] = cornerOf(index);
    context.fillStyle = colour;
    context.fillRect(x + 0.5, y + 0.5, width - 1, height - 1);
  });
  context.fillStyle = fill;
  context.strokeStyle = ring;
  context.lineWidth = 2.5;
  for (const index of passing) {
    const [x, y] = cornerOf(index);
    context.beginPath();
    context.arc(x + width / 2, y + height / 2, DOT, 0, 2 * Math.PI);
    context.stroke();
    context.fill();
  }
  context.lineWidth = 5;
  context.strokeStyle = ink;
  context.strokeRect(...corner(...selected), width, height);
  const every = (count, side) => Math.max(1, Math.ceil((count * 26) / side));
  for (let layer = 0; layer < layers; layer += every(layers, PICTURES.bottom - PICTURES.top)) {
    write(context, String(layer), HEATMAP.left - 10, PICTURES.top + (layer + 0.5) * height + 7, 20, { align: "right", colour: faint });
  }
  for (let head = 0; head < heads; head += every(heads, HEATMAP.right - HEATMAP.left)) {
    write(context, String(head), HEATMAP.left + (head + 0.5) * width, PICTURES.bottom + 26, 20, { align: "center", colour: faint });
  }
  write(context, "head", (HEATMAP.left + HEATMAP.right) / 2, PICTURES.bottom + 54, 22, { align: "center", colour: faint });
  context.save();
  context.translate(EDGE - 10, (PICTURES.top + PICTURES.bottom) / 2);
  context.rotate(-Math.PI / 2);
  write(context, "layer", 0, 0, 22, { align: "center", colour: faint });
  context.restore();
  scaleBar(context, HEATMAP.left, PICTURES.bottom + 72, HEATMAP.right - HEATMAP.left, colours, low.toFixed(1), high.toFixed(1));
  write(context, label, (HEATMAP.left + HEATMAP.right) / 2, PICTURES.bottom + 112, 20, { colour: faint, align: "center" });
  context.fillStyle = grey.colour;
  context.fillRect(HEATMAP.right - 250, PICTURES.bottom + 38, 18, 18);
  write(context, grey.text, HEATMAP.right - 226, PICTURES.bottom + 54, 20, { colour: faint, widest: 226 });
}

function scaleBar(context, x, y, width, colours, low, high) {
  const gradient = context.createLinearGradient(x, 0, x + width, 0);
  colours.forEach((colour, index) => gradient.addColorStop(index / (colours.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(x, y, width, 16);
  context.lineWidth = 1;
  context.strokeStyle = faint;
  context.strokeRect(x, y, width, 16);
  write(context, low, x, y + 40, 20, { colour: faint });
  write(context, high, x + width, y + 40, 20, { colour: faint, align: "right" });
}

function drawStructure(context, data, ready) {
  const [width, height] = [STRUCTURE.right - STRUCTURE.left, PICTURES.bottom - PICTURES.top];
  const taken = ready ? globalThis.alloscopePicture?.(2) : null;
  if (taken) {
    const scale = Math.min(width / taken.width, height / taken.height);
    const size = [taken.width * scale, taken.height * scale];
    context.drawImage(taken, STRUCTURE.left + (width - size[0]) / 2, PICTURES.top + (height - size[1]) / 2, ...size);
  } else {
    write(context, "no structure is shown", (STRUCTURE.left + STRUCTURE.right) / 2, PICTURES.top + height / 2, 26, { align: "center", colour: faint });
  }
  const { legend, sets } = data;
  if (legend?.colours.length) {
    write(context, legend.title, STRUCTURE.left, PICTURES.bottom + 54, 22, { widest: 560 });
    scaleBar(context, STRUCTURE.left, PICTURES.bottom + 72, 560, legend.colours, legend.low, legend.high);
  }
  let x = STRUCTURE.left + 620;
  for (const { text, colour } of sets) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, PICTURES.bottom + 52, 11, 0, 2 * Math.PI);
    context.fill();
    write(context, text, x + 20, PICTURES.bottom + 60, 22, { widest: 190 });
    x += 220;
  }
  if (data.pairs) {
    context.fillStyle = data.pairs.colour;
    context.fillRect(STRUCTURE.left + 608, PICTURES.bottom + 92, 26, 7);
    write(context, data.pairs.text, STRUCTURE.left + 642, PICTURES.bottom + 103, 22, { widest: 400 });
  }
}

function compose(data, ready) {
  [ink, faint] = [data.ink, data.faint];
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  context.fillStyle = data.background;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  write(context, data.title, EDGE, 84, 46, { weight: 600 });
  write(context, data.subtitle, EDGE, 130, 28, { colour: faint });
  drawHeatmap(context, data.heatmap, data.grey, data.dot);
  drawStructure(context, data, ready);
  wrapped(context, data.caption, EDGE, 1012, 22, WIDTH - 2 * EDGE, 28);
  return canvas;
}

// Until the view shows the painting that the slide is about; what cannot be shown (no WebGL) is left out after a while.
async function painted(painting) {
  for (let waited = 0; painting && globalThis.alloscopePainted !== painting && waited < LONGEST_WAIT; waited += STEP) {
    await new Promise((resolve) => setTimeout(resolve, STEP));
  }
  return globalThis.alloscopePainted === painting;
}

async function send({ data, parentElement, setTriggerValue }) {
  if (SENT.get(parentElement) === data.token) return;
  SENT.set(parentElement, data.token);
  const ready = await painted(data.painting);
  if (SENT.get(parentElement) !== data.token) return; // the page went on meanwhile
  try {
    setTriggerValue("slide", { token: data.token, png: compose(data, ready).toDataURL("image/png") });
  } catch (error) {
    setTriggerValue("slide", { token: data.token, problem: String(error.message).slice(0, 200) });
  }
}

export default inOrder((call) => { send(call); });
