"""The left rail: what is looked at, and with what."""

from io import BytesIO

import streamlit as st

from allo_core.errors import SequenceError
from allo_core.library.nearest import numbers_for, seven_tm_domain
from allo_core.library.receptors import receptors
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.storage.packed import DAMAGED, text_in
from allo_core.ui.explore import incoming, session
from allo_core.ui.explore.field import mirrored_field
from allo_core.ui.explore.residue_sets import draw_residue_sets
from allo_core.ui.explore.structure_choice import draw_structure_choice
from allo_core.ui.explore.view import COLOURS, View
from allo_core.ui.shared.choices import DRAWS
from allo_core.ui.shared.help import DEFINITIONS, HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.models import draw_model, readable_size, whereabouts
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain

__all__ = ["draw_rail"]

_SEQUENCE_FILES = ["fasta", "fa", "faa", "seq", "pir", "gb", "txt", "gz"]
_MOST_LETTERS = 20_000_000  # of a FASTA file, unpacked


def draw_rail(view: View, protein: Protein, loaded: LoadedStructure | None, has_run: bool) -> None:
    """Receptor, model, run, residue sets, structure."""
    _receptor(view)
    draw_model(view.model, lambda model: session.page().change(model=model, head=None))
    _run(view, protein, has_run)
    draw_residue_sets(view, protein, loaded)
    draw_structure_choice(view, loaded)
    _advanced(view)


def _receptor(view: View) -> None:
    yours = session.remembered("sequence")
    options = [*yours, *receptors()]

    def name(key: str) -> str:
        if key in yours:
            return f"{yours[key]} · your sequence"
        receptor = receptors()[key]
        return f"{receptor.entry} · {receptor.accession} · {receptor.name}"

    st.selectbox(
        "Receptor",
        options,
        format_func=name,
        help=HELP["receptor"],
        **mirrored("receptor", view.protein, session.open_protein, options),
    )
    with st.expander("Paste, upload or fetch a sequence", expanded=bool(session.page().noted("sequence"))):
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
    spec = get_spec(view.model)
    if spec.longest is not None and len(protein) > spec.longest:
        _offer_domain(protein, spec)
        return
    job = session.current_job(view)
    weights = whereabouts()[view.model]
    if isinstance(weights, str) or (weights.state == "missing" and not has_run):
        return
    if not has_run and len(protein) + 2 > spec.trained_tokens:
        _offer_domain(protein, spec)
    label = f"Run {spec.label}" if weights.state != "download" else f"Download {readable_size(weights.size)} and run"
    if job is not None and job.active:
        label = "Running"
    elif has_run:
        label = "Kept run shown"
    st.button(
        label,
        key="run",
        type="primary",
        width="stretch",
        disabled=has_run or (job is not None and job.active),
        on_click=session.start_run,
        args=(view,),
    )


def _offer_domain(protein: Protein, spec: ModelSpec) -> None:
    """Say that the sequence is longer than the model reads, or than it has seen, and offer the part with the seven helices."""
    most = spec.longest or spec.trained_tokens - 2
    reads = "reads at most" if spec.longest else "saw in training at most"
    st.warning(f"{spec.label} {reads} {most:,} residues; this sequence has {len(protein):,}.")
    domain = seven_tm_domain(protein, numbers_for(protein))
    other = " or choose an ESM model" if spec.longest else ""
    if domain is None:
        st.caption(f"Its helices are not known, so cut it yourself{other}.")
    elif len(domain) > most:
        st.caption(f"Its 7TM domain has {len(domain):,} residues, also too many{other and '; choose an ESM model'}.")
    else:
        first, last = domain.number(0), domain.number(len(domain) - 1)
        st.button(
            f"Use the 7TM domain, {first}–{last}",
            key="domain",
            type="primary",
            width="stretch",
            on_click=session.use_domain,
            args=(domain,),
        )


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
