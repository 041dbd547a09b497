"""The pictures of the page Receptors: all heads, and the selected head along the family."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from allo_core.errors import DeviceError, ScoreError
from allo_core.export import set_asked, set_found
from allo_core.family.members import ReceptorSet
from allo_core.family.places import SetPlaces
from allo_core.family.runs import SetRun
from allo_core.family.verdict import consensus_verdict
from allo_core.figures.colours import Theme
from allo_core.figures.heatmap import meaning_of_heads
from allo_core.figures.receptor_set import consensus_heatmap, family_figure
from allo_core.models.registry import get_spec
from allo_core.runs.cost import cost_of_columns
from allo_core.ui.receptors import session
from allo_core.ui.receptors.results import SetResult
from allo_core.ui.receptors.view import SetView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.jobs import Job
from allo_core.ui.shared.plots import draw_heads, draw_plot
from allo_core.ui.shared.question_log import draw_looked, session_log
from allo_core.ui.shared.run_panel import draw_progress, in_words
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme
from allo_core.ui.shared.worker import submit

__all__ = ["HEIGHT", "draw_family", "draw_heatmap", "draw_run", "draw_strip", "draw_verdict", "family_of"]

HEIGHT = 440  # px


def draw_strip(view: SetView, asked: ReceptorSet | None) -> None:
    """What is asked, of how many receptors, with which model, in one line."""
    parts = [plain(asked.title), f"{len(asked.members)} receptors"] if asked is not None else ["No question yet"]
    parts += [plain(get_spec(view.model).label), f"threshold {view.threshold:.2f}"]
    with st.container(key="strip"):
        st.markdown(" :gray[|] ".join(parts))


def draw_verdict(result: SetResult, by_chance: int | None) -> Callable[[], None]:
    """How many heads pass, and how many do by chance; which question of this session it is.

    What is returned completes it and is called when the rest of the page stands: the comparison with other places can take some seconds.
    Then the page is drawn again, with the heads that pass.
    """
    log, key = session_log(), f"set:{result.key}"
    log.look(key, lambda: set_asked(result.done, result.found), lambda: set_found(result.found, result.known_places))
    with st.container(key="verdict", horizontal=True, vertical_alignment="center", gap="small"):
        sentence = st.empty()
        draw_looked(log)

    def say(places: SetPlaces | str | None) -> None:
        text = plain(consensus_verdict(result.found, result.done.asked.title, by_chance, places))
        sentence.markdown(text, help=HELP["set_control"], width="stretch")

    if result.places_known:
        say(result.places)
        log.complete(key, lambda: set_found(result.found, result.places))
        return lambda: None
    say(None)

    def complete() -> None:
        with st.spinner("Comparing with other places"):
            result.places  # noqa: B018, kept for the next rerun
        st.rerun()

    return complete


def draw_run(view: SetView, asked: ReceptorSet, job: Job | None, before: SetRun | None) -> None:
    """What stands in place of the pictures until every receptor has been run."""
    request = session.request_of(view, asked)
    if job is not None and job.active:
        draw_progress(job)
        return
    if job is not None and job.state == "failed":
        st.error(plain(job.message))
    elif job is not None and job.state == "cancelled":
        st.info("The run was cancelled; the receptors that were done are kept.")
    known = set() if before is None else {member.name for member in before.asked.members}
    left_over = [len(member.protein) for member in asked.members if member.name not in known]
    missing, done = len(left_over), len(asked.members) - len(left_over)
    kept = f" {done} of {len(asked.members)} have been run before and are kept." if done else ""
    st.info(f"{get_spec(view.model).label} reads each receptor once; what it sees is kept, so a stopped set goes on where it was.{kept}")
    left = f"the {missing} that are left" if done else f"{missing} receptor{'s' if missing > 1 else ''}"
    if left_over:
        with suppress(DeviceError):  # the run itself says that the device is not there
            st.caption(
                plain(f"{left[0].upper()}{left[1:]}: {in_words(cost_of_columns(get_spec(view.model), left_over, view.device, view.dtype))}")
            )
    st.button(f"Run {left}", key="run_set", type="primary", on_click=submit, args=(request,))


def draw_heatmap(view: SetView, result: SetResult) -> None:
    """The layer x head heatmap over the set; a click selects a head, arrow keys move the selection."""
    found = result.found
    figure = _heatmap(f"{result.key}{result.judged_by}", view.score, current_theme(), HEIGHT, result)
    alt = f"Heatmap of {found.layers} x {found.heads} heads over {len(found.members)} receptors."
    draw_heads(figure, HEIGHT, alt, result.head, (found.layers, found.heads), session.select_head)
    few = int((found.frame["flags"] != "").sum())
    if few == len(found.frame):
        st.caption("No head is tested: too few receptors have arcs at this threshold; lower it.")
    else:
        meaning = meaning_of_heads(view.score, result.judged, current_theme(), result.judged_by)
        follows = "" if result.judged_by else " Which heads pass among places like these follows."
        st.caption(f"{meaning}{follows} {few} of {len(found.frame)} heads are tested in too few receptors. Arrow keys move the head.")


@st.cache_resource(max_entries=16, show_spinner=False)
def _heatmap(key: str, score: str, theme: Theme, height: int, _result: SetResult) -> go.Figure:
    found = _result.found
    return consensus_heatmap(_result.judged, (found.layers, found.heads), score, len(found.members), None, height, theme)


def family_of(result: SetResult, height: int = HEIGHT - 40) -> go.Figure:
    """The selected head along the family; ScoreError where the receptors share no positions."""
    return family_figure(result.profile, len(result.of_one_class[1]), height)


def draw_family(result: SetResult) -> None:
    """The selected head along the family, with its numbers as a title."""
    row = result.judged.iloc[result.at]
    numbers = "" if np.isnan(row["mean_snr"]) else f"mean SNR {row['mean_snr']:.2f}"
    if not np.isnan(row["q_value"]):
        numbers += f", p {row['p_value']:.2g}, q {row['q_value']:.2g} {result.judged_by}"
    name, chosen = result.of_one_class
    if name and len(chosen) < len(result.found.members):
        numbers += f"; below: the {len(chosen)} receptors of class {name}"
    st.markdown(f"##### {result.head_name} :gray[{plain(numbers)}]", help=HELP["family"])
    try:
        figure = family_of(result)
    except ScoreError as error:
        st.info(plain(str(error)))
        return
    draw_plot(figure, "family", f"Attention of {result.head_name} by generic position over {len(result.found.members)} receptors.")
