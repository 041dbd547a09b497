"""A set of receptors in a terminal: which heads look at the asked residues in all of them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.errors import ScoreError
from allo_core.export.tables import printable
from allo_core.family.verdict import consensus_verdict, swap_sentence
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.terminal.files import check_output, read_table, write
from allo_core.terminal.picture import parse_head
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.family.members import ReceptorSet

__all__ = ["add_compare", "compare"]

_LISTED = 10  # heads, and refused receptors
_LARGEST_TABLE = 20_000_000  # bytes


def add_compare(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("compare", help="score the heads of one model over a set of receptors")
    asked = command.add_mutually_exclusive_group(required=True)
    asked.add_argument("--positions", help='generic positions of a whole class ("2x50 3x39", or "sodium pocket")')
    asked.add_argument("--library", metavar="KIND", help="the library sites of a kind: allosteric, orthosteric or transducer")
    asked.add_argument("--table", type=Path, help="CSV with the columns receptor (or sequence) and residues")
    command.add_argument("--class", dest="receptor_class", help="with --positions: the receptor class (A)")
    command.add_argument("--require", help='with --positions: only receptors with this residue, as "D2.50"')
    command.add_argument("--receptors", help="with --positions: only these entry names, separated by commas")
    command.add_argument("--evidence", help='with --library: only sites with this evidence, "ligand contacts" or "neighbourhood"')
    command.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}")
    command.add_argument(
        "--threshold", type=float, default=DEFAULT_THRESHOLD, help=f"as in analyse ({DEFAULT_THRESHOLD}); sets count attention alone"
    )
    command.add_argument("--draws", type=int, help="random sets to compare with; by default as many as the heads need")
    command.add_argument("--shuffled", action="store_true", help="also run the model on shuffled sequences, as a control")
    command.add_argument("--csv", type=Path, help="write the heads")
    command.add_argument("--matrix", type=Path, help="write every head in every receptor")
    command.add_argument("--members", type=Path, help="write who took part, and who did not and why")
    command.add_argument("--profile", type=Path, help="write one head by generic position")
    command.add_argument("--head", help="with --profile: which head, layer.head (3.6); by default the best one")
    command.add_argument("--json", type=Path, help="write the record")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    command.set_defaults(run=compare, after_cancel="what was done is kept, and the same command goes on from there")


def compare(options: argparse.Namespace) -> None:
    """Run `python -m allo_core compare`; AlloScopeError for anything that cannot be read, run, scored or written."""
    spec = get_spec(options.model)
    head = parse_head(options.head, spec)
    thresholds = _check(options)
    asked = _asked(options)

    from allo_core.export import consensus_csv, members_csv, receptors_csv, set_record
    from allo_core.family.consensus import consensus
    from allo_core.family.each import passing_alone, q_values_of_each
    from allo_core.family.places import rank_set, table_with_places
    from allo_core.family.profile import commonest_class, family_profile
    from allo_core.family.runs import run_set, shuffled
    from allo_core.family.swap import swap_control

    if options.profile is not None and not commonest_class(asked.members)[1]:
        raise ScoreError(f"No receptor of {asked.title} has generic numbers, which --profile needs; leave it out.")
    done = run_set(spec.id, asked, thresholds, options.device, options.dtype, show_progress)
    columns = done.columns(options.threshold)
    found = consensus(done.asked, columns, options.draws)
    by_chance = None
    if options.shuffled:
        mixed = run_set(spec.id, shuffled(done.asked), thresholds, options.device, options.dtype, show_progress)
        by_chance = len(consensus(mixed.asked, mixed.columns(options.threshold), options.draws).passing())
    places, swapped = rank_set(found, columns), swap_control(found, columns)
    each = q_values_of_each(done.asked.members, columns, options.draws)
    layer_head = head or found.best_head()
    class_name, chosen = commonest_class(done.asked.members)
    members, of_class = [done.asked.members[at] for at in chosen], [columns[at] for at in chosen]

    write(options.csv, lambda: consensus_csv(found, each, spec.id, done.asked.title, places))
    write(options.matrix, lambda: receptors_csv(found, each))
    write(options.members, lambda: members_csv(done.asked))
    write(options.json, lambda: set_record(done, found, by_chance, places, swapped))

    for note in dict.fromkeys([note for note in (spec.note, *done.notes) if note]):
        print(printable(note), file=sys.stderr)
    if options.profile is not None and 0 < len(chosen) < len(done.asked.members):
        print(f"the profile is of class {class_name} alone, {len(chosen)} of {len(done.asked.members)} receptors", file=sys.stderr)
    for row in done.asked.refused[:_LISTED]:
        print(printable(f"left out: {row.where}: {row.reason}"), file=sys.stderr)
    if len(done.asked.refused) > _LISTED:
        print(f"left out: {len(done.asked.refused) - _LISTED} more; --members writes all of them", file=sys.stderr)
    print(printable(f"{done.asked.title}, {len(found.members)} receptors, {spec.label}, threshold {options.threshold:g}"))
    print(printable(consensus_verdict(found, done.asked.title, by_chance, places)))
    if not isinstance(swapped, str):
        print(printable(swap_sentence(swapped)))
    shown = table_with_places(found, places).assign(receptors_passing=passing_alone(each)).sort_values("mean_snr", ascending=False)
    print(shown.head(_LISTED).to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))
    # Last: a head without attention has no profile, and all else is written and said by now.
    write(options.profile, lambda: _profile_csv(family_profile(members, of_class, found.weights[chosen], *layer_head), layer_head))


def _check(options: argparse.Namespace) -> tuple[float, ...]:
    """Refuse what cannot be scored or written before anything is computed; the thresholds to run with."""
    from allo_core.attention.scores import check_draws
    from allo_core.models.devices import choose_device, choose_dtype
    from allo_core.runs.column_reducer import KEPT_THRESHOLDS, check_thresholds

    thresholds = check_thresholds((*KEPT_THRESHOLDS, options.threshold))
    check_draws(options.draws)
    belongs = {"receptor_class": "positions", "require": "positions", "receptors": "positions", "evidence": "library", "head": "profile"}
    for name, other in belongs.items():
        if getattr(options, name) is not None and getattr(options, other) is None:
            raise ScoreError(f"--{'class' if name == 'receptor_class' else name} belongs to --{other}; give that too, or leave it out.")
    for name in ("csv", "matrix", "members", "profile", "json"):
        check_output(getattr(options, name))
    choose_dtype(options.dtype)
    if options.device != "auto":
        choose_device(options.device)
    return thresholds


def _asked(options: argparse.Namespace) -> "ReceptorSet":
    from allo_core.family.members import library_set, positions_set
    from allo_core.family.table import read_set

    if options.library is not None:
        return library_set(options.library, options.evidence or "")
    if options.table is not None:
        show_progress("Reading the table", 0, 0)  # sequences that the library does not have take a tenth of a second each
        return read_set(read_table(options.table, _LARGEST_TABLE), f"residues of {options.table.name}")
    entries = None
    if options.receptors is not None:
        entries = [name.strip().upper().removesuffix("_HUMAN") for name in options.receptors.split(",") if name.strip()]
    return positions_set(options.positions, options.receptor_class or "A", options.require or "", entries)


def _profile_csv(frame, head: tuple[int, int]) -> str:
    return frame.assign(layer=head[0], head=head[1]).to_csv(index=False, lineterminator="\n")
