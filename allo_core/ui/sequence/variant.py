"""The tab Variant: the heads that change with a substitution or in an ortholog, beside what other changes do."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allo_core.analysis.track import Track, Values
from allo_core.attention.head import Head
from allo_core.errors import AlloScopeError
from allo_core.figures.heatmap import cells
from allo_core.figures.variant import CHANGE
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.protein.variants import read_variant
from allo_core.readouts.variant import NEAR
from allo_core.readouts.variant_verdict import heads_by_change, judged_region, ortholog_sentence, variant_sentence
from allo_core.ui.protein.panel import HEIGHT
from allo_core.ui.sequence import session
from allo_core.ui.sequence.colourings import tab_track
from allo_core.ui.sequence.receptor import Pair, draw_coloured
from allo_core.ui.sequence.requests import ComparedVariant, VariantRequest
from allo_core.ui.sequence.variant_choice import cost_of_references, draw_choice, ortholog_of
from allo_core.ui.sequence.variant_tables import draw_tables
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.plots import GROWS, draw_heads
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw"]

_PAIRS = 20
_WHY = "; follows from the letters"


def draw(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, problem: str, choices: DeltaGenerator) -> None:
    """The choice, the sentence, the heads beside the receptor, and the tables."""
    draw_choice(view, protein)
    request = _request_of(view, protein)
    job = None if request is None else job_of(request)
    found = None if job is None or not isinstance(job.outcome.value, ComparedVariant) else job.outcome.value
    head = None
    if found is not None:
        head = view.head or _first(found)
        with st.container(key="verdict"):
            st.markdown(plain(_sentence(found, request)), help=HELP["variant"])
    left, right = st.columns([5, 8], gap="small")
    with left:
        if found is None or head is None:
            _draw_missing(view, protein, request)
        else:
            _draw_heatmap(found, head)
    with right:
        draw_coloured(view, protein, loaded, problem, _track(protein, found, head), _pairs(found, head))
    if found is not None and head is not None:
        draw_tables(view, protein, found, head)


def _first(found: ComparedVariant) -> tuple[int, int]:
    """The head that changes most and is not explained by the swapped letters; the one that changes most where all are."""
    heads, explained = heads_by_change(found.comparison), found.comparison.explained
    return next((head for head in heads if not explained[head]), heads[0])


def _request_of(view: SequenceView, protein: Protein) -> VariantRequest | None:
    """What the view asks; None where it asks nothing, or what it names is no longer kept."""
    given = (protein, view.model, view.device, view.dtype)
    if view.ortholog:
        variant, others = ortholog_of(view)
        return None if variant is None else VariantRequest(*given, variant=variant, sites=view.sites, substituted=False, others=others)
    if not view.substitutions:
        return None
    try:
        variant = read_variant(view.substitutions, protein, numbers_for(protein)).protein
    except AlloScopeError as error:
        session.page().problem("variant", error, substitutions=view.substitutions)
        return None
    return VariantRequest(*given, variant=variant, sites=view.sites)


def _sentence(found: ComparedVariant, request: VariantRequest | None) -> str:
    if request is not None and not request.substituted:
        return ortholog_sentence(found.comparison, found.expectation)
    return variant_sentence(found.comparison, found.reference)


def _draw_missing(view: SequenceView, protein: Protein, request: VariantRequest | None) -> None:
    with st.container(key=f"{GROWS}offer", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        if request is None:
            st.markdown("**Nothing is substituted yet**")
            st.caption("Write a substitution above, such as W246A or 6x48A, or give an ortholog.")
            return
        job = job_of(request)
        if draw_under_way(job, "_variant"):
            return
        st.markdown(f"**{plain(request.variant.name)} has not been read yet**")
        st.caption(plain(cost_of_references(view, protein, request)))
        st.button("Compare", key="compare", type="primary", on_click=submit, args=(request,))


def _draw_heatmap(found: ComparedVariant, head: tuple[int, int]) -> None:
    """How much each head changes; those that the swapped letters alone explain are hatched."""
    comparison, region = found.comparison, judged_region(found.comparison)
    change = comparison.change(region)
    explained = comparison.explained if found.expectation is None and not comparison.gapped else np.zeros(change.shape, dtype=bool)
    beside = np.full(change.shape, np.nan)
    if found.reference is not None:
        beside = found.reference.percentile(comparison, region)
    elif found.expectation is not None:
        beside = found.expectation.percentile(comparison)
    text = [
        [f"{value:.4f} bits", "no reference" if np.isnan(rank) else f"more than {rank:.0f} % of the references", _WHY * bool(told)]
        for value, rank, told in zip(change.ravel(), beside.ravel(), explained.ravel(), strict=True)
    ]
    hover = {
        "customdata": np.array(text, dtype=object).reshape(*change.shape, 3),
        "hovertemplate": "<b>Layer %{y}, head %{x}</b><br>%{customdata[0]}<br>%{customdata[1]}%{customdata[2]}<extra></extra>",
    }
    passing = np.nan_to_num(beside, nan=0.0) >= 100.0
    figure = cells(change, explained, CHANGE, hover, None, HEIGHT, current_theme(), passing & ~explained)
    shape = (change.shape[0], change.shape[1])
    draw_heads(figure, HEIGHT, f"Heatmap of the change of {shape[0]} x {shape[1]} heads.", head, shape, session.select_head, grows=True)
    where = f"rows more than {NEAR} residues from a substitution" if region == "rest" else "all rows"
    told = [f"{Head(*head).name}: {change[head]:.4f} bits. Jensen-Shannon divergence, mean over {where}."]
    if passing.any():
        told.append("A dot: no reference changes the head as much.")
    if explained.any():
        told.append(f"Hatched: the swapped letters alone explain it ({explained.sum()}; {comparison.explained_by_chance:.1f} by chance).")
    st.caption(plain(" ".join(told)), help=HELP["explained_by_letter"])


def _track(protein: Protein, found: ComparedVariant | None, head: tuple[int, int] | None) -> Track:
    """How much the row of each residue changes, in the selected head."""
    name = "change of each residue's row in bits"
    if found is None or head is None:
        return tab_track(name, Values.none(len(protein), name, "nothing is compared yet"), "Variant")
    values = found.comparison.divergence[head].astype(float)
    known = values[np.isfinite(values)]
    if not known.size:
        return tab_track(name, Values.none(len(protein), name, "this head loses too much attention"), Head(*head).name)
    ceiling = max(float(np.quantile(known, 0.98)), 1e-6)
    return tab_track(name, Values(values, f"{name} · {Head(*head).name}", ceiling, "98th percentile"), Head(*head).name)


def _pairs(found: ComparedVariant | None, head: tuple[int, int] | None) -> list[Pair]:
    if found is None or head is None:
        return []
    pairs = found.comparison.pairs(*head, _PAIRS)
    return [(pair.query, pair.key, abs(pair.after - pair.before)) for pair in pairs if pair.query != pair.key]
