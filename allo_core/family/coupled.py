"""Random residues in each receptor of a set, alike in homologues.

Homologues share columns, and their sites are often the same residues.  Were their random sites drawn one by one, ten copies of a receptor
would average chance away without adding evidence.  So in one cluster of homologues residues with the same name (family/names.py) get the
same random key, and the site of each member is made of the residues with the smallest keys of each stratum: every member's site is a fair
matched draw, and those of copies are the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns, index_dtype
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import benjamini_hochberg, encode_strata
from allo_core.family.members import Member
from allo_core.family.names import common_names
from allo_core.family.standard import Standardised, standardised

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["CoupledDraws", "coupled_sites"]

_ROWS = 2048  # draws handled at a time
_EPSILON = float(np.finfo(np.float32).eps)


class CoupledDraws:
    """B random sets of residues, one site in each receptor, and the statistic of each.

    Parameters
    ----------
    members : sequence of Member, length R
    columns : sequence of Columns, length R
    weights : ndarray, dtype=float, shape=(R,)
    clusters : ndarray, dtype=int, shape=(R,)
    draws, seed : int

    Attributes
    ----------
    scores : tuple of Standardised, length R
    """

    def __init__(
        self, members: Sequence[Member], columns: Sequence[Columns], weights: np.ndarray, clusters: np.ndarray, draws: int, seed: int
    ):
        codes = [encode_strata(member.strata(), len(member.protein)) for member in members]
        self.scores = tuple(
            standardised(each, np.arange(len(code)), code, np.array(member.sites))
            for each, code, member in zip(columns, codes, members, strict=True)
        )
        heads = len(self.scores[0].snr)
        self._random = np.zeros((heads, draws), dtype=np.float32)
        self._observed, self._tolerance, share = np.zeros(heads), np.zeros(heads), np.zeros(heads)
        for cluster in np.unique(clusters):
            inside = np.flatnonzero(clusters == cluster).tolist()
            sites = coupled_sites([members[at] for at in inside], [codes[at] for at in inside], draws, seed)
            for at, random in zip(inside, sites, strict=True):
                share += self._add(self.scores[at], columns[at], members[at], weights[at], random)
        scale = np.divide(1, share, out=np.zeros(heads), where=share > 0)
        self._random *= scale[:, None].astype(np.float32)
        self._observed *= scale
        self._tolerance *= scale

    def _add(self, score: Standardised, columns: Columns, member: Member, weight: float, random: RandomSites) -> np.ndarray:
        """Add one receptor's part to the statistic, and return the weight that each head gives it."""
        tested = np.isfinite(score.snr)
        part = np.where(tested, weight / np.where(tested, score.sigma, 1), 0)
        column_weights = columns.weights.reshape(len(tested), -1)
        self._random += (random.weigh(column_weights) - score.mu[:, None].astype(np.float32)) * part[:, None].astype(np.float32)
        self._observed += np.where(tested, weight * np.nan_to_num(score.snr), 0)
        # float32 sums of n terms that are not negative are off by a relative (n + 1) eps / 2, and adding them up by as much again.
        heaviest = column_weights[:, list(member.sites)].sum(axis=1) + score.mu
        self._tolerance += part * heaviest * (len(member.sites) + 2) * _EPSILON
        return np.where(tested, weight, 0.0)

    def p_values(self) -> Float[np.ndarray, " heads"]:
        """One-sided p of each head, ndarray, dtype=float, shape=(heads,); what differs by rounding only is a tie and counts."""
        bar = (self._observed - self._tolerance).astype(np.float32)
        return (1 + np.count_nonzero(self._random >= bar[:, None], axis=1)) / (1 + self._random.shape[1])

    def passing(self, tested: np.ndarray, level: float, count: int) -> Integer[np.ndarray, " count"]:
        """Heads with q < `level` for each of the first `count` random sets, scored against all; ndarray, dtype=int, shape=(count,)."""
        count = min(count, self._random.shape[1])
        p = np.empty((int(tested.sum()), count))
        for row, head in enumerate(np.flatnonzero(tested)):
            ascending = np.sort(self._random[head])
            below = np.searchsorted(ascending, self._random[head, :count] - np.float32(self._tolerance[head]))
            # A set is one of the draws, so it counts itself.
            p[row] = (len(ascending) - below) / len(ascending)
        return (benjamini_hochberg(p) < level).sum(axis=0) if len(p) else np.zeros(count, dtype=int)


def coupled_sites(members: Sequence[Member], codes: Sequence[np.ndarray], draws: int, seed: int) -> list[RandomSites]:
    """B random sites of each member of one cluster, the same residues in homologues wherever these can be named alike.

    Each site alone is a uniform draw without replacement within the strata (the n smallest of independent uniform keys).
    """
    names = common_names(members)
    column = {name: at for at, name in enumerate(dict.fromkeys(name for each in names for name in each))}
    places = [np.array([column[name] for name in each]) for each in names]
    chosen = [np.empty((draws, len(member.sites)), dtype=index_dtype(len(code))) for member, code in zip(members, codes, strict=True)]
    # A cluster draws by the sequence of its first member, so that it draws alike whatever other receptors are in the set.
    entropy = [seed, zlib.crc32(members[0].protein.sequence.encode())]
    generator = np.random.default_rng(entropy)
    for start in range(0, draws, _ROWS):
        rows = slice(start, min(start + _ROWS, draws))
        keys = generator.random((rows.stop - rows.start, len(column)), dtype=np.float32)
        for member, code, place, sites in zip(members, codes, places, chosen, strict=True):
            sites[rows] = _smallest(keys[:, place], code, np.bincount(code[list(member.sites)], minlength=code.max() + 1))
    return [
        RandomSites(sites, len(code), ("coupled", tuple(entropy), at)) for at, (sites, code) in enumerate(zip(chosen, codes, strict=True))
    ]


def _smallest(keys: np.ndarray, codes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The residues with the smallest keys, as many of each stratum as `counts` says; shape (draws, n)."""
    parts = []
    for stratum in np.flatnonzero(counts):
        residues = np.flatnonzero(codes == stratum)
        take = int(counts[stratum])
        order = np.argpartition(keys[:, residues], take - 1, axis=1)[:, :take] if take < len(residues) else None
        parts.append(np.broadcast_to(residues, (len(keys), take)) if order is None else residues[order])
    return np.concatenate(parts, axis=1)
