"""The same short training of a distance head with each option of its trunk: the loss on receptors that it has not seen."""

import io
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from allo_core.folding.head_data import divide, learnable, training_examples
from allo_core.folding.head_learner import separation_logs, separation_loss, validation_crops
from allo_core.folding.head_settings import HeadSettings
from allo_core.folding.head_training import HeadCorpus, train_head
from allo_core.models.language_model import load_model
from allo_core.training.run import Habits
from allo_core.trunk.trunk_settings import TrunkSettings

__all__ = ["print_quality"]

_SEEDS = (0,)
_ROWS = 8  # aligned sequences, where there is a track for them
_EVERY = 4  # one in so many of the receptors to learn: enough for a short training


def print_quality(options: Mapping[str, dict], steps: int) -> None:
    """Print a table: for each option the loss after so many steps, with the seeds apart, beside what the separation alone gives.

    Features are made once and kept in the cache folder, as `train-distances` keeps them.
    """
    settings = HeadSettings(steps=steps)
    corpora = {msa: _corpus(_settings(steps, 0, {"msa": msa})) for msa in (False, True)}
    learnt, held_out = corpora[False].learnt, corpora[False].held_out
    logs = separation_logs(learnt, settings.far_weight)
    chance = separation_loss(logs, validation_crops(held_out, settings.window), settings.far_weight)
    print(f"\n{steps} steps, {len(learnt)} receptors to learn, {len(held_out)} held out, crops of twice {settings.window} residues\n")
    print(
        f"| option | validation loss, nats a pair (separation alone: {chance:.3f}) | seeds {', '.join(map(str, _SEEDS))} |\n|---|---|---|"
    )
    for name, option in options.items():
        losses = [_trained(corpora[option.get("msa", False)], _settings(steps, seed, option)) for seed in _SEEDS]
        print(f"| {name} | {mean(losses):.3f} | {', '.join(f'{loss:.3f}' for loss in losses)} |", flush=True)


def _settings(steps: int, seed: int, option: dict) -> HeadSettings:
    return HeadSettings(steps=steps, seed=seed, trunk=TrunkSettings(**option), msa_rows=_ROWS if option.get("msa") else 0)


def _corpus(settings: HeadSettings) -> HeadCorpus:
    division = divide(learnable(), settings.split)
    model = load_model(settings.model)
    learnt, held_out = (training_examples(model, names, settings, None, None) for names in (division.learnt[::_EVERY], division.held_out))
    return HeadCorpus(learnt, held_out, (), model.sha256)


def _trained(corpus: HeadCorpus, settings: HeadSettings) -> float:
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        progress = train_head(corpus, Path(folder), settings, Habits(validate_every=settings.steps), io.StringIO())
    if progress.validation_loss is None:
        sys.exit("The training has no validation loss.")
    return progress.validation_loss
