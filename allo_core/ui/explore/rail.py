"""The left rail: what is looked at, and with what."""

from io import BytesIO

import streamlit as st

from allo_core.errors import SequenceError
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import Protein
from allo_core.storage.packed import DAMAGED, text_in
from allo_core.ui.explore import incoming, session
from allo_core.ui.explore.field import mirrored_field
from allo_core.ui.explore.frozen import draw_frozen
from allo_core.ui.explore.residue_sets import draw_residue_sets
from allo_core.ui.explore.run_offer import draw_buttons, offer_of
from allo_core.ui.explore.structure_choice import draw_structure_choice
from allo_core.ui.explore.view import COLOURS, View
from allo_core.ui.shared.choices import DRAWS
from allo_core.ui.shared.help import DEFINITIONS, HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.models import draw_model
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain

__all__ = ["draw_rail"]

_SEQUENCE_FILES = ["fasta", "fa", "faa", "seq", "pir", "gb", "txt", "gz"]
_MOST_LETTERS = 20_000_000  # of a FASTA file, unpacked


def draw_rail(view: View, protein: Protein, loaded: LoadedStructure | None, has_run: bool) -> None:
    """Receptor, model, run, residue sets, structure, what is frozen."""
    _receptor(view)
    draw_model(view.model, lambda model: session.page().change(model=model, head=None))
    _run(view, protein, has_run)
    draw_residue_sets(view, protein, loaded)
    draw_structure_choice(view, loaded)
    draw_frozen(view, protein)
    _advanced(view)


def _receptor(view: View) -> None:
    yours = session.remembered("sequence")
    parts = [view.protein] if view.protein_ref.kind == "part" else []
    options = [*parts, *yours, *receptors()]

    def name(key: str) -> str:
        if key in yours:
            return f"{yours[key]} · your sequence"
        if key in parts:
            entry, first, last = view.protein_ref.part
            return f"{entry}, residues {first}–{last} · {receptors()[entry].name}"
        receptor = receptors()[key]
        return f"{receptor.entry} · {receptor.accession} · {receptor.name}"

    st.selectbox(
        "Receptor",
        options,
        format_func=name,
        help=HELP["receptor"],
        **mirrored("receptor", view.protein, session.open_protein, options),
    )
    # Another key closes it: a sequence that was taken needs no field any more.
    key = f"own_sequence-{session.page().uploaders}"
    with st.expander("Paste, upload or fetch a sequence", expanded=bool(session.page().noted("sequence")), key=key):
        # A form: text and button arrive together, so that leaving the text field cannot swallow the click on the button.
        with st.form("sequence", border=False):
            st.text_area(
                "Sequence or FASTA", key="pasted", height=100, placeholder="MPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN…", help=HELP["sequence"]
            )
            st.file_uploader("or a FASTA file", type=_SEQUENCE_FILES, key="fasta", max_upload_size=5)
            st.text_input("Record, if there are several", key="record", placeholder="its number or name")
            st.form_submit_button("Use this sequence", on_click=_use_sequence, width="stretch")
        with st.form("fetch_sequence", border=False):
            st.text_input("UniProt accession", key="accession", placeholder="P21917-2", help=HELP["accession"])
            st.form_submit_button("Fetch", on_click=lambda: incoming.ask_sequence(st.session_state.accession), width="stretch")
        incoming.draw_complaint("sequence")
    if view.protein_ref.kind == "kept":
        st.caption("Kept on this machine; a link to it works here only.")


def _use_sequence() -> None:
    text, upload = st.session_state.pasted, st.session_state.fasta
    if text.strip() and upload is not None:
        session.page().problem("sequence", SequenceError("There is both a pasted text and a file; empty the text or remove the file."))
        return
    if upload is not None:
        try:
            text = text_in(BytesIO(upload.getvalue())).read(_MOST_LETTERS)
        except (*DAMAGED, OSError):
            session.page().problem("sequence", SequenceError(f"{upload.name[:40]} is damaged; get it again."))
            return
    incoming.use_text(text, st.session_state.record)


def _run(view: View, protein: Protein, has_run: bool) -> None:
    """Start the run; what stands in place of the pictures says what it takes."""
    job = session.current_job(view)
    if has_run:
        st.caption(":material/check: Kept on this machine, so nothing needs to run.")
    elif (job is not None and job.active) or session.runs_unasked(view, None):
        st.caption("Running")
    else:
        draw_buttons(view, protein, offer_of(view, protein), "")


def _advanced(view: View) -> None:
    with st.expander("Advanced"):
        for field, options, label in (
            ("device", {"auto": "automatic", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)", "cpu": "CPU"}, "Device"),
            ("dtype", {"float32": "float32", "bfloat16": "bfloat16"}, "Precision"),
            ("colours", COLOURS, "Colours of the heatmap end"),
            ("draws", {count: f"{count:,}" if count else "as many as the heads need" for count in DRAWS}, "Random draws"),
        ):
            st.selectbox(
                label,
                list(options),
                format_func=options.__getitem__,
                help=HELP[field],
                **mirrored_field(field, getattr(view, field), list(options)),
            )

        st.markdown("**Definitions**")
        for term, key in DEFINITIONS.items():
            st.caption(f"**{term}.** {plain(HELP[key])}")
