"""A small model, small files and short trainings for the tests."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np

from allo_core.models.registry import MODELS, ModelSpec
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.training.files import Progress
from allo_core.training.run import Habits, read_corpus, train
from allo_core.training.settings import Settings

TINY: ModelSpec = replace(MODELS["esm2_t6_8M_UR50D"], layers=2, heads=4, width=32, feed_forward=64)
SETTINGS = Settings(tokens=6 * 256, batch=256, context=32, long_context=64, long_share=0.34, seed=3)
# AA2AR is always held out; none of the others is.
RECEPTORS = ("AA2AR", "AA1R", "DRD2", "OR1A1")


def write_fasta(path: Path, length: int = 60, copies: int = 3) -> Path:
    """Random sequences, ``copies`` of each receptor."""
    rng = np.random.default_rng(5)
    lines = []
    for receptor in RECEPTORS:
        kind = "Olfactory" if receptor.startswith("OR") else "A"
        for copy in range(copies):
            lines += [f">{receptor}{copy} receptor={receptor} class={kind} taxid=1", "".join(rng.choice(list(AMINO_ACIDS), length))]
    path.write_text("\n".join(lines) + "\n")
    return path


class StopAfter:
    """Asks a training to stop after so many steps."""

    def __init__(self, steps: int):
        self._left = steps

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def train_tiny(data: Path, folder: Path, settings: Settings = SETTINGS, stop: StopAfter | None = None, **more) -> Progress:
    """Train the small model on the CPU without a word."""
    corpus = read_corpus(data, settings.everything)
    return train(corpus, folder, TINY, settings, Habits(validate_every=2), StringIO(), "cpu", stop=stop, **more)
