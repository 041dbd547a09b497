"""Which receptors of the library are read to see what heads look at."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import HeadsError
from allo_core.heads.properties import HeadProperty
from allo_core.library.receptors import receptors
from allo_core.models.registry import ModelSpec
from allo_core.readouts.library_panel import LONGEST, clusters_of, numbered_receptors, panel_receptors

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["FEWEST_CLUSTERS", "clusters_in", "receptors_for", "sample_of"]

FEWEST_CLUSTERS = 5  # of homologues: intervals over fewer say nothing
_SEED = 0


def receptors_for(spec: ModelSpec, what: HeadProperty, count: int = 0) -> tuple[str, ...]:
    """Those on which a property is counted: its own, where it is known of these alone and the model can read them, else a sample.

    Parameters
    ----------
    count : int
        As `sample_of` takes it.

    Raises
    ------
    HeadsError
        As from `sample_of`; the model can read none of its own receptors.
    """
    if not what.receptors:
        return sample_of(spec, count)
    found = tuple(entry for entry in what.receptors if spec.longest is None or len(receptors()[entry].protein) <= spec.longest)
    if not found:
        raise HeadsError(f"{spec.label} reads at most {spec.longest} residues, and every receptor of {what.name[:40]!r} is longer.")
    return found


@lru_cache(maxsize=16)
def sample_of(spec: ModelSpec, count: int = 0) -> tuple[str, ...]:
    """Entry names of receptors with generic numbers, at most 450 residues long.

    Parameters
    ----------
    count : int
        How many are drawn, the same each time; 0: one of each cluster of homologues (123).

    Raises
    ------
    HeadsError
        Fewer than five, or more than there are.
    """
    if not count:
        return panel_receptors()
    names = [entry for entry in numbered_receptors() if spec.longest is None or len(receptors()[entry].protein) <= spec.longest]
    if not FEWEST_CLUSTERS <= count <= len(names):
        most = f"{len(names)} (those of at most {LONGEST} residues)"
        raise HeadsError(f"{count} receptors cannot be drawn: give {FEWEST_CLUSTERS} to {most}.")
    return tuple(sorted(np.random.default_rng(_SEED).permutation(names)[:count].tolist()))


def clusters_in(names: tuple[str, ...]) -> "Integer[np.ndarray, ' receptors']":
    """Number of the cluster of homologues of each, from 0 on; HeadsError where there are too few clusters for intervals."""
    clusters = np.unique(clusters_of(names), return_inverse=True)[1]
    if clusters.max() + 1 < FEWEST_CLUSTERS:
        raise HeadsError(f"These receptors are of {clusters.max() + 1} clusters of homologues; at least {FEWEST_CLUSTERS} are needed.")
    return clusters
