"""The tab Contacts: the pairs that the model takes for neighbours, beside the known structure, chance and the family."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allo_core.analysis.track import Values
from allo_core.attention.contacts import SEPARATIONS, far_pairs
from allo_core.figures.contact_map import PairsBelow, contact_figure
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.contacts import PredictedContacts
from allo_core.readouts.family_contacts import family_contacts
from allo_core.readouts.judged import judged_contacts, known_map
from allo_core.ui.protein.panel import HEIGHT
from allo_core.ui.protein.run_offer import cost_in_words
from allo_core.ui.sequence import session
from allo_core.ui.sequence.colourings import tab_track
from allo_core.ui.sequence.contacts_tables import ShownContacts, draw_tables
from allo_core.ui.sequence.receptor import draw_coloured
from allo_core.ui.sequence.requests import ContactsRequest
from allo_core.ui.sequence.view import BELOW, SHARES, SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.plots import GROWS
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw"]

_DRAWN = 15  # pairs on the receptor
_IN_MOST = 0.5  # of the other receptors


def draw(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, problem: str, choices: DeltaGenerator) -> None:
    """Map beside the receptor, how good it is, and the best pairs."""
    request = ContactsRequest(protein, view.model, view.device, view.dtype)
    job = session.begun(request)
    predicted = None if job is None else job.outcome.value
    shown = _known(request, predicted) if isinstance(predicted, PredictedContacts) else None
    first, second = _best(shown, view) if shown is not None else (np.zeros(0, dtype=np.int64),) * 2
    if shown is not None:
        with st.container(key="verdict"):
            st.markdown(plain(shown.judged.sentence), help=HELP["contacts"])
        with choices:
            _draw_choices(view, shown)
    left, right = st.columns([6, 7], gap="small")
    with left:
        if shown is None:
            _draw_missing(view, protein, request)
        else:
            _draw_map(view, protein, shown, first, second)
    with right:
        drawn = [(int(one), int(other), 0.4) for one, other in zip(first[:_DRAWN], second[:_DRAWN], strict=True)]
        draw_coloured(view, protein, loaded, problem, _track(protein, shown, first, second), drawn)
    if shown is not None:
        draw_tables(view, protein, shown, first, second, loaded)


def _draw_missing(view: SequenceView, protein: Protein, request: ContactsRequest) -> None:
    job = job_of(request)
    with st.container(key=f"{GROWS}offer", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        if draw_under_way(job, "_contacts"):
            return
        st.markdown(f"**{plain(get_spec(view.model).label)} has not been asked for contacts of {plain(protein.name)} yet**")
        st.caption(
            plain(f"One pass: {cost_in_words(view, protein)} A model without a published regression reads sixteen receptors first, once.")
        )
        st.button("Predict contacts", key="contacts", type="primary", on_click=submit, args=(request,))


@st.cache_resource(max_entries=8, show_spinner=False)
def _known(request: ContactsRequest, _predicted: PredictedContacts) -> ShownContacts:
    numbers = numbers_for(_predicted.protein)
    family, known = family_contacts(_predicted.protein, numbers), known_map(_predicted.protein, numbers)
    return ShownContacts(_predicted, family, known, judged_contacts(_predicted, family, known))


def _best(shown: ShownContacts, view: SequenceView) -> tuple[np.ndarray, np.ndarray]:
    """First and second residue of the best pairs that are shown."""
    first, second = shown.predicted.ranked(view.separation)
    count = max(1, len(shown.predicted.protein) * view.shown_pairs // 100)
    return first[:count], second[:count]


def _draw_choices(view: SequenceView, shown: ShownContacts) -> None:
    """How far apart, how many, and what stands below the diagonal."""
    below = {name: label for name, label in BELOW.items() if (shown.known if name == "structure" else shown.family) is not None}
    st.segmented_control(
        "At least so far apart", SEPARATIONS, required=True, help=HELP["separation"], format_func=lambda value: f"≥ {value} apart",
        label_visibility="collapsed", width="content",
        **mirrored("separation", view.separation, lambda value: session.page().change(separation=value), default="default"),
    )  # fmt: skip
    st.segmented_control(
        "Pairs", list(SHARES), required=True, help=HELP["shown_pairs"], format_func=lambda share: f"{SHARES[share]} pairs",
        label_visibility="collapsed", width="content",
        **mirrored("shown_pairs", view.shown_pairs, lambda value: session.page().change(shown_pairs=value), default="default"),
    )  # fmt: skip
    if below:
        st.segmented_control(
            "Below the diagonal", list(below), required=True, help=HELP["below"], format_func=lambda name: f"below: {below[name]}",
            label_visibility="collapsed", width="content",
            **mirrored("below", _below(view, shown), lambda name: session.page().change(below=name), default="default"),
        )  # fmt: skip


def _below(view: SequenceView, shown: ShownContacts) -> str:
    if view.below == "structure" and shown.known is None and shown.family is not None:
        return "family"
    return "structure" if view.below == "family" and shown.family is None else view.below


def _draw_map(view: SequenceView, protein: Protein, shown: ShownContacts, first: np.ndarray, second: np.ndarray) -> None:
    numbers = numbers_for(protein)
    below, name = None, _below(view, shown)
    if name == "structure" and shown.known is not None:
        below = PairsBelow(f"in {shown.known.entry}", *_pairs(shown.known.touching == 1, view.separation))
    elif name == "family" and shown.family is not None:
        with np.errstate(invalid="ignore"):
            most = shown.family.scores >= _IN_MOST
        below = PairsBelow("in most other receptors", *_pairs(most, view.separation))
    touching = np.full(len(first), np.nan) if shown.known is None else shown.known.touching[first, second]
    figure = contact_figure(
        first, second, shown.predicted.scores[first, second], touching, below, len(protein), protein.first, residue_labels(protein),
        [] if numbers is None else numbers.spans(), view.pair, shown.predicted.kind, HEIGHT, current_theme(),
    )  # fmt: skip

    def pick() -> None:
        points = st.session_state.contact_map.selection.points
        if points and isinstance(custom := points[-1].get("customdata"), list | tuple) and all(isinstance(one, int) for one in custom[:2]):
            session.select_pair(*sorted((custom[0], custom[1])))

    st.plotly_chart(
        figure, key="contact_map", height=HEIGHT, config={"displayModeBar": False}, on_select=pick, selection_mode="points",
        alt=f"The {len(first)} best predicted contacts of {protein.name} above the diagonal, {below.name if below else 'nothing'} below.",
    )  # fmt: skip


def _pairs(touching: np.ndarray, separation: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = far_pairs(np.arange(len(touching)), separation)
    chosen = touching[first, second]
    return first[chosen], second[chosen]


def _track(protein: Protein, shown: ShownContacts | None, first: np.ndarray, second: np.ndarray):
    """How many of the shown pairs each residue is in."""
    name = "predicted contacts of each residue"
    if shown is None:
        return tab_track(name, Values.none(len(protein), name, "not predicted yet"), "Contacts")
    counts = np.bincount(np.concatenate([first, second]), minlength=len(protein)).astype(float)
    return tab_track(name, Values(counts, name, max(float(counts.max()), 1.0), "most"), "Contacts")
