"""The worked example: a question, its answer and a doubt, in three steps on the page itself.  Every number in it is that of the page."""

from dataclasses import replace

import streamlit as st

from allo_core.analysis.verdict import set_phrases
from allo_core.attention.control import LEVEL
from allo_core.attention.head import Head
from allo_core.ui.explore import session
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View, starting_view
from allo_core.ui.protein.view import offered_sites
from allo_core.ui.shared.hints import is_put_away, put_away
from allo_core.ui.shared.text import plain

__all__ = ["draw_example"]

_HINT = "worked_example"
_STEPS = 3
_OTHER_THRESHOLD = 0.1
_PAIRS = 5


def draw_example(view: View, result: Result | None) -> None:
    """One line above the pictures: the invitation, or the step that is reached; nothing where it was put away."""
    explore = session.page()
    if is_put_away(_HINT) or not (explore.invited or explore.example):
        return
    with st.container(key="example", horizontal=True, vertical_alignment="center", gap="small"):
        if not explore.example:
            st.markdown("**New here?** A worked example in three steps shows what this page answers.", width="stretch")
            st.button("Show me", key="example_start", type="primary", on_click=_go, args=(1,))
        else:
            st.markdown(plain(_told(explore.example, view, result)), width="stretch")
            if explore.example < _STEPS:
                st.button("Next", key="example_next", type="primary", on_click=_go, args=(explore.example + 1,))
        done = explore.example == _STEPS
        st.button("Done" if done else "Hide for good", key="example_hide", type="primary" if done else "tertiary", on_click=_hide)


def _go(step: int) -> None:
    """Bring the page to where a step is seen."""
    explore = session.page()
    explore.example = step
    if step == 1:
        explore.view = replace(starting_view(), device=explore.view.device, dtype=explore.view.dtype)
        explore.marks_before.clear()
    elif step == 2:
        explore.change(head=explore.shown_head or explore.view.head, pairs=_PAIRS)
    else:
        explore.change(threshold=_OTHER_THRESHOLD, weighting="attention")


def _hide() -> None:
    session.page().example, session.page().invited = 0, False
    put_away(_HINT)


def _told(step: int, view: View, result: Result | None) -> str:
    """What is to be seen at a step."""
    if result is None:
        return f"{step} of {_STEPS}: the model is reading the sequence."
    scores, n_marked = result.scores, len(result.question.sites)
    phrase = set_phrases(view.sets, offered_sites(view.protein), view.names)["A"]
    if step == 1:
        return (
            f"1 of {_STEPS}, the question: orange on the structure are the {n_marked} residues of {phrase}. The model has read the "
            f"sequence alone, never the structure. Does one of its {scores.layers * scores.heads} heads look at them more than chance?"
        )
    name = Head(*result.head).name.lower()
    if step == 2:
        return (
            f"2 of {_STEPS}, the answer: every cell is a head; orange ones look at the marked residues more than expected, a dot passes "
            f"the test. The structure is coloured by where {name} looks, and its {view.pairs} strongest pairs are drawn."
        )
    row, passing = result.row, len(scores.passing())
    holds = "it passes here, too" if row["q_value"] < LEVEL else "it does not pass here"
    return (
        f"3 of {_STEPS}, the doubt: at threshold {view.threshold:.2f} {passing} of {scores.n_tested} heads pass, and of "
        f"{name}: {holds}. Now mark your own residues by a click on the structure, or choose another receptor."
    )
