"""A structure coloured by one head, as files for other programs."""

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.measures import WEIGHTINGS
from allo_core.analysis.question import Question
from allo_core.attention.head import Head
from allo_core.attention.head_card import MOST_PAIRS, strongest_pairs
from allo_core.errors import ExportError, LibraryError, ScoreError, StructureError
from allo_core.export import COLOURED_FILE, chimerax_script, coloured_structure, pymol_script
from allo_core.export.facts import structure_facts
from allo_core.figures.colours import SET_COLOURS, attention_scale, value_ceiling
from allo_core.library.predicted import ATTRIBUTION
from allo_core.library.structures import shipped_structure
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.layout import FLOOR
from allo_core.terminal.files import check_output, write
from allo_core.terminal.targets import shortened

if TYPE_CHECKING:  # biotite is slow to import
    from allo_core.runs.weighted import HeadMaps
    from allo_core.structure.mapping import StructureMap
    from allo_core.structure.read import Structure

__all__ = ["Picture", "check_picture_options", "open_picture", "parse_head"]

_WRITERS = {"pymol": pymol_script, "chimerax": chimerax_script}


def parse_head(text: str | None, spec: ModelSpec) -> Head | None:
    """The head of ``"3.6"``; ScoreError if the model has no such head."""
    if text is None:
        return None
    head = Head.parse(text)
    if head is None:
        raise ScoreError(f"{shortened(text)!r} names no head; write layer and head as 3.6, both counted from 0.")
    if head.layer >= spec.layers or head.head >= spec.heads:
        raise ScoreError(f"{spec.label} has no head {text}; its layers are 0 to {spec.layers - 1}, its heads 0 to {spec.heads - 1}.")
    return head


def check_picture_options(options: argparse.Namespace) -> None:
    """ExportError where the options about a structure ask for half of something; StoreError for a file that cannot be written."""
    if not 0 <= options.pairs <= MOST_PAIRS:
        raise ExportError(f"--pairs {options.pairs} is not a number from 0 to {MOST_PAIRS}.")
    wanted = [name for name in ("cif", *_WRITERS) if getattr(options, name) is not None]
    if options.structure is None:
        given = [*wanted, *(["chain"] if options.chain is not None else [])]
        if given:
            raise ExportError(f"--{given[0]} needs a structure; name one with --structure (8FYN, or a file).")
        return
    if not wanted:
        raise ExportError("--structure alone writes nothing; name a file with --cif, --pymol or --chimerax.")
    if options.pairs and not any(name in wanted for name in _WRITERS):
        raise ExportError("--pairs are drawn by scripts; name one with --pymol or --chimerax.")
    for name in wanted:
        check_output(getattr(options, name))


@dataclass(frozen=True)
class Picture:
    """A structure mapped onto the protein.

    ``entry`` is what scripts load: a PDB code, or the coloured file beside them; ``credit`` is whom the structure's licence asks to name.
    """

    name: str
    entry: str
    structure: "Structure"
    mapping: "StructureMap"
    credit: str = ""

    def facts(self, protein: Protein) -> dict:
        """For the record of the run."""
        return structure_facts(self.name, self.structure, self.mapping, protein, self.credit)

    def check(self, options: argparse.Namespace) -> None:
        """ExportError if a script could not be written, or would not find what it loads."""
        for name, script in _WRITERS.items():
            path = getattr(options, name)
            if path is None:
                continue
            script(self.entry, self.mapping, np.zeros(len(self.mapping.residues)), 1.0, attention_scale("light"), {}, "")
            beside = path.absolute().parent / COLOURED_FILE
            if self.entry == COLOURED_FILE and (options.cif is None or options.cif.absolute() != beside):
                raise ExportError(f"--{name} of {self.name} loads {COLOURED_FILE} beside it; add --cif {path.parent / COLOURED_FILE}.")

    def write(self, options: argparse.Namespace, question: Question, maps: "HeadMaps", head: tuple[int, int]) -> str:
        """Write the files; returns what they show, in one sentence."""
        protein = question.subject.protein
        values = maps.received(*head)
        ceiling, ceiling_name = value_ceiling(values)
        coloured_sets = {name: (question.sets[name], colour) for name, colour in SET_COLOURS.items()}
        head_name = Head(*head).name.lower()
        counted = "" if question.weighting == "attention" else WEIGHTINGS[question.weighting]
        title = ", ".join(filter(None, (f"{protein.name}, {get_spec(maps.meta.model_id).label}, {head_name}", counted, self.credit)))
        structure = replace(self.structure, title=f"{self.structure.title}; {self.credit}") if self.credit else self.structure
        pairs = _strongest_pairs(question, maps, head, options.pairs)
        write(options.cif, lambda: coloured_structure(structure, self.mapping, values))
        for name, script in _WRITERS.items():
            arguments = (self.entry, self.mapping, values, ceiling, attention_scale("light"), coloured_sets, title, 0.0, pairs)
            write(getattr(options, name), lambda script=script, arguments=arguments: script(*arguments))
        where = f"{self.name}, chain {self.mapping.chain}, {self.mapping.aligned} of {len(protein)} residues"
        return f"{where}: {WEIGHTINGS[question.weighting]} received from {head_name}; colours from 0 to {ceiling:.3g} ({ceiling_name})"


def _strongest_pairs(question: Question, maps: "HeadMaps", head: tuple[int, int], most: int) -> list[tuple[int, int, float]]:
    """The pairs that scripts draw, as the page draws them: those into the other set first where one set is asked about the other."""
    if not most:
        return []
    arcs = maps.arcs(*head, FLOOR, question.queries)
    pairs = strongest_pairs(arcs, most, first=question.sites if question.queries is not None else ())
    return [(pair.query, pair.key, pair.weight) for pair in pairs]


def open_picture(reference: str, protein: Protein, chain: str | None = None) -> Picture:
    """A structure of the protein: a file, one that ships with the app, or one that is fetched.

    Parameters
    ----------
    reference : str
        A file, a PDB code, the name of an AlphaFold model, or a UniProt accession, which means its AlphaFold model.
    chain : str, optional
        The author's chain that is the receptor, where there are several copies; by default the one that fits best.

    Raises
    ------
    StructureError, FetchError
        There is none, it cannot be read, or it is of another protein.
    """
    from allo_core.structure.mapping import map_structure
    from allo_core.structure.read import read_structure

    own = _own_file(reference)
    path, name, entry = (own, own.name, "") if own is not None else _entry_file(reference)
    structure = read_structure(path, name)
    if entry:
        structure = replace(structure, entry=entry)  # the shipped files do not name theirs
    # A person's file may be numbered unlike the entry that it names, so scripts load the file itself.
    credit = ATTRIBUTION if own is None and not entry else ""
    return Picture(name, entry or COLOURED_FILE, structure, map_structure(structure, protein, chain), credit)


def _own_file(reference: str) -> Path | None:
    """The file that is named, None if it is no file but may be an identifier."""
    path, shown = Path(reference), shortened(reference)
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise StructureError(f"{shown}: cannot be read ({error.strerror or error}).") from None
    if path.suffix or os.sep in reference:
        raise StructureError(f"{shown}: no such file.")
    return None


def _entry_file(reference: str) -> tuple[Path, str, str]:
    """Path, name, and PDB code ("" of an AlphaFold model)."""
    from allo_core.fetch import fetch_structure, identify

    try:
        shipped = shipped_structure(reference)
    except LibraryError:
        fetched = fetch_structure(reference)
        return fetched.path, fetched.name, fetched.name if identify(fetched.name).kind == "pdb" else ""
    return shipped.path, shipped.entry, shipped.entry
