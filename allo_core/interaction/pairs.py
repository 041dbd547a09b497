"""Pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Integer

__all__ = ["PairInputs", "PairSet", "TokenVectors"]


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs of proteins and whether they interact.

    Parameters
    ----------
    proteins : tuple of Protein
        Each with a name of its own.
    first, second : ndarray of int, shape=(pairs,)
        Places of both proteins of each pair, A and B, in ``proteins``.
    labels : ndarray of int, shape=(pairs,)
        1 for a pair that interacts, 0 for one that is taken not to.

    Raises
    ------
    ValueError
        Names twice, places beyond the proteins, labels other than 0 and 1, or lengths that differ.
    """

    proteins: tuple[Protein, ...] = field(repr=False)
    first: "Integer[np.ndarray, ' pairs']" = field(repr=False)
    second: "Integer[np.ndarray, ' pairs']" = field(repr=False)
    labels: "Integer[np.ndarray, ' pairs']" = field(repr=False)

    def __post_init__(self) -> None:
        if len({protein.name for protein in self.proteins}) < len(self.proteins):
            raise ValueError("two proteins have one name")
        if not len(self.first) == len(self.second) == len(self.labels):
            raise ValueError(f"{len(self.first)} first and {len(self.second)} second proteins, {len(self.labels)} labels")
        places = np.concatenate([self.first, self.second])
        if len(places) and not 0 <= places.min() <= places.max() < len(self.proteins):
            raise ValueError(f"places reach from {places.min()} to {places.max()}, with {len(self.proteins)} proteins")
        if not np.isin(self.labels, (0, 1)).all():
            raise ValueError("labels are 0 or 1")

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, rows: "Integer[np.ndarray, ' rows']") -> "PairSet":
        """Some of the pairs, of the same proteins."""
        return PairSet(self.proteins, self.first[rows], self.second[rows], self.labels[rows])


@dataclass(frozen=True, eq=False)
class TokenVectors:
    """The vectors that stand for each of some proteins.

    Parameters
    ----------
    tokens : tuple of str
        What each vector is: "cls", "eos", "mean", "segment0" to "segment9", or regions, "N-term", "TM1" ...
    vectors : ndarray, dtype=float32, shape=(proteins, tokens, width)
        Zeros for a token that a protein does not have.
    """

    tokens: tuple[str, ...]
    vectors: "Float32[np.ndarray, 'proteins tokens width']" = field(repr=False)

    @property
    def width(self) -> int:
        return self.vectors.shape[2]

    def pick(self, tokens: Sequence[str]) -> "TokenVectors":
        """The same proteins with some tokens, in the order given; ValueError names one that is not there."""
        if missing := [token for token in tokens if token not in self.tokens]:
            raise ValueError(f"no token {missing[0]!r}, there are {', '.join(self.tokens)}")
        return TokenVectors(tuple(tokens), self.vectors[:, [self.tokens.index(token) for token in tokens]])


@dataclass(frozen=True, eq=False)
class PairInputs:
    """What a model of pairs is given: tokens of protein A, then those of protein B.

    Parameters
    ----------
    pairs : PairSet
    first, second : TokenVectors
        Of all proteins of ``pairs`` in their order, as they are cut on side A and on side B; may be the same object.
    """

    pairs: PairSet
    first: TokenVectors
    second: TokenVectors

    @property
    def names(self) -> tuple[str, ...]:
        """Of all tokens: "A segment0" ... "B segment9"."""
        return (*(f"A {token}" for token in self.first.tokens), *(f"B {token}" for token in self.second.tokens))

    @property
    def sides(self) -> tuple[int, int]:
        """How many tokens are of A, and how many of B."""
        return len(self.first.tokens), len(self.second.tokens)

    @property
    def width(self) -> int:
        return self.first.width

    def batch(self, rows: "Integer[np.ndarray, ' rows']") -> "Float32[np.ndarray, 'rows tokens width']":
        """The vectors of some pairs."""
        return np.concatenate([self.first.vectors[self.pairs.first[rows]], self.second.vectors[self.pairs.second[rows]]], axis=1)

    def subset(self, rows: "Integer[np.ndarray, ' rows']") -> "PairInputs":
        """The same with some of the pairs."""
        return PairInputs(self.pairs.subset(rows), self.first, self.second)
