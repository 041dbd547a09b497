// What py3Dmol's commands cannot say: names of residues under the pointer, the size of the window, and what went wrong.
// Runs after them: both wait for $3Dmolpromise, and theirs came first.

const facts = JSON.parse(document.getElementById("facts").textContent);
const stage = document.querySelector(".stage");
const tip = document.querySelector(".tip");

function describe(atom) {
  const own = atom.chain === facts.receptor ? facts.labels[atom.resi - facts.first] : undefined;
  if (own !== undefined) return own;
  const partner = facts.partners[atom.chain];
  return partner && !atom.hetflag ? `${partner}\n${atom.resn} ${atom.resi}` : atom.resn;
}

function showTip(viewer, atom) {
  const box = stage.getBoundingClientRect();
  const { x, y } = viewer.modelToScreen(atom);
  tip.textContent = describe(atom);
  tip.hidden = false;
  tip.style.left = `${Math.max(0, Math.min(x - scrollX - box.left + 14, box.width - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, Math.min(y - scrollY - box.top + 14, box.height - tip.offsetHeight))}px`;
}

function say(problem) {
  const line = document.querySelector(".problem");
  line.textContent = problem;
  line.hidden = false;
}

globalThis.$3Dmolpromise.then(() => {
  const viewer = globalThis.viewer_alloscope;
  if (!viewer) throw new Error("this browser offers no WebGL, which the 3D view needs");
  const show = (atom) => showTip(viewer, atom);
  viewer.setHoverable({}, true, show, () => { tip.hidden = true; });
  viewer.setClickable({}, true, show);
  viewer.render();
  new ResizeObserver(() => viewer.resize()).observe(stage);
  stage.viewer = viewer;
  stage.dataset.drawn = "yes";
}).catch((error) => say(`The 3D view failed: ${error.message}`));
