// What stands beside every picture of a receptor: the colour scale, the sets, whom to credit.  It runs before the file of the picture.

function writeLegend(view) {
  const { legend } = view.data;
  const box = view.root.querySelector(".legend");
  box.hidden = !legend;
  if (!legend) return;
  box.querySelector(".legend-title").textContent = legend.title;
  box.querySelector(".legend-low").textContent = legend.low;
  // Beside others there is no room for what the largest value is.
  box.querySelector(".legend-high").textContent = view.data.group ? legend.high.replace(/ \(.*\)$/, "") : legend.high;
  const bar = box.querySelector(".legend-bar");
  bar.hidden = !legend.colours.length;
  bar.style.background = legend.colours.length ? `linear-gradient(to right, ${legend.colours.join(",")})` : "none";
}

function writeCredit(view) {
  const line = view.root.querySelector(".credit");
  line.textContent = view.data.credit;
  line.hidden = !view.data.credit;
}

function writeKey(view) {
  const key = view.root.querySelector(".key");
  key.replaceChildren(...view.data.sets.filter(({ numbers }) => numbers.length).map(({ label, numbers, colour }) => {
    const line = document.createElement("span");
    const dot = document.createElement("i");
    dot.style.background = colour;
    line.append(dot, `${label} (${numbers.length})`);
    return line;
  }));
  if (view.data.pairs?.length) key.append(pairLine(view.data));
}

function pairLine({ pairs, pairsName, pairColour }) {
  const line = document.createElement("span");
  const stick = document.createElement("i");
  stick.className = "pair";
  stick.style.background = pairColour;
  line.append(stick, `${pairsName} (${pairs.length})`);
  return line;
}

// The page says how high a picture is that grows with the window.
function heightOf({ height, grows }) {
  return grows ? "var(--grown)" : `${height}px`;
}
