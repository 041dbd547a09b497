"""Scores of all heads of one model on one protein: the table, the verdict, and files."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.analysis.explained import explained_by_covariates, explained_sentence
from allo_core.analysis.measures import MEASURES, WEIGHTINGS
from allo_core.analysis.power import power_in_full
from allo_core.analysis.question import Question
from allo_core.analysis.strata import default_null
from allo_core.analysis.subject import Subject
from allo_core.analysis.verdict import nearness, set_phrases, verdict
from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.attention.head import Head
from allo_core.errors import FrozenError, ScoreError, SequenceError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.terminal.files import check_output, write
from allo_core.terminal.picture import Picture, check_picture_options, open_picture, parse_head
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import domain_of, protein_of

if TYPE_CHECKING:
    from allo_core.analysis.frozen import FrozenAnalysis

__all__ = ["analyse", "question_of"]

_LISTED = 10  # heads
_LARGEST_FROZEN = 1_000_000  # bytes
# What is meant where an option is not given; a frozen file says these itself.
_USUAL = {"measure": "A", "model": DEFAULT_MODEL, "dtype": "auto"}
_FROZEN = ("sites", "sites_b", "threshold", "value_weighted", "null", "draws", *_USUAL)


def analyse(options: argparse.Namespace) -> None:
    """Run `python -m allo_core analyse`.

    Raises
    ------
    AlloScopeError
        For anything that cannot be read, scored or written; before the model runs where that can be known.
    """
    from allo_core.analysis.answer import answer
    from allo_core.analysis.frozen_check import changed_since, frozen_facts, in_utc, outcome, when_frozen
    from allo_core.export import head_facts, run_record, scores_csv, table_of_heads
    from allo_core.runs.extract import run_model, run_notes
    from allo_core.runs.extract_norms import run_weighted

    frozen = _frozen_of(options)
    question = question_of(options) if frozen is None else frozen.asked()
    spec = get_spec(options.model)
    protein = question.subject.protein
    _check_settings(options, spec, question)
    head = parse_head(options.head, spec)
    picture = _picture(options, protein)

    before = None if frozen is None else when_frozen(frozen)  # asked before the model runs
    run = run_weighted if question.weighting == "value" else run_model
    maps, notes = run(spec.id, protein, options.device, options.dtype, show_progress)
    answered = answer(question, maps)
    chosen = Head(*(head or answered.scores.first_head()))
    explained = explained_by_covariates(question, maps.received(*chosen))
    facts = None if picture is None else picture.facts(protein)
    write(options.csv, lambda: scores_csv(answered))
    fixed = None if frozen is None else frozen_facts(frozen, answered, before)
    write(options.json, lambda: run_record(answered, facts, frozen=fixed, head=head_facts(chosen, explained)))
    shown = None if picture is None else picture.write(options, question, maps, chosen)

    read_otherwise = () if picture is None else picture.structure.notes
    since = () if frozen is None else changed_since(frozen, answered)
    for note in dict.fromkeys((*run_notes(spec, protein), *notes, *read_otherwise, *since)):
        print(printable(note), file=sys.stderr)
    print(printable(_heading(options, question, spec)))
    phrases = set_phrases(question.sets, question.subject.sites)
    print(printable(verdict(answered, phrases)))
    if cost := power_in_full(answered, always=True):
        print(printable(cost))
    if near := nearness(question):
        print(near)
    if frozen is not None and before is not None:
        print(printable(f"Frozen {in_utc(frozen.frozen)}, unchanged since (sha256 {frozen.sha256}). {before[1]}"))
        print(printable(outcome(frozen, answered)))
    table = table_of_heads(answered.scores.frame).head(_LISTED)
    print(table.to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))
    print(printable(f"{chosen.name}: {explained_sentence(explained, phrases[question.measure[-1]])}"))
    if shown is not None:
        print(printable(shown))


def question_of(options: argparse.Namespace) -> Question:
    """What the options ask; the usual values are put in where none was given.

    Raises
    ------
    AlloScopeError
        No target or residues, or what cannot be read.
    """
    for name, usual in _USUAL.items():
        setattr(options, name, usual if getattr(options, name) is None else getattr(options, name))
    if options.target is None or options.sites is None:
        raise ScoreError("Nothing is asked: name a receptor or a FASTA file, and residues with --sites.")
    get_spec(options.model)
    protein = protein_of(options.target, options.record)
    return _question(options, Subject.of(domain_of(protein) if options.domain else protein))


def _frozen_of(options: argparse.Namespace) -> "FrozenAnalysis | None":
    """The frozen analysis that was named; its model and precision stand in the options then.

    Raises
    ------
    FrozenError
        A file that cannot be read or was changed, or an option that would ask something else.
    SequenceError
        A target that is another protein than the file's.
    """
    path: Path | None = options.frozen
    if path is None:
        return None
    from allo_core.analysis.frozen_file import read_frozen

    if given := [name for name in _FROZEN if getattr(options, name) is not None]:
        raise FrozenError(f"--{given[0].replace('_', '-')} does not go with --frozen: the file fixes the question.")
    try:
        if path.stat().st_size > _LARGEST_FROZEN:
            raise FrozenError(f"{path}: {path.stat().st_size:,} bytes are more than a frozen analysis has.")
        frozen = read_frozen(path.read_bytes().decode("utf-8", errors="replace"), str(path))
    except OSError as error:
        raise FrozenError(f"{path}: cannot be read ({error.strerror or error}).") from None
    options.model, options.dtype = frozen.question.model_id, frozen.question.dtype
    if options.target is not None:
        protein = protein_of(options.target, options.record)
        protein, own = domain_of(protein) if options.domain else protein, frozen.question.protein
        if (protein.sequence, protein.first) != (own.sequence, own.first):
            raise SequenceError(
                f"{path} asks about {own.name} ({len(own.sequence)} residues from {own.first}); {protein.name} is another sequence "
                f"({len(protein)} residues from {protein.first}). Leave the target out, or give that sequence."
            )
    return frozen


def _question(options: argparse.Namespace, subject: Subject) -> Question:
    a, b = (() if text is None else subject.residues(text) for text in (options.sites, options.sites_b))
    null = options.null or default_null(subject.numbers)
    usual = 0.0 if options.value_weighted else DEFAULT_THRESHOLD
    threshold = usual if options.threshold is None else options.threshold
    weighting = "value" if options.value_weighted else "attention"
    return Question(subject, a, b, options.measure, threshold, null, options.draws, weighting=weighting)


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
    check_draws(question.draws, question.null)
    for path in (options.csv, options.json):
        check_output(path)
    check_picture_options(options)
    check_length(spec, question.subject.protein)
    choose_dtype(options.dtype)
    if options.device != "auto":  # which devices there are takes torch to tell, and a kept run needs none
        choose_device(options.device)


def _heading(options: argparse.Namespace, question: Question, spec: ModelSpec) -> str:
    marked = f"{len(question.a)} residues"
    if options.sites_b is not None or "B" in question.measure:
        # The arrow in the page's name of a measure is not in every terminal's alphabet.
        measure = MEASURES[question.measure].replace("→", "->")
        marked = f"A {marked}, B {len(question.b)} residues, {measure}"
    name = question.subject.protein.name
    counted = f"threshold {question.threshold:g}" if question.weighting == "attention" else WEIGHTINGS[question.weighting]
    return f"{name}, {marked}, {spec.label}, {counted}, {question.null} null"
