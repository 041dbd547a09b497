"""Ways to get more folds, each with its cost and what stands in its way."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.folding.esmfold import check_esmfold, kept_esmfold, slow_device
from allo_core.folding.model_fold import kept_model_fold, model_fold_expected
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, how_to_get_folding, locate_folding
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.fold.requests import EsmfoldRequest, ModelFoldRequest
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_more"]


def draw_more(protein: Protein) -> None:
    """The fold of the model and ESMFold where they were not computed yet; why not, where something stands in the way."""
    offers = {_draw_model: kept_model_fold, _draw_esmfold: kept_esmfold}
    missing = [draw for draw, kept in offers.items() if kept(protein) is None]
    if missing:
        st.markdown("##### More folds")
    for draw in missing:
        draw(protein)


def _draw_model(protein: Protein) -> None:
    request = ModelFoldRequest(protein)
    if draw_under_way(job_of(request), "_model_fold"):
        return
    try:
        expected = model_fold_expected(protein)
    except AlloScopeError as error:
        st.caption(plain(str(error)))
        return
    label = f"Fold from {get_spec(DEFAULT_MODEL).label}"
    st.button(label, key="model_fold", on_click=submit, args=(request,), help=HELP["model_fold"])
    st.caption(plain(f"{expected.sentence} A minute or less on a CPU; the fold is kept."))


def _draw_esmfold(protein: Protein) -> None:
    request = EsmfoldRequest(protein)
    if draw_under_way(job_of(request), "_esmfold"):
        return
    try:
        if locate_folding(FOLDING_MODELS[ESMFOLD]) is None:
            st.caption(plain(how_to_get_folding(FOLDING_MODELS[ESMFOLD])), help=HELP["esmfold"])
            return
        device, _ = check_esmfold(protein)
    except AlloScopeError as error:
        st.caption(plain(str(error)), help=HELP["esmfold"])
        return
    st.button("Fold with ESMFold", key="esmfold", on_click=submit, args=(request,), help=HELP["esmfold"])
    st.caption(plain(slow_device(protein, device) or "On this GPU: minutes, the fold is kept."))
