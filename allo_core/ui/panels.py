"""The pictures: heatmap, structure, profile and table of one run."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from allo_core.attention.maps import AttentionMaps
from allo_core.colours import attention_scale, hex_colours, value_ceiling
from allo_core.errors import AlloScopeError
from allo_core.export import run_record, scores_csv, table_of_heads
from allo_core.figures import SCORES, heatmap, profile, score_grid
from allo_core.library import numbers_for
from allo_core.residues import residue_label
from allo_core.sequence import Protein
from allo_core.ui import session
from allo_core.ui.help import HELP
from allo_core.ui.rail import upload_structure
from allo_core.ui.results import LoadedStructure, Result, load_structure
from allo_core.ui.state import COLOURINGS, NULLS, THRESHOLDS, View
from allo_core.ui.structure_view import Painting, picked_number, structure_view
from allo_core.ui.text import plain

__all__ = [
    "HEIGHT",
    "draw_controls",
    "draw_heatmap",
    "draw_profile",
    "draw_structure",
    "draw_table",
    "effective_null",
]

HEIGHT = 448  # px of heatmap and structure: the 33 layers of ESM-2 650M and the profile fit a 900 px window
_COLOURING_NAMES = {"received": "attention received", "above threshold": "above threshold"}
_NULL_NAMES = {"matched": "matched", "uniform": "uniform", "published": "as published"}


def draw_controls(view: View, numbered: bool) -> None:
    """Score, threshold, null and colours: arithmetic on what is stored, so every change shows at once."""
    score, threshold, null, colours = st.columns([2.9, 2.2, 1.5, 2.9], vertical_alignment="bottom", gap="medium")
    with score:
        _choice("score", SCORES, view.score, "Heatmap shows", HELP["enrichment"])
    with threshold:
        st.session_state.threshold = view.threshold
        st.select_slider(
            "Threshold", THRESHOLDS, format_func=lambda value: f"{value:.2f}", key="threshold", help=HELP["threshold"],
            on_change=lambda: session.change(threshold=st.session_state.threshold),
        )  # fmt: skip
    with null:
        options = [name for name in NULLS if numbered or name != "matched"]
        st.session_state.null = effective_null(view, numbered)
        st.selectbox(
            "Null", options, format_func=_NULL_NAMES.__getitem__, key="null", help=HELP["null"],
            on_change=lambda: session.change(null=st.session_state.null),
        )  # fmt: skip
    with colours:
        _choice("colouring", {name: _COLOURING_NAMES[name] for name in COLOURINGS}, view.colouring, "Structure shows", HELP["colouring"])


def _choice(field: str, options: dict[str, str], value: str, label: str, text: str) -> None:
    """One of a few options side by side, bound to a field of the view."""
    st.session_state[field] = value
    st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=field, required=True, help=text,
        on_change=lambda: session.change(**{field: st.session_state[field] or value}),
    )  # fmt: skip


def effective_null(view: View, numbered: bool) -> str:
    """The chosen null, or uniform where a sequence has no generic numbers to match."""
    return view.null if numbered or view.null != "matched" else "uniform"


def draw_heatmap(view: View, result: Result) -> None:
    """The layer x head heatmap; a click selects a head."""
    frame, shape, head = result.scores.frame, result.special_share.shape, result.head
    st.markdown(f"##### {shape[0]} × {shape[1]} heads", help=HELP["head"])
    figure = heatmap(frame, result.special_share, view.score, result.scores.null, head, HEIGHT, st.context.theme.type)
    tall = figure.layout.height > HEIGHT
    with st.container(height=HEIGHT + 12, border=False) if tall else st.container():
        st.plotly_chart(
            figure,
            key="heatmap",
            height=int(figure.layout.height),
            on_select=_select_head,
            selection_mode="points",
            config={"displayModeBar": False},
            alt=f"Heatmap of {SCORES[view.score]} of {shape[0]} x {shape[1]} heads; layer {head[0]}, head {head[1]} is selected.",
        )
    flagged = frame["flags"] != ""
    grid = score_grid(frame, view.score, shape)[~flagged.to_numpy().reshape(shape)]
    if np.isfinite(grid).any():
        meaning = "White is q = 1" if view.score == "q" else "White is chance, blue below, orange above"
        st.caption(f"{meaning}. {flagged.sum()} of {len(frame)} heads are flagged (hatched; hover says why).")
    else:
        st.caption(_why_empty(view, len(result.received)))


def _why_empty(view: View, length: int) -> str:
    if len(view.sites) == length:
        return "All residues are marked, so there is nothing to compare them with."
    if len(view.sites) < 3:
        return "Every head is flagged: with fewer than three marked residues no head can hit three. Mark more."
    if view.score == "q":
        return "No head has a q: the published null gives none, and q needs heads with at least 10 arcs."
    return "No head has a score at this threshold; lower it."


def _select_head() -> None:
    points = st.session_state.heatmap.selection.points
    if points:  # a second click on the same head arrives as an empty selection
        session.select_head(int(points[0]["y"]), int(points[0]["x"]))


def draw_structure(view: View, protein: Protein, result: Result | None) -> None:
    """The structure coloured by the selected head; a click marks or unmarks a residue.  Without a result the receptor is plain."""
    st.markdown(f"##### {result.head_name}" if result is not None else "##### Structure", help=HELP["structure"])
    try:
        loaded = load_structure(view.structure, protein) if view.structure else None
    except AlloScopeError as error:
        st.error(plain(str(error)))
        loaded = None
    if loaded is None:
        _no_structure(protein)
        return

    def pick() -> None:
        number = picked_number("structure_view", loaded.scene.id, protein.first, len(protein))
        if number is not None:
            session.toggle_residue(protein.index(number))

    structure_view(loaded.scene, protein.first, _painting(view, protein, result), HEIGHT, pick, "structure_view")
    st.caption(plain(structure_line(loaded, protein)), help=plain(substitution_line(loaded, protein)) or None)


def _painting(view: View, protein: Protein, result: Result | None) -> Painting:
    labels = residue_labels(protein)
    marked = [protein.number(index) for index in view.sites]
    if result is None:
        return Painting([], labels, [], "", marked, None, "plain")
    values = result.received if view.colouring == "received" else result.above
    what = "attention received" if view.colouring == "received" else f"attention above {view.threshold:.2f}"
    scale, (ceiling, ceiling_name) = attention_scale(st.context.theme.type), value_ceiling(values)
    legend = {"title": f"{what} · {result.head_name}", "low": "0", "high": f"≥ {ceiling:.3g} ({ceiling_name})", "colours": scale}
    formatted = [f"{value:.3f}" for value in values]
    colouring = f"{view.colouring}:{result.head_name}:{view.threshold}"
    return Painting(hex_colours(values, ceiling, scale), labels, formatted, what, marked, legend, colouring)


def residue_labels(protein: Protein) -> list[str]:
    """Name of each residue with its generic numbers."""
    numbers = numbers_for(protein)
    return [residue_label(protein, index, numbers) for index in range(len(protein))]


def structure_line(loaded: LoadedStructure, protein: Protein) -> str:
    """What is shown, in one line."""
    mapping, scene = loaded.mapping, loaded.scene
    parts = [f"{loaded.name} chain {mapping.chain}", f"{mapping.aligned} of {len(protein)} residues, {mapping.identity:.1%} identical"]
    if mapping.substitutions:
        parts.append(f"{len(mapping.substitutions)} substitution{'s' if len(mapping.substitutions) > 1 else ''}")
    if scene.fusion_residues:
        parts.append(f"{scene.fusion_residues} residues of fusion, tags and linkers hidden")
    return " · ".join(parts) + ". Click a residue to mark it."


def substitution_line(loaded: LoadedStructure, protein: Protein) -> str:
    """All substitutions of the structure against the sequence, as in D52N."""
    names = [f"{protein.label(index)}{there}" for index, _, there in loaded.mapping.substitutions]
    return f"The structure differs from the sequence at {', '.join(names)}." if names else ""


def _no_structure(protein: Protein) -> None:
    with st.container(height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        st.markdown(f"**No structure for {plain(protein.name)}**")
        st.caption("None ships with the app, or none is chosen. Upload one; the chain is found by alignment.")
        upload_structure("upload_here")


def draw_profile(view: View, protein: Protein, result: Result) -> None:
    """Attention received by each residue from the selected head, under the track of the segments."""
    numbers = numbers_for(protein)
    figure = profile(
        [protein.number(index) for index in range(len(protein))],
        result.received,
        result.above,
        residue_labels(protein),
        view.sites,
        [] if numbers is None else numbers.spans(),
        view.threshold,
    )
    st.plotly_chart(
        figure,
        key="profile",
        height=int(figure.layout.height),
        config={"displayModeBar": False},
        alt=f"Attention that each residue of {protein.name} receives from {result.head_name}.",
    )


def draw_table(view: View, protein: Protein, maps: AttentionMaps, result: Result) -> None:
    """All heads with their numbers, and the downloads."""
    frame = result.scores.frame
    title, csv, record = st.columns([6, 1.4, 1.6], vertical_alignment="center")
    title.markdown(f"##### Heads · {_NULL_NAMES[result.scores.null]} null")
    stem = f"alloscope_{_file_name(protein.name)}_{view.model}"
    _download(csv, "Scores, CSV", scores_csv(result.scores, view.model, protein.name), f"{stem}.csv", "text/csv")
    text = run_record(maps.meta, protein, view.sites, numbers_for(protein), view.threshold, result.scores)
    _download(record, "Run record, JSON", text, f"{stem}.json", "application/json")
    table = table_of_heads(frame)
    st.dataframe(table, key="table", hide_index=True, height=320, column_config=_table_columns(table.columns))


def _download(place, label: str, content: str, name: str, mime: str) -> None:
    place.download_button(
        label, content, name, mime, key=name.rsplit(".", 1)[1], on_click="ignore", icon=":material/download:", width="stretch"
    )


def _table_columns(names: Sequence[str]) -> dict:
    number = st.column_config.NumberColumn
    known = {
        "layer": number("layer", format="%d", pinned=True, help=HELP["head"]),
        "head": number("head", format="%d", pinned=True, help=HELP["head"]),
        "impact": number("impact", format="%.4f", help=HELP["impact"]),
        "impact_count": number("impact, per arc", format="%.4f", help="Attention on the marked residues over the number of arcs."),
        "impact_arcs": number("impact, arcs", format="%.4f", help="Share of the arcs that end on marked residues (Vig et al. 2021)."),
        "enrichment": number("enrichment", format="%.3f", help="Attention on the marked residues over its expectation; chance is 1."),
        "snr": number("SNR", format="%.2f", help=HELP["snr"]),
        "p_value": number("p", format="%.2g", help="Share of random residue sets with as much attention, one-sided."),
        "q_value": number("q", format="%.2g", help=HELP["q"]),
        "n_arcs": number("arcs", format="%d", help=HELP["arcs"]),
        "residues_hit": number("residues hit", format="%d", help="Marked residues that receive an arc."),
        "attention_on_site": number("attention on site", format="%.3f", help="Sum of the column weights of the marked residues."),
        "expected": number("expected", format="%.3f", help="Its expectation under the null."),
        "flags": st.column_config.TextColumn("flags", help=f"Why the head is hatched. Column sink: {HELP['sink']}"),
    }
    return {name: column for name, column in known.items() if name in names}


def _file_name(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)[:40]
