"""What the heads of a model look at over a sample of receptors: `heads`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import HeadsError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.terminal.files import check_output, read_table, write
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.heads.properties import HeadProperty
    from allo_core.heads.shares import HeadShares

__all__ = ["add_heads"]

_RECEPTOR = "Receptor"
_MOST_LISTED, _MOST_SENTENCES = 30, 3


def add_heads(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    command = commands.add_parser("heads", help="what each head of a model looks at, over a sample of receptors")
    command.add_argument("model", nargs="?", help=f"model id, by default {DEFAULT_MODEL}")
    command.add_argument(
        "--property",
        default="residue type",
        help="residue type (the usual one), segment, secondary structure, conserved third, ligand pocket, contact, offset, sodium pocket",
    )
    command.add_argument("--positions", default="", help='marked generic numbers instead, such as "2x50 3x39"')
    command.add_argument("--table", type=Path, metavar="FILE", help="own labels instead: CSV with columns receptor, residue and labels")
    command.add_argument("--column", default="", help="the column of the table, if it has several")
    command.add_argument(
        "--receptors",
        type=int,
        default=0,
        metavar="N",
        help="so many are drawn; by default one of each homology cluster, of a table its own",
    )
    command.add_argument("--batch", type=Path, metavar="FOLDER", help="over the sequences of a batch instead (batch --task heads)")
    command.add_argument("--similarity", action="store_true", help="residues that heads look at alike, beside BLOSUM62")
    command.add_argument(
        "--own-share", action="store_true", help="of each layer: the share of a residue's state that it owes to its own embedding, instead"
    )
    command.add_argument("--csv", type=Path, help="write all heads and values")
    command.add_argument("--json", type=Path, help="write how they were made")
    command.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.set_defaults(run=print_heads)


def print_heads(options: argparse.Namespace) -> None:
    """Run `python -m allo_core heads`; AlloScopeError for what cannot be read, computed or written."""
    if options.batch is not None:
        _print_batch(options)
        return
    if options.own_share:
        _print_own_share(options)
        return
    from allo_core.export.heads import heads_csv, heads_record
    from allo_core.heads.arcs import family_arcs, kept_arcs
    from allo_core.heads.sample import receptors_for
    from allo_core.heads.shares import shares_of
    from allo_core.heads.similarity import residue_similarity
    from allo_core.models.devices import choose_dtype
    from allo_core.runs.extract import ready_model

    spec = get_spec(options.model or DEFAULT_MODEL)
    choose_dtype(options.dtype)
    asked = _property(options)
    for path in (options.csv, options.json):
        check_output(path)
    names = receptors_for(spec, asked, options.receptors)
    found = kept_arcs(spec.id, names, options.device, options.dtype)
    if found is None:
        model = ready_model(spec.id, options.device, options.dtype, show_progress)
        found = family_arcs(model, names, lambda done, total: show_progress(_RECEPTOR, done, total))
    shares = shares_of(found, asked)
    similarity = residue_similarity(found) if options.similarity else None
    write(options.csv, lambda: heads_csv(shares, found.special))
    write(options.json, lambda: heads_record(found, shares, similarity))
    known = f"{len(shares.receptors)} receptors in {shares.clusters} clusters of homologues"
    print(printable(f"{spec.label}, {asked.name}: {known}, arcs of at least 0.3"))
    _print_shares(shares)
    if similarity is not None:
        print(printable(similarity.sentence))


def _print_batch(options: argparse.Namespace) -> None:
    """What the heads look at over the sequences of a batch; errors as for `shares_over`."""
    from allo_core.batch.dataset import open_batch
    from allo_core.batch.heads_summary import shares_over, special_share_over
    from allo_core.export.batch import batch_looked_record
    from allo_core.export.heads import heads_csv

    others = {"a model": options.model, "--positions": options.positions, "--table": options.table, "--receptors": options.receptors}
    for name, given in {**others, "--similarity": options.similarity, "--own-share": options.own_share}.items():
        if given:
            raise HeadsError(f"The batch in {options.batch} has its model and sequences; leave {name} out, or --batch.")
    for path in (options.csv, options.json):
        check_output(path)
    results = open_batch(options.batch)
    shares = shares_over(results, options.property)
    write(options.csv, lambda: heads_csv(shares, special_share_over(results)))
    write(options.json, lambda: batch_looked_record(results, shares))
    known = f"{len(shares.receptors):,} of {len(results.sequences):,} sequences in {shares.clusters} groups of homologues"
    print(printable(f"{shares.spec.label}, {shares.what.name}: {known}, arcs of at least 0.3"))
    _print_shares(shares)


def _print_own_share(options: argparse.Namespace) -> None:
    """The own share of every state; errors as for `own_share`."""
    import pandas as pd

    from allo_core.export.heads import own_share_csv, own_share_record
    from allo_core.models.devices import choose_dtype
    from allo_core.readouts.own_share import kept_own_share, own_share
    from allo_core.runs.extract import ready_model

    spec = get_spec(options.model or DEFAULT_MODEL)
    choose_dtype(options.dtype)
    if options.positions or options.table is not None or options.receptors or options.similarity:
        raise HeadsError("--own-share has its own receptors and no property; leave --positions, --table, --receptors and --similarity out.")
    for path in (options.csv, options.json):
        check_output(path)
    found = kept_own_share(spec.id, options.device, options.dtype)
    if found is None:
        model = ready_model(spec.id, options.device, options.dtype, show_progress)
        found = own_share(model, lambda done, total: show_progress(_RECEPTOR, done, total))
    write(options.csv, lambda: own_share_csv(found))
    write(options.json, lambda: own_share_record(found))
    print(printable(f"{spec.label}, own share of states: {len(found.receptors)} receptors of as many clusters of homologues"))
    random = found.untrained
    rows = [
        [
            f"state {state}", f"{found.shares[:, state].mean():.4f} ({found.interval[0, state]:.4f} to {found.interval[1, state]:.4f})",
            f"{found.even.mean():.4f}", "-" if random is None else f"{random[:, state].mean():.4f}", f"{found.firsts[:, state].mean():.2f}",
        ]
        for state in range(spec.layers + 1)
    ]  # fmt: skip
    print(pd.DataFrame(rows, columns=["", "own share (95 %)", "even", "untrained", "own is largest"]).to_string(index=False))
    print(printable(found.sentence))


def _print_shares(shares: "HeadShares") -> None:
    from allo_core.heads.verdict import verdict

    if shares.what.note:
        print(printable(shares.what.note))
    print(_table(shares))
    if len(shares.what.values) <= _MOST_SENTENCES:
        for value in range(len(shares.what.values)):
            print(printable(verdict(shares, value)))


def _property(options: argparse.Namespace) -> "HeadProperty":
    from allo_core.heads.labels import MARKED, parse_positions
    from allo_core.heads.properties import head_property, of_layer_property, of_positions
    from allo_core.readouts.value_table import property_of_table

    if options.positions and options.table is not None:
        raise HeadsError("Give --positions or --table, not both.")
    if options.positions:
        return of_positions(parse_positions(options.positions), MARKED)
    if options.table is None:
        return head_property(options.property)
    return of_layer_property(property_of_table(read_table(options.table), options.column))


def _table(shares: "HeadShares") -> str:
    """The best head of each value beside what was to be expected, and what the published definition says of it."""
    import pandas as pd

    from allo_core.heads.verdict import head_name

    rows = []
    for value, name in enumerate(shares.what.values[:_MOST_LISTED]):
        best = shares.best(value)
        if best is None:
            rows.append([printable(name), "no head", "-", "-", "-", "-", "-", "-"])
            continue
        low, high = shares.intervals[:, best, value]
        centre = shares.centres[value]
        rows.append(
            [
                printable(name), head_name(shares, best), f"{shares.share[best, value]:.3f} ({low:.3f} to {high:.3f})",
                f"{shares.background[best, value]:.3f}", f"{int(shares.passing(value).sum())} of {int(shares.tested[:, value].sum())}",
                f"{shares.published[best, value]:.3f} ± {shares.published_error[best, value]:.3f}",
                f"{shares.published_background[value]:.4f}",
                "-" if centre is None else "{:.1f} ({:.1f} to {:.1f})".format(*centre),
            ]
        )  # fmt: skip
    columns = ["", "best head", "share (95 %)", "expected", "heads above", "published", "its background", "centre of layers"]
    return pd.DataFrame(rows, columns=columns).to_string(index=False)
