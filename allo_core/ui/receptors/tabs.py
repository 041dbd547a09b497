"""What stands below the pictures: the head over receptors, structures, all heads, who took part, what is taken away."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.export import consensus_csv, figure_page, members_csv, receptors_csv, set_record
from allo_core.family.each import passing_alone
from allo_core.family.members import Member, ReceptorSet
from allo_core.family.places import table_with_places
from allo_core.family.verdict import swap_sentence
from allo_core.figures.heatmap import meaning_of_heads
from allo_core.figures.receptor_set import consensus_heatmap, receptors_figure
from allo_core.library.receptors import receptors
from allo_core.models.registry import get_spec
from allo_core.protein.residues import format_residues
from allo_core.ui.receptors import session
from allo_core.ui.receptors.panels import family_of
from allo_core.ui.receptors.results import SetResult, shuffled_request
from allo_core.ui.receptors.structures import draw_structures
from allo_core.ui.receptors.view import SetView
from allo_core.ui.shared.heads_table import selecting_table
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.link import explore_link, head_in_link
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.question_log import session_log
from allo_core.ui.shared.run_panel import draw_progress
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.theme import current_theme
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_tabs"]


def draw_tabs(view: SetView, result: SetResult, by_chance: int | None) -> None:
    """The tabs; only the open one is worked out and sent."""
    names = ["Over receptors", "Structures", "Heads", "Members", "Control", "Downloads"]
    one_by_one, pictures, heads, members, control, downloads = st.tabs(names, key="set_tabs", on_change="rerun")
    for tab, draw in (
        (one_by_one, lambda: _receptors(view, result)),
        (pictures, lambda: draw_structures(result)),
        (heads, lambda: _heads(result)),
        (members, lambda: draw_members(result.done.asked)),
        (control, lambda: _control(view, result, by_chance)),
        (downloads, lambda: _downloads(view, result, by_chance)),
    ):
        if tab.open:
            with tab:
                draw()


def _receptors(view: SetView, result: SetResult) -> None:
    found, at = result.found, result.at
    q = result.q_of_each[:, at]
    draw_plot(_over_receptors(result), "over_receptors", f"SNR of {result.head_name} in each of {len(found.members)} receptors.")
    st.caption(
        f"{result.head_name} passes alone in {passing_alone(q)} of {len(found.members)} receptors. The line is the weighted mean.",
        help=HELP["alone"],
    )
    table = pd.DataFrame(
        {
            "receptor": [member.name for member in found.members],
            "cluster": found.clusters,
            "weight": found.weights,
            "SNR": found.snr[:, at],
            "enrichment": found.enrichment[:, at],
            "q alone": q,
            "open": [_address(view, result, member) for member in found.members],
        }
    ).sort_values("SNR", ascending=False, na_position="last")
    if not table["open"].any():
        table = table.drop(columns="open")
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        key=f"over_table_{result.key}_{at}".replace(":", "_"),
        hide_index=True,
        height=320,
        column_config={
            "cluster": number("cluster", help="Homologues (identity above 40 %) have the same number."),
            "weight": number("weight", format="%.4f", help=HELP["set_score"]),
            "SNR": number("SNR", format="%.2f", help=HELP["snr"]),
            "enrichment": number("enrichment", format="%.2f", help=HELP["enrichment"]),
            "q alone": number("q alone", format="%.2g", help=HELP["alone"]),
            "open": st.column_config.LinkColumn("open", display_text="Explore", help="This receptor, residues and head in Explore."),
        },
    )


def _over_receptors(result: SetResult) -> go.Figure:
    """The selected head in each receptor."""
    found, at = result.found, result.at
    names = [member.name for member in found.members]
    return receptors_figure(names, found.snr[:, at], result.q_of_each[:, at], float(found.frame["mean_snr"].iloc[at]))


def _address(view: SetView, result: SetResult, member: Member) -> str:
    """Explore with the same residues and head; empty for a sequence that is not in the library."""
    known = receptors().get(member.name)
    if known is None or known.protein.sequence != member.protein.sequence:
        return ""
    choices = {"model": view.model, "threshold": f"{view.threshold:g}", "head": head_in_link(result.head), "null": "matched"}
    return explore_link(member.name, member.protein, member.sites, choices)


def _heads(result: SetResult) -> None:
    """All heads, the highest mean SNR first; a click on a row's box selects the head."""
    places = result.known_places
    frame = table_with_places(result.found, places).assign(passes_alone=passing_alone(result.q_of_each))
    if places is None or isinstance(places, str):
        frame = frame.drop(columns=["p_places", "q_places"])
    table = frame.sort_values("mean_snr", ascending=False, na_position="last").reset_index(drop=True)
    number = st.column_config.NumberColumn
    columns = {
        "mean_snr": number("mean SNR", format="%.2f", help=HELP["set_score"]),
        "mean_enrichment": number("mean enrichment", format="%.2f", help=HELP["enrichment"]),
        "p_places": number("p among places", format="%.2g", help=HELP["places"]),
        "q_places": number("q among places", format="%.2g", help=HELP["places"]),
        "p_value": number("p, random residues", format="%.2g", help=HELP["set_control"]),
        "q_value": number("q, random residues", format="%.2g", help=HELP["q"]),
        "receptors": number("tested in", format="%d", help=f"Receptors in which the head has at least {FEWEST_ARCS} arcs."),
        "passes_alone": number("passes alone in", format="%d", help=HELP["alone"]),
    }
    selecting_table(table, f"set_heads_{result.key}_{result.at}".replace(":", "_"), session.select_head, columns)


