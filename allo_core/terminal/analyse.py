"""Scores of all heads of one model on one protein: the table, the verdict, and files."""

import argparse
import sys

from allo_core.analysis.measures import MEASURES, setting
from allo_core.analysis.strata import null_and_strata
from allo_core.analysis.verdict import nearness, set_phrases, verdict
from allo_core.export.tables import printable
from allo_core.library.nearest import numbers_for
from allo_core.library.sites import sites_of
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.terminal.files import check_output, write
from allo_core.terminal.picture import Picture, check_picture_options, open_picture, parse_head
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import domain_of, protein_of, residues_of

__all__ = ["analyse"]

_LISTED = 10  # heads


def analyse(options: argparse.Namespace) -> None:
    """Run `python -m allo_core analyse`.

    Raises
    ------
    AlloScopeError
        For anything that cannot be read, scored or written; before the model runs where that can be known.
    """
    from allo_core.attention.scores import score_with_control
    from allo_core.export import run_record, scores_csv, table_of_heads
    from allo_core.runs.extract import run_model, run_notes

    spec = get_spec(options.model)
    protein = protein_of(options.target, options.record)
    if options.domain:
        protein = domain_of(protein)
    numbers = numbers_for(protein)
    sets = {name: () if text is None else residues_of(text, protein, numbers) for name, text in _texts(options).items()}
    queries, sites = setting(options.measure, sets["A"], sets["B"])
    null, strata = null_and_strata(options.null, numbers, protein.name)
    _check_settings(options, spec, protein, null)
    head = parse_head(options.head, spec)
    picture = _picture(options, protein)

    maps, notes = run_model(spec.id, protein, options.device, options.dtype, show_progress)
    scores, control = score_with_control(maps.columns(options.threshold, queries), sites, null, strata, options.draws)
    facts = None if picture is None else picture.facts(protein)
    write(options.csv, lambda: scores_csv(scores, spec.id, protein.name, options.measure))
    write(options.json, lambda: run_record(maps.meta, protein, sets, numbers, options.measure, options.threshold, scores, facts))
    shown = None if picture is None else picture.write(options, protein, sets, maps, head or scores.best_head(), spec.label)

    for note in dict.fromkeys((*run_notes(spec, protein), *notes)):
        print(printable(note), file=sys.stderr)
    print(printable(_heading(options, protein, sets, spec, null)))
    print(printable(verdict(scores, control, options.measure, set_phrases(sets, sites_of(protein)))))
    if near := nearness(options.measure, queries, sites):
        print(near)
    print(table_of_heads(scores.frame).head(_LISTED).to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))
    if shown is not None:
        print(printable(shown))


def _texts(options: argparse.Namespace) -> dict[str, str | None]:
    return {"A": options.sites, "B": options.sites_b}


def _picture(options: argparse.Namespace, protein: Protein) -> Picture | None:
    if options.structure is None:
        return None
    picture = open_picture(options.structure, protein)
    picture.check(options)
    return picture


def _check_settings(options: argparse.Namespace, spec: ModelSpec, protein: Protein, null: str) -> None:
    """Refuse what cannot be scored or written before anything is downloaded or computed."""
    from allo_core.attention.columns import check_threshold
    from allo_core.attention.nulls import check_null
    from allo_core.attention.scores import check_draws
    from allo_core.models.devices import choose_device, choose_dtype
    from allo_core.models.tokens import check_length
    from allo_core.runs.layout import FLOOR

    check_threshold(options.threshold, smallest=FLOOR)
    check_null(null)
    check_draws(options.draws)
    for path in (options.csv, options.json):
        check_output(path)
    check_picture_options(options)
    check_length(spec, protein)
    choose_dtype(options.dtype)
    if options.device != "auto":  # which devices there are takes torch to tell, and a kept run needs none
        choose_device(options.device)


def _heading(options: argparse.Namespace, protein: Protein, sets: dict[str, tuple[int, ...]], spec: ModelSpec, null: str) -> str:
    marked = f"{len(sets['A'])} residues"
    if options.sites_b is not None:
        # The arrow in the page's name of a measure is not in every terminal's alphabet.
        measure = MEASURES[options.measure].replace("→", "->")
        marked = f"A {marked}, B {len(sets['B'])} residues, {measure}"
    return f"{protein.name}, {marked}, {spec.label}, threshold {options.threshold:g}, {null} null"
