"""The lines above the pictures: what is shown, readable from the back of a room, and the verdict."""

import math
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from allo_core.analysis.answer import Answer
from allo_core.analysis.measures import MEASURES, WEIGHTINGS, Weighting
from allo_core.analysis.power import power_in_full
from allo_core.analysis.question_log import asked_by, found_by, key_of_answer
from allo_core.analysis.strata import possible_null
from allo_core.analysis.verdict import nearness, plain_verdict, verdict
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.ui.explore import results, session
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.protein.strip import protein_parts
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.question_log import draw_looked, session_log
from allo_core.ui.shared.text import plain

__all__ = ["draw_strip", "draw_verdict"]

_DIVIDER = " :gray[|] "
_TERMS = {"Head": "head", "Expected": "null", "q": "q", "Places like it": "places", "Global p": "global_p", "Overlap": "overlap"}
_TERMS |= {"Needed": "needed", "Flagged": "flags"}


def draw_strip(view: View, protein: Protein, weighting: Weighting = "attention") -> None:
    """Receptor, model, sites, threshold (or what else counts) and null in one line."""
    counted = f"threshold {view.threshold:.2f}" if weighting == "attention" else WEIGHTINGS[weighting]
    parts = [*protein_parts(view, protein), counted, f"{possible_null(view.null, numbers_for(protein))} null"]
    with st.container(key="strip"):
        st.markdown(_DIVIDER.join(parts))


def draw_verdict(result: Result | None, phrases: Mapping[str, str], device_notes: Sequence[str], caution: str = "") -> Callable[[], None]:
    """The verdict in one sentence, with what speaks against it; above it what to know of the device.

    What is returned completes it and is called when the rest of the page stands: the comparison with places like the site takes a second
    for the first site of a size.
    """
    for note in device_notes:
        st.warning(plain(note))
    if result is None:
        return _nothing
    answer, log = result.answer, session_log()
    key = key_of_answer(answer)
    log.look(key, lambda: asked_by(answer), lambda: found_by(answer))
    with st.container(key="verdict", horizontal=True, vertical_alignment="center", gap="small"):
        sentence = st.empty()
        _offer_threshold(result)
        _offer_null(result)
        with st.popover("In full", type="tertiary", help=HELP["verdict"]):
            full = st.empty()
            _terms(result)
        draw_looked(log)

    def complete() -> None:
        completed = answer.completed()
        if answer.scores.pending and answer.pockets_known:
            st.rerun()  # heatmap, head and tables lack p and q
        sentence.markdown(plain(_sentence(completed, phrases, caution)), width="stretch")
        full.markdown(plain(f"{verdict(completed, phrases)} {power_in_full(completed)}"))
        log.complete(key, lambda: found_by(completed))

    if answer.pockets_known:
        complete()
        return _nothing
    sentence.markdown(plain(_sentence(answer, phrases, caution, wait=True)), width="stretch")
    return complete


def _nothing() -> None:
    """Of a verdict that is complete."""


def _sentence(answer: Answer, phrases: Mapping[str, str], caution: str, wait: bool = False) -> str:
    text = " ".join(filter(None, (plain_verdict(answer, phrases, wait), nearness(answer.question), caution)))
    return text if answer.question.queries is None else f"{MEASURES[answer.question.measure]}: {text}"


def _terms(result: Result) -> None:
    """What the terms of the verdict mean."""
    smallest = result.scores.smallest_q
    reachable = "" if math.isnan(smallest) else f" Smallest q that one head can reach here: {smallest:.2g}."
    for term, key in _TERMS.items():
        st.caption(f"**{term}.** {plain(HELP[key])}{reachable if key == 'q' else ''}")


def _offer_null(result: Result) -> None:
    """Where no place is like the site: random residues to compare with."""
    if result.scores.pending or result.question.null != "pocket":
        return
    if isinstance(result.answer.pockets, str) and len(result.question.sites) >= FEWEST_RESIDUES:
        other = "uniform" if result.question.strata is None else "matched"
        _offer(f"Use the {other} null", "other_null", HELP["null"], null=other)


def _offer_threshold(result: Result) -> None:
    """Where most heads have too few arcs: the threshold at which they can be tested."""
    lower = results.testable_threshold(result)
    if lower is not None:
        _offer(f"Use threshold {lower:.2f}", "lower_threshold", HELP["testable"], threshold=lower)


def _offer(label: str, key: str, text: str, **changes) -> None:
    """A button that changes fields of the view."""
    st.button(label, key=key, type="primary", on_click=lambda: session.page().change(**changes), help=text)
