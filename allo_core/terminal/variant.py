"""What changes in the heads of a model when residues are substituted, or with an ortholog: `variant`."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from allo_core.errors import ResidueError, ScoreError, SequenceError
from allo_core.export.tables import printable
from allo_core.protein.sequence import Protein, proteins_in
from allo_core.terminal.files import check_folder, make_folder, write
from allo_core.terminal.progress import PAIR, SUBSTITUTION, show_progress
from allo_core.terminal.readouts import Asked, asked_of, readout_command
from allo_core.terminal.targets import domain_of, protein_of, shortened

if TYPE_CHECKING:
    import pandas as pd

    from allo_core.readouts.orthologs import OrthologExpectation
    from allo_core.readouts.site_change import SiteChange
    from allo_core.readouts.variant import VariantComparison
    from allo_core.readouts.variant_reference import VariantReference

__all__ = ["add_variant", "print_variant"]

_LISTED = 10  # heads
_LONGEST_FASTA = 10_000_000  # bytes of further sequences


class _Found(NamedTuple):
    """What was computed."""

    comparison: "VariantComparison"
    reference: "VariantReference | None"
    expectation: "OrthologExpectation | None"
    site: "SiteChange | None"


def add_variant(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = readout_command(commands, "variant", "what changes in the heads with a substitution, or in an ortholog", print_variant)
    command.add_argument("substitutions", nargs="*", metavar="SUBSTITUTION", help="W246A, W6.48A or 6x48A; several are made together")
    command.add_argument("--ortholog", metavar="FILE", help="instead: another sequence (FASTA file, entry name or accession)")
    command.add_argument("--ortholog-record", metavar="RECORD", help="which record of that file: its number or name")
    command.add_argument("--others", type=Path, metavar="FILE", help="with --ortholog: FASTA file of further sequences for other pairs")
    command.add_argument("--sites", help='marked residues ("D52 2.50 52-55"), or a library site ("sodium pocket")')
    command.add_argument(
        "--reference", type=int, metavar="N", help="random substitutions to compare with (100), or other pairs (30); each is a pass"
    )
    command.add_argument("--seed", type=int, default=0, help="of the random substitutions or pairs (0)")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="write heads.csv, and variant.json, which says how it was made")


def print_variant(options: argparse.Namespace) -> None:
    """Run `python -m allo_core variant`; AlloScopeError for what cannot be read, compared or written."""
    from allo_core.export.readouts import readout_record
    from allo_core.export.variants import VARIANT_FORMULA, variant_csv, variant_details, variant_frame

    table, record = (None, None) if options.out is None else (options.out / "heads.csv", options.out / "variant.json")
    asked = asked_of(options)
    found = _found(asked, options, _prepare(options))
    frame = variant_frame(found.comparison, found.reference, found.site, found.expectation)
    make_folder(options.out)
    write(table, lambda: variant_csv(frame, found.comparison))
    details = variant_details(found.comparison, found.reference, found.site, found.expectation)
    write(record, lambda: readout_record(found.comparison.meta, "variant", VARIANT_FORMULA, details))
    _print(asked, found, frame)
    if options.out is not None:
        print(printable(f"Written to {table} and {record}."))


def _prepare(options: argparse.Namespace) -> tuple[Protein, ...]:
    """Refuse what cannot be asked or written before a model is loaded; the further sequences."""
    if bool(options.substitutions) == (options.ortholog is not None):
        raise ResidueError("Give substitutions (W246A) or --ortholog FILE, one of the two.")
    for name in ("ortholog_record", "others"):
        if getattr(options, name) is not None and options.ortholog is None:
            raise SequenceError(f"--{name.replace('_', '-')} belongs to --ortholog; give that too, or leave it out.")
    if options.reference is not None and options.reference < 0:
        raise ScoreError(f"--reference {options.reference}: give 0 or more.")
    if options.seed < 0:
        raise ScoreError(f"--seed {options.seed}: give 0 or more.")
    check_folder(options.out)
    return () if options.others is None else _proteins(options.others)


def _proteins(path: Path) -> tuple[Protein, ...]:
    """The proteins of a FASTA file, plain or compressed."""
    from allo_core.storage.packed import DAMAGED, text_in

    shown = shortened(str(path))
    try:
        if path.stat().st_size > _LONGEST_FASTA:
            raise SequenceError(f"{shown}: more than {_LONGEST_FASTA:,} bytes; give a file of fewer sequences.")
        with path.open("rb") as file, text_in(file) as text:
            return proteins_in(text)
    except DAMAGED:
        raise SequenceError(f"{shown}: the gzip file is damaged or cut short; get it again.") from None
    except OSError as error:
        raise SequenceError(f"{shown}: cannot be read ({error.strerror or error}).") from None
    except SequenceError as error:
        raise SequenceError(f"{shown}: {str(error).removeprefix(f'{shown}: ')}") from None


def _found(asked: Asked, options: argparse.Namespace, others: tuple[Protein, ...]) -> _Found:
    from allo_core.analysis.subject import Subject
    from allo_core.family.runs import RECEPTOR
    from allo_core.protein.variants import read_variant
    from allo_core.readouts.letter_preferences import letter_preferences
    from allo_core.readouts.orthologs import PAIRS, ortholog_expectation
    from allo_core.readouts.site_change import site_change
    from allo_core.readouts.variant import compare_variant
    from allo_core.readouts.variant_reference import REFERENCES, variant_reference

    subject = Subject.of(asked.protein)
    marked = None if options.sites is None else subject.residues(options.sites)
    if options.ortholog is None:
        variant = read_variant(" ".join(options.substitutions), asked.protein, subject.numbers).protein
    else:
        variant = protein_of(options.ortholog, options.ortholog_record)
        variant = domain_of(variant) if options.domain else variant
    model = asked.model()
    letters = letter_preferences(model, asked.protein, partial(show_progress, RECEPTOR)) if options.ortholog is None else None
    comparison = compare_variant(model, asked.protein, variant, letters)
    site = None if marked is None else site_change(comparison, marked)
    number, reference, expectation = options.reference, None, None
    if options.ortholog is None:
        number = REFERENCES if number is None else number
        reference = variant_reference(model, comparison, number, options.seed, partial(show_progress, SUBSTITUTION)) if number else None
    else:
        number = PAIRS if number is None else number
        if number:
            expectation = ortholog_expectation(model, comparison, others, number, seed=options.seed, progress=partial(show_progress, PAIR))
    return _Found(comparison, reference, expectation, site)


def _print(asked: Asked, found: _Found, frame: "pd.DataFrame") -> None:
    from allo_core.readouts.variant_verdict import heads_by_change, judged_region, ortholog_sentence, variant_sentence

    comparison = found.comparison
    print(printable(f"{comparison.variant.name} against {comparison.wild_type.name}, {asked.spec.label}, {len(asked.protein)} residues"))
    substituted = asked.options.ortholog is None
    sentence = variant_sentence(comparison, found.reference) if substituted else ortholog_sentence(comparison, found.expectation)
    print(printable(sentence))
    region = judged_region(comparison)
    where = "outside the substituted rows and five residues around them" if region == "rest" else "over all rows"
    columns = ["layer", "head", "change", *(["change_rest"] if region == "rest" else [])]
    ending = "_rest" if region == "rest" else ""
    columns += [f"percentile_{which}{ending}" for which in ("random", "same")] if found.reference is not None else []
    columns += ["percentile_pairs"] if found.expectation is not None else []
    columns += ["explained_by_letter"] if substituted else ["lost_share"]
    columns += ["on_site_before", "on_site_after", "enrichment_before", "enrichment_after"] if found.site is not None else []
    columns += ["on_site_percentile_random"] if found.site is not None and found.reference is not None else []
    rows = [layer * comparison.lost_share.shape[1] + head for layer, head in heads_by_change(comparison)[:_LISTED]]
    print(f"The heads that change most {where}, in bits; percentiles among the references (100: none changes it as much):")
    print(frame.loc[rows, columns].to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))
    if substituted:
        named = frame.loc[rows][frame.loc[rows, "explained_by_letter"]]
        heads = ", ".join(f"{layer}.{head}" for layer, head in zip(named["layer"], named["head"], strict=True)) or "none"
        print(f"Of these the swapped letter alone explains: {heads}.")
    if found.site is not None and found.site.missing:
        missing = ", ".join(comparison.wild_type.label(index) for index in found.site.missing)
        print(printable(f"{comparison.variant.name} has no residue for {missing}; they are left out."))
