"""The same jobs from a terminal: python -m allo_core COMMAND; --help lists the commands."""

import argparse
import os
import sys
from pathlib import Path

from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.errors import AlloScopeError, Cancelled
from allo_core.export import printable
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.terminal.ablate import add_ablate
from allo_core.terminal.analyse import analyse
from allo_core.terminal.attention import add_attention
from allo_core.terminal.batch import add_batch
from allo_core.terminal.compare import add_compare
from allo_core.terminal.fold import add_fold
from allo_core.terminal.freeze import freeze
from allo_core.terminal.heads import add_heads
from allo_core.terminal.layers import add_layers
from allo_core.terminal.models import list_models
from allo_core.terminal.network import add_network
from allo_core.terminal.pairs import add_pairs
from allo_core.terminal.readouts import add_readouts
from allo_core.terminal.runs import delete_runs, print_runs
from allo_core.terminal.sites import add_sites
from allo_core.terminal.train import add_train
from allo_core.terminal.train_distances import add_train_distances
from allo_core.terminal.variant import add_variant

__all__ = ["main"]


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line; the usage is for --help."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {printable(message)}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code: 0, 2 for bad input, 130 where it was cancelled, 1 where doctor finds a problem."""
    options = _parser().parse_args(arguments)
    code = 0
    try:
        code = options.run(options) or 0
    except AlloScopeError as error:
        print(f"alloscope: {printable(str(error))}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        print(f"alloscope: cancelled; {getattr(options, 'after_cancel', 'nothing was kept')}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has left
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="alloscope", description="Which attention heads look at the marked residues of a GPCR.")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_analyse(commands)
    _add_freeze(commands)
    add_compare(commands)
    add_readouts(commands)
    add_variant(commands)
    add_attention(commands)
    add_layers(commands)
    add_heads(commands)
    add_network(commands)
    add_fold(commands)
    add_ablate(commands)
    add_pairs(commands)
    add_sites(commands)

    runs = commands.add_parser("runs", help="list the kept runs, or delete some")
    runs.add_argument("--delete", nargs="*", metavar="KEY", help="delete the runs whose keys begin so")
    runs.add_argument(
        "--all", action="store_true", help="with --delete: all runs, also of another version, and what is kept of sets and layers"
    )
    runs.set_defaults(run=_runs)

    models = commands.add_parser("models", help="list the models and whether their weights are on this machine")
    models.set_defaults(run=lambda options: list_models())
    check = commands.add_parser("doctor", help="whether this machine can do the work: versions, devices, memory, disk, weights")
    check.set_defaults(run=_doctor)
    add_batch(commands)
    add_train(commands)
    add_train_distances(commands)
    return parser


def _add_question(command: argparse.ArgumentParser) -> None:
    """What is asked of one protein; what is not given is None, so that a frozen file can say it."""
    command.add_argument("target", nargs="?", help="entry name (AA2AR) or UniProt accession (P29274, P21917-2), or a FASTA file")
    command.add_argument("--sites", help='set A: residues ("D52 2.50 52-55"), or a library site ("sodium pocket")')
    command.add_argument("--sites-b", metavar="SITES", help="set B, in the same way")
    command.add_argument("--measure", help="attention on A or B, or coupling AB (what A looks at that lies in B) or BA; A")
    command.add_argument("--model", help=f"model id, by default {DEFAULT_MODEL}; 'alloscope models' lists them")
    command.add_argument("--threshold", type=float, help=f"attention at or below it does not count ({DEFAULT_THRESHOLD})")
    command.add_argument(
        "--value-weighted",
        action="store_true",
        default=None,
        help="count |A_ij v_j W_O| (Kobayashi et al. 2020) instead of attention, without threshold; the model reads the sequence once more",
    )
    command.add_argument("--null", help="pocket, matched, uniform or published; pocket where generic numbers are known")
    command.add_argument("--draws", type=int, help="random sites or pockets to compare with; by default as many as the heads need")
    command.add_argument("--dtype", help="float32 or bfloat16")
    command.add_argument("--record", help="which record of a FASTA file: its number or name")
    command.add_argument("--domain", action="store_true", help="read the 7TM domain alone (TM1 - 30 to H8 + 30)")


def _add_freeze(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("freeze", help="write a question down before the model runs, for analyse --frozen")
    _add_question(command)
    command.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="the file, JSON; one that exists is never replaced")
    command.set_defaults(run=freeze)


def _add_analyse(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("analyse", help="score all heads of one model on one sequence")
    _add_question(command)
    command.add_argument("--frozen", type=Path, metavar="FILE", help="answer the question of this file, which 'freeze' or the page wrote")
    command.add_argument("--csv", type=Path, help="write the scores of all heads")
    command.add_argument("--json", type=Path, help="write the record of the run")
    command.add_argument("--structure", help="a structure to colour: PDB code (8FYN), AlphaFold model (AF-P29274-F1), or a file")
    command.add_argument("--chain", help="its chain to colour, where the file has several copies of the receptor")
    command.add_argument("--head", help="the head to describe and to colour by, layer.head (3.6); by default the best one")
    command.add_argument("--pairs", type=int, default=0, metavar="N", help="draw the head's N strongest pairs in the scripts, at most 50")
    command.add_argument("--cif", type=Path, help="write the structure with the values as B-factors, mmCIF")
    command.add_argument("--pymol", type=Path, help="write a PyMOL script")
    command.add_argument("--chimerax", type=Path, help="write a ChimeraX script")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.set_defaults(run=analyse)


def _doctor(options: argparse.Namespace) -> int:
    from allo_core.terminal.doctor import doctor

    return doctor()


def _runs(options: argparse.Namespace) -> None:
    if options.delete is None and not options.all:
        print_runs()
    else:
        delete_runs(options.delete or (), options.all and options.delete is not None)


if __name__ == "__main__":
    sys.exit(main())
