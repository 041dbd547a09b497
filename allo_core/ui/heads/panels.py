"""What stands first on the page Heads: what is shown, the answer, the heatmap, and the selected head over all values."""

import numpy as np
import streamlit as st

from allo_core.figures.heads import share_profile
from allo_core.heads.arcs import FamilyArcs
from allo_core.heads.shares import FEWEST_ARCS
from allo_core.heads.verdict import difference_sentence, value_name, verdict
from allo_core.library.receptors import SODIUM_POCKET, receptors
from allo_core.models.registry import get_spec
from allo_core.runs.cost import cost_of
from allo_core.storage.amounts import readable_time
from allo_core.ui.heads import session
from allo_core.ui.heads.requests import HeadsRequest
from allo_core.ui.heads.results import HeadsResult
from allo_core.ui.heads.view import HeadsView
from allo_core.ui.shared.head_shares import draw_share_heatmap
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.link import explore_link, head_in_link
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_head", "draw_heatmap", "draw_run", "draw_strip", "draw_verdict"]

_HEIGHT = 440  # px
_OPENED = "AA2AR"  # which receptor shows a head on Explore


def draw_strip(view: HeadsView, result: HeadsResult | None) -> None:
    """Model, what is looked at, and over how many receptors."""
    parts = [get_spec(view.model).label]
    if result is not None:
        minus = "" if result.minus is None else f" minus {value_name(result.shares, result.minus)}"
        parts.append(f"{value_name(result.shares, result.value)}{minus}")
        parts.append(f"{len(result.shares.receptors)} receptors in {result.shares.clusters} clusters of homologues")
    st.markdown(f"### {plain(' | '.join(parts))}")


def draw_verdict(result: HeadsResult) -> None:
    """How many heads look at it more than expected, and the one with the largest share."""
    with st.container(key="verdict"):
        st.markdown(plain(verdict(result.shares, result.value)), help=HELP["share"])
        if result.minus is not None:
            st.markdown(plain(difference_sentence(result.shares, result.value, result.minus)), help=HELP["minus"])


def draw_run(request: HeadsRequest) -> None:
    """The passes that are missing: offered with what they take, or under way."""
    if draw_under_way(job_of(request), "_heads"):
        return
    spec, names = get_spec(request.model), request.receptors
    seconds = sum(cost_of(spec, len(receptors()[entry].protein), request.device, request.dtype).seconds for entry in names)
    with st.container(border=True):
        st.markdown(f"**What do the {spec.layers} × {spec.heads} heads of {plain(spec.label)} look at?**")
        st.caption(
            plain(
                f"{spec.label} reads {len(names)} receptors once ({readable_time(seconds)}). The arcs of every head are kept, so that "
                "everything on this page is counted without it afterwards; stopped, it goes on where it was."
            )
        )
        st.button(f"Read {len(names)} receptors", key="read_heads", type="primary", on_click=submit, args=(request,))


def draw_heatmap(view: HeadsView, result: HeadsResult) -> None:
    """One number a head; a click selects a head, arrow keys move the selection."""
    signed = view.shows == "enrichment" or result.minus is not None
    label = {"share": "share of arcs", "enrichment": "log₂ enrichment", "published": "share, published"}[view.shows]
    label, pale = (label, "as expected" if signed else "none") if result.minus is None else ("difference", "no difference")
    numbers = result.numbers(view.shows)
    draw_share_heatmap(result.shares, result.value, numbers, label, pale, signed, result.head, session.select_head, _HEIGHT)


def draw_head(view: HeadsView, result: HeadsResult, found: FamilyArcs) -> None:
    """The selected head over all values, what it gives to special tokens, and the way to it on Explore."""
    shares, at = result.shares, result.at
    st.markdown(f"##### Layer {result.head[0]}, head {result.head[1]}", help=HELP["share"])
    if not shares.tested[at].any():
        st.info(f"This head has {int(shares.arcs[:, at].sum())} arcs of at least 0.3 over all receptors; {FEWEST_ARCS} are needed.")
        return
    figure = share_profile(shares.what.values, shares.share[at], shares.intervals[:, at], shares.background[at], result.value)
    draw_plot(figure, "share_profile", f"Shares of the arcs of layer {result.head[0]}, head {result.head[1]}.")
    length = np.mean([len(receptors()[entry].protein) for entry in found.receptors])
    st.caption(
        f"{found.special[result.head]:.1%} of its attention goes to special tokens; spread evenly it would be {2 / (length + 2):.1%}."
    )
    marked = receptors()[_OPENED].protein
    choices = {"model": view.model, "head": head_in_link(result.head)}
    st.link_button("This head on Explore", explore_link(_OPENED, marked, _pocket(), choices), icon=":material/biotech:")


def _pocket() -> tuple[int, ...]:
    """The sodium pocket of the receptor that Explore opens with."""
    numbers = receptors()[_OPENED].numbers
    assert numbers is not None
    return tuple(np.flatnonzero(np.isin(numbers.gpcrdb, SODIUM_POCKET)).tolist())
