"""A second structure beside the first: another state, or another receptor with the same head and the marks carried over."""

from dataclasses import dataclass, replace

import streamlit as st

from allo_core.attention.head_card import MOST_PAIRS
from allo_core.errors import AlloScopeError
from allo_core.figures.head_scores import SCORES
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import receptors
from allo_core.models.registry import get_spec
from allo_core.protein.numbering import carried_over
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import find_kept_run
from allo_core.runs.maps import AttentionMaps
from allo_core.structure.scene import Scene
from allo_core.ui.explore import results, session
from allo_core.ui.explore.painting import paint
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.explore.weighting import draw_weighting_offer, lacks_norms
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.marks import with_marks_of
from allo_core.ui.protein.run_offer import cost_in_words, draw_buttons, offer_of
from allo_core.ui.protein.structure_choice import structure_options
from allo_core.ui.protein.view import offered_structures, protein_of
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import Painting
from allo_core.ui.shared.plots import GROWS
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.snake_view import has_snake, snake_view
from allo_core.ui.shared.structure_view import picked_number, structure_view
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.superposed import reference_of, scene_on
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["Beside", "beside_of", "draw_beside", "draw_choice", "second_view", "titled"]

_STRUCTURE, _SNAKE = f"{GROWS}beside", f"{GROWS}beside_snake"


@dataclass(frozen=True)
class Beside:
    """What stands beside the first structure.

    Parameters
    ----------
    view : View
        What Explore would show of it.
    protein : Protein
    maps, result, loaded, scene
        Its run, its answer, its structure, and that laid on the first one; None where there is none.
    lies : str
        How well it lies on the first structure.
    problems : tuple of str
        Why something of it is missing.
    """

    view: View
    protein: Protein
    maps: AttentionMaps | None
    result: Result | None
    loaded: LoadedStructure | None
    scene: Scene | None
    lies: str
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        """Receptor and structure."""
        return f"{self.protein.name} · {self.loaded.name}" if self.loaded is not None else self.protein.name


def second_view(view: View, head: tuple[int, int] | None) -> View:
    """What is shown beside a view: the same question, asked of the other structure or the other receptor."""
    if view.beside == view.protein:
        return replace(view, structure=view.beside_structure, chain="", head=head)
    other, _ = with_marks_of(view, view.beside)
    return replace(other, structure=view.beside_structure or other.structure, head=head, pairs=view.pairs)


def beside_of(view: View, protein: Protein, loaded: LoadedStructure | None, result: Result | None) -> Beside | None:
    """What stands beside the first structure, worked out like it; None where nothing was chosen."""
    if not view.beside:
        return None
    problems = []
    try:
        second = second_view(view, result.head if result is not None else view.head)
        other = protein_of(second)
    except AlloScopeError as error:
        session.page().tell(str(error))
        session.page().change(beside="", beside_structure="")
        return None
    there, problem = protein_session.loaded_structure(second, other)
    problems.append(problem)
    maps, answer = (None, None) if result is None else (result.maps, result)
    if second.protein != view.protein:
        maps, answer, problem = _answer(second, other)
        problems.append(problem)
    scene, lies = None, ""
    if there is not None:
        try:
            reference = None if loaded is None else reference_of(loaded, protein, loaded.name)
            scene, lies = scene_on(there, other, reference)
        except AlloScopeError as error:
            scene, lies = there.scene, f"Not superposed: {error}"
    return Beside(second, other, maps, answer, there, scene, lies, tuple(filter(None, problems)))


def _answer(view: View, protein: Protein) -> tuple[AttentionMaps | None, Result | None, str]:
    """Run and answer of another receptor, and why there is none."""
    try:
        maps = find_kept_run(view.model, protein, view.device, view.dtype)
        protein_session.run_unasked(view, maps is not None)
        return maps, None if maps is None else results.result_of(view, protein, maps), ""
    except AlloScopeError as error:
        return None, None, str(error)


def titled(painting: Painting, name: str) -> Painting:
    """A painting that says whose it is, where several stand side by side."""
    return replace(painting, title=f"{name} · {painting.title}")


