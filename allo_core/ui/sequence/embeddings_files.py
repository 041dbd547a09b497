"""Embeddings as files: the state that is shown at once, all of them after one more pass; the size is said before."""

import streamlit as st

from allo_core.export.readouts import embeddings_npz, embeddings_size, readout_record
from allo_core.models.embeddings import Embeddings
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import kept_metas
from allo_core.storage.amounts import amount
from allo_core.ui.sequence.requests import StatesRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.models import readable_size
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import file_stem
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_files"]

_FORMULA = "state 0 is the token embedding, state k what layer k - 1 gives, the last after the final norm; special tokens left out"


def draw_files(view: SequenceView, protein: Protein, shown: Embeddings) -> None:
    """The state that is shown, its mean, all states, and a record."""
    spec, stem = get_spec(view.model), f"alloscope_{file_stem(protein.name)}_{view.model}"
    (state,) = shown.states
    with st.expander("Embeddings as files"):
        one, mean = embeddings_size(spec, len(protein), 1), embeddings_size(spec, len(protein), 1, mean=True)
        _file(shown, f"State {state}: {amount(one)}", f"{stem}_state_{state}.npz", "state")
        _file(shown, f"Its mean over residues: {readable_size(mean)}", f"{stem}_mean_{state}.npz", "mean")
        request = StatesRequest(protein, view.model, view.device, view.dtype, ())
        job, size = job_of(request), amount(embeddings_size(spec, len(protein), spec.layers + 1))
        if job is not None and isinstance(job.outcome.value, Embeddings):
            _file(job.outcome.value, f"All {spec.layers + 1} states: {size}", f"{stem}_states.npz", "states")
            _file(job.outcome.value, f"Means of all {spec.layers + 1} states", f"{stem}_means.npz", "means")
        elif not draw_under_way(job, "_states"):
            st.button(f"Read all {spec.layers + 1} states: {size}", key="all_states", on_click=submit, args=(request,))
        meta = next(iter(kept_metas(view.model, protein, view.device, view.dtype)), None)
        if meta is not None:
            st.download_button(
                "Record (JSON)", lambda: readout_record(meta, "embeddings", _FORMULA, {"width": spec.width}), f"{stem}_embeddings.json",
                "application/json", key="embeddings_json", on_click="ignore", icon=":material/description:",
            )  # fmt: skip


def _file(found: Embeddings, label: str, name: str, key: str) -> None:
    st.download_button(
        label, lambda: embeddings_npz(found, mean=key.startswith("mean")), name, "application/octet-stream", key=f"embeddings_{key}",
        on_click="ignore", icon=":material/data_array:", help=HELP["embeddings_files"],
    )  # fmt: skip
