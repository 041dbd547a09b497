"""Scores of all heads of one model on one protein: the table, the verdict, and files."""

import argparse
import sys

from allo_core.analysis.explained import explained_by_covariates, explained_sentence
from allo_core.analysis.measures import MEASURES
from allo_core.analysis.power import power_in_full
from allo_core.analysis.question import Question
from allo_core.analysis.strata import default_null
from allo_core.analysis.subject import Subject
from allo_core.analysis.verdict import nearness, set_phrases, verdict
from allo_core.attention.head import Head
from allo_core.export.tables import printable
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.terminal.files import check_output, write
from allo_core.terminal.picture import Picture, check_picture_options, open_picture, parse_head
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import domain_of, protein_of

__all__ = ["analyse"]

_LISTED = 10  # heads


def analyse(options: argparse.Namespace) -> None:
    """Run `python -m allo_core analyse`.

    Raises
    ------
    AlloScopeError
        For anything that cannot be read, scored or written; before the model runs where that can be known.
    """
    from allo_core.analysis.answer import answer
    from allo_core.export import head_facts, run_record, scores_csv, table_of_heads
    from allo_core.runs.extract import run_model, run_notes

    spec = get_spec(options.model)
    protein = protein_of(options.target, options.record)
    question = _question(options, Subject.of(domain_of(protein) if options.domain else protein))
    protein = question.subject.protein
    _check_settings(options, spec, question)
    head = parse_head(options.head, spec)
    picture = _picture(options, protein)

    maps, notes = run_model(spec.id, protein, options.device, options.dtype, show_progress)
    answered = answer(question, maps)
    chosen = Head(*(head or answered.scores.first_head()))
    explained = explained_by_covariates(question, maps.received(*chosen))
    facts = None if picture is None else picture.facts(protein)
    write(options.csv, lambda: scores_csv(answered))
    write(options.json, lambda: run_record(answered, facts, head=head_facts(chosen, explained)))
    shown = None if picture is None else picture.write(options, question, maps, chosen)

    read_otherwise = () if picture is None else picture.structure.notes
    for note in dict.fromkeys((*run_notes(spec, protein), *notes, *read_otherwise)):
        print(printable(note), file=sys.stderr)
    print(printable(_heading(options, question, spec)))
    phrases = set_phrases(question.sets, question.subject.sites)
    print(printable(verdict(answered, phrases)))
    if cost := power_in_full(answered, always=True):
        print(printable(cost))
    if near := nearness(question):
        print(near)
    table = table_of_heads(answered.scores.frame).head(_LISTED)
    print(table.to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))
    print(printable(f"{chosen.name}: {explained_sentence(explained, phrases[question.measure[-1]])}"))
    if shown is not None:
        print(printable(shown))


def _question(options: argparse.Namespace, subject: Subject) -> Question:
    a, b = (() if text is None else subject.residues(text) for text in (options.sites, options.sites_b))
    null = options.null or default_null(subject.numbers)
    return Question(subject, a, b, options.measure, options.threshold, null, options.draws)


def _picture(options: argparse.Namespace, protein: Protein) -> Picture | None:
    if options.structure is None:
        return None
    picture = open_picture(options.structure, protein, options.chain)
    picture.check(options)
    return picture


def _check_settings(options: argparse.Namespace, spec: ModelSpec, question: Question) -> None:
    """Refuse what cannot be scored or written before anything is downloaded or computed."""
    from allo_core.attention.columns import check_threshold
    from allo_core.attention.nulls import check_null
    from allo_core.attention.scores import check_draws
    from allo_core.models.devices import choose_device, choose_dtype
    from allo_core.models.tokens import check_length
    from allo_core.runs.layout import FLOOR

    check_threshold(question.threshold, smallest=FLOOR)
    check_null(question.null)
    check_draws(question.draws)
    for path in (options.csv, options.json):
        check_output(path)
    check_picture_options(options)
    check_length(spec, question.subject.protein)
    choose_dtype(options.dtype)
    if options.device != "auto":  # which devices there are takes torch to tell, and a kept run needs none
        choose_device(options.device)


def _heading(options: argparse.Namespace, question: Question, spec: ModelSpec) -> str:
    marked = f"{len(question.a)} residues"
    if options.sites_b is not None:
        # The arrow in the page's name of a measure is not in every terminal's alphabet.
        measure = MEASURES[question.measure].replace("→", "->")
        marked = f"A {marked}, B {len(question.b)} residues, {measure}"
    name = question.subject.protein.name
    return f"{name}, {marked}, {spec.label}, threshold {question.threshold:g}, {question.null} null"
