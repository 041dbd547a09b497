"""Training a distance head on the AlphaFold models that ship: `train-distances`."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.head_settings import HeadSettings
from allo_core.terminal.train import signals
from allo_core.trunk.trunk_settings import TrunkSettings

if TYPE_CHECKING:
    from allo_core.folding.head_checkpoint import HeadProgress
    from allo_core.folding.head_training import HeadCorpus
    from allo_core.folding.refinement_settings import RefinementSettings

__all__ = ["add_train_distances", "settings_of", "train_distances"]

# Option -> what it says; the name of the setting is the same.
_HEAD = {
    "model": "whose states and attention are read",
    "features": "both, states, attention, or position: nothing of the model, for comparison",
    "split": "what is held out: receptor (single ones), family (also whole ligand families, and all that are like them) or none",
    "steps": "how many",
    "batch": "receptors of one step",
    "lr": "peak of the learning rate",
    "seed": "of the first parameters and the crops",
}
_TRUNK = {
    "layers": "of the trunk",
    "width": "numbers of each pair",
    "heads": "attention heads of the trunk",
    "expansion": "of its feed-forward",
    "compression": "keys of the attention between pairs and aligned sequences that become one",
    "block": "residues of a block of sparse attention",
    "dropout": "share of numbers that training drops",
}


def add_train_distances(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("train-distances", help="train a head that reads distances of residues from a model, or go on with it")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="gets head, checkpoint and log; goes on from there")
    for kind, texts in ((HeadSettings, _HEAD), (TrunkSettings, _TRUNK)):
        for name, text in texts.items():
            default = getattr(kind, name)
            command.add_argument(f"--{name}", type=type(default), default=default, help=f"{text} ({default})")
    command.add_argument("--shuffled", action="store_true", help="what the model says of another receptor, for comparison")
    command.add_argument("--msa-rows", type=int, default=0, help="aligned sequences of other receptors that the trunk reads (0)")
    command.add_argument("--inter-msa", action="store_true", help="residues of different aligned sequences see each other")
    command.add_argument("--sparse", default="", metavar="LAYERS", help="layers of the trunk with block sparse attention: all, or 0,2")
    command.add_argument("--reversible", action="store_true", help="a trunk that keeps no activations: less memory, more time")
    command.add_argument(
        "--refine", type=int, default=0, metavar="LAYERS", help="then learn to move the folds of the head by so many equivariant layers (0)"
    )
    command.add_argument("--checkpoint-minutes", type=float, default=4.0, metavar="MINUTES", help="time between two checkpoints (4)")
    command.add_argument("--validate-every", type=int, default=200, metavar="STEPS", help="steps between two validations (200)")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.set_defaults(run=train_distances)


def train_distances(options: argparse.Namespace) -> None:
    """Run `python -m allo_core train-distances`; AlloScopeError for bad settings, checkpoints, models or devices."""
    settings = settings_of(options)
    from allo_core.folding.head_refinement import refinement_settings
    from allo_core.folding.head_training import train_head
    from allo_core.models.devices import choose_device
    from allo_core.training.run import Habits

    habits = Habits(options.checkpoint_minutes * 60, options.validate_every)
    device = choose_device(options.device)
    refinement = refinement_settings(settings, options.refine) if options.refine else None
    with signals() as stop:
        corpus = _corpus(settings, device, stop)
        print(
            f"{len(corpus.learnt)} receptors to learn, {len(corpus.held_out)} held out, {len(corpus.left_out)} left out as homologues",
            file=sys.stderr,
        )
        progress = train_head(corpus, options.out, settings, habits, sys.stderr, device, stop)
        said = _result(progress, settings, options.out)
        if refinement is not None and progress.step == settings.steps:
            said += f" {_refined(options.out, refinement, corpus, stop)}"
    print(said)


def settings_of(options: argparse.Namespace) -> HeadSettings:
    """The settings that the options say; FoldError naming the one that is wrong."""
    trunk = TrunkSettings(
        **{name: getattr(options, name) for name in _TRUNK},
        msa=options.msa_rows > 0,
        inter_msa=options.inter_msa,
        sparse=_layers(options.sparse, options.layers),
        reversible=options.reversible,
    )
    chosen = {name: getattr(options, name) for name in _HEAD}
    return HeadSettings(**chosen, shuffled=options.shuffled, trunk=trunk, msa_rows=options.msa_rows)


def _layers(text: str, layers: int) -> tuple[bool, ...]:
    """``"0,2"`` of four layers -> True, False, True, False; "" -> none, "all" -> all."""
    if not text:
        return ()
    if text == "all":
        return (True,) * layers
    parts = text.split(",")
    if wrong := [part for part in parts if not (part.isascii() and part.isdecimal() and int(part) < layers)]:
        raise FoldError(f"--sparse {wrong[0][:20]!r} is no layer of the trunk; write all, or numbers from 0 to {layers - 1} as in 0,2.")
    return tuple(str(layer) in {str(int(part)) for part in parts} for layer in range(layers))


def _corpus(settings: HeadSettings, device, stop) -> "HeadCorpus":
    """Read structures, and features, which are made and kept where they are missing."""
    from allo_core.folding.head_data import divide, learnable, training_examples
    from allo_core.folding.head_training import HeadCorpus
    from allo_core.models.language_model import load_model
    from allo_core.models.registry import get_spec

    division = divide(learnable(), settings.split)
    model = load_model(get_spec(settings.model).id, device)
    examples = training_examples(model, [*division.learnt, *division.held_out], settings, partial(_tell, "Features of receptors"), stop)
    unseen = set(division.held_out)
    learnt, held_out = ([one for one in examples if (one.receptor in unseen) == side] for side in (False, True))
    return HeadCorpus(learnt, held_out, division.left_out, model.sha256)


def _refined(folder: Path, settings: "RefinementSettings", corpus: "HeadCorpus", stop) -> str:
    """What the refinement is worth, which is learnt where there is none."""
    from allo_core.folding.head_refinement import learn_head_refinement
    from allo_core.folding.kept_heads import own_head
    from allo_core.folding.kept_refinement import REFINEMENT, save_refinement
    from allo_core.training.files import alone, writing

    with alone(folder):
        files = own_head(folder, judged=False)
        record = files.refinement
        if record is not None and record.settings != settings:
            raise FoldError(
                f"The head in {folder} has a refinement of {record.settings.layers} layers, not {settings.layers}; ask for that one, or "
                "move refinement.safetensors and refinement.json away."
            )
        if record is None:
            try:
                learnt = learn_head_refinement(files.load(), files.sha256, corpus.learnt, corpus.held_out, settings, _tell, stop)
            except Cancelled:
                return f"Stopped while refining; the same command goes on from {folder}, and draws its folds again."
            with writing(folder / REFINEMENT):
                save_refinement(folder, *learnt)
            record = learnt[1]
    return record.sentence


def _tell(what: str, done: int, most: int) -> None:
    if done % 25 == 0 or done == most or most < 25:
        print(f"{what}: {done} of {most}", file=sys.stderr, flush=True)


def _result(progress: "HeadProgress", settings: HeadSettings, folder: Path) -> str:
    losses = "nothing learnt yet" if progress.training_loss is None else f"training loss {progress.training_loss:.3f}"
    if progress.best_loss is not None:
        losses += f", validation loss {progress.best_loss:.3f} after step {progress.best_step:,}"
    if progress.step < settings.steps:
        return f"Stopped after step {progress.step:,} of {settings.steps:,} ({losses}); the same command goes on from {folder}."
    return f"Done: {losses}; the head is {folder / 'head.safetensors'}."
