// Notes what a person did and what was sent, with the time in ms and the state of the page: printed where a test fails.
globalThis.heard = [];
const note = (...what) => {
  const state = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  heard.push(`${Math.round(performance.now())} ${what.join(" ")} (${state})`);
};
for (const name of ["pointerdown", "click", "keydown", "focusin", "focusout"]) {
  addEventListener(name, ({ target, key = "" }) => note(name, key, target.tagName, target.innerText?.slice(0, 30).replaceAll("\n", " ") ?? ""), true);
}
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  note("sent", data.byteLength ?? data.length);
  return send.call(this, data);
};
