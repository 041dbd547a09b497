"""What is compared: the predictor, its parts, and the baselines that it must beat to be worth its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.evaluate import Evaluation
from allo_core.learning.folds import training_set
from allo_core.learning.method import CarriedOver, ChosenHeads, Fixed, Ingredient, Method, Progress, Setting, StrongestHeads
from allo_core.learning.model import LinearModel
from allo_core.models.readers import StatesReader
from allo_core.models.reading import read
from allo_core.prediction.examples import Example
from allo_core.prediction.features import head_features
from allo_core.prediction.frame import place
from allo_core.prediction.geometry import GEOMETRY, structure_features
from allo_core.prediction.memory import WIDTHS, recalled, remembered
from allo_core.prediction.selection import sensitivity
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.runs.extract import extract_attention

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64, Shaped

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = [
    "ATTENTION",
    "BASELINES",
    "COMBINED",
    "MEMORY",
    "POSITION_MEMORY",
    "SIZES",
    "STRUCTURE",
    "WITH_AND_WITHOUT",
    "HeadData",
    "all_methods",
    "choice_of",
    "combined_method",
    "final_embeddings",
    "fitted_memory",
    "memory_method",
    "read_heads",
]

COMBINED = "combined"  # the ingredients that the training fold finds useful
# Its ingredients, in the order of their features; `choice_of` reads them off a choice.
MEMORY, STRUCTURE, ATTENTION = "memory", "structure", "attention"
# All three, and the same without attention: what attention adds is their difference.
WITH_AND_WITHOUT = ("memory, structure, attention", "memory, structure")
BASELINES = (
    *(f"position memory {width:g} Å" for width in WIDTHS),
    "segment",
    "conservation",
    "pocket geometry",
    "residue type",
    "sensitive heads",
    "all heads",  # no selection
    "final-layer embeddings",
)
_UNPENALISED = 1.0  # C for a single feature, which nothing has to be chosen from
_PUBLISHED_THRESHOLD = 0.3  # Dong et al. 2024, as Vig et al. 2021
POSITION_MEMORY = BASELINES[len(WIDTHS) - 1]  # what a combination must beat to ship
SIZES = (5, 20)  # heads among which the training fold chooses
_GEOMETRY_ALONE = (GEOMETRY.index("burial"), GEOMETRY.index("pocketness"))
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
    above : tuple of ndarray, shape=(heads, L)
        Column weights above 0.3, which the published rules for heads read.
    """

    features: tuple[np.ndarray, " ..."]
    sensitivities: Shaped[np.ndarray, "receptors heads"]
    heads: tuple[tuple[int, int], ...]
    above: tuple[np.ndarray, " ..."]


def read_heads(model: ProteinLanguageModel, examples: Sequence[Example], progress: Progress = lambda text: None) -> HeadData:
    """Run the model over every example (kept runs are opened) and take the features of all its heads.

    Raises
    ------
    SequenceError, DeviceError, StoreError
        As `extract_attention`.
    """
    heads = tuple(np.ndindex(model.spec.layers, model.spec.heads))
    features, sensitivities, above = [], [], []
    for example in examples:
        progress(f"attention on {example.name}")
        maps = extract_attention(model, example.protein)
        received = maps.columns(0).weights.reshape(len(heads), -1)
        features.append(head_features(maps, heads, example.numbers, example.orthosteric))
        sensitivities.append(sensitivity(received, example.residues, example.numbers))
        above.append(maps.columns(_PUBLISHED_THRESHOLD).weights.reshape(len(heads), -1))
    return HeadData(tuple(features), np.array(sensitivities), heads, tuple(above))


def combined_method(examples: Sequence[Example], data: HeadData, related: Bool[np.ndarray, "receptors receptors"]) -> Method:
    """Position memory, and what else the training fold finds useful; heads are those that it finds sensitive."""
    memory = CarriedOver(_said(examples), related, tuple(range(len(WIDTHS))))
    structure = Fixed(tuple(_structure(example) for example in examples))
    heads = {f"{size} heads": ChosenHeads(data.features, StrongestHeads(data.sensitivities, size)) for size in SIZES}
    choices: dict[str, tuple[Ingredient, ...]] = {MEMORY: (memory,), f"{MEMORY} + {STRUCTURE}": (memory, structure)}
    choices |= {f"{MEMORY} + {size}": (memory, chosen) for size, chosen in heads.items()}
    everything = {f"{MEMORY} + {STRUCTURE} + {size}": (memory, structure, chosen) for size, chosen in heads.items()}
    with_it, without = WITH_AND_WITHOUT
    parts: dict[str, tuple[str, ...]] = {with_it: tuple(everything), without: (f"{MEMORY} + {STRUCTURE}",)}
    return Method(COMBINED, choices | everything, parts=parts)


