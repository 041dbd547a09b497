"""A fold of a protein without its structure, and how good it is: `fold`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from allo_core.errors import FoldError
from allo_core.export.tables import printable
from allo_core.terminal.esmfold import add_esmfold_options, check_esmfold_options, folded_in_terminal
from allo_core.terminal.files import check_output, write
from allo_core.terminal.model_fold import add_model_options, check_model_options, model_fold_in_terminal
from allo_core.terminal.picture import Picture, open_picture
from allo_core.terminal.targets import protein_of, shortened

if TYPE_CHECKING:
    from allo_core.folding.fold import Fold
    from allo_core.folding.judged import Judgement
    from allo_core.folding.shipped import FoldState
    from allo_core.protein.sequence import Protein

__all__ = ["add_fold", "print_fold"]

# As a person gives them -> what they are.
_METHODS = {
    "family": "the average fold of the class",
    "template": "threaded on the nearest receptor with an experiment",
    "model": "what the states and the attention of a language model contain",
    "esmfold": "ESMFold, all atoms, from the sequence alone: 8.4 GB are fetched once, and a GPU is all but needed",
}
_STATES = ("active", "inactive")
_NOT_TESTED = (
    "How good ESMFold's folds of GPCRs are was not tested here; --judge compares one with a structure and the family average. It was "
    "trained on experiments of the Protein Data Bank, so one of them may flatter it."
)


def add_fold(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("fold", help="a fold of a receptor without a structure, offline, and how good it can be expected to be")
    command.add_argument("target", help="entry name (AA2AR) or UniProt accession (P29274), or a FASTA file")
    command.add_argument("--record", help="which record of a FASTA file: its number or name")
    command.add_argument(
        "--from",
        dest="method",
        default="family",
        metavar="METHOD",
        help="; ".join(f"{name}: {words}" for name, words in _METHODS.items()) + " (family)",
    )
    command.add_argument("--state", help="active or inactive; by default any")
    command.add_argument("--without-itself", action="store_true", help="with --from template: not on a structure of the receptor itself")
    command.add_argument("--judge", metavar="STRUCTURE", help="compare with a structure: PDB code (3SN6), AlphaFold model, or a file")
    command.add_argument("--pdb", type=Path, help="write the fold as PDB, with confidence in percent as B factor")
    command.add_argument("--cif", type=Path, help="the same as mmCIF")
    add_model_options(command)
    add_esmfold_options(command)
    command.set_defaults(run=print_fold)


class _Made(NamedTuple):
    """A fold of whatever method: its files, what is said of it, and its CA, worked out where they are asked for."""

    pdb: Callable[[], str]
    cif: Callable[[], str]
    said: list[str]
    fold: "Callable[[], Fold]"


def print_fold(options: argparse.Namespace) -> None:
    """Run `python -m allo_core fold`; AlloScopeError for what cannot be drawn, judged or written."""
    _check(options)
    protein = protein_of(options.target, options.record)
    picture = None if options.judge is None else open_picture(options.judge, protein)
    made = _structure(options, protein) if options.method == "esmfold" else _trace(_fold(options, protein))
    judged = [] if picture is None else _judged(made.fold(), picture, _others(options, protein))
    write(options.pdb, made.pdb)
    write(options.cif, made.cif)
    for note in () if picture is None else picture.structure.notes:
        print(printable(note), file=sys.stderr)
    for line in [*made.said, *judged]:
        print(printable(line))


def _trace(fold: "Fold") -> _Made:
    """A CA trace."""
    from allo_core.folding.calibration import expected
    from allo_core.folding.trace import trace_cif, trace_pdb

    if fold.receptor not in ("", fold.protein.name):
        print(printable(f"Generic numbers from {fold.receptor}."), file=sys.stderr)
    placed = f"It places {int(fold.drawn.sum())} of {len(fold.protein)} residues. {expected(fold).sentence}"
    said = [fold.method, placed, *([f"{fold.attribution}."] if fold.attribution else [])]
    return _Made(lambda: trace_pdb(fold), lambda: trace_cif(fold), said, lambda: fold)


def _structure(options: argparse.Namespace, protein: "Protein") -> _Made:
    """A whole structure of ESMFold, relaxed where that is wanted."""
    from allo_core.folding.relax import relax

    found = folded_in_terminal(options, protein)
    said = [found.method, _NOT_TESTED, f"{found.attribution}."]
    if not options.relax:
        return _Made(lambda: found.pdb_text, lambda: found.cif_text, said, found.as_fold)
    relaxed = relax(found.pdb_text)
    return _Made(lambda: relaxed.pdb_text, lambda: found.cif_text, [*said, relaxed.sentence], found.as_fold)


def _check(options: argparse.Namespace) -> None:
    """Refuse words that are none, and half of something, before anything is read."""
    if options.method not in _METHODS:
        raise FoldError(f"--from {shortened(options.method)!r} is not one of: {', '.join(_METHODS)}.")
    if options.state is not None and options.state not in _STATES:
        raise FoldError(f"--state {shortened(options.state)!r} is not one of: {', '.join(_STATES)}; leave it out for any.")
    if options.without_itself and options.method != "template":
        raise FoldError("--without-itself chooses another template; add --from template. The average is one for the whole class.")
    check_model_options(options)
    check_esmfold_options(options)
    check_output(options.pdb)
    check_output(options.cif)


def _fold(options: argparse.Namespace, protein: "Protein") -> "Fold":
    from allo_core.folding.family_average import family_average
    from allo_core.folding.fold import fold_numbers
    from allo_core.folding.template import thread

    state: FoldState | None = options.state
    if options.method == "family":
        return family_average(protein, state)
    if options.method == "model":
        return model_fold_in_terminal(options, protein)
    return thread(protein, state, [fold_numbers(protein).receptor] if options.without_itself else [])


def _others(options: argparse.Namespace, protein: "Protein") -> "list[Fold]":
    """What a fold without some heads stands beside; nothing of others."""
    from allo_core.terminal.model_fold import folds_beside

    return folds_beside(options, protein) if options.without_heads else []


def _judged(fold: "Fold", picture: Picture, others: "list[Fold]") -> list[str]:
    """Lines: the numbers beside those of the family average; that the fold loses to it, or was judged by itself, stands first."""
    from allo_core.folding.compared import flattered
    from allo_core.folding.family_average import family_average
    from allo_core.folding.judged import judge
    from allo_core.structure.geometry import ca_positions

    reference = ca_positions(picture.structure, picture.mapping, len(fold.protein))
    found = judge(fold, reference)
    which = " with generic numbers" if found.numbered else ""
    lines = [f"Judged by {picture.name}, chain {picture.mapping.chain}, at its {found.residues} residues{which}:"]
    rows = {fold.name: found} | {other.name: judge(other, reference) for other in others}
    if fold.origin != "family":
        try:
            average = family_average(fold.protein, fold.state)
        except FoldError as error:
            lines.append(f"No family average to compare with: {error}")
        else:
            rows[average.name] = judge(average, reference)
            lines = _worse(found, rows[average.name]) + lines
    if itself := flattered(fold, picture.entry, "judge by another one or add --without-itself"):
        lines.insert(0, itself)
    width = max(map(len, rows))
    lines.append(f"{'':{width}}  TM-score   lDDT  GDT-TS  GDT-HA  RMSD, Å  placed")
    return lines + [_row(name.ljust(width), row) for name, row in rows.items()]


def _worse(found: "Judgement", average: "Judgement") -> list[str]:
    """That the fold loses to the average of its class, where it does."""
    lost = [name for name, ours, theirs in (("TM-score", found.tm, average.tm), ("lDDT", found.lddt, average.lddt)) if ours < theirs]
    return [f"It is worse than the family average by {' and '.join(lost)}."] if lost else []


def _row(name: str, row: "Judgement") -> str:
    return f"{name}  {row.tm:8.3f}  {row.lddt:5.3f}  {row.gdt_ts:6.3f}  {row.gdt_ha:6.3f}  {row.rmsd:7.2f}  {row.drawn:6d}"
