"""Thousands of sequences through one model: the options, the line of progress, and how a signal ends it."""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.batch.tasks import DEFAULT_TASK, TASKS, check_options
from allo_core.errors import BatchError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.storage.amounts import amount
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import protein_of

if TYPE_CHECKING:
    from allo_core.batch.run import Tally
    from allo_core.protein.sequence import Protein

__all__ = ["add_batch", "batch"]

_LISTED = 10  # records that failed
_A_LINE = 78  # characters of progress
_LOG_SECONDS = 60  # between two lines of progress in a file


def add_batch(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("batch", help="one task over thousands of sequences, with Ray: scores of all heads, embeddings, ...")
    command.add_argument("sequences", type=Path, help="FASTA, also .gz")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="gets the results; goes on from there")
    command.add_argument("--task", default=DEFAULT_TASK, choices=list(TASKS), help=f"what is computed ({DEFAULT_TASK})")
    command.add_argument(
        "--sites", help='scores: residues to score in each sequence ("2.50 3x50 52-55"), or a library site ("sodium pocket")'
    )
    command.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}; 'alloscope models' lists them")
    command.add_argument("--threshold", type=float, help="scores: attention at or below it does not count (0.3)")
    command.add_argument(
        "--thresholds",
        type=_numbers,
        metavar="0,0.3",
        help="scores: keep column weights above these; by default above that of the scores alone",
    )
    command.add_argument("--null", help="scores: uniform, matched or published; by default matched where generic numbers are known")
    command.add_argument("--draws", type=int, help="scores: random sites to compare with; by default as many as the heads need")
    command.add_argument("--layers", help='embeddings: numbers of states, "0,3,-1" or "all": 0 is the token embedding, -1 the last (-1)')
    command.add_argument(
        "--per-residue", action="store_true", default=None, help="embeddings: also those of every residue, an .npy for each sequence"
    )
    command.add_argument(
        "--masked", action="store_true", default=None, help="probabilities: mask each residue in its turn, a pass for each"
    )
    command.add_argument("--pairs", type=float, help="contacts: how many of the best pairs are kept for each residue (1)")
    command.add_argument(
        "--wild-type", metavar="TARGET", help="variant: what each sequence is compared with, a FASTA file, entry name or accession"
    )
    command.add_argument("--wild-type-record", metavar="RECORD", help="variant: which record of that file, its number or name")
    command.add_argument("--positions", help='heads: generic numbers that are marked, "2x50 3x39"')
    command.add_argument("--workers", type=int, metavar="N", help="by default one for each GPU, or for every two processor cores")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    command.add_argument("--address", help="of a Ray cluster (auto, or HOST:PORT); by default this machine alone")
    command.set_defaults(run=batch, after_cancel="what is finished is kept, and the same command goes on")


def batch(options: argparse.Namespace) -> None:
    """Run `python -m allo_core batch`.

    Raises
    ------
    AlloScopeError
        What stands in the way of all sequences; one that fails is reported, and the others go on.
    """
    from allo_core.batch.cluster import check_ray
    from allo_core.batch.dataset import open_batch
    from allo_core.batch.run import run_batch

    check_ray()
    progress = _Progress()
    try:
        with _stopped_by_signals():
            own = {name: getattr(options, name) for kind in TASKS.values() for name in kind.options if getattr(options, name) is not None}
            check_options(options.task, set(own))
            own |= _wild_type(options)
            settings = TASKS[options.task].choose(options.model, options.dtype, show_progress, **own)
            tally = run_batch(options.sequences, options.out, settings, options.workers, options.device, options.address, progress.show)
    finally:
        progress.end()
    if note := get_spec(settings.model_id).note:
        print(note, file=sys.stderr)
    _print_problems(tally, settings.lacking)
    if settings.caution:
        print(settings.caution, file=sys.stderr)
    print(printable(_result(tally, options.out, settings.lacking)))
    if summary := open_batch(options.out).summary:
        print(printable(summary))


def _wild_type(options: argparse.Namespace) -> "dict[str, Protein]":
    """The protein that --wild-type names, under the name of that option; errors as `protein_of`."""
    if options.wild_type is not None:
        return {"wild_type": protein_of(options.wild_type, options.wild_type_record)}
    if options.wild_type_record is not None:
        raise BatchError("--wild-type-record belongs to --wild-type; give that too, or leave it out.")
    return {}


class _Progress:
    """One line that is written over in a terminal; a line a minute in a file."""

    def __init__(self):
        self._shown = time.monotonic()
        self._open = False

    def show(self, tally: "Tally") -> None:
        """As `run_batch` reports it."""
        now = time.monotonic()
        if tally.computed == 0:
            print(_workers(tally) if tally.workers else _beginning(tally), file=sys.stderr, flush=True)
        elif sys.stderr.isatty():
            print(f"\r{_line(tally):<{_A_LINE}}", end="", file=sys.stderr, flush=True)
            self._open = True
        elif now - self._shown > _LOG_SECONDS:
            self._shown = now
            print(_line(tally), file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            print(file=sys.stderr)
        self._open = False


def _beginning(tally: "Tally") -> str:
    before = f", {tally.finished_before:,} of them finished before" if tally.finished_before else ""
    arrays = f", arrays of {amount(tally.array_bytes)}" if tally.array_bytes else ""
    return f"{tally.records:,} sequences{before}{arrays}; starting Ray"


def _workers(tally: "Tally") -> str:
    workers = tally.workers
    if workers is None:
        return "starting"
    counts = ((workers.count, "worker"), (workers.threads, "thread"))
    count, threads = (f"{number} {word}{'' if number == 1 else 's'}" for number, word in counts)
    return f"{count} on {workers.device}, {threads} each"


def _line(tally: "Tally") -> str:
    left = "" if tally.seconds_left is None else f", {_time(tally.seconds_left)} left"
    failed = f", {len(tally.failed):,} failed" if tally.failed else ""
    return f"{tally.finished_before + tally.done:,} of {tally.records:,}, {tally.rate:.3g} a second{left}{failed}"


def _time(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"


def _print_problems(tally: "Tally", lacking: str) -> None:
    """Which records have no results, or lack a part, and why; the first few of each."""
    for what, rows in (("failed", tally.failed), (f"without {lacking}", tally.incomplete)):
        for row, name, reason in sorted(rows)[:_LISTED]:
            print(printable(f"record {row} ({name}) {what}: {reason}"), file=sys.stderr)
        if len(rows) > _LISTED:
            print(f"... and {len(rows) - _LISTED:,} more {what}; the table of sequences names all", file=sys.stderr)
    if tally.redone:
        print(f"A worker ended before its time; its {tally.redone} records were given to another.", file=sys.stderr)


def _result(tally: "Tally", folder: Path, lacking: str) -> str:
    more = f", {len(tally.failed):,} failed" if tally.failed else ""
    more += f", {len(tally.incomplete):,} without {lacking}" if tally.incomplete else ""
    before = f" ({tally.finished_before:,} finished before)" if tally.finished_before else ""
    return f"Done: {tally.records:,} sequences{before} in {folder}{more}"


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers; write 0,0.3") from None


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """A request to end stops a batch as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
