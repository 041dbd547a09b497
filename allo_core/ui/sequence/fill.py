"""Filling: what the model would put in the place of the marked residues, all masked together."""

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.models.probabilities import ResidueProbabilities
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.ui.sequence.requests import FillRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_fill"]

_BEST = 3


def draw_fill(view: SequenceView, protein: Protein) -> None:
    """One pass in which the residues of set A are hidden at once, and the likeliest residues for each."""
    with st.expander("Fill masked residues"):
        st.caption(HELP["fill"])
        if not view.sites:
            st.caption("Nothing is marked in set A. Mark residues at the left; a pasted sequence may hold X where a residue is not known.")
            return
        request = FillRequest(protein, view.model, view.device, view.dtype, view.sites)
        job = job_of(request)
        if draw_under_way(job, "_fill"):
            return
        if job is not None and isinstance(job.outcome.value, ResidueProbabilities):
            _draw_filled(protein, view.sites, job.outcome.value)
            return
        label = f"Mask the {len(view.sites)} residues of set A and ask {get_spec(view.model).label}"
        st.button(plain(label), key="fill", on_click=submit, args=(request,))


def _draw_filled(protein: Protein, residues: tuple[int, ...], filled: ResidueProbabilities) -> None:
    labels, p = residue_labels(protein), np.exp(filled.log_p)
    best = np.argsort(-p, axis=1)[:, :_BEST]
    there = filled.wild_type
    table = pd.DataFrame(
        {
            "residue": [labels[index] for index in residues],
            "p of it": [f"{there[index]:.3f}" if np.isfinite(there[index]) else "none of the twenty" for index in residues],
            "likeliest": [", ".join(f"{AMINO_ACIDS[one]} {p[index, one]:.2f}" for one in best[index]) for index in residues],
        }
    )
    known = [index for index in residues if protein.sequence[index] in AMINO_ACIDS]
    right = sum(filled.expected[index] == protein.sequence[index] for index in known)
    if known:
        most = max(sum(protein.sequence[index] == letter for index in known) for letter in AMINO_ACIDS)
        st.caption(f"{right} of {len(known)} come back as the likeliest residue; one letter for all would be right at most {most} times.")
    st.dataframe(table, hide_index=True, height="content" if len(residues) <= 12 else 330)
