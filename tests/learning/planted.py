"""Made-up receptors, with a head that looks at their sites or with nothing to find."""

from collections.abc import Sequence

import numpy as np

from allo_core.learning.method import ChosenHeads, Method, StrongestHeads
from allo_core.prediction.examples import Example, OrthostericSite
from allo_core.prediction.selection import sensitivity
from allo_core.protein.sequence import AMINO_ACIDS, Protein

HEADS = 6
PLANTED = 3
LENGTH = 60


def examples(count: int = 6, seed: int = 0, length: int = LENGTH, sites: int = 8, names: Sequence[str] = ()) -> tuple[Example, ...]:
    """Random sequences with random sites; every other one has evidence of its own kind."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        size = length + index  # of different lengths, as receptors are
        name = names[index] if names else f"R{index}"
        residues = tuple(sorted(rng.choice(size, sites, replace=False).tolist()))
        evidence = "ligand contacts" if index % 2 else "neighbourhood"
        sequence = "".join(rng.choice(list(AMINO_ACIDS), size))
        made.append(Example(Protein(name, sequence), None, {evidence: residues}, OrthostericSite((1, 4), "made up")))
    return tuple(made)


def received(example: Example, seed: int, strength: float = 1.5) -> np.ndarray:
    """Column weights (heads, L): log-normal noise, to which the planted head adds its sites."""
    weights = np.random.default_rng(seed).lognormal(size=(HEADS, len(example.protein)))
    weights[PLANTED, example.labels] *= 2**strength
    return weights


def head_method(made: Sequence[Example], strength: float = 1.5, sizes: tuple[int, ...] = (1, 2), name: str = "sensitive heads") -> Method:
    """A method that may choose among the heads; with strength 0 there is nothing to find."""
    weights = [received(example, seed, strength) for seed, example in enumerate(made)]
    features = tuple(np.log2(one / one.mean(axis=1, keepdims=True)).T[:, :, None] for one in weights)
    sensitivities = np.array([sensitivity(one, example.residues, None) for one, example in zip(weights, made, strict=True)])
    return Method(name, {f"{size} heads": (ChosenHeads(features, StrongestHeads(sensitivities, size)),) for size in sizes})


def noise_method(made: Sequence[Example], name: str = "noise") -> Method:
    """Three features that say nothing."""
    rng = np.random.default_rng(99)
    return Method.of(name, [rng.normal(size=(len(example.protein), 3)) for example in made])


def unrelated(count: int) -> np.ndarray:
    return np.eye(count, dtype=bool)