def draw_beside(view: View, protein: Protein, beside: Beside, height: int, panel: str) -> None:
    """The second picture; a click marks the same residue of the first protein, or the one with the same generic number."""
    details = None if beside.result is None else results.details_of(beside.result, MOST_PAIRS, beside.loaded)
    theme = current_theme()
    painting = titled(paint(beside.view, beside.protein, beside.result, details, theme, beside.maps, beside.loaded), beside.name)
    file = f"{file_stem(beside.protein.name)}_{file_stem(painting.title)}"
    if panel == "snake" and beside.protein != protein and has_snake(beside.protein):
        drawing = ""
        drawing = snake_view(beside.protein, painting, file, height, lambda: _pick(protein, beside, _SNAKE, drawing), _SNAKE, "explore")
    elif beside.scene is not None and beside.loaded is not None:
        scene = beside.scene
        structure_view(
            scene, beside.protein.first, painting, file, height, lambda: _pick(protein, beside, _STRUCTURE, scene.id), _STRUCTURE,
            group="explore", credit=beside.loaded.credit, on_slides=False,
        )  # fmt: skip
    else:
        with st.container(
            key=f"{GROWS}nothing_beside", height=height, border=True, vertical_alignment="center", horizontal_alignment="center"
        ):
            st.markdown(plain(f"**No structure for {beside.protein.name}**"))
            st.caption("Choose one below, or open the receptor itself to fetch or upload one.")
    _line(view, protein, beside)


def _pick(protein: Protein, beside: Beside, key: str, picture: str) -> None:
    number = picked_number(key, picture, beside.protein.first, len(beside.protein))
    if number is None:
        return
    index = beside.protein.index(number)
    if beside.protein.sequence == protein.sequence:
        protein_session.toggle_residue(index)
        return
    here, there = numbers_for(protein), numbers_for(beside.protein)
    counterpart = () if here is None or there is None else carried_over((index,), there, here)
    if not counterpart:
        session.page().tell(
            f"{beside.protein.label(index)} of {beside.protein.name} has no counterpart in {protein.name}, so nothing is marked."
        )
        return
    protein_session.toggle_residue(counterpart[0])


def _line(view: View, protein: Protein, beside: Beside) -> None:
    """What the second picture is, what its head scores, and how to close it."""
    for problem in beside.problems:
        st.error(plain(problem))
    with st.container(key="beside_line", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(" ".join(filter(None, (_scored(beside) if beside.protein != protein else "", beside.lies)))), width="stretch")
        st.button("Close", key="close_beside", icon=":material/close:", type="tertiary", on_click=close)
    if beside.protein != protein and lacks_norms(beside.view, beside.maps):
        draw_weighting_offer(beside.view, beside.protein, "_beside")
    if beside.result is not None or beside.protein == protein:
        return
    job = protein_session.current_job(beside.view)
    if draw_under_way(job, "_beside"):
        return
    if beside.maps is None:
        st.caption(
            plain(
                f"{get_spec(beside.view.model).label} has not read {beside.protein.name} yet; {cost_in_words(beside.view, beside.protein)}"
            )
        )
        draw_buttons(beside.view, beside.protein, replace(offer_of(beside.view, beside.protein), domain=None), "_beside")


def _scored(beside: Beside) -> str:
    """The same head on the other receptor, in one sentence."""
    if beside.result is None:
        return ""
    result = beside.result
    row, scores = result.row, result.scores
    enrichment, q = SCORES["enrichment"].values(scores.frame)[row["layer"] * result.special_share.shape[1] + row["head"]], row["q_value"]
    score = "no score" if enrichment != enrichment else f"log₂ enrichment {enrichment:.2f}"
    tested = f", q {q:.2g}" if q == q else ", not tested"
    passing = f"{len(scores.passing())} of {scores.n_tested} tested heads pass there"
    if scores.pending:
        tested, passing = "", "not compared with other places"
    counted = f", {result.weighting_name}" if result.weighting_name else ""
    return f"{result.head_name} on {beside.protein.name}{counted}: {score}{tested}; {passing}."


def close() -> None:
    """Show one structure alone."""
    session.page().change(beside="", beside_structure="")


def draw_choice(view: View) -> None:
    """What is shown beside: another structure of this protein, or another receptor and its structure."""
    own = [name for name in structure_options(view.protein) if name != view.structure]
    others = [entry for entry in receptors() if entry != view.protein]
    options = ["", *([view.protein] if own else []), *others]

    def name(key: str) -> str:
        if key == view.protein:
            return "another structure of this receptor"
        return f"{key} · {receptors()[key].name}" if key else "nothing"

    def choose(key: str) -> None:
        shown = own[0] if key == view.protein else next(iter(offered_structures(key)), "") if key else ""
        session.page().change(beside=key or "", beside_structure=shown)

    st.selectbox(
        "Beside it", options, format_func=name, help=HELP["beside"], **mirrored("beside", view.beside, choose, options),
    )  # fmt: skip
    if not view.beside:
        return
    structures = structure_options(view.beside)
    offered = {key: label for key, label in structures.items() if view.beside != view.protein or key != view.structure}
    st.selectbox(
        "Its structure",
        list(offered),
        format_func=offered.__getitem__,
        placeholder="none at hand",
        **mirrored(
            "beside_structure",
            view.beside_structure if view.beside_structure in offered else None,
            lambda structure: structure and session.page().change(beside_structure=structure),
            list(offered),
        ),
    )
