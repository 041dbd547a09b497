"""What kind of head this is: how far its arcs reach, which of them are contacts, and what its score rests on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.attention.arcs import Arcs
from allo_core.attention.columns import check_positions
from allo_core.attention.nulls import Null, check_null, codes_of
from allo_core.attention.standard import standardise
from allo_core.errors import ScoreError
from allo_core.protein.contacts import CB_CONTACT

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Shaped

__all__ = ["LOCAL", "MOST_PAIRS", "THRESHOLDS", "HeadCard", "Pair", "Stability", "head_card", "stability", "strongest_pairs"]

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
MOST_PAIRS = 50  # that are drawn; more hide the structure

LOCAL = 4  # residues along the chain; i and i + 4 are hydrogen-bonded in a helix
# CASP: residues are in contact if their CB atoms (CA for glycine) are less than 8 Å apart, contacts of residues 24 or more apart along the
# chain are long-range, and those less than 6 apart are not assessed (Monastyrskyy et al., Proteins 84 Suppl 1, 131 (2016)).
_LONG_RANGE = 24
_FAR = 6


@dataclass(frozen=True)
class HeadCard:
    """One head at one threshold; shares count arcs, not their weights.

    Parameters
    ----------
    n_arcs : int
    local_share : float
        Arcs between residues at most 4 apart along the chain, a residue to itself included; NaN without arcs.
    long_range_share : float
        Arcs between residues 24 or more apart; NaN without arcs.
    contact_share : float or None
        Among the `n_resolved` arcs between two different residues that the structure shows: CB (CA for glycine) less than 8 Å apart.
        Residues near in the chain are nearly always in contact, so a local head scores high.  None without a structure or such an arc.
    n_resolved : int
    contact_share_far : float or None
        The same among the `n_resolved_far` arcs between residues 6 or more apart, the usual least separation for contacts.
    n_resolved_far : int
    special_share : float
        Share of the head's attention that goes to special tokens.
    residues_hit : int
        Marked residues that at least one arc reaches.
    n_sites : int
    largest_share : float
        Share of the attention on the site (w_S) that the most attended marked residue has; NaN without any.
    largest_residue : int or None
        That residue, 0-based.
    """

    n_arcs: int
    local_share: float
    long_range_share: float
    contact_share: float | None
    n_resolved: int
    contact_share_far: float | None
    n_resolved_far: int
    special_share: float
    residues_hit: int
    n_sites: int
    largest_share: float
    largest_residue: int | None


class Pair(NamedTuple):
    """An arc between two residues (0-based): attention, and CB-CB distance in Å (NaN where the structure does not show both)."""

    query: int
    key: int
    weight: float
    distance: float


class Stability(NamedTuple):
    """A head's scores at one threshold; NaN where they are not defined."""

    threshold: float
    log2_enrichment: float
    snr: float
    n_arcs: int


def head_card(
    arcs: Arcs,
    sites: Iterable[int],
    special_share: float,
    cb: Float[np.ndarray, "L 3"] | None = None,
    weights: Shaped[np.ndarray, " L"] | None = None,
) -> HeadCard:
    """Describe one head.

    Parameters
    ----------
    arcs : Arcs
        At the threshold of the scores, of the same queries.
    sites : iterable of int
        0-based marked residues.
    special_share : float
        From `AttentionMaps.special_share`.
    cb : ndarray, dtype=float, shape=(L, 3), optional
        From `allo_core.structure.geometry.cb_positions`.
    weights : ndarray, shape=(L,), optional
        Column weights that the scores rest on, by default those of the arcs.  At threshold 0 every pair counts, not only those above the
        smallest threshold that arcs can have.

    Raises
    ------
    ScoreError
        Nothing is marked.
    """
    marked = _marked(sites)
    apart = np.abs(arcs.queries - arcs.keys)
    distance = _distances(arcs, cb)
    resolved = np.isfinite(distance) & (apart > 0)
    far = resolved & (apart >= _FAR)
    by_arcs = [arcs.weights[arcs.keys == site].sum(dtype=np.float64) for site in marked]
    on_site = np.array(by_arcs) if weights is None else np.asarray(weights, dtype=float)[marked]
    total, largest = on_site.sum(), int(on_site.argmax())
    return HeadCard(
        n_arcs=len(arcs),
        local_share=_share(apart <= LOCAL),
        long_range_share=_share(apart >= _LONG_RANGE),
        contact_share=_share(distance[resolved] < CB_CONTACT) if resolved.any() else None,
        n_resolved=int(resolved.sum()),
        contact_share_far=_share(distance[far] < CB_CONTACT) if far.any() else None,
        n_resolved_far=int(far.sum()),
        special_share=float(special_share),
        residues_hit=int((on_site > 0).sum()),
        n_sites=len(marked),
        largest_share=float(on_site[largest] / total) if total > 0 else float("nan"),
        largest_residue=int(marked[largest]) if total > 0 else None,
    )


