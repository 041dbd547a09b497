"""Random pairs whose labels follow from the vectors of both proteins, and small models of them."""

import numpy as np

from allo_core.interaction.architectures import Architecture, Kind, smaller, tokens_for
from allo_core.interaction.cuts import SEGMENTS
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.protein.sequence import Protein
from tests.models.tiny import random_protein

WIDTH = 16


def planted(kind: Kind = "amps", proteins: int = 30, pairs: int = 160, seed: int = 0) -> PairInputs:
    """A pair interacts where the first numbers of all its tokens add up to more than 0."""
    rng = np.random.default_rng(seed)
    members = tuple(Protein(f"p{number}", random_protein(30, number).sequence) for number in range(proteins))
    first, second = rng.integers(0, proteins, (2, pairs))
    names = ("cls", "eos", "mean", *SEGMENTS)
    vectors = rng.normal(size=(proteins, len(names), WIDTH)).astype(np.float32)
    vectors[:, :, 0] += rng.normal(size=(proteins, 1))
    tokens = TokenVectors(names, vectors).pick(tokens_for(kind))
    strength = tokens.vectors[:, :, 0].mean(axis=1)
    return PairInputs(PairSet(members, first, second, (strength[first] + strength[second] > 0).astype(np.int64)), tokens, tokens)


def small_model(kind: Kind = "amps", **more) -> Architecture:
    return smaller(kind, WIDTH, **{"layers": 1, "hidden": (8, 4), **more})
