"""What the heads know: the fold of the model without some attention heads, beside as many random ones removed."""

import pandas as pd
import streamlit as st

from allo_core.errors import AblationError, AlloScopeError
from allo_core.folding.judged import judge
from allo_core.folding.removed_folds import RemovedFolds, kept_removed_folds
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.removal import heads_text, parse_heads
from allo_core.ui.fold import session
from allo_core.ui.fold.requests import RemovedFoldsRequest
from allo_core.ui.fold.results import Judged
from allo_core.ui.fold.view import FoldView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_heads"]

_PLACE = "removed"
_WHOLE, _JUDGED = "to all heads", "to the structure"


def draw_heads(view: FoldView, protein: Protein, judged: Judged | None) -> None:
    """The field, and what is kept of the folds without these heads, or the offer to compute them."""
    st.markdown("##### What do the heads know?", help=HELP["heads_know"])
    written = session.page().written(_PLACE, _PLACE, view.removed)
    label = f"Heads to remove from {get_spec(DEFAULT_MODEL).label}, such as 3.6, 4.1"
    st.text_input(label, **mirrored("fold_removed", written, _name), max_chars=2000)
    if session.page().noted(_PLACE):
        st.error(plain(session.page().noted(_PLACE)))
        return
    if not view.removed:
        st.caption("Folds the protein with all heads, without these, and three times without as many random ones.")
        return
    removed = parse_heads(view.removed, get_spec(DEFAULT_MODEL))
    request = RemovedFoldsRequest(protein, removed)
    if draw_under_way(job_of(request), "_removed_folds"):
        return
    try:
        found = kept_removed_folds(protein, removed)
        if found is not None:
            _draw_found(found, judged)
            return
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    named = f"these {len(removed)} heads" if len(removed) > 1 else "this head"
    st.button(f"Fold without {named} and without random ones", key="removed_folds", on_click=submit, args=(request,))
    st.caption("Five folds, each a minute or less on a CPU; they are kept.")


def _draw_found(found: RemovedFolds, judged: Judged | None) -> None:
    beside = found.beside_whole()
    st.markdown(plain(found.sentence(beside)))
    rows = {name: {f"TM {_WHOLE}": one.tm, f"lDDT {_WHOLE}": one.lddt} for name, one in beside.items()}
    if judged is not None:
        for name, fold in found.folds.items():
            by = judge(fold, judged.ca)
            rows[name] |= {f"TM {_JUDGED}": by.tm, f"lDDT {_JUDGED}": by.lddt}
    table = pd.DataFrame([{"Fold": name} | row for name, row in rows.items()])
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in table.columns if name != "Fold"}
    st.dataframe(table, key="removed_table", hide_index=True, width="stretch", column_config=numbers)
    told = "A fold that is the same has 1." if judged is None else f"A fold that is the same has 1; the structure is {judged.name}."
    st.caption(plain(f"{told} Folds of one protein: nothing is said about other receptors."))


def _name(text: str) -> None:
    """Take the heads that were typed; what names none stays in the field, and is said."""
    try:
        heads = heads_text(parse_heads(text, get_spec(DEFAULT_MODEL))) if text.strip() else ""
    except AblationError as error:
        session.page().problem(_PLACE, error, removed=text)
        return
    session.page().problem(_PLACE)
    session.page().change(removed=heads)
