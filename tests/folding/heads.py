"""A tiny distance head, and made-up receptors for it: points of a coil, states and maps that follow from them."""

import numpy as np

from allo_core.folding.head_data import Places, TrainingExample
from allo_core.folding.head_features import HeadInputs, encoded
from allo_core.folding.head_settings import HeadSettings
from allo_core.trunk.trunk_settings import TrunkSettings

STATES, HEADS = 6, 3
TRUNK = TrunkSettings(width=8, heads=2, layers=1)
SETTINGS = HeadSettings(hidden=4, trunk=TRUNK, steps=6, batch=2, window=8, lr=0.01)


def made_up_example(name: str, residues: int = 20, seed: int = 0, aligned: bool = False) -> TrainingExample:
    """A receptor whose attention tells its distances; with two aligned sequences if wanted."""
    rng = np.random.default_rng(seed)
    ca = np.cumsum(rng.normal(0, 2.2, (residues, 3)), axis=0)
    apart = np.linalg.norm(ca[:, None] - ca, axis=-1)
    maps = encoded(-np.stack([apart, np.sqrt(apart), rng.normal(size=apart.shape)]).astype(np.float32))
    pairs = np.triu_indices(residues)
    index = np.arange(5, 5 + residues)
    states = rng.normal(size=(residues, STATES)).astype(np.float16)
    rows = rng.integers(21, size=(2, residues)) if aligned else np.zeros((0, residues), dtype=np.int64)
    inputs = HeadInputs(index, states, np.stack([one[pairs] for one in maps], axis=1), rows)
    places = Places(index, ca.astype(np.float32), (ca + 1.5).astype(np.float32), np.full(residues, 0.9, dtype=np.float32))
    return TrainingExample(name, inputs, places)
