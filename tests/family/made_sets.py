"""Sets of receptors with made-up attention, for the tests of this folder."""

from dataclasses import replace

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.family.members import Member, ReceptorSet
from allo_core.protein.sequence import Protein

LAYERS, HEADS = 2, 3


def made_columns(member: Member, seed: int, planted: float = 0.0, head: int = 0, threshold: float = 0.3) -> Columns:
    """Random column weights of which a third are 0; one head (of layer 0) gives the asked residues `planted` more."""
    generator = np.random.default_rng([seed, len(member.protein)])
    shape = (LAYERS, HEADS, len(member.protein))
    arcs = generator.poisson(1.1, shape)
    weights = arcs * generator.uniform(0.3, 1, shape)
    weights[0, head, list(member.sites)] += planted
    return Columns(weights, arcs + 1, threshold)


def copy_of(member: Member, name: str, mutations: int = 0) -> Member:
    """The same receptor under another name, with some residues far from the asked ones changed."""
    letters = list(member.protein.sequence)
    free = [index for index in range(len(letters)) if index not in member.sites]
    for index in free[5 : 5 + 3 * mutations : 3]:
        letters[index] = "A" if letters[index] != "A" else "G"
    return replace(member, name=name, protein=Protein(name, "".join(letters), member.protein.first))


def with_members(asked: ReceptorSet, *members: Member) -> ReceptorSet:
    return replace(asked, members=(*asked.members, *members))
