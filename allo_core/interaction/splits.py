"""Which pairs are learnt from and which are tested: by pair, as published, or so that no protein or no homologue is on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import PairError, PredictionError
from allo_core.interaction.pairs import PairSet
from allo_core.learning.folds import group_folds
from allo_core.library.nearest import numbers_for
from allo_core.protein.homologues import Relative, homologue_clusters, identities
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = [
    "MOST_ALIGNED",
    "Side",
    "Split",
    "SplitKind",
    "by_cluster",
    "by_pair",
    "by_protein",
    "protein_clusters",
    "protein_identities",
    "split_by",
]

SplitKind = Literal["pair", "protein", "cluster"]
# Of which proteins none may be on both sides: of both of each pair, or of the first one alone, where the second is one of few partners.
Side = Literal["both", "A"]

MOST_ALIGNED = 300  # proteins without generic numbers: each is aligned with all others, which takes minutes
_SEED = 42  # that of the published split
_NOBODY = -1


@dataclass(frozen=True, eq=False)
class Split:
    """Folds of pairs.  A pair is tested in the fold of both its proteins, and learnt from where neither is of the fold that is tested.

    Parameters
    ----------
    kind : {"pair", "protein", "cluster"}
    side : {"both", "A"}
    count : int
        Folds; some may have no pair to test.
    first, second : ndarray of int, shape=(pairs,)
        Fold of each protein of each pair, A and B; the same where only the first one, or the pair itself, counts.
    """

    kind: SplitKind
    side: Side
    count: int
    first: Integer[np.ndarray, " pairs"] = field(repr=False)
    second: Integer[np.ndarray, " pairs"] = field(repr=False)

    @property
    def folds(self) -> Integer[np.ndarray, " pairs"]:
        """The fold in which each pair is tested; -1 for one that has a protein of two folds and is never tested."""
        return np.where(self.first == self.second, self.first, _NOBODY)

    @property
    def never_tested(self) -> int:
        """Pairs with proteins of two folds."""
        return int((self.folds == _NOBODY).sum())

    def test(self, fold: int) -> Integer[np.ndarray, " rows"]:
        """Pairs that are tested in a fold."""
        return np.flatnonzero((self.first == fold) & (self.second == fold))

    def train(self, fold: int) -> Integer[np.ndarray, " rows"]:
        """Pairs that are learnt from when a fold is tested: none of their proteins, or clusters, is of that fold."""
        return np.flatnonzero((self.first != fold) & (self.second != fold))

    def left_out(self, fold: int) -> int:
        """Pairs with one protein on each side: neither learnt from nor tested in this fold."""
        return int(((self.first == fold) != (self.second == fold)).sum())

    @property
    def sentence(self) -> str:
        """What is on one side alone, and how many pairs that costs."""
        if self.kind == "pair":
            return f"{self.count} folds of pairs, as published: both proteins of a tested pair may be among those that were learnt from."
        what = "protein" if self.kind == "protein" else "cluster of homologues"
        if self.side == "A":
            return f"{self.count} folds in which no {what} of side A is on both sides; the partners on side B are known from training."
        total = len(self.first)
        out = np.mean([self.left_out(fold) for fold in range(self.count)])
        return (
            f"{self.count} folds in which no {what} is on both sides: {total - self.never_tested:,} of {total:,} pairs are tested once, "
            f"{self.never_tested:,} never; {out:,.0f} pairs a fold have one protein on each side and are left out."
        )


def by_pair(pairs: PairSet, count: int = 5, seed: int = _SEED) -> Split:
    """Folds with the same share of pairs that interact, whatever proteins they have.

    Parameters
    ----------
    pairs : PairSet
    count : int
        Folds, at least two.
    seed : int

    Raises
    ------
    PairError
        Fewer pairs than folds, or fewer than two folds.
    """
    if not 2 <= count <= len(pairs):
        raise PairError(f"{len(pairs)} pairs cannot be divided into {count} folds; at least 2 folds and a pair for each are needed.")
    # Dealt out one label after the other, so that folds differ by one pair at most in each.
    mixed = np.random.default_rng(seed).permutation(len(pairs))
    fold = np.empty(len(pairs), dtype=np.int64)
    fold[mixed[np.argsort(pairs.labels[mixed], kind="stable")]] = np.arange(len(pairs)) % count
    return Split("pair", "both", count, fold, fold)


def by_protein(pairs: PairSet, count: int = 5, seed: int = _SEED, side: Side = "both") -> Split:
    """Folds in which no protein is on both sides; proteins of one sequence are one protein, whatever they are called.

    A sequence of X alone, which is any residue, tells proteins apart by their names only.

    Parameters
    ----------
    pairs : PairSet
    count : int
    seed : int
    side : {"both", "A"}
        With "A" the proteins on side B may be on both sides.

    Raises
    ------
    PairError
        Fewer than two proteins or folds.
    """
    own = [protein.sequence if protein.sequence.strip("X") else f"X {protein.name}" for protein in pairs.proteins]
    return _of_groups("protein", pairs, np.unique(own, return_inverse=True)[1], count, seed, side)


def by_cluster(pairs: PairSet, clusters: Integer[np.ndarray, " proteins"], count: int = 5, seed: int = _SEED, side: Side = "both") -> Split:
    """Folds in which no cluster of homologues is on both sides.

    Parameters
    ----------
    pairs : PairSet
    clusters : ndarray of int, shape=(proteins,)
        Number of the cluster of each protein of ``pairs``, as from `protein_clusters`.
    count : int
    seed : int
    side : {"both", "A"}
        With "A", as for receptors and the few G proteins, the proteins on side B may be on both sides.

    Raises
    ------
    PairError
        Fewer than two clusters or folds.
    """
    return _of_groups("cluster", pairs, clusters, count, seed, side)


def split_by(kind: SplitKind, pairs: PairSet) -> Split:
    """Five folds of this kind, of pairs whose proteins may all be new.

    Parameters
    ----------
    kind : {"pair", "protein", "cluster"}
    pairs : PairSet

    Raises
    ------
    PairError
        As `by_pair`, `by_protein`, `by_cluster` and `protein_clusters` do.
    """
    if kind == "cluster":
        return by_cluster(pairs, protein_clusters(pairs.proteins))
    return by_protein(pairs) if kind == "protein" else by_pair(pairs)


def protein_clusters(proteins: Sequence[Protein]) -> Integer[np.ndarray, " proteins"]:
    """Single-linkage clusters of proteins above 40 % identity; parameters and errors as in `protein_identities`.

    Returns
    -------
    ndarray of int, shape=(proteins,)
    """
    return homologue_clusters(protein_identities(proteins))


def protein_identities(proteins: Sequence[Protein]) -> Float[np.ndarray, "proteins proteins"]:
    """Share of identical residues of each two proteins, as `allo_core.protein.homologues` counts it.

    Parameters
    ----------
    proteins : sequence of Protein

    Returns
    -------
    ndarray of float, shape=(proteins, proteins)

    Raises
    ------
    PairError
        More than 300 proteins without generic numbers.
    """
    kin = [Relative(protein.sequence, numbers_for(protein)) for protein in proteins]
    aligned = sum(one.numbers is None for one in kin)
    if aligned > MOST_ALIGNED:
        raise PairError(
            f"{aligned:,} proteins would be aligned with all others to find homologues, {MOST_ALIGNED} at most; split by protein instead."
        )
    return identities(kin)


def _of_groups(kind: SplitKind, pairs: PairSet, groups: np.ndarray, count: int, seed: int, side: Side) -> Split:
    if count < 2:
        raise PairError(f"{count} folds leave nothing to learn from; at least 2 are needed.")
    used = np.unique(pairs.first if side == "A" else np.concatenate([pairs.first, pairs.second]))
    fold = np.full(len(pairs.proteins), _NOBODY, dtype=np.int64)
    try:
        fold[used] = group_folds(groups[used], count, seed)
    except PredictionError:
        one = "one protein" if kind == "protein" else "one cluster of homologues"
        raise PairError(f"All {len(used)} proteins are {one}; at least two are needed to learn from one and test the other.") from None
    first = fold[pairs.first]
    return Split(kind, side, int(fold.max()) + 1, first, first if side == "A" else fold[pairs.second])
