"""The picture of the receptor: the structure or the snake plot, or what stands in its place."""

from collections.abc import Callable

import streamlit as st

from allo_core.figures.colours import SET_COLOURS
from allo_core.folding.calibration import expected
from allo_core.folding.offers import offered_folds
from allo_core.folding.trace import trace_words
from allo_core.library.sites import receptor_of
from allo_core.protein.sequence import Protein
from allo_core.ui.protein import session
from allo_core.ui.protein.incoming import draw_complaint
from allo_core.ui.protein.structure_choice import fetch_alphafold, upload_structure
from allo_core.ui.protein.view import PANELS, ProteinView, offered_structures
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import Painting
from allo_core.ui.shared.plots import GROWS
from allo_core.ui.shared.snake_view import has_snake, snake_view
from allo_core.ui.shared.structure_view import picked_number, structure_view
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["HEIGHT", "draw_receptor", "marked_sets", "panel_of", "structure_line"]

_STRUCTURE, _SNAKE = f"{GROWS}structure", f"{GROWS}snake"
HEIGHT = 514  # px of heatmap and structure: the 33 layers of ESM-2 650M at 14 px, and the profile still fits a 900 px window


def panel_of(view: ProteinView, protein: Protein, loaded: LoadedStructure | None) -> str:
    """Which picture of the receptor is shown, a key of PANELS."""
    return view.panel or ("snake" if loaded is None and has_snake(protein) else "3d")


def marked_sets(view: ProteinView, protein: Protein) -> dict[str, tuple[list[int], str]]:
    """The UniProt numbers of both sets and their colours, as a painting takes them."""
    return {name: ([protein.number(index) for index in view.sets[name]], colour) for name, colour in SET_COLOURS.items()}


def draw_receptor(
    view: ProteinView,
    protein: Protein,
    painting: Painting,
    loaded: LoadedStructure | None,
    problem: str,
    pick: Callable[[int], None],
    picking: str = "mark",
    beside: Callable[[], None] | None = None,
    group: str = "",
) -> None:
    """The painted receptor, in 3D or as snake plot.

    Parameters
    ----------
    problem : str
        Why there is no structure; "" where nothing is wrong.
    pick : callable(index)
        Called with the 0-based residue that was clicked.
    picking : str
        What a click does with a residue, as a verb.
    beside : callable(), optional
        Draws the choice of what stands beside it.
    group : str
        Pictures of one group turn together; "" for one that stands alone.
    """
    if problem:
        st.error(plain(problem))
    panel = panel_of(view, protein, loaded)
    if panel == "snake":
        _draw_snake(protein, painting, pick, group)
    elif loaded is None:
        _no_structure(protein)
    else:
        _draw_structure(protein, painting, loaded, pick, group)
    with st.container(key="panel", horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Receptor as",
            list(PANELS),
            format_func=PANELS.__getitem__,
            required=True,
            label_visibility="collapsed",
            width="content",
            **mirrored("panel", panel, lambda chosen: session.page().change(panel=chosen or panel), default="default"),
        )
        if beside is not None:
            with st.popover("Side by side", type="tertiary", help=HELP["beside"]):
                beside()
        if panel == "snake":
            st.caption(f"From segments and generic numbers. Click a residue to {picking} it, or use arrow keys and Enter.", width="stretch")
        elif loaded is not None:
            st.caption(plain(structure_line(loaded, protein, picking)), width="stretch")


def _draw_snake(protein: Protein, painting: Painting, picked: Callable[[int], None], group: str) -> None:
    if not has_snake(protein):
        with st.container(key=f"{GROWS}no_snake", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
            st.markdown("**No snake plot**")
            st.caption(plain(f"The helices of {protein.name} are not known, since it has no generic numbers."))
        return
    drawing = ""

    def pick() -> None:
        number = picked_number(_SNAKE, drawing, protein.first, len(protein))
        if number is not None:
            picked(protein.index(number))

    drawing = snake_view(protein, painting, f"{file_stem(protein.name)}_{file_stem(painting.title)}", HEIGHT, pick, _SNAKE, group)


def _draw_structure(protein: Protein, painting: Painting, loaded: LoadedStructure, picked: Callable[[int], None], group: str) -> None:
    def pick() -> None:
        number = picked_number(_STRUCTURE, loaded.scene.id, protein.first, len(protein))
        if number is not None:
            picked(protein.index(number))

    file = f"{file_stem(protein.name)}_{file_stem(loaded.name)}_{file_stem(painting.title)}"
    structure_view(loaded.scene, protein.first, painting, file, HEIGHT, pick, _STRUCTURE, group, loaded.credit)


def structure_line(loaded: LoadedStructure, protein: Protein, picking: str = "mark") -> str:
    """What is shown, in one line, and what a person should know about how it was read."""
    mapping, scene = loaded.mapping, loaded.scene
    if loaded.fold is not None:
        what = trace_words(loaded.fold)
    else:
        predicted = {"alphafold": "AlphaFold model, predicted", "fold": "predicted from the sequence"}
        what = predicted.get(loaded.ref.kind, f"chain {mapping.chain}")
    if len(mapping.copies) > 1:
        what += f", one of {len(mapping.copies)} copies"
    alike = f"{mapping.identity:.1%} identical"
    if loaded.species:
        alike = f"of another species ({loaded.species}), {len(mapping.substitutions)} differences"
    parts = [f"{loaded.name} {what}", f"{mapping.aligned} of {len(protein)} residues, {alike}"]
    if scene.fusion_residues:
        receptor = receptor_of(protein)
        is_part = receptor is not None and len(protein) < len(receptor.protein)
        parts.append(f"{scene.fusion_residues} residues {'outside this part' if is_part else 'of fusion, tags and linkers'} hidden")
    # Of a fold its file says what its name says already.
    of_file = loaded.structure.notes if loaded.fold is None else (expected(loaded.fold).sentence, loaded.fold.method)
    notes = " ".join((*of_file, *scene.notes))
    return f"{' · '.join(parts)}. Click a residue to {picking} it. {notes}".strip()


def _no_structure(protein: Protein) -> None:
    with st.container(key=f"{GROWS}no_structure", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        st.markdown(f"**No structure for {plain(protein.name)}**")
        st.caption(_why_no_structure(protein))
        upload_structure("upload_here", "structure_here")
        fetch_alphafold("alphafold_here", "structure_here")
        draw_complaint("structure_here")


def _why_no_structure(protein: Protein) -> str:
    receptor = receptor_of(protein)
    if receptor is None:
        return "Upload one; the chain is found by alignment. What else there is of a sequence stands on the page Fold."
    if offered_structures(receptor.entry):
        return "None is chosen; choose one at the left, or upload one: the chain is found by alignment."
    if offered_folds(protein):
        return (
            "No structure? Fetch its AlphaFold model, or choose a fold at the left (threaded on another receptor, or the average of its "
            "class: a CA trace); the page Fold shows what each is worth. A chain of your own is found by alignment."
        )
    return "None ships with the app. Upload one, or fetch its AlphaFold model; the chain is found by alignment."
