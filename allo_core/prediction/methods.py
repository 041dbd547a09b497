"""What is compared: the predictor from sensitive heads, and the baselines that it must beat to be worth its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.method import Method, Progress
from allo_core.learning.results import PREDICTOR
from allo_core.models.readers import StatesReader
from allo_core.models.reading import read
from allo_core.prediction.examples import Example
from allo_core.prediction.features import RECEIVED, head_features
from allo_core.prediction.selection import sensitivity
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.runs.extract import extract_attention

if TYPE_CHECKING:
    from jaxtyping import Float64, Shaped

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["BASELINES", "SIZES", "HeadData", "all_methods", "final_embeddings", "head_method", "read_heads"]

BASELINES = (
    "sensitive heads without exchange",  # attention received alone
    "all heads",  # no selection
    "final-layer embeddings",
    "conservation",
    "segment",
    "residue type",
)
SIZES = (5, 10, 20, 40)  # heads among which the training fold chooses
_SEGMENTS = "N-term TM1 ICL1 TM2 ECL1 TM3 ICL2 TM4 ECL2 TM5 ICL3 TM6 ECL3 TM7 H8 C-term".split()


@dataclass(frozen=True, eq=False)
class HeadData:
    """What every head says of every receptor.

    Parameters
    ----------
    features : tuple of ndarray, shape=(L, heads, 4)
        One a receptor, as `head_features` gives them.
    sensitivities : ndarray, shape=(receptors, heads)
    heads : tuple of (layer, head)
        Which head each index stands for.
    """

    features: tuple[np.ndarray, " ..."]
    sensitivities: Shaped[np.ndarray, "receptors heads"]
    heads: tuple[tuple[int, int], ...]


def read_heads(model: ProteinLanguageModel, examples: Sequence[Example], progress: Progress = lambda text: None) -> HeadData:
    """Run the model over every example (kept runs are opened) and take the features of all its heads.

    Raises
    ------
    SequenceError, DeviceError, StoreError
        As `extract_attention`.
    """
    heads = tuple(np.ndindex(model.spec.layers, model.spec.heads))
    features, sensitivities = [], []
    for example in examples:
        progress(f"attention on {example.name}")
        maps = extract_attention(model, example.protein)
        received = maps.columns(0).weights.reshape(len(heads), -1)
        features.append(head_features(maps, heads, example.numbers, example.orthosteric))
        sensitivities.append(sensitivity(received, example.residues, example.numbers))
    return HeadData(tuple(features), np.array(sensitivities), heads)


def head_method(data: HeadData) -> Method:
    """The predictor: all features of the heads that the training fold finds sensitive."""
    return Method(PREDICTOR, data.features, data.sensitivities, SIZES)


def all_methods(model: ProteinLanguageModel, examples: Sequence[Example], data: HeadData) -> tuple[Method, ...]:
    """The predictor first, then every baseline in the order of `BASELINES`."""
    received = tuple(values[:, :, list(RECEIVED)] for values in data.features)
    features = (
        tuple(values.reshape(len(values), -1) for values in data.features),
        tuple(final_embeddings(model, example) for example in examples),
        tuple(_conservation(example) for example in examples),
        tuple(_segments(example) for example in examples),
        tuple(_residue_types(example) for example in examples),
    )
    first, *others = BASELINES
    chosen = Method(first, received, data.sensitivities, SIZES)
    return head_method(data), chosen, *(Method(name, values) for name, values in zip(others, features, strict=True))


def final_embeddings(model: ProteinLanguageModel, example: Example) -> Float64[np.ndarray, "L width"]:
    """The last hidden state of each residue, ndarray, dtype=float64, shape=(L, width)."""
    last = model.spec.layers
    reader = StatesReader([last])
    read(model, example.protein, [reader])
    return reader.states[last].double().numpy()


def _conservation(example: Example) -> np.ndarray:
    """Conservation in the class and among orthologs, NaN where unknown, and whether the class has this place at all; shape (L, 3)."""
    if example.numbers is None:
        return np.full((len(example.protein), 3), np.nan)
    numbered = np.array([bool(number) for number in example.numbers.gpcrdb], dtype=float)
    return np.stack([example.numbers.family_conservation, example.numbers.ortholog_conservation, numbered], axis=1)


def _residue_types(example: Example) -> np.ndarray:
    """One column an amino acid, shape (L, 20)."""
    return np.array([[letter == acid for acid in AMINO_ACIDS] for letter in example.protein.sequence], dtype=float)


def _segments(example: Example) -> np.ndarray:
    """One column a segment (TM1 to TM7, loops, H8, termini), shape (L, 16); NaN without numbers."""
    if example.numbers is None:
        return np.full((len(example.protein), len(_SEGMENTS)), np.nan)
    return np.array([[name == segment for segment in _SEGMENTS] for name in example.numbers.segment], dtype=float)
