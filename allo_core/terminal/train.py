"""Training a model on a file of sequences: the options, and how a signal ends it."""

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from allo_core.training.settings import Settings, flag

if TYPE_CHECKING:
    from allo_core.training.files import Progress

__all__ = ["add_train", "signals", "train"]

_SHAPE = "esm2_t6_8M_UR50D"
_HELP = {
    "tokens": "tokens to read in all",
    "batch": "most tokens of one step",
    "context": "most tokens of a crop",
    "long_context": "most tokens of a crop in the last steps",
    "long_share": "share of the tokens that is read with the long context",
    "lr": "peak of the learning rate",
    "seed": "of the first parameters, the crops and the masks",
}


def add_train(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("train", help="train a small ESM-2 on a family of sequences, or go on with it")
    command.add_argument("data", type=Path, help="FASTA, also .gz, with headers '>P29274 receptor=AA2AR class=A'")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="gets checkpoint, weights and log; goes on from there")
    command.add_argument("--all", action="store_true", help="train on every receptor; without it some are held out and measured")
    command.add_argument("--start", type=Path, metavar="WEIGHTS", help="weights (.safetensors) to begin with; by default random ones")
    for name, text in _HELP.items():
        default = getattr(Settings, name)
        command.add_argument(flag(name), type=type(default), default=default, help=f"{text} ({default})")
    command.add_argument("--checkpoint-minutes", type=float, default=10.0, metavar="MINUTES", help="time between two checkpoints (10)")
    command.add_argument("--validate-every", type=int, default=250, metavar="STEPS", help="steps between two validations (250)")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.set_defaults(run=train)


def train(options: argparse.Namespace) -> None:
    """Run `python -m allo_core train`; AlloScopeError for bad data, settings, checkpoints or devices."""
    from allo_core.models.registry import get_spec
    from allo_core.training import run
    from allo_core.training.sequences import data_sha256

    start = None if options.start is None else data_sha256(options.start)
    settings = Settings(everything=options.all, start=start, **{name: getattr(options, name) for name in _HELP})
    habits = run.Habits(options.checkpoint_minutes * 60, options.validate_every, _command(options, settings))
    corpus = run.read_corpus(options.data, options.all)
    print(f"{len(corpus.learnt):,} sequences to learn, {len(corpus.held_out):,} held out", file=sys.stderr)
    with signals() as stop:
        progress = run.train(corpus, options.out, get_spec(_SHAPE), settings, habits, sys.stderr, options.device, options.start, stop)
    print(_result(progress, settings, options.out))


def _command(options: argparse.Namespace, settings: Settings) -> str:
    """The command with every setting, and with the names of files instead of their places on this machine."""
    start = [] if options.start is None else ["--start", options.start.name]
    return shlex.join(["python", "-m", "allo_core", "train", options.data.name, "--out", "FOLDER", *start, *settings.options()])


def _result(progress: "Progress", settings: Settings, folder: Path) -> str:
    losses = f"training loss {progress.training_loss:.3f}" if progress.losses else "nothing learnt yet"
    if progress.validation_loss is not None:
        losses += f", validation loss {progress.validation_loss:.3f}"
    if progress.step < settings.steps:
        return f"Stopped after step {progress.step:,} of {settings.steps:,} ({losses}); the same command goes on from {folder}."
    return f"Done: {progress.tokens:,} tokens, {losses}; the weights are {folder / 'model.safetensors'}."


@contextmanager
def signals() -> Iterator[Event]:
    """An event that Ctrl-C or a request to end sets, so that the step at hand is finished and kept."""
    stop = Event()
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in wanted]
    try:
        yield stop
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)
