"""The residue interaction network of a structure: `network`."""

import argparse
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.attention.head import Head, heads_in_words
from allo_core.errors import NetworkError, ScoreError
from allo_core.export.tables import printable
from allo_core.models.registry import ModelSpec
from allo_core.terminal.files import write
from allo_core.terminal.picture import Picture, open_picture, parse_head
from allo_core.terminal.progress import STEP, show_progress
from allo_core.terminal.readouts import Asked, asked_of, readout_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from allo_core.analysis.subject import Subject
    from allo_core.networks.report import NetworkReport

__all__ = ["add_network", "print_network"]

_LISTED = 10  # residues
_MOST_REPEATS = 1_000


def add_network(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = readout_command(
        commands, "network", "the residue interaction network of a structure, and paths between two sets", print_network
    )
    command.add_argument("--structure", required=True, help="PDB code (8FYN), AlphaFold model (AF-P29274-F1), or a file")
    command.add_argument("--chain", help="its chain, where the file has several copies of the receptor")
    command.add_argument("--rule", default="heavy", help="contacts: heavy (atoms within 4.5 Å), ca (4 to 8 Å) or cb (within 8 Å); heavy")
    command.add_argument("--from", dest="first", metavar="SITES", help='where paths begin: residues, or a library site ("sodium pocket")')
    command.add_argument("--to", dest="second", metavar="SITES", help="where they end, in the same way")
    command.add_argument("--head", help="weight the edges by the attention of this head, layer.head (3.6), or of several (3.6,4.1)")
    command.add_argument(
        "--repeats", type=int, default=20, metavar="N", help="networks of moved coordinates, for the stability (20); 0: none"
    )
    command.add_argument("--against", metavar="STRUCTURE", help="another structure: contacts gained and lost from --structure to it")
    command.add_argument("--csv", type=Path, help="write all residues")
    command.add_argument("--edges-csv", type=Path, help="write all edges")
    command.add_argument("--graphml", type=Path, help="write the network for other programs")
    command.add_argument("--against-csv", type=Path, help="with --against: write the contacts gained and lost")


@dataclass(frozen=True)
class _Weights:
    """Attention by which edges are weighted, and whose it is."""

    attention: "np.ndarray | None" = None
    name: str = ""


def print_network(options: argparse.Namespace) -> None:
    """Run `python -m allo_core network`; AlloScopeError for what cannot be read, computed or written."""
    from allo_core.analysis.subject import Subject
    from allo_core.export.networks import difference_csv, graphml, network_edges_csv, network_nodes_csv
    from allo_core.networks.report import network_report

    asked = asked_of(options, options.csv, options.edges_csv, options.graphml, options.against_csv)
    _check(options)
    protein, subject = asked.protein, Subject.of(asked.protein)
    sets = None if options.first is None else (subject.residues(options.first), subject.residues(options.second))
    heads = _heads(options.head, asked.spec)
    picture = open_picture(options.structure, protein, options.chain)
    other = None if options.against is None else open_picture(options.against, protein)
    weights = _weights(asked, heads) if heads else _Weights()
    report = network_report(
        picture.structure, picture.mapping, len(protein), options.rule, sets, weights.attention, weights.name, options.repeats,
        step=partial(show_progress, STEP),
    )  # fmt: skip
    write(options.csv, lambda: network_nodes_csv(report, protein, subject.numbers))
    write(options.edges_csv, lambda: network_edges_csv(report, protein))
    write(options.graphml, lambda: graphml(report, protein, subject.numbers))
    for note in dict.fromkeys((*picture.structure.notes, *(() if other is None else other.structure.notes))):
        print(printable(note), file=sys.stderr)
    _print(report, subject)
    if other is not None:
        found = _difference(report, other, len(protein))
        write(options.against_csv, lambda: difference_csv(found, protein))
        print(printable(f"From {picture.name} to {other.name}: {found.sentence}"))


def _check(options: argparse.Namespace) -> None:
    """Refuse what asks for half of something, before a structure is read."""
    from allo_core.networks.points import RULES

    if options.rule not in RULES:
        raise NetworkError(f"--rule {options.rule[:20]!r} is not one of: {', '.join(RULES)}.")
    if (options.first is None) != (options.second is None):
        raise NetworkError("Paths need both ends: give --from SITES and --to SITES.")
    if not 0 <= options.repeats <= _MOST_REPEATS:
        raise ScoreError(f"--repeats {options.repeats} is not a number from 0 to {_MOST_REPEATS:,}.")
    if options.against_csv is not None and options.against is None:
        raise NetworkError("--against-csv needs another structure; name it with --against.")


def _heads(text: str | None, spec: ModelSpec) -> list[Head]:
    """The heads of ``"3.6,4.1"``, each once; ScoreError where one of them names none."""
    each = [] if text is None else [parse_head(one.strip(), spec) for one in text.split(",")]
    return list(dict.fromkeys(head for head in each if head is not None))


def _weights(asked: Asked, heads: "Sequence[Head]") -> _Weights:
    from allo_core.networks.network import mean_attention
    from allo_core.runs.extract import run_model

    maps, notes = run_model(asked.spec.id, asked.protein, asked.options.device, asked.options.dtype, show_progress)
    for note in notes:
        print(printable(note), file=sys.stderr)
    return _Weights(mean_attention(maps, heads), f"{asked.spec.label}, {heads_in_words(heads)}")


def _difference(report: "NetworkReport", other: Picture, length: int):
    from allo_core.networks.difference import difference_of
    from allo_core.networks.points import points_of

    return difference_of(report.points, points_of(other.structure, other.mapping, length, report.network.rule))


def _print(report: "NetworkReport", subject: "Subject") -> None:
    from allo_core.export.networks import network_frame
    from allo_core.networks.verdict import completeness, network_verdict, route_sentence

    print(printable(network_verdict(report, "betweenness")))
    if report.between is not None and not isinstance(report.between, str):
        print(printable(route_sentence(report.between, subject.protein.label)))
    print(printable(completeness(report)))
    frame = network_frame(report, subject.protein, subject.numbers)
    columns = [
        "betweenness",
        "betweenness_highest_under_noise",
        "closeness",
        "current_flow",
        "degree",
        "neighbours_within_10_A",
        "A_to_centre",
    ]
    columns += [name for name in ("share_of_shortest", "share_of_shortest_in_pocket_pairs") if name in frame]
    shown = frame.sort_values("betweenness", ascending=False, na_position="last").head(_LISTED)
    residue = [subject.protein.label(int(index)) for index in shown.index]
    table = shown[columns].rename(columns={"betweenness_highest_under_noise": "stays_highest"})
    table.insert(0, "residue", residue)
    print("The residues of highest betweenness; stays_highest: share of the repeats under noise (by chance 0.15):")
    print(table.to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))
