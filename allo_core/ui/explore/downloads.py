"""What a person takes away: tables, records, coloured structures, scripts, pages that open offline, a slide, and all of it as one ZIP."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from allo_core.analysis.question_log import QuestionLog
from allo_core.errors import ExportError
from allo_core.export import (
    bundle,
    chimerax_script,
    coloured_structure,
    figure_page,
    head_facts,
    pymol_script,
    run_record,
    scores_csv,
    structure_facts,
    structure_page,
)
from allo_core.fetch.three_d_mol import FILE, STATIC
from allo_core.figures.colours import SET_COLOURS, attention_scale
from allo_core.figures.heatmap import heatmap, meaning_of_heads
from allo_core.figures.snake_svg import snake_svg
from allo_core.folding.trace import trace_cif, trace_pdb, trace_words
from allo_core.ui.explore.attention_files import draw_attention_files
from allo_core.ui.explore.frozen import facts_of_frozen, freeze_view, unchanged
from allo_core.ui.explore.painting import paint
from allo_core.ui.explore.panels import profile_of
from allo_core.ui.explore.results import explained_of
from allo_core.ui.explore.shown import Shown
from allo_core.ui.explore.slide import slide_of, take_again
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.question_log import session_log
from allo_core.ui.shared.snake_view import has_snake, layout_of
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["draw_downloads"]

_SCRIPT = "text/plain"


def draw_downloads(shown: Shown) -> None:
    """Buttons for each file, the slide, and the ZIP."""
    files, left_out = _writable(_files(shown))
    slide, problem = slide_of(shown)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        for name, (make, mime, label) in files.items():
            _button(label, make, name, mime)
        if left_out:
            st.caption(plain(" ".join(left_out)))
        st.download_button(
            "Everything, ZIP",
            lambda: _zip(shown, files, slide, [*left_out, *([f"Slide: {problem}"] if problem else [])]),
            f"{shown.stem}.zip",
            "application/zip",
            key="download_zip",
            type="primary",
            on_click="ignore",
            icon=":material/folder_zip:",
            width="stretch",
            disabled=slide is None and not problem,
            help="All files above and the slide.",
        )
        draw_attention_files(shown.result.maps, shown.protein, shown.stem)
    with right:
        st.markdown("##### Slide, 1920 × 1080", help=HELP["slide"])
        if problem:
            st.error(plain(f"The slide could not be drawn: {problem}"))
        elif slide is None:
            st.caption("Drawing the slide")
        else:
            st.image(slide, width="stretch")
            save, again = st.columns(2)
            save.download_button(
                "Slide, PNG", slide, f"{shown.stem}.png", "image/png", key="download_slide", on_click="ignore",
                icon=":material/download:", width="stretch",
            )  # fmt: skip
            again.button("Take it again with the present view", key="slide_again", on_click=take_again, width="stretch")


def _button(label: str, make: Callable[[], str], name: str, mime: str) -> None:
    st.download_button(label, make, name, mime, key=f"download_{label}", on_click="ignore", icon=":material/download:", width="stretch")


def _files(shown: Shown) -> dict[str, tuple[Callable[[], str], str, str]]:
    """File name -> (text, made when it is asked for; media type; label)."""
    stem, loaded, log = shown.stem, shown.loaded, session_log()
    kept = unchanged(shown.view, shown.protein)  # the file that is open goes along as it is
    files = {
        f"{stem}_scores.csv": (lambda: _csv(shown), "text/csv", "Scores, CSV"),
        f"{stem}_run.json": (lambda: _record(shown, log), "application/json", "Run record, JSON"),
        f"{stem}_frozen.json": (
            lambda: kept or freeze_view(shown.view, shown.protein),
            "application/json",
            "Frozen analysis, JSON",
        ),
        f"{stem}_figures.html": (lambda: _figures(shown), "text/html", "Heatmap and profile, HTML"),
    }
    if has_snake(shown.protein):
        files[f"{stem}_snake.svg"] = (lambda: _snake(shown), "image/svg+xml", "Snake plot, SVG")
    if loaded is not None:
        place = f"{stem}_{file_stem(loaded.name)}"
        files[_coloured_file(shown, loaded)] = (
            lambda: _coloured(shown, loaded),
            "chemical/x-cif",
            f"Structure, B factors: {shown.values.name}, mmCIF",
        )
        if (fold := loaded.fold) is not None:
            files[f"{place}.pdb"] = (lambda: trace_pdb(fold), "chemical/x-pdb", "Structure, PDB")
            files[f"{place}.cif"] = (lambda: trace_cif(fold), "chemical/x-cif", "Structure, mmCIF")
        files[f"{place}.pml"] = (lambda: _script(shown, loaded, pymol_script), _SCRIPT, "PyMOL script")
        files[f"{place}.cxc"] = (lambda: _script(shown, loaded, chimerax_script), _SCRIPT, "ChimeraX script")
        if (STATIC / FILE).is_file():
            files[f"{place}_3d.html"] = (lambda: _page(shown, loaded), "text/html", "3D view, HTML that opens offline")
    return files


def _csv(shown: Shown) -> str:
    return scores_csv(shown.result.answer)


def _record(shown: Shown, log: QuestionLog) -> str:
    loaded = shown.loaded
    structure = None
    if loaded is not None:
        structure = structure_facts(loaded.name, loaded.structure, loaded.mapping, shown.protein, loaded.credit)
    answer, head = shown.result.answer, head_facts(shown.result.head, explained_of(shown.result))
    return run_record(answer, structure, shown.view.names, log, facts_of_frozen(shown.view, answer), head)


def _figures(shown: Shown) -> str:
    view, result = shown.view, shown.result
    pictures = [
        heatmap(
            result.scores.frame,
            result.special_share.shape,
            view.score,
            result.scores.null,
            result.head,
            fixed=view.colours == "fixed",
            counted=result.weighting_name,
        ),
        profile_of(view, shown.protein, result, height=260),
    ]
    meaning = meaning_of_heads(view.score, result.scores.frame)
    return figure_page(pictures, shown.title, f"{shown.caption} {meaning} {shown.statement}")


def _snake(shown: Shown) -> str:
    painting = paint(shown.view, shown.protein, shown.result, None, "light", loaded=shown.loaded)  # a file that is taken away is white
    layout = layout_of(shown.protein)
    assert layout is not None, "offered where there is one"
    tags = {shown.protein.index(number): text for number, text in painting.tags}
    sequence, legend = shown.protein.sequence, painting.legend
    return snake_svg(layout, sequence, painting.labels, painting.colours, _sets(shown), tags, shown.title, legend)


def _sets(shown: Shown) -> dict[str, tuple[tuple[int, ...], str]]:
    return {name: (shown.view.sets[name], colour) for name, colour in SET_COLOURS.items()}


def _coloured(shown: Shown, loaded: LoadedStructure) -> str:
    structure = replace(loaded.structure, title=_credited(f"{shown.title}, B factors: {shown.values.name}", loaded))
    return coloured_structure(structure, loaded.mapping, shown.values.values)


def _script(shown: Shown, loaded: LoadedStructure, write: Callable) -> str:
    values = shown.values
    # An upload may be numbered unlike the entry that it names, so its own file is loaded.
    entry = loaded.structure.entry if loaded.ref.kind != "upload" and loaded.structure.entry else _coloured_file(shown, loaded)
    title = _credited(f"{shown.title}, colours: {values.name}", loaded)
    lines, pairs = shown.lines
    scale = attention_scale("light")
    return write(entry, loaded.mapping, values.values, values.ceiling, scale, _sets(shown), title, values.floor, pairs, lines)


def _coloured_file(shown: Shown, loaded: LoadedStructure) -> str:
    """Name of the coloured structure, which scripts load from beside them."""
    return f"{shown.stem}_{file_stem(loaded.name)}_coloured.cif"


def _credited(title: str, loaded: LoadedStructure) -> str:
    """The title of a file that holds or draws a structure: that a fold is none, and whom the structure's licence asks to name."""
    drawn = "" if loaded.fold is None else f"on a {trace_words(loaded.fold)} ({loaded.name})"
    return ", ".join(filter(None, (title, drawn, loaded.credit)))


