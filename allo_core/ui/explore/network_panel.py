"""The tab Network: central residues of the structure and the paths from A to B, beside what each has to be compared with."""

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.export.networks import graphml, network_edges_csv, network_frame, network_nodes_csv
from allo_core.library.nearest import numbers_for
from allo_core.networks.centrality import MEASURES, Measure
from allo_core.networks.points import RULES
from allo_core.networks.report import NetworkReport, SetPaths
from allo_core.networks.verdict import completeness, network_verdict, route_sentence
from allo_core.protein.sequence import Protein
from allo_core.storage.amounts import readable_time
from allo_core.ui.explore import session
from allo_core.ui.explore.network import NETWORK, report_of, request_of
from allo_core.ui.explore.network_against import draw_against
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import EDGES, View
from allo_core.ui.protein.field import mirrored_field
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_network"]

_HEIGHT = 360  # px of the table
# Measured on two CPU cores: 297 residues take 10 s, twice as long where edges are weighted; betweenness grows with the square.
_SECONDS, _RESIDUES, _WEIGHTED = 10.0, 300, 2


def draw_network(view: View, protein: Protein, result: Result, loaded: LoadedStructure | None) -> None:
    """Choices, verdict, table and files; the network is computed when it is asked for."""
    if loaded is None:
        st.info("A network needs a structure; choose, fetch or upload one at the left.")
        return
    _draw_choices(view)
    request = request_of(view, protein, loaded, result)
    if view.edges != "alike" and not request.heads:
        st.caption("No head passes, so the edges are all alike.")
    report = report_of(view, protein, loaded, result)
    if report is None:
        if not draw_under_way(job_of(request), "_network"):
            seconds = _SECONDS * (loaded.mapping.aligned / _RESIDUES) ** 2 * (_WEIGHTED if request.heads else 1)
            said = f"The network of {loaded.name}, its stability and its paths: {readable_time(seconds)} on two CPU cores."
            st.caption(plain(said), help=HELP["network"])
            st.button("Compute the network", key="compute_network", type="primary", on_click=submit, args=(request,))
        draw_against(view, protein, loaded)
        return
    st.markdown(plain(network_verdict(report, view.centrality)), help=HELP["network"])
    if isinstance(report.between, SetPaths):
        st.markdown(plain(route_sentence(report.between, protein.label)))
    elif report.between is None:
        st.caption("Mark residues in A and in B for the paths between them.")
    st.caption(plain(completeness(report)))
    table, buttons = st.columns([8, 3], gap="large")
    with table:
        _draw_table(report, view.centrality, protein)
    with buttons:
        _draw_buttons(view, protein, report, loaded)
    draw_against(view, protein, loaded)


def _draw_choices(view: View) -> None:
    fields = (
        ("contacts", {name: rule.label for name, rule in RULES.items()}, "Residues touch", "contacts_rule"),
        ("centrality", {name: name for name in MEASURES}, "Centrality", "centrality"),
        ("edges", EDGES, "Edges", "edges"),
    )
    for place, (field, options, label, text) in zip(st.columns(3), fields, strict=True):
        place.selectbox(
            label, list(options), format_func=options.__getitem__, help=HELP[text],
            **mirrored_field(field, getattr(view, field), list(options)),
        )  # fmt: skip


def _draw_table(report: NetworkReport, measure: Measure, protein: Protein) -> None:
    """All resolved residues, the most central first."""
    name = measure.replace(" ", "_")
    numbers = numbers_for(protein)
    frame = network_frame(report, protein, numbers)
    frame = frame[frame["resolved"]].sort_values(name, ascending=False, kind="stable")
    order = frame.index.to_numpy()
    columns = {
        "residue": [protein.label(int(index)) for index in order],
        "generic": frame["gpcrdb"].fillna(""),
        "value": frame[name],
        "noise": frame[f"{name}_highest_under_noise"],
        "rules": frame.get(f"{name}_highest_by_other_rules", pd.Series(np.nan, frame.index)),
        "degree": frame["degree"],
        "burial": frame["neighbours_within_10_A"],
        "centre": frame["A_to_centre"],
        "community": frame["community"],
    }
    for shown, column in (("on_path", "share_of_shortest"), ("usual", "share_of_shortest_in_pocket_pairs")):
        if column in frame:
            columns[shown] = frame[column]
    key = f"network_{file_stem(protein.name)}_{name}_{report.network.rule}_{file_stem(report.structure)}_{len(columns)}"

    number = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(columns), key=key, hide_index=True, height=_HEIGHT,
        column_config={
            "generic": st.column_config.TextColumn("GPCRdb", help=HELP["generic"]),
            "value": number(measure, format="%.4g", help=MEASURES[measure]),
            "noise": number("stays, noise", format="%.2f", help="Share of 20 repeats under 0.3 Å noise in which it is among the highest "
                            "15 %; by chance 0.15."),
            "rules": number("stays, rules", format="%.2f", help="Share of the other contact rules by which it is; by chance 0.15."),
            "burial": number("within 10 Å", help="CB atoms of other residues: what centrality mostly follows."),
            "centre": number("to centre, Å", format="%.1f"),
            "on_path": number("on paths", format="%.2f", help="Share of pairs of a residue of A and one of B with a shortest path through "
                              "it."),
            "usual": number("pocket pairs", format="%.2f", help="The mean of that in 200 pocket pairs at the same distance."),
        },
    )  # fmt: skip


def _draw_buttons(view: View, protein: Protein, report: NetworkReport, loaded: LoadedStructure) -> None:
    st.button(
        "Show on the structure", key="show_network", on_click=session.page().change, kwargs={"colouring": NETWORK}, width="stretch",
        disabled=view.colouring == NETWORK, help="The same as 'network' under 'Structure shows'; lines are one shortest route from A to B.",
    )  # fmt: skip
    numbers = numbers_for(protein)
    stem = f"alloscope_{file_stem(protein.name)}_{file_stem(loaded.name)}_{view.contacts}"
    for label, make, ending, mime in (
        ("Residues, CSV", lambda: network_nodes_csv(report, protein, numbers), "residues.csv", "text/csv"),
        ("Edges, CSV", lambda: network_edges_csv(report, protein), "edges.csv", "text/csv"),
        ("Network, GraphML", lambda: graphml(report, protein, numbers), "network.graphml", "application/xml"),
    ):
        st.download_button(
            label, make, f"{stem}_{ending}", mime, key=f"network_{ending}", on_click="ignore", icon=":material/download:", width="stretch",
        )  # fmt: skip
