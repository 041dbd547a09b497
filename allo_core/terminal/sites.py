"""The sites of the library: computed from entries of the wwPDB by one rule, listed with their sources, and the shipped lists again."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from allo_core.errors import LibraryError
from allo_core.export.tables import printable
from allo_core.library.modulators import BoundModulator, bound_modulators
from allo_core.library.receptors import find_receptor, has_asd_lists, own_site_library, receptors, site_library_problem
from allo_core.library.site import RULES, Rule, describe_site
from allo_core.library.site_library import (
    SiteLibrary,
    forget_site_library,
    site_library_path,
    write_site_library,
)

if TYPE_CHECKING:
    from allo_core.fetch.site_build import Outcome

__all__ = ["add_sites"]

NOT_REFITTED = (
    "The site predictor keeps the lists that it was fitted to and is not fitted anew; "
    "'python -m allo_core.terminal.fit --out FILE' fits one to the sites that count now."
)
_A_LINE = 50  # characters that are written over
_AFTER_CANCEL = "entries that were fetched are kept, the sites of this machine are as they were, and the same command goes on"


def add_sites(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("sites", help="compute the library's sites from wwPDB entries by one rule, list them, or go back")
    actions = command.add_subparsers(required=True, metavar="action")
    build = actions.add_parser("build", help="fetch entries with a modulator and take its contacts (4 Å) for the shipped lists")
    build.add_argument("--only", nargs="+", metavar="RECEPTOR", help="only these receptors (AA2AR GRM5)")
    build.add_argument("--from", dest="folder", type=Path, metavar="FOLDER", help="structure files named by PDB code; nothing is fetched")
    build.set_defaults(run=build_command, after_cancel=_AFTER_CANCEL)
    listing = actions.add_parser("list", help="which sites count on this machine: entry, ligand, rule, who compiled them")
    listing.add_argument("--only", nargs="+", metavar="RECEPTOR", help="only these receptors")
    listing.set_defaults(run=list_command)
    forget = actions.add_parser("forget", help="go back to the shipped lists; fetched entries are kept")
    forget.set_defaults(run=forget_command)


def build_command(options: argparse.Namespace) -> None:
    """Run `python -m allo_core sites build`; LibraryError for an unknown receptor or where none is listed, FetchError for a bad folder."""
    from allo_core.fetch.site_build import build_sites, merged
    from allo_core.fetch.site_entries import from_folder, from_network

    wanted = _wanted(options.only)
    entry_of = from_network() if options.folder is None else from_folder(options.folder)
    if problem := site_library_problem():
        print(printable(problem), file=sys.stderr)
    outcomes: list[Outcome] = []
    for outcome in build_sites(wanted, lambda code: entry_of(_said(code))):
        outcomes.append(outcome)
        if outcome.state != "not at hand":
            print(printable(f"{len(outcomes)} of {len(wanted)}: {_in_one_line(outcome)}"), file=sys.stderr, flush=True)
    before = own_site_library()
    kept = () if before is None else before.sites
    sites = merged(kept, outcomes)
    if sites != kept:
        library = SiteLibrary(sites, datetime.now(UTC).isoformat(timespec="seconds"))
        write_site_library(library)
    _print_summary(outcomes, len(sites))


def list_command(options: argparse.Namespace) -> None:
    """Run `python -m allo_core sites list`; LibraryError for an unknown receptor."""
    if problem := site_library_problem():
        print(printable(f"{problem} Until then the shipped lists count."), file=sys.stderr)
    entries = _entries(options.only) or sorted(receptors())
    rows = [(receptors()[entry], site) for entry in entries for site in receptors()[entry].sites]
    of_class = [site for _, site in rows if site.rule == "positions"]
    for receptor, site in rows:
        if site.rule != "positions":
            count = len(site.residues.split())
            print(printable(f"{receptor.entry:<6} {site.name} ({site.kind}, {count} residues): {describe_site(site)}"))
            print(f"       {site.residues}")
    if of_class:
        print(printable(f"{len(of_class)} receptors have the {of_class[0].name}: {describe_site(of_class[0])}"))
    rules: Counter[Rule] = Counter(site.rule for _, site in rows if site.rule != "positions")
    counted = "; ".join(f"{count} by the rule '{RULES[rule]}'" for rule, count in rules.items())
    print(f"{_count(sum(rules.values()), 'list')}{': ' if counted else ''}{counted}")
    print(_which())


def forget_command(options: argparse.Namespace) -> None:
    """Run `python -m allo_core sites forget`."""
    forgotten = forget_site_library()
    print(f"{'The shipped lists count again' if forgotten else 'This machine has no sites of its own; the shipped lists count'}.")


def _wanted(only: Sequence[str] | None) -> list[BoundModulator]:
    entries = _entries(only)
    wanted = [bound for bound in bound_modulators() if not entries or bound.receptor in entries]
    if missing := sorted(set(entries) - {bound.receptor for bound in wanted}):
        there = ", ".join(sorted({bound.receptor for bound in bound_modulators()}))
        raise LibraryError(f"No entry with a modulator is listed for {', '.join(missing)}; there are entries of {there}.")
    return wanted


def _entries(only: Sequence[str] | None) -> list[str]:
    return list(dict.fromkeys(find_receptor(name).entry for name in only or ()))


def _said(code: str) -> str:
    """The entry that is waited for, on a line that the next one is written over; silent where stderr is a file."""
    if sys.stderr.isatty():
        print(f"{code} ...{'':<{_A_LINE}}", end="\r", file=sys.stderr, flush=True)
    return code


def _in_one_line(outcome: "Outcome") -> str:
    bound = outcome.bound
    what = f"{bound.pdb} {bound.ligand}, {bound.receptor}"
    if outcome.state != "computed":
        return f"{what}: {outcome.reason}"
    sizes = " and ".join(f"{len(own.site.residues.split())} residues" for own in outcome.sites)
    return f"{what}: {sizes}, chain {outcome.sites[0].site.chain}"


def _print_summary(outcomes: "Sequence[Outcome]", kept: int) -> None:
    from allo_core.fetch.site_build import State, difference

    replaced = [(own, found) for outcome in outcomes for own in outcome.sites if (found := difference(own)) is not None]
    for own, found in replaced:
        bound = f"{own.site.pdb} {own.site.ligand}"
        print(printable(f"{own.receptor} {own.site.name} ({bound}), in place of a list of {len(found.shared) + len(found.only_shipped)}:"))
        rows = {"in both": found.shared, "only in the shipped list": found.only_shipped, "only computed": found.only_computed}
        for words, residues in rows.items():
            print(f"  {words:<26}{len(residues):>3}  {' '.join(residues)}".rstrip())
    for state, words in (("no contact", "touch no residue"), ("failed", "not computed")):
        for outcome in (outcome for outcome in outcomes if outcome.state == state):
            print(printable(f"{words}: {outcome.bound.receptor} {outcome.bound.pdb} {outcome.bound.ligand}: {outcome.reason}"))
    absent = [outcome for outcome in outcomes if outcome.state == "not at hand"]
    if absent:
        print(printable(f"not at hand: {', '.join(dict.fromkeys(outcome.bound.pdb for outcome in absent))} ({absent[0].reason})"))
    counts = Counter(outcome.state for outcome in outcomes)
    computed = [own for outcome in outcomes for own in outcome.sites]
    print(f"{len(outcomes)} modulators: {', '.join(f'{counts[state]} {state}' for state in get_args(State))}.")
    of = _count(len({own.receptor for own in computed}), "receptor")
    print(f"Computed: {_count(len(computed), 'site')} of {of}, {len(replaced)} in place of a shipped list.")
    print(f"Kept: {_count(kept, 'site')} in {site_library_path()}." if kept else "Kept: no site; the shipped lists count.")
    if kept:
        print(_which())
        print(NOT_REFITTED)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _which() -> str:
    """Which lists count, in one line."""
    library = own_site_library()
    if library is None:
        return (
            "These are the shipped lists." if has_asd_lists() else "These are the shipped lists, without those of the AlloSteric Database."
        )
    return (
        f"Of the sites that count here {len(library.sites)} were computed on this machine, on {library.created[:10]}; the other lists are "
        "the shipped ones ('sites forget' goes back to them)."
    )
