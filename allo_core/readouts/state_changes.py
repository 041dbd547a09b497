"""How much each layer of a model changes the state of each residue, and whether that goes with conservation or burial.

It says where the model works, not where a site is: published scripts call the residues that change most "allosteric sites", without a
known site to compare them with.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import rankdata

from allo_core.analysis.covariates import covariates_of
from allo_core.analysis.subject import Subject
from allo_core.models.embeddings import Embeddings, embed
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.registry import ModelSpec
from allo_core.protein.sequence import Protein
from allo_core.readouts.library_states import untrained
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["CHANGES", "Change", "Relation", "StateChanges", "changes_of", "comparable_layers", "relations", "state_changes"]

Change = Literal["update", "cosine"]
CHANGES: dict[Change, str] = {"update": "relative update", "cosine": "cosine to the state before"}
_LARGEST_UNTRAINED = 1_000_000_000  # parameters; a second model of that size in memory is too much to ask for a baseline
_COVARIATES = ("conservation", "burial")
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class StateChanges:
    """What each layer does to each residue of a protein; special tokens are left out.

    Parameters
    ----------
    spec : ModelSpec
    protein : Protein
    update : ndarray, dtype=float64, shape=(layers, L)
        |h_k+1 - h_k| / |h_k| of layer k: relative, because states grow with depth.
    cosine : ndarray, dtype=float64, shape=(layers, L)
        Cosine of h_k+1 and h_k.
    untrained_update, untrained_cosine : ndarray, shape=(layers, L), or None
        The same of a model of this shape with random weights.
    """

    spec: ModelSpec
    protein: Protein
    update: "Float64[np.ndarray, 'layers L']"
    cosine: "Float64[np.ndarray, 'layers L']"
    untrained_update: "Float64[np.ndarray, 'layers L'] | None" = None
    untrained_cosine: "Float64[np.ndarray, 'layers L'] | None" = None

    def mean(self, which: Change, layers: tuple[int, int]) -> "Float64[np.ndarray, ' L']":
        """The mean over some layers, the first and the last of them; ValueError for layers that there are not."""
        return _mean(self.update if which == "update" else self.cosine, layers)

    def untrained_mean(self, which: Change, layers: tuple[int, int]) -> "Float64[np.ndarray, ' L'] | None":
        """The same of the untrained model; None where there is none."""
        values = self.untrained_update if which == "update" else self.untrained_cosine
        return None if values is None else _mean(values, layers)


def _mean(values: np.ndarray, layers: tuple[int, int]) -> np.ndarray:
    first, last = layers
    if not 0 <= first <= last < len(values):
        raise ValueError(f"layers {first} to {last} are not among 0 to {len(values) - 1}")
    return values[first : last + 1].mean(axis=0)


def comparable_layers(spec: ModelSpec) -> tuple[int, int]:
    """The first and last layer whose changes can be put together.

    Layer 0 is left out, because it adds to a token embedding that is a hundred times shorter than what follows, and of ESM-2 and ESM-C the
    last one, whose state has gone through the final norm.
    """
    last = max(spec.layers - (1 if spec.family == "bert" else 2), 0)
    return min(1, last), last


def changes_of(embeddings: Embeddings) -> "tuple[Float64[np.ndarray, 'layers L'], Float64[np.ndarray, 'layers L']]":
    """Relative update and cosine of every layer, from all states of a protein; 0 and NaN where a state is zero."""
    states = [embeddings.states[number].astype(np.float64) for number in range(embeddings.spec.layers + 1)]
    lengths = [np.linalg.norm(state, axis=1) for state in states]
    update, cosine = [], []
    with np.errstate(invalid="ignore", divide="ignore"):
        for k in range(embeddings.spec.layers):
            update.append(np.linalg.norm(states[k + 1] - states[k], axis=1) / lengths[k])
            cosine.append((states[k + 1] * states[k]).sum(axis=1) / (lengths[k + 1] * lengths[k]))
    return np.array(update), np.array(cosine)


def state_changes(model: ProteinLanguageModel, protein: Protein, cancel: CancelEvent | None = None) -> StateChanges:
    """Two passes: one of the model, one of a model of its shape with random weights (left out above a billion parameters).

    Parameters
    ----------
    cancel : CancelEvent, optional
        Asked in each layer.

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory.
    Cancelled
    """
    everything = range(model.spec.layers + 1)
    update, cosine = changes_of(embed(model, protein, everything, cancel))
    if model.spec.parameters > _LARGEST_UNTRAINED:
        return StateChanges(model.spec, protein, update, cosine)
    return StateChanges(model.spec, protein, update, cosine, *changes_of(embed(untrained(model), protein, everything, cancel)))


@dataclass(frozen=True)
class Relation:
    """Whether a track goes with what is known of residues.

    Parameters
    ----------
    covariate : str
        "conservation" or "burial".
    rho : float
        Spearman's correlation over the residues of which it is known.
    low, high : float
        Between which 95 % of the correlations lie when the track is moved along the chain by every distance: neighbours stay neighbours,
        and nothing else is left.
    untrained : float
        Of a model with random weights; NaN where there is none.
    residues : int
    """

    covariate: str
    rho: float
    low: float
    high: float
    untrained: float
    residues: int

    @property
    def beyond_chance(self) -> bool:
        """Whether it lies outside the range of moved tracks."""
        return not self.low <= self.rho <= self.high

    @property
    def sentence(self) -> str:
        """One sentence, with chance and the untrained model in it."""
        told = "more than" if self.beyond_chance else "no more than"
        other = "" if np.isnan(self.untrained) else f", untrained weights {self.untrained:+.2f}"
        return (
            f"With {self.covariate}: rho {self.rho:+.2f}, {told} the same track moved along the chain "
            f"(95 %: {self.low:+.2f} to {self.high:+.2f}){other}; {self.residues} residues."
        )


def relations(changes: StateChanges, which: Change, layers: tuple[int, int]) -> tuple[Relation, ...] | str:
    """Correlation of a track with conservation and burial; in words why there is none."""
    known = covariates_of(Subject.of(changes.protein))
    if isinstance(known, str):
        return known
    track, plain = changes.mean(which, layers), changes.untrained_mean(which, layers)
    return tuple(_relation(name, track, plain, known[name][:, 0]) for name in _COVARIATES)


def _relation(name: str, track: np.ndarray, plain: np.ndarray | None, known: "Float[np.ndarray, ' L']") -> Relation:
    at = np.flatnonzero(np.isfinite(known) & np.isfinite(track))
    target, ranks = rankdata(known[at]), rankdata(track[at])
    # Moved among the residues of which it is known, so that every distance leaves as many.
    moved = [_pearson(np.roll(ranks, distance), target) for distance in range(1, len(at))]
    low, high = np.quantile(moved, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    of_plain = float("nan") if plain is None else _pearson(rankdata(plain[at]), target)
    return Relation(name, _pearson(ranks, target), float(low), float(high), of_plain, len(at))


def _pearson(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size > 0 else float("nan")
