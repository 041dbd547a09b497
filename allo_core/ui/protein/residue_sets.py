"""The part of the rail where residues are marked: two sets, by library site, by chips, by text, or near something in the structure."""

import math

import streamlit as st

from allo_core.analysis.verdict import site_name
from allo_core.errors import AlloScopeError
from allo_core.figures.colours import SET_COLOURS
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import site_library_problem
from allo_core.library.site import describe_site
from allo_core.library.sites import find_site, receptor_of
from allo_core.protein.contacts import NEAR_TARGET
from allo_core.protein.residues import format_residues
from allo_core.protein.sequence import Protein
from allo_core.structure.neighbours import residues_near
from allo_core.ui.protein import incoming, session
from allo_core.ui.protein.view import LONGEST_NAME, SETS, ProteinView, offered_sites, set_name
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import short_label
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain

__all__ = ["draw_residue_sets"]

_CHIPS = 8  # more than these fold


def draw_residue_sets(view: ProteinView, protein: Protein, loaded: LoadedStructure | None) -> None:
    """Which set is marked, and what is in it."""
    st.segmented_control(
        "Residues", SETS, format_func=lambda name: f"Set {name} · {len(view.sets[name])}", required=True,
        help=HELP["sets"], width="stretch",
        **mirrored("marking", view.marking, lambda marking: session.page().change(marking=marking or view.marking), default="default"),
    )  # fmt: skip
    indices, colour = view.sets[view.marking], SET_COLOURS[view.marking]
    st.html(f'<div style="height:4px;border-radius:2px;background:{colour}"></div>')
    _site(view, protein, indices)
    _chips("chips", indices[:_CHIPS], protein, loaded)
    if len(indices) > _CHIPS:
        with st.expander(f"{len(indices) - _CHIPS} more"):
            _chips("more_chips", indices[_CHIPS:], protein, loaded)
    _changed(indices, loaded)
    _text(protein)
    _changes()
    with st.expander(f"Name set {view.marking}"):
        _name(view)
    if loaded is not None and loaded.targets:
        with st.expander("Mark what is near a ligand or partner"):
            _near(protein, loaded)
    elif loaded is not None and loaded.structure.trace:
        st.caption("What is near a ligand or partner cannot be told from a CA trace: it has no side chains.")
    _numbering(view, protein)


def _site(view: ProteinView, protein: Protein, indices: tuple[int, ...]) -> None:
    """The library site that the set is, or may become, and where its list comes from."""
    sites = offered_sites(view.protein)
    name, receptor = site_name(indices, sites), receptor_of(protein)
    st.selectbox(
        f"Library site for set {view.marking}",
        list(sites),
        placeholder="your own choice" if sites else "no library site for this sequence",
        help=HELP["site"],
        disabled=not sites,
        label_visibility="collapsed",
        **mirrored("site", name, lambda site: site and session.mark(sites[site]), list(sites)),
    )
    if name is not None and receptor is not None:
        st.caption(plain(describe_site(find_site(receptor, name))))
    if problem := site_library_problem():
        st.warning(plain(f"{problem} Until then the shipped lists count."))


def _changed(indices: tuple[int, ...], loaded: LoadedStructure | None) -> None:
    """Explain the arrow on chips of residues that the structure does not show as the model read them."""
    changed = [] if loaded is None else [index for index in indices if index in loaded.changed]
    if changed and loaded is not None:
        why = f", being of another species ({loaded.species})" if loaded.species else ""
        st.caption(plain(f"→: {loaded.name} shows another residue there{why}."))


def _chips(key: str, indices: tuple[int, ...], protein: Protein, loaded: LoadedStructure | None) -> None:
    """Chips of marked residues; a click on one takes it away."""
    if not indices:
        return

    def drop(left: list[int]) -> None:
        gone = set(indices) - set(left)
        session.mark(tuple(index for index in session.marked() if index not in gone))

    def name(index: int) -> str:
        return short_label(protein, index, loaded)

    st.pills(
        "Marked",
        indices,
        selection_mode="multi",
        format_func=name,
        label_visibility="collapsed",
        **mirrored(key, list(indices), drop, default="default"),
    )


def _text(protein: Protein) -> None:
    st.text_area(
        "Residues as text",
        height=68,
        help=HELP["residues"],
        placeholder=f"{protein.label(min(51, len(protein) - 1))}, 52-55, 2x50, TM3",
        label_visibility="collapsed",
        **mirrored("residues", session.residues_text(), session.set_residues_text),
    )
    incoming.draw_complaint("residues")


def _changes() -> None:
    """What became of the marks, and the way back."""
    explore = session.page()
    if explore.carried:
        st.caption(plain(explore.carried))
    if explore.marks_before:
        st.button("Undo the last change of marks", key="undo", icon=":material/undo:", type="tertiary", on_click=session.undo)


def _name(view: ProteinView) -> None:
    field = {"A": "name_a", "B": "name_b"}[view.marking]
    st.text_input(
        f"Name of set {view.marking}",
        max_chars=LONGEST_NAME,
        placeholder="cholesterol groove",
        help=HELP["set_name"],
        label_visibility="collapsed",
        **mirrored(field, getattr(view, field), lambda text: session.page().change(**{field: set_name(text)})),
    )


def _near(protein: Protein, loaded: LoadedStructure) -> None:
    """Residues near something in the structure: chosen, listed, and only then marked."""
    names = {target.key: target.name for target in loaded.targets}
    if st.session_state.get("near") not in names:
        st.session_state.near = next(iter(names))
    key = st.selectbox(f"Within {NEAR_TARGET:g} Å of", list(names), format_func=names.__getitem__, key="near", help=HELP["near"])
    try:
        found = residues_near(loaded.structure, loaded.mapping, key)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    if not found:
        st.caption(f"No residue lies within {NEAR_TARGET:g} Å of {plain(names[key])}.")
        return
    st.caption(plain(f"{len(found)} residues: {format_residues(protein, found)}"))
    for name in SETS:
        st.button(f"Mark these {len(found)} as set {name}", key=f"near_{name}", width="stretch", on_click=session.mark, args=(found, name))


def _numbering(view: ProteinView, protein: Protein) -> None:
    numbers = numbers_for(protein)
    if numbers is None:
        reason = "no library receptor is 90 % identical" if view.protein_ref.kind == "kept" else "the sources disagree on its sequence"
        st.caption(f"No generic numbers ({reason}), so the pocket and matched nulls are off.")
    elif numbers.receptor != view.protein:
        identity = math.floor(1000 * numbers.identity) / 10  # 411 of 412 is not 100 %
        st.caption(f"Generic numbers from {numbers.receptor}, {identity:g} % identical (class {numbers.receptor_class}).")
    elif numbers.receptor_class != "A":
        st.caption(f"Generic numbers are those of class {numbers.receptor_class}.")
