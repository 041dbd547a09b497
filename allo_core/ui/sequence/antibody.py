"""What AntiBERTy says of an antibody chain beside its residues: species and chain, and two chains to try it with."""

import pandas as pd
import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.antibody import AntibodyClasses
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.protein import session as protein_session
from allo_core.ui.sequence import session
from allo_core.ui.sequence.requests import AntibodyRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared import inputs
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_antibody"]

# A heavy and a light chain, as they are often pasted to try the model.
_CHAINS = {
    "Heavy chain": "EVQLVQSGPEVKKPGTSVKVSCKASGFTFMSSAVQWVRQARGQRLEWIGWIVIGS"
    "GNTNYAQKFQERVTITRDMSTSTAYMELSSLRSEDTAVYYCAAPYCSSISCNDGFDIWGQGTMVTVS",
    "Light chain": "DVVMTQTPFSLPVSLGDQASISCRSSQSLVHSNGNTYLHWYLQKPGQSPKLLIYKVSNRFSGVPDRFSGSGSGTDFTLKISRVEAEDLGVYFCSQSTHVPYTFGGGTKLEIK",
}


def draw_antibody(view: SequenceView, protein: Protein) -> None:
    """Drawn for AntiBERTy alone."""
    if get_spec(view.model).family != "bert":
        return
    st.markdown("##### Antibody: species and chain")
    st.caption(
        "One model reads heavy and light chains, each alone; no pair of them was seen in training. It was trained on sequences of six "
        "species, and its classifiers choose among these and two chains alone, whatever they are given: a receptor gets an answer, too."
    )
    with st.container(horizontal=True):
        for name, sequence in _CHAINS.items():
            st.button(f"Try a {name.lower()}", key=f"try_{name}", type="tertiary", on_click=_open, args=(Protein(name, sequence),))
    request = AntibodyRequest(protein, view.model, view.device, view.dtype)
    job = job_of(request)
    if draw_under_way(job, "_antibody"):
        return
    if job is None or not isinstance(job.outcome.value, AntibodyClasses):
        st.button("Classify this sequence", key="classify", on_click=submit, args=(request,))
        return
    classes = {"Species": job.outcome.value.species, "Chain": job.outcome.value.chain}
    for place, (what, found) in zip(st.columns(2), classes.items(), strict=True):
        table = pd.DataFrame({what: list(found), "probability": list(found.values())}).sort_values("probability", ascending=False)
        place.dataframe(
            table, hide_index=True, column_config={"probability": st.column_config.ProgressColumn(format="%.3f", min_value=0, max_value=1)}
        )
        place.caption(f"Chance among {len(found)}: {1 / len(found):.2f}.")


def _open(protein: Protein) -> None:
    try:
        protein_session.open_protein(protein_session.remember(inputs.keep_protein(protein)))
    except AlloScopeError as error:
        session.page().tell(str(error))
