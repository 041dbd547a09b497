"""Whether the model needs a head: a line on its card, and all heads that were removed beside how much they look at the site."""

import numpy as np
import streamlit as st

from allo_core.attention.head import Head
from allo_core.errors import AlloScopeError
from allo_core.figures.needed import needed_figure
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.explore.needed import Needed, NeededRequest, needed_of, takes
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_needed", "draw_needed_line"]

_HEIGHT = 420  # px
_GUESSED = 40  # heads that the gradients point at
_CANCELLED = "Cancelled; what was computed is kept, and starting again goes on from there."


def draw_needed_line(view: View, protein: Protein, result: Result) -> None:
    """What removing the selected head costs at the site, or the offer to remove it."""
    request = NeededRequest(protein, view.model, view.device, view.dtype, (result.head,))
    if draw_under_way(job_of(request), "_needed_head"):
        return
    found = _found(view, protein, result)
    if isinstance(found, str):
        st.caption(plain(found), help=HELP["ablation"])
        return
    said = "" if found is None else found.sentence(result.head)
    if said:
        st.caption(plain(said), help=HELP["ablation"])
        return
    _say_cancelled(request)
    label = f"Remove this head, {takes(view, protein, result, 1)}"
    st.button(label, key="needed_head", on_click=submit, args=(request,), help=HELP["ablation"])


def draw_needed(view: View, protein: Protein, result: Result) -> None:
    """All heads that were removed, and the offers to remove more."""
    st.markdown("##### Looks at the site, needed at the site", help=HELP["ablation"])
    spec, scores = get_spec(view.model), result.scores
    passing = tuple((int(row["layer"]), int(row["head"])) for _, row in scores.passing().iterrows())
    everything = tuple((layer, head) for layer in range(spec.layers) for head in range(spec.heads))
    some = NeededRequest(protein, view.model, view.device, view.dtype, passing, guessed=True)
    whole = NeededRequest(protein, view.model, view.device, view.dtype, everything)
    for request, place in ((some, "_needed_some"), (whole, "_needed_all")):
        if draw_under_way(job_of(request), place):
            return
    found = _found(view, protein, result)
    if isinstance(found, str):
        st.error(plain(found))
        return
    if found is not None and found.rises is not None and found.done.any():
        _draw_found(found, passing)
    else:
        st.caption("No head was removed yet. Each is removed by its mean while every residue is masked once, 15 % at a time.")
    left = len(everything) if found is None else int((~found.done).sum())
    if left:
        for request in (some, whole):
            _say_cancelled(request)
        with st.container(horizontal=True):
            guessed = min(_GUESSED + len(passing), len(everything))
            label = f"Remove the {_GUESSED} that gradients point at and all that pass, {takes(view, protein, result, guessed)}"
            if len(everything) > _GUESSED and len(everything) - left < guessed:
                st.button(label, key="needed_some", type="primary", on_click=submit, args=(some,))
            st.button(f"Remove all, {takes(view, protein, result, left)}", key="needed_all", on_click=submit, args=(whole,))


def _found(view: View, protein: Protein, result: Result) -> Needed | str | None:
    """What is kept, or why there can be nothing."""
    try:
        return needed_of(view, protein, result)
    except AlloScopeError as error:
        return str(error)


def _draw_found(found: Needed, passing: tuple[tuple[int, int], ...]) -> None:
    rises, heads = found.rises, found.result.scores.heads
    assert rises is not None
    shown = np.flatnonzero(found.done & np.isfinite(found.looks))
    names = [Head(*divmod(int(at), heads)).text for at in shown]
    own = found.result.head[0] * heads + found.result.head[1]
    st.markdown(plain(found.agreement.sentence))
    if len(shown):
        bars = np.stack([rises.site.low[shown], rises.site.high[shown]])
        selected = int(np.flatnonzero(shown == own)[0]) if own in shown else None
        passes = np.array([divmod(int(at), heads) in passing for at in shown])
        figure = needed_figure(found.looks[shown], rises.site.value[shown], bars, names, passes, selected, _HEIGHT)
        draw_plot(figure, "needed_figure", f"Enrichment and rise of the loss at the site of {len(shown)} heads.")
    without = int(found.done.sum()) - len(shown)
    alone = f" {without} removed heads have no enrichment and are not drawn." if without else ""
    told = (
        f"{int(found.done.sum())} of {len(found.done)} heads were removed. The loss with all heads is {rises.base_site:.3f} nats at the "
        f"{rises.site.residues} marked residues and {rises.base_matched:.3f} at matched ones. "
        f"Bars are 95 % intervals over the marked residues of this protein; they tell nothing about other receptors.{alone}"
    )
    st.caption(plain(told))


def _say_cancelled(request: NeededRequest) -> None:
    job = job_of(request)
    if job is not None and job.state == "cancelled":
        st.caption(_CANCELLED)
