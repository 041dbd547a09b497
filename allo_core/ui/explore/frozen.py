"""Freezing the question that the page asks, and opening one that was frozen: the page then says whether it still asks the same."""

from dataclasses import replace
from functools import lru_cache

import streamlit as st

from allo_core.analysis.answer import Answer
from allo_core.analysis.frozen import FrozenAnalysis, check_question, freeze, frozen_question
from allo_core.analysis.frozen_check import changed_since, frozen_facts, in_utc, when_frozen
from allo_core.analysis.frozen_file import read_frozen
from allo_core.analysis.verdict import site_name
from allo_core.attention.nulls import default_draws
from allo_core.errors import AlloScopeError, FrozenError
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.explore import session
from allo_core.ui.explore.results import Result, question_of
from allo_core.ui.explore.view import View, starting_view
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.view import offered_sites
from allo_core.ui.shared import inputs
from allo_core.ui.shared.choices import DRAWS, THRESHOLDS
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["draw_freeze", "draw_frozen", "draw_frozen_line", "facts_of_frozen", "freeze_view", "opened", "unchanged", "use_frozen"]

_PLACE = "frozen"
_UPLOAD_MB = 1


def freeze_view(view: View, protein: Protein) -> str:
    """The file of what a view asks, frozen now; AlloScopeError where it cannot be asked."""
    return freeze(question_of(view, protein), view.model, view.dtype, _given_as(view)).text()


def _given_as(view: View) -> dict[str, str]:
    """How the residues of each set came to be marked, as far as the page knows."""
    sites = offered_sites(view.protein)
    given = {}
    for name, indices in view.sets.items():
        site = site_name(indices, sites)
        given[name] = site or f"marked on the page{f' as {view.names[name]}' if name in view.names else ''}"
    return given


def opened(view: View) -> FrozenAnalysis | None:
    """The frozen analysis that a view holds, None without one; AlloScopeError where it is no longer kept or was changed."""
    return _read(*inputs.kept_frozen(view.frozen)) if view.frozen else None


@lru_cache(maxsize=16)
def _read(text: str, name: str) -> FrozenAnalysis:
    return read_frozen(text, name)


def differences(frozen: FrozenAnalysis, view: View, protein: Protein) -> tuple[str, ...]:
    """In what a view asks something else than was frozen."""
    try:
        asked = question_of(view, protein)
    except AlloScopeError as error:
        return (str(error).rstrip("."),)
    return frozen.question.differences(frozen_question(asked, view.model, view.dtype))


def unchanged(view: View, protein: Protein) -> str:
    """The text of the frozen file where the page asks just what it fixes; "" otherwise."""
    try:
        frozen = opened(view)
        return "" if frozen is None or differences(frozen, view, protein) else inputs.kept_frozen(view.frozen)[0]
    except AlloScopeError:
        return ""


def facts_of_frozen(view: View, answer: Answer) -> dict | None:
    """What a record says of the frozen analysis that is open; None where none is."""
    try:
        frozen = opened(view)
    except AlloScopeError as error:
        return {"problem": str(error)}
    return None if frozen is None else frozen_facts(frozen, answer)


def use_frozen(content: bytes, name: str) -> None:
    """Ask what an uploaded file fixes; one that cannot be read or shown changes nothing, and the rail says why."""
    explore = session.page()
    try:
        frozen = read_frozen(content.decode(errors="replace"), name[:40])
        view = _view_of(frozen, explore.view)
        key = inputs.keep_frozen(content, name)
    except AlloScopeError as error:
        protein_session.empty_uploaders()
        explore.problem(_PLACE, error)
        return
    explore.view, explore.carried = replace(view, frozen=key), ""
    protein_session.remember(view.protein)
    explore.marks_before.clear()
    protein_session.empty_uploaders()
    explore.problems.clear()


