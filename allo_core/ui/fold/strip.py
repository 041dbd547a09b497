"""The line above the pictures: what is shown, what judges it, and whether the chosen fold beats the average."""

import streamlit as st

from allo_core.folding.calibration import expected
from allo_core.folding.fold import Fold
from allo_core.protein.sequence import Protein
from allo_core.ui.fold.results import Judged
from allo_core.ui.fold.view import FoldView
from allo_core.ui.protein.strip import protein_parts
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain

__all__ = ["draw_strip", "draw_verdict"]


def draw_strip(view: FoldView, protein: Protein, fold: Fold | None, judged: Judged | None) -> None:
    """Protein, fold, and the structure that judges it."""
    parts = [protein_parts(view, protein)[0]]
    if fold is not None:
        parts.append(plain(fold.name))
    parts.append(plain("no structure to judge by" if judged is None else f"judged by {judged.name}"))
    with st.container(key="strip"):
        st.markdown(" :gray[|] ".join(parts))


def draw_verdict(name: str, fold: Fold, judged: Judged | None) -> None:
    """That the fold loses to the average stands first, then what is to be expected of it."""
    told = []
    if judged is not None:
        one = judged.folds[name]
        told = [one.sentence, one.itself]
    told.append(expected(fold).sentence)
    with st.container(key="verdict"):
        st.markdown(plain(" ".join(filter(None, told))), help=HELP["fold_gain"])