def draw_members(asked: ReceptorSet) -> None:
    """Who takes part with which residues, and who does not and why."""
    st.dataframe(
        pd.DataFrame(
            {
                "receptor": [member.name for member in asked.members],
                "residues": [len(member.protein) for member in asked.members],
                "asked about": [format_residues(member.protein, member.sites) for member in asked.members],
                "note": [member.note for member in asked.members],
            }
        ),
        hide_index=True,
        height=min(320, 38 + 35 * len(asked.members)),
    )
    if asked.refused:
        st.markdown(f"**Left out: {len(asked.refused)}**")
        st.dataframe(
            pd.DataFrame({"which": [row.where for row in asked.refused], "why": [row.reason for row in asked.refused]}),
            hide_index=True,
            height=min(320, 38 + 35 * len(asked.refused)),
        )


def _control(view: SetView, result: SetResult, by_chance: int | None) -> None:
    found = result.found
    control = found.control
    kind = "positions" if found.joint else "residues"
    random, mixed, swapped = st.columns(3, gap="large")
    with random:
        st.markdown(f"**Random matched {kind}**", help=HELP["set_control"])
        st.markdown(f"Heads that pass: median {control.median:g}, 95 % at most {control.percentile_95:g} ({control.n_sites} random sets).")
    with mixed:
        st.markdown("**Shuffled sequences**", help=HELP["shuffled"])
        request = shuffled_request(view, result.done)
        job = job_of(request)
        if by_chance is not None:
            st.markdown(f"Heads that pass: {by_chance} of {len(found.frame)}.")
        elif job is not None and job.active:
            draw_progress(job)
        else:
            st.button(f"Run {len(found.members)} shuffled sequences", key="run_shuffled", on_click=submit, args=(request,))
    with swapped:
        st.markdown("**Sites of other receptors**", help=HELP["swapped"])
        told = result.swapped
        st.markdown(plain(told if isinstance(told, str) else swap_sentence(told)))
        if not isinstance(told, str) and not np.isnan(told.own[result.at]):
            p, q = told.p_value[result.at], told.q_value[result.at]
            st.caption(
                f"{result.head_name}: mean SNR {told.own[result.at]:.2f} on the own sites, {told.others[result.at]:.2f} on those of others "
                f"(p {p:.2g}, q {q:.2g})."
            )


def _downloads(view: SetView, result: SetResult, by_chance: int | None) -> None:
    found, asked, log = result.found, result.done.asked, session_log()
    stem = f"alloscope_{file_stem(asked.title)}_{view.model}"
    files: dict[str, tuple[str, Callable[[], str], str]] = {
        "Heads, CSV": (
            f"{stem}_heads.csv",
            lambda: consensus_csv(found, result.q_of_each, view.model, asked.title, result.places),
            "text/csv",
        ),
        "Every head in every receptor, CSV": (f"{stem}_receptors.csv", lambda: receptors_csv(found, result.q_of_each), "text/csv"),
        "Members, CSV": (f"{stem}_members.csv", lambda: members_csv(asked), "text/csv"),
        "Profile of this head, CSV": (f"{stem}_profile.csv", lambda: result.profile.to_csv(index=False), "text/csv"),
        "Record, JSON": (
            f"{stem}_record.json",
            lambda: set_record(result.done, found, by_chance, result.places, result.swapped, log),
            "application/json",
        ),
        "Heatmap and profile, HTML": (f"{stem}_figures.html", lambda: _figures(view, result), "text/html"),
    }
    if not result.of_one_class[1]:
        del files["Profile of this head, CSV"], files["Heatmap and profile, HTML"]
    columns = st.columns(3)
    for place, (label, (name, make, mime)) in enumerate(files.items()):
        columns[place % 3].download_button(
            label, make, name, mime, key=f"set_{place}_{label}", on_click="ignore", icon=":material/download:", width="stretch"
        )


def _figures(view: SetView, result: SetResult) -> str:
    found, judged = result.found, result.judged
    pictures = [
        consensus_heatmap(judged, (found.layers, found.heads), view.score, len(found.members), result.head),
        family_of(result, 300),
        _over_receptors(result),
    ]
    told = f"{result.head_name}; {get_spec(view.model).label}; threshold {view.threshold:g}; {len(found.members)} receptors."
    caption = f"{told} {meaning_of_heads(view.score, judged, current_theme(), result.judged_by)}"
    return figure_page(pictures, result.done.asked.title, caption)
