"""The part of the rail where the protein is chosen, its run is started, and the device is chosen."""

from io import BytesIO

import streamlit as st

from allo_core.errors import SequenceError
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import Protein
from allo_core.storage.packed import DAMAGED, text_in
from allo_core.ui.protein import incoming, session
from allo_core.ui.protein.field import mirrored_field
from allo_core.ui.protein.run_offer import draw_buttons, offer_of
from allo_core.ui.protein.view import ProteinView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored

__all__ = ["draw_device", "draw_receptor_choice", "draw_run"]

_SEQUENCE_FILES = ["fasta", "fa", "faa", "seq", "pir", "gb", "txt", "gz"]
_MOST_LETTERS = 20_000_000  # of a FASTA file, unpacked
_DEVICES = {"auto": "automatic", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)", "cpu": "CPU"}
_PRECISIONS = {"float32": "float32", "bfloat16": "bfloat16"}


def draw_receptor_choice(view: ProteinView) -> None:
    """The receptor, or a sequence of one's own."""
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


def draw_run(view: ProteinView, protein: Protein, has_run: bool) -> None:
    """Start the run; what stands in place of the pictures says what it takes."""
    job = session.current_job(view)
    if has_run:
        st.caption(":material/check: Kept on this machine, so nothing needs to run.")
    elif (job is not None and job.active) or session.runs_unasked(view, kept=False):
        st.caption("Running")
    else:
        draw_buttons(view, protein, offer_of(view, protein), "")


def draw_device(view: ProteinView) -> None:
    """Where the model runs, and in which precision."""
    for field, options, label in (("device", _DEVICES, "Device"), ("dtype", _PRECISIONS, "Precision")):
        st.selectbox(
            label,
            list(options),
            format_func=options.__getitem__,
            help=HELP[field],
            **mirrored_field(field, getattr(view, field), list(options)),
        )