def _page(shown: Shown, loaded: LoadedStructure) -> str:
    painting = paint(shown.view, shown.protein, shown.result, None, "light", loaded=loaded)  # the page that is taken away is white
    legend = painting.legend
    return structure_page(
        loaded.scene,
        painting.colours,
        painting.labels,
        shown.protein.first,
        _sets(shown),
        (STATIC / FILE).read_bytes(),
        shown.title,
        f"{shown.caption} {shown.statement}",
        None if legend is None or not legend["colours"] else (legend["title"], legend["low"], legend["high"], legend["colours"]),
    )


def _writable(files: dict) -> tuple[dict, list[str]]:
    """The files without the scripts that cannot be written (a chain without a name, say), and why those are left out."""
    writable, left_out = {}, []
    for name, (make, mime, label) in files.items():
        if mime == _SCRIPT:
            try:
                make()  # some milliseconds
            except ExportError as error:
                left_out.append(f"{label}: {error}")
                continue
        writable[name] = (make, mime, label)
    return writable, left_out


def _zip(shown: Shown, files: dict, slide: bytes | None, left_out: list[str]) -> bytes:
    contents = {name: (make(), label) for name, (make, _, label) in files.items()}
    if slide is not None:
        contents[f"{shown.stem}.png"] = (slide, "Slide, 1920 x 1080")
    if left_out:
        contents["left_out.txt"] = ("\n".join(left_out) + "\n", "What could not be written, and why")
    return bundle(contents)
