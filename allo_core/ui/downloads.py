"""What a person takes away: tables, records, coloured structures, scripts, pages that open offline, a slide, and all of it as one ZIP."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from allo_core.colours import SET_COLOURS, attention_scale
from allo_core.errors import ExportError
from allo_core.export import (
    COLOURED_FILE,
    bundle,
    chimerax_script,
    coloured_structure,
    figure_page,
    pymol_script,
    run_record,
    scores_csv,
    structure_page,
)
from allo_core.figures.heatmap import cell_colours, heatmap
from allo_core.figures.profile import profile
from allo_core.library import numbers_for
from allo_core.models.registry import get_spec
from allo_core.sequence import Protein
from allo_core.ui import inputs
from allo_core.ui.help import HELP
from allo_core.ui.painting import Painting, Values, residue_labels
from allo_core.ui.results import LoadedStructure, Result
from allo_core.ui.sentences import FOOT
from allo_core.ui.state import View
from allo_core.ui.text import file_stem, plain
from allo_core.ui.three_d_mol import FILE, STATIC

__all__ = ["Shown", "draw_downloads"]

_SLIDE = Path(__file__).resolve().parent / "viewer" / "slide.js"
_SCRIPT = "text/plain"
_SLIDE_SIZE = (1920, 1080)
_LARGEST_SLIDE = 12_000_000  # bytes of PNG


@dataclass(frozen=True)
class Shown:
    """Everything that the page shows and that can be taken away."""

    view: View
    protein: Protein
    result: Result
    painting: Painting
    values: Values
    loaded: LoadedStructure | None
    verdict: str
    statement: str

    @property
    def stem(self) -> str:
        """Beginning of all file names."""
        return f"alloscope_{file_stem(self.protein.name)}_{self.view.model}"

    @property
    def title(self) -> str:
        """Receptor, model and head."""
        return f"{self.protein.name}, {get_spec(self.view.model).label}, {self.result.head_name}"

    @property
    def caption(self) -> str:
        """What a reader of a single picture must know."""
        scores, row = self.result.scores, self.result.row
        q = "not defined" if row["q_value"] != row["q_value"] else f"{row['q_value']:.2g}"
        where = f" Structure {self.loaded.name}." if self.loaded is not None else ""
        return (
            f"{self.verdict} {self.result.head_name}: q = {q}, {row['n_arcs']} arcs; threshold {scores.threshold:.2f}, "
            f"{scores.null} null.{where} {FOOT}"
        )


def draw_downloads(shown: Shown) -> None:
    """Buttons for each file, the slide, and the ZIP."""
    files, left_out = _writable(_files(shown))
    slide, problem = _slide(shown)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        for name, (make, mime, label) in files.items():
            _button(label, make, name, mime)
        if left_out:
            st.caption(plain(" ".join(left_out)))
        st.download_button(
            "Everything, ZIP",
            lambda: _zip(shown, files, slide, left_out),
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
            again.button("Take it again with the present view", key="slide_again", on_click=_take_again, width="stretch")


def _button(label: str, make: Callable[[], str], name: str, mime: str) -> None:
    st.download_button(label, make, name, mime, key=f"download_{label}", on_click="ignore", icon=":material/download:", width="stretch")


def _files(shown: Shown) -> dict[str, tuple[Callable[[], str], str, str]]:
    """File name -> (text, made when it is asked for; media type; label)."""
    stem, loaded = shown.stem, shown.loaded
    files = {
        f"{stem}_scores.csv": (lambda: _csv(shown), "text/csv", "Scores, CSV"),
        f"{stem}_run.json": (lambda: _record(shown), "application/json", "Run record, JSON"),
        f"{stem}_figures.html": (lambda: _figures(shown), "text/html", "Heatmap and profile, HTML"),
    }
    if loaded is not None:
        place = f"{stem}_{file_stem(loaded.name)}"
        files[COLOURED_FILE] = (lambda: _coloured(shown), "chemical/x-cif", f"Structure, B factors: {shown.values.name}, mmCIF")
        files[f"{place}.pml"] = (lambda: _script(shown, pymol_script), _SCRIPT, "PyMOL script")
        files[f"{place}.cxc"] = (lambda: _script(shown, chimerax_script), _SCRIPT, "ChimeraX script")
        if (STATIC / FILE).is_file():
            files[f"{place}_3d.html"] = (lambda: _page(shown), "text/html", "3D view, HTML that opens offline")
    return files


def _csv(shown: Shown) -> str:
    return scores_csv(shown.result.scores, shown.view.model, shown.protein.name, shown.view.measure)


def _record(shown: Shown) -> str:
    view, loaded = shown.view, shown.loaded
    structure = None
    if loaded is not None:
        structure = {
            "name": loaded.name,
            "entry": loaded.structure.entry,
            "chain": loaded.mapping.chain,
            "aligned": loaded.mapping.aligned,
            "identity": round(loaded.mapping.identity, 4),
            "substitutions": [f"{shown.protein.label(index)}{there}" for index, _, there in loaded.mapping.substitutions],
        }
    sets = {"A": view.sites, "B": view.sites_b}
    return run_record(
        shown.result.maps.meta,
        shown.protein,
        sets,
        numbers_for(shown.protein),
        view.measure,
        view.threshold,
        shown.result.scores,
        structure,
    )


def _figures(shown: Shown) -> str:
    view, result, protein = shown.view, shown.result, shown.protein
    numbers = numbers_for(protein)
    pictures = [
        heatmap(result.scores.frame, result.special_share, view.score, result.scores.null, result.head),
        profile(
            [protein.number(index) for index in range(len(protein))],
            result.received,
            result.above,
            residue_labels(protein),
            {"A": view.sites, "B": view.sites_b},
            [] if numbers is None else numbers.spans(),
            view.threshold,
            height=260,
        ),
    ]
    return figure_page(pictures, shown.title, f"{shown.caption} {shown.statement}")


def _sets(shown: Shown) -> dict[str, tuple[tuple[int, ...], str]]:
    return {name: (shown.view.residues(name), colour) for name, colour in SET_COLOURS.items()}


def _coloured(shown: Shown) -> str:
    return coloured_structure(shown.loaded.structure, shown.loaded.mapping, shown.values.values)


def _script(shown: Shown, write: Callable) -> str:
    loaded, values = shown.loaded, shown.values
    # An upload may be numbered unlike the entry that it names, so its own file is loaded.
    entry = loaded.structure.entry if not inputs.is_key(loaded.key) and loaded.structure.entry else COLOURED_FILE
    return write(entry, loaded.mapping, values.values, values.ceiling, attention_scale("light"), _sets(shown), shown.title)


def _page(shown: Shown) -> str:
    painting, legend = shown.painting, shown.painting.legend
    library = (STATIC / FILE).read_bytes()
    return structure_page(
        shown.loaded.scene,
        painting.colours,
        painting.labels,
        shown.protein.first,
        _sets(shown),
        library,
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


def _slide(shown: Shown) -> tuple[bytes | None, str]:
    """The slide of what is shown, as soon as the browser has drawn it, and what went wrong with it."""
    content = _slide_content(shown)
    again = st.session_state.setdefault("slide_count", 0)
    token = hashlib.sha256(json.dumps([content, again], sort_keys=True).encode()).hexdigest()[:16]
    st.session_state.slide_wanted = token
    component = st.components.v2.component("alloscope_slide", html="<i></i>", css="i{display:none}", js=_SLIDE.read_text(encoding="utf-8"))
    component(key="slide", data={**content, "token": token}, height=1, on_slide_change=_take_slide)
    kept = st.session_state.get("slide_taken", {})
    return (kept.get("png"), kept.get("problem", "")) if kept.get("token") == token else (None, "")


def _slide_content(shown: Shown) -> dict:
    result, legend = shown.result, shown.painting.legend
    theme = "dark" if st.context.theme.type == "dark" else "light"
    layers, heads = result.special_share.shape
    ink, faint, background = {"light": ("#1F2328", "#57606A", "#FFFFFF"), "dark": ("#E6EDF3", "#9DA7B3", "#0E1117")}[theme]
    return {
        "title": f"{shown.protein.name} · {get_spec(shown.view.model).label}",
        "subtitle": shown.result.head_name + (f" on {shown.loaded.name}" if shown.loaded is not None else ""),
        "caption": shown.caption,
        "ink": ink,
        "faint": faint,
        "background": background,
        "legend": legend,
        "sets": [
            {"text": f"set {name}, {len(numbers)} residues", "colour": colour}
            for name, (numbers, colour) in shown.painting.sets.items()
            if numbers
        ],
        "heatmap": {
            **cell_colours(result.scores.frame, shown.view.score, (layers, heads), theme),
            "layers": layers,
            "heads": heads,
            "selected": list(result.head),
        },
        "painting": "" if shown.loaded is None else shown.painting.id,
    }


def _take_again() -> None:
    st.session_state.slide_count += 1


def _take_slide() -> None:
    """Keep the picture that the browser sent, if it is the one asked for and a PNG of the right size (the browser's word is checked)."""
    sent = getattr(st.session_state.get("slide"), "slide", None)
    if not isinstance(sent, dict) or sent.get("token") != st.session_state.get("slide_wanted"):
        return
    png = png_of(sent.get("png"))
    problem = "" if png is not None else str(sent.get("problem", "the browser sent no picture"))[:200]
    st.session_state.slide_taken = {"token": sent["token"], "png": png, "problem": problem}


def png_of(address: object) -> bytes | None:
    """The PNG in a data: address, None unless it is one of the slide's size."""
    head = "data:image/png;base64,"
    if not isinstance(address, str) or not address.startswith(head) or len(address) > 1.4 * _LARGEST_SLIDE:
        return None
    try:
        png = base64.b64decode(address[len(head) :], validate=True)
    except (binascii.Error, ValueError):
        return None
    size = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
    return png if png.startswith(b"\x89PNG\r\n\x1a\n") and size == _SLIDE_SIZE else None
