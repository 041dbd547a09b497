"""The baselines of coupling: what a model of receptors and G proteins has to be better than, on folds without homologues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from allo_core.interaction.baselines import fitted_probabilities, homologue_probabilities, length_probabilities, partner_probabilities
from allo_core.interaction.coupling_scores import CouplingComparison, compare_couplings
from allo_core.interaction.coupling_table import coupling_pairs, studied
from allo_core.interaction.cuts import SEGMENTS
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.interaction.splits import Split, SplitKind, by_cluster, by_protein, protein_identities
from allo_core.learning.probes import shuffled_within
from allo_core.protein.homologues import homologue_clusters
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["BASELINES", "HOMOLOGUES", "coupling_baselines", "coupling_clusters", "coupling_identities", "coupling_split"]

HOMOLOGUES = "homologues"  # the baseline that needs no model and no vectors

# In the order in which they are worked out.
BASELINES = (
    "family prior",
    "lengths",
    HOMOLOGUES,
    "logistic regression, mean",
    "logistic regression, 10 segments",
    "random forest, 10 segments",
    "logistic regression, 10 segments, labels shuffled",
)
_SEED = 42


@cache
def coupling_identities() -> Float[np.ndarray, "receptors receptors"]:
    """Share of identical residues of each two receptors of the coupling pairs, in their order; takes half a minute, once."""
    return protein_identities(coupling_pairs().proteins[: len(studied())])


def coupling_clusters() -> Integer[np.ndarray, " receptors"]:
    """Cluster of homologues (above 40 % identity) of each receptor of the coupling pairs, in their order."""
    return homologue_clusters(coupling_identities())


def coupling_split(kind: SplitKind = "cluster", count: int = 5, seed: int = _SEED) -> Split:
    """Folds of the coupling pairs in which all four pairs of a receptor are together.

    Parameters
    ----------
    kind : {"cluster", "protein"}
        Whether homologues of a tested receptor may be learnt from.
    count : int
    seed : int

    Raises
    ------
    ValueError
        By pair: a receptor would be on both sides.
    """
    pairs = coupling_pairs()
    if kind == "pair":
        raise ValueError("by pair a receptor is on both sides; split its pairs by protein or by cluster")
    if kind == "protein":
        return by_protein(pairs, count, seed, side="A")
    own = coupling_clusters()
    partners = own.max() + 1 + np.arange(len(pairs.proteins) - len(own))
    return by_cluster(pairs, np.concatenate([own, partners]), count, seed, side="A")


def coupling_baselines(
    features: TokenVectors,
    split: Split | None = None,
    more: Mapping[str, Float[np.ndarray, " pairs"]] = MappingProxyType({}),
    seed: int = _SEED,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> CouplingComparison:
    """The baselines of `coupling_pairs` side by side, and other methods beside them.

    Homologues give the labels of the receptors in training, weighed by sequence identity, without a model (`homologue_probabilities`); all
    other methods are compared with them.  Regressions are one a family, on the receptor's vectors; the forest is one of all families, on
    those of both proteins.  Of the control the labels are shuffled among the receptors of each family, so that only how common a family
    is can be learnt.

    Parameters
    ----------
    features : TokenVectors
        Of the proteins of `coupling_pairs`, cut as published.
    split : Split, optional
        By default `coupling_split()`, by clusters of homologues.
    more : mapping of str to ndarray of float, shape=(pairs,)
        Name of another method -> what it says of each pair in the same folds.
    seed : int
        Of the forest and the shuffled labels.
    progress : callable(done, baselines), optional
    cancel : CancelEvent, optional

    Returns
    -------
    CouplingComparison

    Raises
    ------
    ValueError
        Vectors of other proteins, or a missing token.
    ExtraError
        scikit-learn is not installed.
    Cancelled
    """
    pairs = coupling_pairs()
    if len(features.vectors) != len(pairs.proteins):
        raise ValueError(f"vectors of {len(features.vectors)} proteins, the coupling pairs have {len(pairs.proteins)}")
    split = split or coupling_split()
    mean, segments = (PairInputs(pairs, cut, cut) for cut in (features.pick(["mean"]), features.pick(SEGMENTS)))
    shuffled = replace(segments, pairs=_shuffled(pairs, seed))
    work: tuple[Callable[[], np.ndarray], ...] = (
        lambda: partner_probabilities(pairs, split),
        lambda: length_probabilities(pairs, split),
        lambda: homologue_probabilities(pairs, split, _of_all(coupling_identities(), len(pairs.proteins))),
        lambda: fitted_probabilities(mean, split, "logistic", True, seed, cancel),
        lambda: fitted_probabilities(segments, split, "logistic", True, seed, cancel),
        lambda: fitted_probabilities(segments, split, "forest", False, seed, cancel),
        lambda: fitted_probabilities(shuffled, split, "logistic", True, seed, cancel),
    )
    found = {}
    for done, (name, make) in enumerate(zip(BASELINES, work, strict=True), start=1):
        found[name] = make()
        if progress is not None:
            progress(done, len(BASELINES))
    return compare_couplings({**found, **more}, split, coupling_clusters(), HOMOLOGUES)


def _of_all(identities: np.ndarray, proteins: int) -> np.ndarray:
    """Identities of receptors as those of all proteins: the partners, which nobody asks for, have none."""
    return np.pad(identities, (0, proteins - len(identities)))


def _shuffled(pairs: PairSet, seed: int) -> PairSet:
    return PairSet(pairs.proteins, pairs.first, pairs.second, shuffled_within(pairs.labels, pairs.second, seed))
