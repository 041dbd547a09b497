"""Which receptors may teach nothing of one another: homologues, and receptors whose lists are one site.

Leaving out homologues is not enough: the sodium contacts of AA2AR and OPRD are the same residues, though the receptors are 25 % identical,
and whoever remembers the one knows the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from allo_core.prediction.examples import Example
from allo_core.protein.homologues import homologue_clusters, identities

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float

__all__ = ["SAME_SITE", "relatives", "shared_positions"]

SAME_SITE = 0.5  # two lists are one site if more than this share of the shorter one is in the other


def shared_positions(examples: Sequence[Example]) -> Float[np.ndarray, "n n"]:
    """Share of the shorter list of each pair that is in the other, by generic number, ndarray, dtype=float, shape=(n, n).

    Residues without a number are left aside; 0 between classes, whose numbers name other residues, and where a list has no number.
    """
    lists = [_positions(example) for example in examples]
    shared = np.eye(len(examples))
    for i, one in enumerate(lists):
        for j, other in enumerate(lists[:i]):
            shared[i, j] = shared[j, i] = len(one & other) / max(min(len(one), len(other)), 1)
    return shared


def relatives(examples: Sequence[Example]) -> Bool[np.ndarray, "n n"]:
    """Pairs that are left out together, ndarray, dtype=bool, shape=(n, n); each receptor is its own relative.

    Homologues as on the page Receptors (`homologue_clusters`), or one site (`SAME_SITE`), and whoever is linked by a chain of these.
    """
    clusters = homologue_clusters(identities(examples))
    linked = (clusters[:, None] == clusters) | (shared_positions(examples) > SAME_SITE)
    groups = connected_components(linked, directed=False)[1]
    return groups[:, None] == groups


def _positions(example: Example) -> set[tuple[str, str]]:
    numbers = example.numbers
    if numbers is None:
        return set()
    return {(numbers.receptor_class, numbers.gpcrdb[index]) for index in example.residues if numbers.gpcrdb[index]}