def strongest_pairs(arcs: Arcs, most: int, cb: np.ndarray | None = None, first: Sequence[int] = ()) -> tuple[Pair, ...]:
    """The `most` strongest arcs between two different residues, the strongest first; `cb` as in `head_card`.

    Arcs that end at one of the residues ``first`` (0-based) come before all others.
    """
    pairs = np.flatnonzero(arcs.queries != arcs.keys)
    chosen = pairs[np.argsort(~np.isin(arcs.keys[pairs], first), kind="stable")][:most]
    columns = (arcs.queries[chosen], arcs.keys[chosen], arcs.weights[chosen], _distances(arcs, cb)[chosen])
    return tuple(Pair(*values) for values in zip(*(column.tolist() for column in columns), strict=True))


def stability(
    arcs: Arcs,
    sites: Iterable[int],
    null: Null,
    strata: Sequence[Hashable] | None,
    thresholds: Sequence[float] = THRESHOLDS,
    length: int | None = None,
) -> tuple[Stability, ...]:
    """The scores of `score_heads` for one head at several thresholds, from its arcs alone.

    Parameters
    ----------
    arcs : Arcs
        Taken above a threshold no higher than the smallest of `thresholds`.
    null : {"uniform", "matched", "pocket", "published"}
    strata : sequence of hashable, length L, or None
        Stratum of each residue; used by the matched and the pocket null.
    length : int, optional
        L; needed where there are no strata.

    Raises
    ------
    ScoreError
        Arcs taken above a higher threshold, nothing marked, an unknown null, strata that are missing or do not fit, no length.
    """
    check_null(null)
    if length is None:
        if strata is None:
            raise ScoreError("The number of residues is not known; give strata or a length.")
        length = len(strata)
    marked = check_positions(sites, length, "site")
    codes = codes_of(null, strata, length)
    points = []
    for threshold in thresholds:
        kept = arcs.above(threshold)
        standard = standardise(_column_weights(kept, length), marked, codes)
        defined = (standard.on_site > 0) & (standard.sigma > 0)
        log2 = np.log2(standard.enrichment(defined))
        points.append(Stability(float(threshold), float(log2), float(standard.snr(defined)), len(kept)))
    return tuple(points)


def _column_weights(arcs: Arcs, length: int) -> Float64[np.ndarray, " L"]:
    """c_j of one head, ndarray, dtype=float64, shape=(L,); added up in the order of the queries, as in the columns of all heads."""
    order = np.argsort(arcs.queries, kind="stable")
    # Without any arc bincount gives whole numbers.
    return np.bincount(arcs.keys[order], arcs.weights[order], minlength=length).astype(np.float64, copy=False)


def _distances(arcs: Arcs, cb: np.ndarray | None) -> Float64[np.ndarray, " n"]:
    """CB-CB distance of each arc in Å, ndarray, dtype=float64, shape=(n,); NaN where it is not known."""
    if cb is None:
        return np.full(len(arcs), np.nan)
    return np.linalg.norm(cb[arcs.queries] - cb[arcs.keys], axis=1)


def _marked(sites: Iterable[int]) -> np.ndarray:
    marked = np.unique(np.fromiter(sites, dtype=np.int64))
    if not len(marked):
        raise ScoreError("Nothing is marked; mark at least one residue.")
    return marked


def _share(of: np.ndarray) -> float:
    return float(of.mean()) if len(of) else float("nan")
