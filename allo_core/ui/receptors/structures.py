"""Up to six receptors of a set side by side, laid on each other and coloured by the selected head."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.family.members import Member
from allo_core.fetch import fetch_structure, fetched_structure
from allo_core.figures.colours import SET_COLOURS, attention_scale, hex_colours, value_ceiling
from allo_core.library.receptors import receptors
from allo_core.library.structures import shipped_structures
from allo_core.protein.residues import residue_label
from allo_core.ui.receptors import session
from allo_core.ui.receptors.results import SetResult
from allo_core.ui.shared.fetching import Fetching, draw_fetching
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import Painting
from allo_core.ui.shared.refs import StructureRef
from allo_core.ui.shared.structure_view import structure_view
from allo_core.ui.shared.structures import load_structure
from allo_core.ui.shared.superposed import Reference, reference_of, scene_on
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_structures"]

_MOST = 6
_HEIGHT = 330  # px
_A_ROW = 3


def draw_structures(result: SetResult) -> None:
    """Choose up to six members; each is shown with a structure that ships or was fetched, in the orientation of the first one."""
    _take_fetched()
    members = {member.name: member for member in result.found.members}
    at_hand = {name: key for name in members if (key := _structure_key(members[name]))}
    chosen = st.multiselect(
        "Receptors",
        list(members),
        default=[name for name in members if name in at_hand][:_MOST],
        max_selections=_MOST,
        format_func=lambda name: name if name in at_hand else f"{name} · AlphaFold model to be fetched",
        key=f"set_structures_{result.done.asked.key}",
        help=HELP["superposed"],
    )
    if not chosen:
        st.info("Choose receptors to see them side by side.")
        return
    missing = [name for name in chosen if name not in at_hand]
    _offer(missing)
    shown = [name for name in chosen if name in at_hand]
    if shown:
        st.caption(
            plain(f"{result.head_name}: {_what(result)}. Each scale ends at its own receptor's 98th percentile; turn one and all turn.")
        )
    reference: Reference | None = None
    for start in range(0, len(shown), _A_ROW):
        for column, name in zip(st.columns(_A_ROW, gap="small"), shown[start : start + _A_ROW], strict=False):
            with column:
                reference = _draw(result, members[name], at_hand[name], reference) or reference


def _draw(result: SetResult, member: Member, key: str, reference: Reference | None) -> Reference | None:
    """Draw one receptor; returns what the others are laid on."""
    try:
        loaded = load_structure(key, member.protein)
        scene, note = scene_on(loaded, member.protein, reference)
    except AlloScopeError as error:
        st.error(plain(f"{member.name}: {error}"))
        return None
    painting = _painting(result, member)
    file = f"{file_stem(member.name)}_{file_stem(loaded.name)}_{file_stem(result.head_name)}"
    key = f"set_view_{file_stem(member.name)}"
    structure_view(scene, member.protein.first, painting, file, _HEIGHT, lambda: None, key, group="set", credit=loaded.credit)
    st.caption(plain(f"{member.name}, {loaded.name}. {note}".strip()))
    if reference is not None:
        return None
    return reference_of(loaded, member.protein, member.name)


def _painting(result: SetResult, member: Member) -> Painting:
    at = result.found.members.index(member)
    values = result.columns.head(*result.head)[at].astype(float)
    ceiling, ceiling_name = value_ceiling(values)
    scale = attention_scale(current_theme())
    labels = [residue_label(member.protein, index, member.numbers) for index in range(len(member.protein))]
    name = _what(result)
    legend = {"title": name, "low": "0", "high": f"{ceiling:.3g}", "colours": list(scale)}
    numbers = [member.protein.number(index) for index in member.sites]
    return Painting(
        hex_colours(values, ceiling, scale), labels, [f"{value:.3f}" for value in values], name,
        {"asked": (numbers, SET_COLOURS["A"])}, legend, f"set:{result.head_name}:{ceiling_name}", member.name,
    )  # fmt: skip


def _what(result: SetResult) -> str:
    """What the colours mean."""
    threshold = result.columns.threshold
    return f"attention received above {threshold:.2f}" if threshold else "attention received"


def _structure_key(member: Member) -> str:
    """A structure of the member that is on this machine; empty if there is none."""
    known = receptors().get(member.name)
    if known is None:
        return ""
    shipped = shipped_structures(member.name)
    model = StructureRef.model_of(known.accession).id
    return shipped[0].entry if shipped else model if fetched_structure(model) is not None else ""


def _offer(missing: list[str]) -> None:
    """Fetch the AlphaFold models of the chosen receptors that have no structure here."""
    fetching = session.page().fetching
    for problem in session.page().fetch_problems:
        st.error(plain(problem))
    for name in missing:
        known = receptors().get(name)
        if known is None:
            st.caption(plain(f"{name} is not in the library; open it in Explore and upload its structure there."))
        elif name in fetching:
            draw_fetching(fetching[name])
    ready = [name for name in missing if name in receptors() and name not in fetching]
    if ready:
        st.button(f"Fetch {len(ready)} AlphaFold model{'s' if len(ready) > 1 else ''}", key="set_fetch", on_click=_fetch, args=(ready,))


def _fetch(names: list[str]) -> None:
    session.page().fetch_problems = []
    for name in names:
        model = StructureRef.model_of(receptors()[name].accession).id
        session.page().fetching[name] = Fetching(model, lambda cancel, model=model: fetch_structure(model, cancel=cancel))


def _take_fetched() -> None:
    fetching = session.page().fetching
    for name, done in [(name, item) for name, item in fetching.items() if not item.active]:
        del fetching[name]
        if isinstance(done.error, AlloScopeError):
            session.page().fetch_problems.append(f"{name}: {done.error}")
