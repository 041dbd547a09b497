"""The fold that a language model contains, from the terminal: by the head that ships or one's own, with all heads or without some."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import FoldError
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.readouts.removal import Heads, parse_heads
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.folding.fold import Fold
    from allo_core.folding.kept_heads import HeadFiles
    from allo_core.protein.sequence import Protein

__all__ = ["add_model_options", "check_model_options", "folds_beside", "model_fold_in_terminal"]


def add_model_options(command: argparse.ArgumentParser) -> None:
    """Add the options that belong to --from model."""
    command.add_argument("--model", metavar="ID", help=f"with --from model: the language model; {DEFAULT_MODEL}")
    command.add_argument(
        "--head", type=Path, metavar="FOLDER", help="with --from model: a distance head that train-distances wrote; the one that ships"
    )
    command.add_argument(
        "--without-heads",
        metavar="HEADS",
        help="with --from model: silence these attention heads (3.6,4.1); --judge compares with all heads and with random ones removed",
    )


def check_model_options(options: argparse.Namespace) -> None:
    """Refuse options that belong to another way of folding, and heads that the model does not have, before anything is computed."""
    if options.method != "model":
        for name in ("model", "head", "without_heads"):
            if getattr(options, name) is not None:
                raise FoldError(f"--{name.replace('_', '-')} belongs to the fold of a language model; add --from model.")
        if options.method != "esmfold" and options.device is not None:
            raise FoldError("--device chooses where a model runs; add --from model or --from esmfold.")
        return
    if options.state is not None:
        raise FoldError("A language model says nothing of a state; leave --state out.")
    get_spec(options.model or DEFAULT_MODEL)
    _removed(options)


def model_fold_in_terminal(options: argparse.Namespace, protein: "Protein") -> "Fold":
    """The fold, with its steps on one line; AlloScopeError for what cannot be computed."""
    return _fold(options, protein, _removed(options))


def folds_beside(options: argparse.Namespace, protein: "Protein") -> "list[Fold]":
    """The folds with all heads, and with as many random others removed (three seeds)."""
    from allo_core.folding.removed_folds import removed_folds

    model_id = options.model or DEFAULT_MODEL
    found = removed_folds(protein, _removed(options), model_id, _head(options), options.device or "auto", show_progress)
    return [found.whole, *found.random.values()]


def _fold(options: argparse.Namespace, protein: "Protein", removed: Heads) -> "Fold":
    from allo_core.folding.model_fold import model_fold

    model_id = options.model or DEFAULT_MODEL
    return model_fold(protein, model_id, _head(options), options.device or "auto", removed, show_progress)


def _head(options: argparse.Namespace) -> "HeadFiles":
    from allo_core.folding.kept_heads import own_head, shipped_head

    return shipped_head() if options.head is None else own_head(options.head)


def _removed(options: argparse.Namespace) -> Heads:
    return () if options.without_heads is None else parse_heads(options.without_heads, get_spec(options.model or DEFAULT_MODEL))