def _view_of(frozen: FrozenAnalysis, base: View) -> View:
    """The view that asks the question of a file; FrozenError where the page has no choice for something in it."""
    asked, question = frozen.question, frozen.asked()
    spec = get_spec(asked.model_id)
    draws = 0 if asked.draws == default_draws(spec.layers * spec.heads) else asked.draws
    known = (
        (asked.threshold in THRESHOLDS, f"threshold {asked.threshold:g}"),
        (draws in DRAWS, f"{asked.draws:,} random draws"),
        (asked.seed == 0, f"seed {asked.seed}"),
    )
    if unknown := [what for offered, what in known if not offered]:
        raise FrozenError(f"The page cannot ask with {', '.join(unknown)}; answer it with: python -m allo_core analyse --frozen FILE.")
    settings = {name: getattr(asked, name) for name in ("measure", "weighting", "threshold", "null", "dtype")}
    view = starting_view(inputs.key_of(question.subject.protein), base)
    return replace(
        view, sites=question.a, sites_b=question.b, marking=asked.measure[-1], model=asked.model_id, draws=draws, name_a="", name_b="",
        **settings,
    )  # fmt: skip


def draw_freeze(view: View, protein: Protein, place: str) -> None:
    """The button that freezes what the page asks; ``place`` makes its key differ between the places that show it."""
    problem = _why_not(view, protein)
    st.download_button(
        "Freeze this question",
        lambda: freeze_view(view, protein),
        f"alloscope_{file_stem(protein.name)}_{view.model}_frozen.json",
        "application/json",
        key=f"freeze{place}",
        on_click="ignore",
        icon=":material/lock:",
        width="stretch",
        disabled=bool(problem),
        help=plain(problem) or HELP["frozen"],
    )


def _why_not(view: View, protein: Protein) -> str:
    """Why what the page asks cannot be frozen; "" where it can."""
    try:
        check_question(question_of(view, protein), view.model, view.dtype)
    except AlloScopeError as error:
        return str(error)
    return ""


def draw_frozen(view: View, protein: Protein) -> None:
    """The part of the rail where a question is frozen, and one is opened."""
    fresh = f"frozen-{session.page().uploaders}"

    def take() -> None:
        file = st.session_state[fresh]
        if file is not None:
            use_frozen(file.getvalue(), file.name)

    with st.expander("Freeze or open a question", expanded=bool(session.page().noted(_PLACE))):
        draw_freeze(view, protein, "")
        if session.page().noted(_PLACE):
            st.error(plain(session.page().noted(_PLACE)))
        st.file_uploader("or open a frozen one", type=["json"], key=fresh, on_change=take, max_upload_size=_UPLOAD_MB)


def draw_frozen_line(view: View, protein: Protein, result: Result | None) -> None:
    """When the question was frozen, and whether the page still asks it; nothing where none is open."""
    if not view.frozen:
        return
    with st.container(key="frozen_line", horizontal=True, vertical_alignment="center", gap="small"):
        try:
            frozen = opened(view)
            assert frozen is not None, "the view names one"
            others = differences(frozen, view, protein)
            st.markdown(_told(frozen, others, result), width="stretch", help=HELP["frozen"])
            if others:
                st.button("Back to it", key="frozen_back", type="primary", on_click=_back, args=(frozen,))
        except AlloScopeError as error:
            st.markdown(plain(str(error)), width="stretch")
        st.button("Close", key="frozen_close", type="tertiary", on_click=session.page().change, kwargs={"frozen": ""})


def _told(frozen: FrozenAnalysis, others: tuple[str, ...], result: Result | None) -> str:
    when = in_utc(frozen.frozen)
    if others:
        return f"**Not the question that was frozen on {plain(when)}:** {plain('; '.join(others))}."
    since = () if result is None else changed_since(frozen, result.answer)
    return f"**Frozen on {plain(when)}, unchanged.** {plain(' '.join((_when(frozen.sha256, frozen), *since)))}"


@st.cache_data(max_entries=32, show_spinner=False)
def _when(sha256: str, _frozen: FrozenAnalysis) -> str:
    """Looked up once: a run that is made later is no older than the file."""
    return when_frozen(_frozen)[1]


def _back(frozen: FrozenAnalysis) -> None:
    """Ask again what was frozen."""
    explore = session.page()
    explore.view = replace(_view_of(frozen, explore.view), frozen=explore.view.frozen, structure=explore.view.structure)
