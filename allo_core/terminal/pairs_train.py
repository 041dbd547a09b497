"""Learning a model of pairs: `pairs train`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from allo_core.errors import PairError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.terminal.files import check_folder
from allo_core.terminal.pairs_baselines import own_pairs
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    import numpy as np

    from allo_core.interaction.architectures import Architecture
    from allo_core.interaction.checkpoint import Epoch
    from allo_core.interaction.learning_settings import LearningSettings
    from allo_core.interaction.model_card import MethodRow, ModelCard
    from allo_core.interaction.pairs import PairInputs, PairSet
    from allo_core.interaction.splits import Split, SplitKind
    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["add_train_pairs", "print_comparison"]

_NAMES = {"amps": "ESM2_AMPS", "amp_cse": "ESM2_AMP_CSE", "dpm": "ESM2_DPM", "gru": "ESM2_GRU", "mean": "mean of the segments"}


def add_train_pairs(actions: argparse._SubParsersAction) -> None:
    """Add the action."""
    action = actions.add_parser("train", help="learn a model of pairs, of receptors and G protein families or of your own")
    action.add_argument("--sequences", type=Path, metavar="FILE", help="own pairs: names and sequences (CSV, TSV, Excel or FASTA)")
    action.add_argument("--pairs", type=Path, metavar="FILE", help="own pairs: two names and a label, 0 or 1 (CSV, TSV or Excel)")
    action.add_argument("--model", default=DEFAULT_MODEL, help=f"language model whose vectors are read, by default {DEFAULT_MODEL}")
    action.add_argument("--kind", default="amps", help="amps (the usual one), amp_cse, dpm, gru or mean")
    action.add_argument("--cut", default="published", help="how side A is cut: published (ten segments) or regions (of a receptor)")
    action.add_argument("--split", help="cluster (no homologue on both sides, the usual one), protein or pair")
    action.add_argument("--layers", type=int, default=2, help="layers of amps, amp_cse and gru (2)")
    action.add_argument("--no-marks", action="store_true", help="amps and amp_cse: no learned marks of protein and segment, as published")
    action.add_argument("--epochs", type=int, help="at most so many (35)")
    action.add_argument("--as-published", action="store_true", help="folds of pairs, 6 layers, no marks, 35 epochs, the last one kept")
    action.add_argument("--trials", type=int, default=0, metavar="N", help="search rates and sizes in so many trials first (0)")
    action.add_argument("--seed", type=int, default=0, help="of parameters, order and dropout (0)")
    action.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="gets the model, its card and checkpoints; goes on from there"
    )
    action.add_argument("--dtype", default="auto", help="of the language model: float32 or bfloat16")
    action.add_argument("--device", default="auto", help="of the language model: auto, cuda, mps or cpu")
    action.set_defaults(run=train_pairs, after_cancel="the same command goes on from what was learnt")


def train_pairs(options: argparse.Namespace) -> None:
    """Run `python -m allo_core pairs train`; AlloScopeError for what cannot be read, learnt or written."""
    from allo_core.interaction.architectures import tokens_for
    from allo_core.interaction.coupling_table import COUPLING_SOURCE, coupling_pairs
    from allo_core.interaction.inputs import STRETCHES, pair_inputs
    from allo_core.interaction.kept_model import PARAMETERS, save_pair_model
    from allo_core.interaction.study import Described, study
    from allo_core.models.devices import choose_dtype
    from allo_core.runs.extract import ready_model

    spec, own = get_spec(options.model), options.sequences is not None or options.pairs is not None
    choose_dtype(options.dtype)
    _check(options)
    check_folder(options.out)
    pairs = own_pairs(options.sequences, options.pairs) if own else coupling_pairs()
    split = _split(pairs, options.split or ("pair" if options.as_published else "cluster"), own)
    cuts = (options.cut, "published")
    tokens = (tokens_for(options.kind, STRETCHES[options.cut]), tokens_for(options.kind))
    architecture, settings = _asked(options, spec.width, (len(tokens[0]), len(tokens[1])))
    model = ready_model(spec.id, options.device, options.dtype, show_progress)
    inputs = pair_inputs(model, pairs, cuts, tokens, lambda done, total: show_progress("Protein", done, total))
    if options.trials:
        architecture, settings = _searched(options, inputs, split, architecture, settings)
    data = "own pairs" if own else "G protein families that receptors are reported to couple to"
    described = Described(cuts, spec.id, model.sha256, data, "not stated" if own else COUPLING_SOURCE)
    compare = _comparison(options.kind, model, inputs, split, own)
    kept = study(inputs, split, architecture, settings, described, compare, options.out / "checkpoints", _told(split.count, settings))
    card = save_pair_model(options.out / PARAMETERS, kept)
    print_comparison(card)
    print(printable(f"The model is {options.out / PARAMETERS}; its card stands beside it."))


def print_comparison(card: "ModelCard") -> None:
    """What a model reached, what it loses to first; then every method of the comparison."""
    import pandas as pd

    first = card.comparison[0].measures
    if card.measure == "mean AUC":
        names = [name for name in first if name.startswith("AUC ")] + ["mean AUC", "mean AP", "top family", "pooled auc"]
    else:
        names = ["accuracy", "mcc", "auc", "ap", "brier"]
    print(printable(card.verdict))
    print(f"{card.pairs:,} pairs, {card.positives:,} of them positive. {card.split}")
    rows = [[row.name, *(row.measure(name) for name in names)] for row in card.comparison]
    shown = pd.DataFrame(rows, columns=["", *names]).to_string(index=False, float_format="{:.3f}".format, na_rep="-")
    print("\n".join(map(printable, shown.splitlines())))


def _check(options: argparse.Namespace) -> None:
    from allo_core.interaction.architectures import Kind
    from allo_core.interaction.inputs import STRETCHES
    from allo_core.interaction.splits import SplitKind

    for name, known in (("kind", get_args(Kind)), ("cut", tuple(STRETCHES)), ("split", (None, *get_args(SplitKind)))):
        if getattr(options, name) not in known:
            choices = ", ".join(filter(None, known))
            raise PairError(f"--{name} {getattr(options, name)[:40]!r} is unknown; choose one of {choices}.")
    if options.layers < 1:
        raise PairError(f"--layers is {options.layers}; it must be at least 1.")
    if options.trials < 0:
        raise PairError(f"--trials is {options.trials}; it must be 0 (no search) or more.")
    if options.as_published and (options.split not in (None, "pair") or options.trials or options.cut != "published"):
        raise PairError("--as-published takes folds of pairs, the published cut and the rates that were published; leave the others out.")
    if options.kind == "dpm" and options.cut == "regions":
        raise PairError("dpm reads the mean of each protein, which no cut changes; leave --cut out.")


def _split(pairs: "PairSet", kind: "SplitKind", own: bool) -> "Split":
    from allo_core.interaction.coupling_baselines import coupling_split
    from allo_core.interaction.splits import split_by

    return split_by(kind, pairs) if own or kind == "pair" else coupling_split(kind)


def _asked(options: argparse.Namespace, width: int, sides: tuple[int, int]) -> "tuple[Architecture, LearningSettings]":
    from dataclasses import replace

    from allo_core.interaction.architectures import published, smaller
    from allo_core.interaction.learning_settings import LearningSettings, published_settings

    try:
        if options.as_published:
            architecture, settings = published(options.kind, width, sides), published_settings(options.kind, options.seed)
        else:
            architecture = smaller(options.kind, width, sides, options.layers, not options.no_marks)
            settings = LearningSettings(seed=options.seed)
    except ValueError as error:
        raise PairError(f"{options.kind} cannot be built for {options.model}: {error}.") from error
    return architecture, settings if options.epochs is None else replace(settings, epochs=options.epochs)


def _searched(
    options: argparse.Namespace, inputs: "PairInputs", split: "Split", architecture: "Architecture", settings: "LearningSettings"
) -> "tuple[Architecture, LearningSettings]":
    from allo_core.interaction.tune import tune

    def told(trial: int, fold: int, epoch: "Epoch") -> None:
        show_progress(f"Trial {trial + 1} of {options.trials}, fold", fold + 1, 0)

    found = tune(inputs, split, architecture, settings, options.trials, options.out / "trials.sqlite", told)
    best = found.best
    rates = f"learning rate {best.settings.learning_rate:.3g}, weight decay {best.settings.weight_decay:.3g}"
    sizes = ", ".join(map(str, best.architecture.hidden))
    print(f"Best of {len(found.trials)} trials: {rates}, hidden sizes {sizes}.", file=sys.stderr)
    print("They were chosen on pairs that are tested below: read what follows as optimistic.", file=sys.stderr)
    return best.architecture, best.settings


def _comparison(
    kind: str, model: "ProteinLanguageModel", inputs: "PairInputs", split: "Split", own: bool
) -> "Callable[[np.ndarray], tuple[MethodRow, ...]]":
    """Within families where receptors are in one fold each, else over all pairs, beside names, lengths and partners."""
    from allo_core.interaction.coupling_baselines import coupling_baselines
    from allo_core.interaction.features import token_vectors
    from allo_core.interaction.study import compare_pairs, coupling_rows

    name = _NAMES[kind]

    def of_couplings(probabilities: "np.ndarray") -> "tuple[MethodRow, ...]":
        features = token_vectors(model, inputs.pairs.proteins)
        return coupling_rows(name, coupling_baselines(features, split, {name: probabilities}))

    return (lambda probabilities: compare_pairs(name, probabilities, inputs, split)) if own or split.kind == "pair" else of_couplings


def _told(folds: int, settings: "LearningSettings") -> "Callable[[int, Epoch], None]":
    done: dict[int, int] = {}

    def told(fold: int, epoch: "Epoch") -> None:
        done[fold] = done.get(fold, 0) + 1
        stage = "Model of all pairs" if fold == folds else f"Fold {fold + 1} of {folds}"
        show_progress(f"{stage}, validation loss {epoch.validation_loss:.3f}, epoch", done[fold], settings.epochs)

    return told
