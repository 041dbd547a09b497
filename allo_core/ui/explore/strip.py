"""The lines above the pictures: what is shown, readable from the back of a room, and the verdict."""

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from allo_core.analysis.measures import MEASURES
from allo_core.analysis.strata import possible_null
from allo_core.analysis.verdict import nearness, site_name, verdict
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import receptors
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View, offered_sites
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain

__all__ = ["draw_strip", "draw_verdict"]

_DIVIDER = " :gray[|] "


def draw_strip(view: View, protein: Protein) -> None:
    """Receptor, model, sites, threshold and null in one line."""
    part = f" {protein.number(0)}–{protein.number(len(protein) - 1)}" if protein.first != 1 else ""
    name = f"{protein.name}{part}" if view.protein_ref.kind == "kept" else f"{view.protein} · {receptors()[view.protein].name}"
    parts = [plain(name), plain(get_spec(view.model).label), *_sets(view), f"threshold {view.threshold:.2f}"]
    parts.append(f"{possible_null(view.null, numbers_for(protein))} null")
    with st.container(key="strip"):
        st.markdown(_DIVIDER.join(parts))


def _sets(view: View) -> list[str]:
    sets = []
    for name, indices in view.sets.items():
        if indices or name == "A":
            site = site_name(indices, offered_sites(view.protein))
            count = f"{len(indices)} residue{'' if len(indices) == 1 else 's'}"
            sets.append(f"**{name}** {plain(f'{site} ({len(indices)})' if site else count)}")
    return sets


def draw_verdict(result: Result | None, phrases: Mapping[str, str], device_notes: Sequence[str], caution: str = "") -> None:
    """The verdict in one sentence, with what speaks against it; above it what to know of the device."""
    for note in device_notes:
        st.warning(plain(note))
    if result is None:
        return
    with st.container(key="verdict"):
        text = " ".join(filter(None, (verdict(result.answer, phrases), nearness(result.question), caution)))
        if result.question.queries is not None:
            text = f"{MEASURES[result.question.measure]}: {text}"
        smallest = result.scores.smallest_q
        reachable = "" if math.isnan(smallest) else f" Smallest reachable q here: {smallest:.2g}."
        st.markdown(plain(text), help=f"{HELP['control']}{reachable}")
