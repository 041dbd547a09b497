"""What a distance head reads, its shape, and how it is trained."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

import numpy as np

from allo_core.errors import FoldError
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.storage.plain_json import from_plain
from allo_core.training.settings import half_cosine
from allo_core.trunk.trunk_settings import TrunkSettings

__all__ = ["EDGES", "NEAREST", "SEPARATION", "Features", "HeadSettings", "Split"]

# both: the last hidden state and the attention of all heads.  position: neither, only how far apart two residues stand in the sequence,
# which is what a head has to beat.
Features = Literal["both", "states", "attention", "position"]
# Which receptors training does not see: single ones, or these, a few whole ligand families and all that are like them, or none.
Split = Literal["receptor", "family", "none"]

# Bounds of the bins, in Å: steps of 0.5 from 2 to 20, of 1 to 50; the last bin is "farther".  What is nearer than 2 Å counts in the first
# bin.  A bundle of seven helices is 45 Å long, and bins to 20 Å cost a fold 0.03 of its TM-score (docs/folds.md).
EDGES = np.concatenate([np.arange(2, 20, 0.5), np.arange(20, 51, 1.0), [np.inf]])
SEPARATION = 128  # residues along the chain; farther ones count as so far apart
NEAREST = 3  # residues apart: nearer pairs have nearly one distance, and are not learnt

_WARM_UP = 0.03  # of the steps


@dataclass(frozen=True)
class HeadSettings:
    """Everything that, together with the structures and the weights of the model, decides what a distance head learns.

    Parameters
    ----------
    model : str
        A key of ``MODELS``: whose states and attention are read.
    features : {"both", "states", "attention", "position"}
    shuffled : bool
        Whether each receptor is given what the model says of another one of nearly the same length: what a head learns then, it has not
        learnt from the model.
    split : {"receptor", "family", "none"}
    hidden : int
        Numbers to which the state of each residue is projected.
    trunk : TrunkSettings
    msa_rows : int
        Aligned sequences that the trunk reads beside the pairs; 0: it has no track for them.
    seed : int
        Of the first parameters and of the crops.
    steps : int
    batch : int
        Receptors of one step.
    window : int
        Residues of each of the two stretches of a crop.
    lr : float
        Peak of the learning rate: it rises over 3 % of the steps, then falls as a half cosine to a twentieth.
    far_weight : float
        What a pair counts that is farther apart than the last edge; others count 1.

    Raises
    ------
    FoldError
        Naming the setting with a value that is out of range.
    """

    model: str = DEFAULT_MODEL
    features: Features = "both"
    shuffled: bool = False
    split: Split = "receptor"
    hidden: int = 24
    trunk: TrunkSettings = field(default_factory=TrunkSettings)
    msa_rows: int = 0
    seed: int = 0
    steps: int = 6000
    batch: int = 1
    window: int = 48
    lr: float = 4e-3
    far_weight: float = 0.4

    def __post_init__(self) -> None:
        for name, choices in (("features", get_args(Features)), ("split", get_args(Split))):
            value = getattr(self, name)
            _check(name, value, value in choices, f"one of: {', '.join(choices)}")
        for name in ("hidden", "steps", "batch"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        _check("window", self.window, self.window > NEAREST, f"above {NEAREST}")
        _check("seed", self.seed, self.seed >= 0, "0 or more")
        _check("lr", self.lr, 0 < self.lr < 1, "above 0 and below 1")
        _check("far_weight", self.far_weight, 0 < self.far_weight <= 1, "above 0 and at most 1")
        _check("msa_rows", self.msa_rows, self.msa_rows >= 0, "0 or more")
        _check("msa_rows", self.msa_rows, (self.msa_rows > 0) == self.trunk.msa, "above 0 if, and only if, the trunk has msa=True")
        _check("shuffled", self.shuffled, not (self.shuffled and self.features == "position"), "False where nothing is read of the model")

    @property
    def reads_states(self) -> bool:
        return self.features in ("both", "states")

    @property
    def reads_attention(self) -> bool:
        return self.features in ("both", "attention")

    def learning_rate(self, step: int) -> float:
        """Of a step, counted from 0."""
        return half_cosine(step, self.steps, self.lr, _WARM_UP)

    def to_json(self) -> str:
        """Text from which `from_json` makes the same settings."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> HeadSettings:
        """Settings from what `to_json` wrote; FoldError where the text is something else."""
        try:
            return from_plain(cls, json.loads(text))
        except ValueError as error:
            raise FoldError(f"These are no settings of a distance head: {error}; give the head.json that was written with it.") from error


def _check(name: str, value: object, good: bool, wanted: str) -> None:
    if not good:
        raise FoldError(f"The distance head's {name} is {value}; it must be {wanted}.")
