"""Whether heads look from one set at another more than between pairs of places that lie to each other like the two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from allo_core.attention.control import LEVEL
from allo_core.attention.nulls import lowest_first, q_values
from allo_core.attention.pairs_like import Pairs
from allo_core.attention.site_rank import PlaceKind, SiteRank, rank_by_tail
from allo_core.attention.tails import tail_of

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = ["Asymmetry", "PairRank", "rank_pair"]

_NO_SPREAD = 1e-6  # of the largest weight: what sums of float32 lose


@dataclass(frozen=True)
class Asymmetry:
    """How much more heads look from the first set at the second than back, against pairs of places like the two.

    Parameters
    ----------
    difference : ndarray, dtype=float64, shape=(heads,)
        SNR of first to second minus SNR of second to first.
    p_value, q_value : ndarray, dtype=float64, shape=(heads,)
        Two-sided; NaN where the head is not tested.
    """

    difference: Float64[np.ndarray, " heads"] = field(repr=False)
    p_value: Float64[np.ndarray, " heads"] = field(repr=False)
    q_value: Float64[np.ndarray, " heads"] = field(repr=False)

    @property
    def passing(self) -> Integer[np.ndarray, " k"]:
        """Heads (layer * heads + head) with q < 0.05, the smallest first; ndarray, dtype=int, shape=(k,)."""
        return lowest_first(self.q_value, LEVEL)


@dataclass(frozen=True)
class PairRank:
    """How a coupling stands among pairs of places like the two sets.

    Parameters
    ----------
    rank : SiteRank
        Where fewer than ten pairs reach the coupling, p is a tail that is fitted to the pairs.
    asymmetry : Asymmetry
    """

    rank: SiteRank
    asymmetry: Asymmetry


def rank_pair(
    maps: Iterable[Float[np.ndarray, "h L L"]],
    own: tuple[Integer[np.ndarray, " n"], Integer[np.ndarray, " m"]],
    pairs: Pairs,
    codes: Integer[np.ndarray, " L"],
    enough: Bool[np.ndarray, " heads"],
    kind: PlaceKind,
) -> PairRank:
    """Compare the coupling from one set to another with that of other pairs.

    The statistic of a head is the SNR of the second set's residues against random ones of their strata, in what the first set looks at.

    Parameters
    ----------
    maps : iterable of ndarray, dtype=float32, shape=(h, L, L)
        Attention above the threshold, some heads at a time, in order.
    own : (ndarray, dtype=int, shape=(n,), ndarray, dtype=int, shape=(m,))
        The set that looks, and the set that is looked at; 0-based.
    pairs : Pairs
    codes : ndarray, dtype=int, shape=(L,)
        Stratum of each residue, as from `encode_strata`.
    enough : ndarray, dtype=bool, shape=(heads,)
        Heads that may be tested.
    kind : {"pair", "shift"}
        What the pairs are, for the words.
    """
    strata = np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
    first, second = (np.concatenate([mine[None], others]) for mine, others in zip(own, pairs, strict=True))
    forth, back = _Side(first, second, strata), _Side(second, first, strata)
    snr = np.empty((2, len(enough), len(first)), dtype=np.float32)
    start = 0
    for block in maps:
        heads = slice(start, start + len(block))
        snr[0, heads], snr[1, heads] = forth.snr(block), back.snr(block)
        start += len(block)
    rank = rank_by_tail(kind, snr[0, :, 0], snr[0, :, 1:], enough, float(np.isin(pairs.second, own[1]).mean()))
    return PairRank(rank, _asymmetry(snr[0] - snr[1], rank.tested))


class _Side:
    """Everything about one direction that is the same in each head; the own pair stands before the others."""

    def __init__(self, looking: np.ndarray, looked_at: np.ndarray, strata: np.ndarray):
        self._looking, self._looked_at, self._strata = _indicator(looking, len(strata)), looked_at, strata
        size, taken = strata.sum(axis=0), _indicator(looked_at, len(strata)) @ strata
        self._share = taken / size
        self._spread = taken * (size - taken) / (np.maximum(size - 1, 1) * size)
        self._size = size

    def snr(self, maps: np.ndarray) -> np.ndarray:
        """SNR of each pair in maps [h, L, L], shape (h, 1 + B); 0 where random residues do not differ."""
        # All heads of a block in one product: many small ones would keep the threads of the products waiting for each other.
        wide = self._looking @ np.ascontiguousarray(maps.transpose(1, 0, 2)).reshape(maps.shape[1], -1)
        received = wide.reshape(len(wide), len(maps), -1)
        total = self._by_stratum(received)
        on_site = np.take_along_axis(received, self._looked_at[:, None], axis=2).sum(axis=2)
        above = on_site - np.einsum("bhs,bs->bh", total, self._share)
        square = self._by_stratum(received**2) - total**2 / self._size
        sigma = np.sqrt(np.maximum(np.einsum("bhs,bs->bh", square, self._spread), 0))
        return np.divide(above, sigma, out=np.zeros_like(above), where=sigma > _NO_SPREAD * received.max(axis=(0, 2), initial=0)).T

    def _by_stratum(self, values: np.ndarray) -> np.ndarray:
        """Sums over each stratum of values [1 + B, h, L], shape (1 + B, h, strata)."""
        return (values.reshape(-1, values.shape[-1]) @ self._strata).reshape(*values.shape[:-1], -1)


def _indicator(sets: np.ndarray, length: int) -> csr_array:
    """Sets [B, n] as rows of 0 and 1, shape (B, L)."""
    starts = np.arange(0, sets.size + 1, sets.shape[1], dtype=np.int32)
    return csr_array((np.ones(sets.size, np.float32), sets.ravel().astype(np.int32), starts), (len(sets), length))


def _asymmetry(difference: np.ndarray, tested: np.ndarray) -> Asymmetry:
    own = difference[:, 0].astype(np.float64)
    p = np.full(len(own), np.nan)
    p[tested] = tail_of(own[tested, None], difference[tested, 1:], two_sided=True)[:, 0]
    return Asymmetry(own, p, q_values(p))
