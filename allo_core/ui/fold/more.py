"""Ways to get more folds, each with its cost and what stands in its way."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.folding.esmfold import check_esmfold, kept_esmfold, slow_device
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, how_to_get_folding, locate_folding
from allo_core.protein.sequence import Protein
from allo_core.ui.fold.requests import EsmfoldRequest
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_more"]


def draw_more(protein: Protein) -> None:
    """ESMFold where its files are on this machine; else, or where memory is short, why not."""
    if kept_esmfold(protein) is not None:
        return
    request = EsmfoldRequest(protein)
    st.markdown("##### More folds", help=HELP["esmfold"])
    if draw_under_way(job_of(request), "_esmfold"):
        return
    try:
        if locate_folding(FOLDING_MODELS[ESMFOLD]) is None:
            st.caption(plain(how_to_get_folding(FOLDING_MODELS[ESMFOLD])))
            return
        device, _ = check_esmfold(protein)
    except AlloScopeError as error:
        st.caption(plain(str(error)))
        return
    st.button("Fold with ESMFold", key="esmfold", on_click=submit, args=(request,))
    st.caption(plain(slow_device(protein, device) or "On this GPU: minutes, the fold is kept."))