def choice_of(choice: str) -> tuple[tuple[str, ...], int]:
    """The ingredients of one of the predictor's choices, in order, and its number of heads (0 without attention)."""
    *others, last = choice.split(" + ")
    count = last.removesuffix(" heads")
    return ((*others, ATTENTION), int(count)) if count.isdigit() else ((*others, last), 0)


def memory_method(examples: Sequence[Example], related: Bool[np.ndarray, "receptors receptors"], width: int) -> Method:
    """Position memory alone, of one of `WIDTHS`, as it stands: nothing is fitted."""
    name = BASELINES[width]
    return Method(name, {name: (CarriedOver(_said(examples), related, (width,), logarithm=False),)}, ())


def fitted_memory(examples: Sequence[Example], related: Bool[np.ndarray, "receptors receptors"]) -> tuple[Setting, LinearModel]:
    """`POSITION_MEMORY` as probabilities, fitted to all examples: a model over `WIDTHS` of which it reads one; the ranking stays."""
    method = Method(MEMORY, {MEMORY: (CarriedOver(_said(examples), related, (len(WIDTHS) - 1,)),)}, (_UNPENALISED,))
    evaluation = Evaluation(method, [example.labels for example in examples], related)
    one = evaluation.fitted(training_set(related, ()), MEMORY)[_UNPENALISED]
    others = np.zeros(len(WIDTHS) - 1)
    mean, coefficients = np.append(others, one.mean), np.append(others, one.coefficients)
    return Setting(MEMORY, _UNPENALISED), LinearModel(mean, np.append(others + 1, one.scale), coefficients, one.intercept)


def all_methods(
    model: ProteinLanguageModel, examples: Sequence[Example], data: HeadData, related: Bool[np.ndarray, "receptors receptors"]
) -> tuple[Method, ...]:
    """The combination first, then every baseline in the order of `BASELINES`."""
    geometry = [_structure(example)[:, list(_GEOMETRY_ALONE)] for example in examples]
    fixed = {
        "segment": [_segments(example) for example in examples],
        "conservation": [_conservation(example) for example in examples],
        "pocket geometry": geometry,
        "residue type": [_residue_types(example) for example in examples],
    }
    heads = {f"{size} heads": (ChosenHeads(data.features, StrongestHeads(data.sensitivities, size)),) for size in SIZES}
    return (
        combined_method(examples, data, related),
        *(memory_method(examples, related, width) for width in range(len(WIDTHS))),
        *(Method.of(name, features) for name, features in fixed.items()),
        Method("sensitive heads", heads),
        Method.of("all heads", [values.reshape(len(values), -1) for values in data.features]),
        Method.of("final-layer embeddings", [final_embeddings(model, example) for example in examples]),
    )


def final_embeddings(model: ProteinLanguageModel, example: Example) -> Float64[np.ndarray, "L width"]:
    """The last hidden state of each residue, ndarray, dtype=float64, shape=(L, width)."""
    last = model.spec.layers
    reader = StatesReader([last])
    read(model, example.protein, [reader])
    return reader.states[last].double().numpy()


def _said(examples: Sequence[Example]) -> tuple[tuple[np.ndarray, ...], ...]:
    """What the list of each example says of the residues of each other; NaN for an example without a place."""
    placed = [place(example.protein) for example in examples]
    lists = [remembered(one, example.residues) for one, example in zip(placed, examples, strict=True)]
    return tuple(
        tuple(np.full((len(example.protein), len(WIDTHS)), np.nan) if target is None else recalled(source, target) for source in lists)
        for target, example in zip(placed, examples, strict=True)
    )


def _structure(example: Example) -> np.ndarray:
    placed = place(example.protein)
    return structure_features(None if placed is None else placed.positions, len(example.protein), example.orthosteric)


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
