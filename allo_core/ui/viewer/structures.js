// Hands a structure's text to the viewer. It is a component of its own so that the text is one message that never changes:
// Streamlit then sends it once and later only its hash, while the viewer's small message changes with every colour.
export default function ({ data }) {
  const texts = (globalThis.alloscopeStructures ??= new Map());
  if (!texts.has(data.id)) {
    if (texts.size >= 4) texts.delete(texts.keys().next().value);
    texts.set(data.id, data.pdb);
  }
  globalThis.dispatchEvent(new Event("alloscope-structure"));
}
