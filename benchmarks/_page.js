// Measures from inside the page what a person waits for: from the release of the mouse button until the first frame with another picture
// has been handed over.  Runs before the page's own scripts.

(() => {
  const frames = []; // [ms, bytes, came in]
  const sizeOf = (data) => data.byteLength ?? data.size ?? data.length;

  globalThis.WebSocket = class extends globalThis.WebSocket {
    constructor(...place) {
      super(...place);
      this.addEventListener("message", ({ data }) => frames.push([performance.now(), sizeOf(data), true]));
    }

    send(data) {
      frames.push([performance.now(), sizeOf(data), false]);
      super.send(data);
    }
  };

  // The drawn cells are PNG images in the SVG: they differ if and only if the drawing does.
  function heatmap() {
    const images = document.querySelectorAll(".st-key-heatmap .heatmaplayer image");
    return [...images].map((image) => image.getAttribute("href") ?? image.getAttribute("xlink:href")).join();
  }

  // What 3Dmol has drawn: the colour of each residue, asked again only after it has painted.
  let painted = ["", ""];
  function structure(stage) {
    if (painted[0] !== stage.dataset.paints) {
      const atoms = stage.viewer.selectedAtoms({ chain: "R", atom: "CA" });
      painted = [stage.dataset.paints, atoms.map((atom) => atom.style.cartoon.colorfunc(atom)).join()];
    }
    return painted[1];
  }

  const pictures = { heatmap, structure };
  let asked = null;

  addEventListener("pointerup", (event) => {
    if (!asked || asked.start !== undefined) return;
    asked.start = event.timeStamp;
    requestAnimationFrame(look);
  }, true);

  function look() {
    if (pictures[asked.picture](asked.stage) === asked.before) {
      requestAnimationFrame(look);
      return;
    }
    asked.changed = performance.now();
    const { port1, port2 } = new MessageChannel(); // its message is read after the browser has drawn this frame
    port1.onmessage = () => (asked.shown = performance.now());
    port2.postMessage(null);
  }

  globalThis.stopwatch = {
    // From the next release of the mouse button until this picture, "heatmap" or "structure", is another.
    arm(stage, picture) {
      frames.length = 0;
      asked = { picture, stage, before: pictures[picture](stage) };
    },
    done: () => asked.shown !== undefined,
    // ms from the release to: first message to the server, last message before the change, change, frame handed over, last message; bytes.
    report() {
      const { start, changed, shown } = asked;
      const sent = frames.find(([, , came]) => !came);
      const came = frames.filter((frame) => frame[2]);
      const answered = came.filter(([time]) => time <= changed).at(-1);
      const times = { sent: sent[0], answered: answered[0], changed, shown, rested: came.at(-1)[0] };
      for (const name of Object.keys(times)) times[name] -= start;
      const bytes = frames.reduce((sum, frame) => sum + frame[1], 0);
      return { ...times, bytes, largest: Math.max(...frames.map((frame) => frame[1])) };
    },
  };
})();
