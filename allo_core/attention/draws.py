"""Random sites, drawn once and shared by all heads, and what they weigh.

Everything here is kept for the next call: draws because a site of the same size needs the same ones, their weights because moving a site
without changing its size needs the same ones.  Both caches are bounded in bytes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
from cachetools import LRUCache

from allo_core.attention.columns import index_dtype
from allo_core.attention.threads import in_threads

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32, Integer

__all__ = ["BoundedCache", "RandomSites", "digest", "draw_sites", "indicator", "random_weights"]

_ROWS = 4096  # draws handled at a time: their working arrays stay below a few MB
_BLOCK_BYTES = 32 << 20  # weights of one block of heads
# Below this share of marked residues a sparse product is faster than a dense one (412 residues, 660 heads: equal near 1 / 8).
_SPARSE_BELOW = 1 / 8


class BoundedCache:
    """The most recent values up to a number of bytes; safe to use from several threads.

    Parameters
    ----------
    limit : int
        Bytes; the oldest values are dropped, and a value larger than this is not kept at all.
    """

    def __init__(self, limit: int):
        self._values: LRUCache[Hashable, np.ndarray] = LRUCache(limit, getsizeof=lambda value: value.nbytes)
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes that are held now."""
        return int(self._values.currsize)

    def get(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The value kept under `key`, else what `make` returns; read-only, because it is shared."""
        with self._lock:
            if (kept := self._values.get(key)) is not None:
                return kept
        value = make()  # outside the lock: two threads may both work, none waits
        value.flags.writeable = False
        with self._lock, suppress(ValueError):  # too large to be kept
            self._values[key] = value
        return value


_draws_cache = BoundedCache(32 << 20)
_weights_cache = BoundedCache(96 << 20)


@dataclass(frozen=True)
class RandomSites:
    """B random sites of n residues each.

    Parameters
    ----------
    members : ndarray, dtype=uint16 or uint32, shape=(B, n)
        0-based residues, distinct within a row.
    length : int
        L, the residues they were drawn from.
    key : tuple
        What they were drawn with; the same key gives the same members.
    """

    members: Integer[np.ndarray, "B n"]
    length: int
    key: tuple

    def __len__(self) -> int:
        return self.members.shape[0]

    def weigh(self, weights: np.ndarray) -> Float32[np.ndarray, "heads B"]:
        """Weight of each random site in each head, ndarray, dtype=float32, shape=(heads, B); `weights` are column weights (heads, L)."""
        by_residue = np.ascontiguousarray(weights.T, dtype=np.float32)
        site_weights = np.empty((weights.shape[0], len(self)), dtype=np.float32)

        def fill(start: int) -> None:
            rows = self.members[start : start + _ROWS]
            site_weights[:, start : start + _ROWS] = (self._indicator(rows) @ by_residue).T

        in_threads(fill, range(0, len(self), _ROWS))
        return site_weights

    def _indicator(self, rows: np.ndarray) -> np.ndarray | scipy.sparse.csr_array:
        """The 0/1 matrix [rows, L] of some draws."""
        count, size = rows.shape
        if size < _SPARSE_BELOW * self.length:
            return indicator(rows, self.length, np.float32)
        dense = np.zeros((count, self.length), dtype=np.float32)
        np.put_along_axis(dense, rows.astype(np.intp), 1, axis=1)
        return dense


def indicator(rows: Integer[np.ndarray, "B n"], length: int, dtype: type[np.floating]) -> scipy.sparse.csr_array:
    """The sparse 0/1 matrix [B, L] of sites of n residues each, which sums values of residues over sites in one product.

    Parameters
    ----------
    rows : ndarray, dtype=int, shape=(B, n)
        0-based residues, distinct within a row.
    length : int
        L.
    dtype : type
        Of the ones.
    """
    starts = np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32)
    return scipy.sparse.csr_array((np.ones(rows.size, dtype), rows.ravel().astype(np.int32), starts), (len(rows), length))


def draw_sites(codes: Integer[np.ndarray, " L"], counts: Integer[np.ndarray, " S"], draws: int, seed: int) -> RandomSites:
    """Draw random sites without replacement within strata.

    Parameters
    ----------
    codes : ndarray, dtype=int, shape=(L,)
        Stratum of each residue, 0 to S - 1.
    counts : ndarray, dtype=int, shape=(S,)
        How many residues to draw from each stratum.
    draws : int
        B.
    seed : int
    """
    key = (codes.tobytes(), counts.tobytes(), draws, seed)
    return RandomSites(_draws_cache.get(key, lambda: _draw(codes, counts, draws, seed)), len(codes), key)


def digest(weights: np.ndarray) -> bytes:
    """A short name for an array's values and shape."""
    return hashlib.blake2b(np.ascontiguousarray(weights).data, digest_size=16).digest() + repr(weights.shape).encode()


def random_weights(weights: Float[np.ndarray, "heads L"], sites: RandomSites) -> Iterator[tuple[slice, np.ndarray]]:
    """Weights of the random sites, a block of heads at a time: (heads of the block, float32 [heads of the block, B]).

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(heads, L)
        Column weights.
    """
    step = max(1, _BLOCK_BYTES // (4 * len(sites)))
    for start in range(0, weights.shape[0], step):
        block = np.ascontiguousarray(weights[start : start + step])
        key = (digest(block), sites.key)
        yield slice(start, start + len(block)), _weights_cache.get(key, lambda block=block: sites.weigh(block))


def _draw(codes: np.ndarray, counts: np.ndarray, draws: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    parts = []
    for stratum in np.flatnonzero(counts):
        residues = np.flatnonzero(codes == stratum).astype(index_dtype(len(codes)))
        parts.append(residues[_subsets(generator, len(residues), int(counts[stratum]), draws)])
    return np.concatenate(parts, axis=1)


def _subsets(generator: np.random.Generator, size: int, take: int, draws: int) -> np.ndarray:
    """Uniform subsets of `take` of `size` positions, ndarray, dtype=uint16 or uint32, shape=(draws, take)."""
    subsets = np.empty((draws, take), dtype=index_dtype(size))
    for start in range(0, draws, _ROWS):
        rows = min(_ROWS, draws - start)
        if 2 * take <= size:
            subsets[start : start + rows] = _shuffled(generator, size, take, rows)
        else:  # shuffling out the smaller part is less work
            kept = np.ones((rows, size), dtype=bool)
            np.put_along_axis(kept, _shuffled(generator, size, size - take, rows).astype(np.intp), False, axis=1)
            subsets[start : start + rows] = np.nonzero(kept)[1].reshape(rows, take)
    return subsets


def _shuffled(generator: np.random.Generator, size: int, take: int, rows: int) -> np.ndarray:
    """First `take` steps of the Fisher-Yates shuffle (Durstenfeld 1964, CACM 7:420), for all rows at once; shape (rows, take)."""
    pool = np.repeat(np.arange(size, dtype=index_dtype(size))[:, None], rows, axis=1)
    row = np.arange(rows)
    for step in range(take):
        chosen = generator.integers(step, size, rows)
        drawn = pool[chosen, row]
        pool[chosen, row] = pool[step]
        pool[step] = drawn
    return pool[:take].T
