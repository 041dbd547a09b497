"""Which variant is compared: substitutions that are typed, or another sequence that is pasted or was given earlier."""

from contextlib import suppress
from io import StringIO

import streamlit as st

from allo_core.errors import AlloScopeError, SequenceError
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein, proteins_in
from allo_core.protein.variants import read_variant
from allo_core.runs.cost import cost_of
from allo_core.storage.amounts import readable_time
from allo_core.ui.protein import session as protein_session
from allo_core.ui.sequence import session
from allo_core.ui.sequence.requests import VariantRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared import inputs
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.text import plain

__all__ = ["cost_of_references", "draw_choice", "ortholog_of"]

_OTHER_LETTERS = 18
_LETTER_PASSES = 16  # receptors that are read once for the letters that heads prefer


def draw_choice(view: SequenceView, protein: Protein) -> None:
    """Substitutions at the left, another sequence at the right."""
    left, right = st.columns([5, 8], gap="small", vertical_alignment="bottom")
    page = session.page()
    with left:
        written = page.written("variant", "substitutions", view.substitutions)
        st.text_input(
            "Substitutions", placeholder=_example(protein), help=HELP["substitutions"],
            **mirrored("substitutions", written, lambda text: _substitute(text, protein)),
        )  # fmt: skip
    with right:
        given = {key: name for key, name in protein_session.remembered("sequence").items() if key != view.protein}
        options = ["", *given]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                "or an ortholog", options, format_func=lambda key: given.get(key, "none"), help=HELP["ortholog"],
                **mirrored("ortholog", view.ortholog, lambda key: _compare_with(key or ""), options),
            )  # fmt: skip
            with st.popover("Give sequences", type="tertiary"), st.form("orthologs", border=False):
                st.text_area("FASTA; the first is compared, the others tell what to expect", key="orthologs_text", height=120)
                st.form_submit_button("Use these", on_click=_take)
    if page.noted("variant"):
        st.error(plain(page.noted("variant")))


def _example(protein: Protein) -> str:
    """A substitution of this protein: a residue in its middle to alanine, or to glycine."""
    at = len(protein) // 2
    return f"{protein.label(at)}{'G' if protein.sequence[at] == 'A' else 'A'}"


def _substitute(text: str, protein: Protein) -> None:
    page = session.page()
    try:
        if text.strip():
            read_variant(text, protein, numbers_for(protein))
    except AlloScopeError as error:  # the comparison before stays
        page.problem("variant", error, substitutions=text)
        return
    page.problem("variant")
    page.change(substitutions=text.strip(), ortholog="", head=None, pair=None)


def _compare_with(key: str) -> None:
    session.page().problem("variant")
    session.page().change(ortholog=key, head=None, pair=None)


def _take() -> None:
    page = session.page()
    try:
        proteins = proteins_in(StringIO(st.session_state.orthologs_text))
        if not proteins:
            raise SequenceError("Paste at least one sequence.")
        keys = [protein_session.remember(inputs.keep_protein(protein)) for protein in proteins]
    except AlloScopeError as error:
        page.problem("variant", error)
        return
    page.others = proteins[1:]
    _compare_with(keys[0])


def ortholog_of(view: SequenceView) -> tuple[Protein | None, tuple[Protein, ...]]:
    """The other sequence of a view, None where it is no longer kept; and those that were given with it."""
    with suppress(AlloScopeError):
        return inputs.kept_protein(view.ortholog), session.page().others
    return None, ()


def cost_of_references(view: SequenceView, protein: Protein, request: VariantRequest) -> str:
    """What a comparison takes, in words."""
    try:
        seconds = cost_of(get_spec(view.model), len(protein), view.device, view.dtype).seconds
    except AlloScopeError:
        return ""
    if not request.substituted:
        most = readable_time(seconds * (2 + 2 * request.references))
        return f"Two passes, and up to {request.references} other pairs that are as alike, where there are some: at most {most}."
    passes = 2 + request.references + _OTHER_LETTERS + _LETTER_PASSES
    told = f"Two passes, {request.references} random substitutions and the {_OTHER_LETTERS} other letters at the same residue"
    return f"{told}: {readable_time(seconds * passes)}. All are kept."
