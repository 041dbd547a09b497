"""Which share of a head's arcs goes to what, counted in two ways.

*Published* (Vig et al., ICLR 2021): arcs of the property among all arcs of the head, normal interval with Bonferroni's correction over
heads, beside the share of the property among what could have it.  The two have different denominators (arcs whose property is unknown, or
that are too near to be a contact, count in the first alone), and arcs of one protein are not independent.  *Here*: both are counted among
arcs of which it is known, the expectation is that of arcs as far apart (contacts) or of the same receptor (targets), and intervals come
from drawing clusters of homologues.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.control import LEVEL
from allo_core.attention.nulls import q_values
from allo_core.errors import HeadsError
from allo_core.heads.arcs import FamilyArcs, ReceptorArcs
from allo_core.heads.counting import Counts, count_contacts, count_offsets, count_targets
from allo_core.heads.properties import HeadProperty
from allo_core.heads.sample import clusters_in
from allo_core.learning.compare import group_draws
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.registry import ModelSpec

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float64

__all__ = ["FEWEST_ARCS", "HeadShares", "of_sums", "shares_of"]

FEWEST_ARCS = 100  # of a head over all receptors, as published
_INTERVAL = (2.5, 97.5)  # percent
_ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class HeadShares:
    """How often every head looks at each value of a property; H heads (layer * heads a layer + head), V values, C clusters.

    Parameters
    ----------
    spec : ModelSpec
    what : HeadProperty
    receptors : tuple of str
        Those of which the property is known.
    hits, expected, known : ndarray, dtype=float64, shape=(C, H, V)
        Arcs that go to it, as many as were to be expected, and arcs of which it is known.
    arcs : ndarray, dtype=float64, shape=(C, H)
        All arcs.
    could : ndarray, dtype=float64, shape=(2, V)
        Residues (or pairs) that have it, and of which it is known: the published background.
    """

    spec: ModelSpec
    what: HeadProperty
    receptors: tuple[str, ...] = field(repr=False)
    hits: "Float64[np.ndarray, 'C H V']" = field(repr=False)
    expected: "Float64[np.ndarray, 'C H V']" = field(repr=False)
    known: "Float64[np.ndarray, 'C H V']" = field(repr=False)
    arcs: "Float64[np.ndarray, 'C H']" = field(repr=False)
    could: "Float64[np.ndarray, '2 V']" = field(repr=False)

    @property
    def clusters(self) -> int:
        return len(self.hits)

    @cached_property
    def tested(self) -> "Bool[np.ndarray, 'H V']":
        """Heads with at least 100 arcs of which the property is known; nothing is said of the others."""
        return self.known.sum(axis=0) >= FEWEST_ARCS

    @cached_property
    def share(self) -> "Float64[np.ndarray, 'H V']":
        """Arcs that go to it among those of which it is known; NaN where not tested."""
        return self._where(self.hits.sum(axis=0), self.known.sum(axis=0))

    @cached_property
    def background(self) -> "Float64[np.ndarray, 'H V']":
        """The share that was to be expected of the same arcs."""
        return self._where(self.expected.sum(axis=0), self.known.sum(axis=0))

    @cached_property
    def enrichment(self) -> "Float64[np.ndarray, 'H V']":
        """Share divided by background."""
        return self._where(self.hits.sum(axis=0), self.expected.sum(axis=0))

    @cached_property
    def _weights(self) -> "Float64[np.ndarray, 'draws C']":
        """Of each cluster in the sample, then in every draw."""
        return group_draws(np.eye(self.clusters, dtype=bool))[1]

    def _log_draws(self, value: int) -> "Float64[np.ndarray, 'draws H']":
        """log2 enrichment, then that in draws of clusters; a half hit is added to both, so that none is infinite."""
        weights = self._weights * self.clusters
        return np.log2((weights @ self.hits[:, :, value] + 0.5) / (weights @ self.expected[:, :, value] + 0.5))

    @cached_property
    def intervals(self) -> "Float64[np.ndarray, '2 H V']":
        """Lower and upper end of the 95 % interval of each share over draws of clusters; NaN where not tested."""
        found = np.full((2, *self.tested.shape), np.nan)
        for value, tested in enumerate(self.tested.T):
            if tested.any():
                found[:, tested, value] = np.nanpercentile(self._drawn_shares(tested, value)[1:], _INTERVAL, axis=0)
        return found

    def _drawn_shares(self, heads: "Bool[np.ndarray, ' H']", value: int) -> "Float64[np.ndarray, 'draws h']":
        """Shares of some heads, then those in every draw."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self._weights @ self.hits[:, heads, value]) / (self._weights @ self.known[:, heads, value])

    @cached_property
    def q_value(self) -> "Float64[np.ndarray, 'H V']":
        """Of log2 enrichment above 0, normal over draws of clusters, Benjamini and Hochberg over heads; NaN where not tested."""
        from scipy.special import ndtr

        found = []
        for value in range(len(self.what.values)):
            draws = self._log_draws(value)
            error = draws[1:].std(axis=0, ddof=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                p = np.where(error > 0, ndtr(-draws[0] / error), draws[0] <= 0)  # without any spread the sign decides
            found.append(q_values(np.where(self.tested[:, value], p, np.nan)))
        return np.stack(found, axis=1)

    @cached_property
    def published(self) -> "Float64[np.ndarray, 'H V']":
        """Arcs that go to it among all arcs of the head; NaN below 100 arcs."""
        arcs = self.arcs.sum(axis=0)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(arcs >= FEWEST_ARCS, self.hits.sum(axis=0) / arcs, np.nan)

    @cached_property
    def published_error(self) -> "Float64[np.ndarray, 'H V']":
        """Half the width of the published interval: normal, 5 % divided by the number of heads with 100 arcs."""
        from scipy.special import ndtri

        arcs = self.arcs.sum(axis=0)[:, None]
        heads = max(int((arcs >= FEWEST_ARCS).sum()), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return ndtri(1 - _ALPHA / heads / 2) * np.sqrt(self.published * (1 - self.published) / arcs)

    @property
    def published_background(self) -> "Float64[np.ndarray, ' V']":
        """Share of residues (or of valid pairs) that have it."""
        return self.could[0] / np.maximum(self.could[1], 1)

    def passing(self, value: int) -> "Bool[np.ndarray, ' H']":
        """Heads that look at it more than expected: q below 0.05."""
        return np.nan_to_num(self.q_value[:, value], nan=1.0) < LEVEL

    def best(self, value: int) -> int | None:
        """The head with the highest share; None where no head is tested."""
        shares = self.share[:, value]
        return None if np.isnan(shares).all() else int(np.nanargmax(shares))

    def differences(self, value: int, other: int) -> "Float64[np.ndarray, '3 H']":
        """Share of one value less that of another, and the ends of its 95 % interval over draws of clusters; NaN where not tested."""
        found = np.full((3, len(self.tested)), np.nan)
        tested = self.tested[:, value] & self.tested[:, other]
        if tested.any():
            apart = self._drawn_shares(tested, value) - self._drawn_shares(tested, other)
            found[0, tested] = apart[0]
            found[1:, tested] = np.nanpercentile(apart[1:], _INTERVAL, axis=0)
        return found

    @cached_property
    def centres(self) -> "tuple[tuple[float, float, float] | None, ...]":
        """Of each value the layer at the centre of what lies above the background, and its 95 % interval over draws of clusters.

        sum l m_l / sum m_l over layers l, with m_l the mean over tested heads of share - background, 0 where negative (Tenney et al., ACL
        2019, without the part that any head has); None where nothing is above the background.
        """
        return tuple(self._centre(value) for value in range(len(self.what.values)))

    def _centre(self, value: int) -> tuple[float, float, float] | None:
        weights = self._weights * self.clusters
        hits, expected, known = (weights @ values[:, :, value] for values in (self.hits, self.expected, self.known))
        with np.errstate(invalid="ignore", divide="ignore"):
            above = np.where(self.tested[:, value], (hits - expected) / known, np.nan)
        layers = above.reshape(len(above), self.spec.layers, self.spec.heads)
        filled = np.where(np.isfinite(layers), layers, 0).sum(axis=2) / np.maximum(np.isfinite(layers).sum(axis=2), 1)
        mass = np.maximum(filled, 0)
        total = mass.sum(axis=1)
        if total[0] <= 0:
            return None
        centres = (mass @ np.arange(self.spec.layers))[total > 0] / total[total > 0]
        low, high = np.percentile(centres[1:], _INTERVAL)
        return float(centres[0]), float(low), float(high)

    def _where(self, above: np.ndarray, below: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.tested & (below > 0), above / below, np.nan)


def shares_of(found: FamilyArcs, what: HeadProperty) -> HeadShares:
    """How often every head looks at a property; HeadsError where it is known of receptors of fewer than five clusters."""
    known = [one for one in found.of if _is_known(one.receptor, what)]
    names = tuple(one.receptor for one in known)
    clusters = _clusters(names, what)
    heads, values = found.spec.layers * found.spec.heads, len(what.values)
    sums = np.zeros((3, clusters.max() + 1, heads, values))
    arcs, could = np.zeros((clusters.max() + 1, heads)), np.zeros((2, values))
    for one, cluster in zip(known, clusters, strict=True):
        counts = _counted(one, what, heads)
        sums[:, cluster] += counts.hits, counts.expected, counts.known
        arcs[cluster] += np.bincount(one.heads, minlength=heads)
        could += counts.could
    return of_sums(found.spec, what, names, sums, arcs, could)


def of_sums(
    spec: ModelSpec,
    what: HeadProperty,
    names: tuple[str, ...],
    sums: "Float64[np.ndarray, '3 C H V']",
    arcs: "Float64[np.ndarray, 'C H']",
    could: "Float64[np.ndarray, '2 V']",
) -> HeadShares:
    """Shares from what was summed over the proteins of each cluster; values that no residue has are left out.

    Parameters
    ----------
    spec : ModelSpec
    what : HeadProperty
    names : tuple of str
        The proteins.
    sums : ndarray, dtype=float64, shape=(3, C, H, V)
        Hits, expected and known arcs.
    arcs : ndarray, dtype=float64, shape=(C, H)
    could : ndarray, dtype=float64, shape=(2, V)

    Raises
    ------
    HeadsError
        All residues are alike.
    """
    there = could[0] > 0  # segments of other classes, say, are in none of these receptors
    if not there.any():
        raise HeadsError(f"All residues have the same {what.name[:40]!r}, so no head can look at some of them more; give different values.")
    shown = replace(what, values=tuple(name for name, one in zip(what.values, there, strict=True) if one))
    hits, expected, of_known = sums[..., there]
    return HeadShares(spec, shown, names, hits, expected, of_known, arcs, could[:, there])


def _clusters(names: tuple[str, ...], what: HeadProperty) -> np.ndarray:
    if not names:
        raise HeadsError(f"{what.name[:40]!r} is known of none of these receptors; take others, or more of them.")
    return clusters_in(names)


def _is_known(entry: str, what: HeadProperty) -> bool:
    if what.kind == "contact":
        return entry in known_contacts()
    return what.kind == "offset" or entry in what.labels


def _counted(one: ReceptorArcs, what: HeadProperty, heads: int) -> Counts:
    length = len(receptors()[one.receptor].protein)
    if what.kind == "target":
        return count_targets(one, what.labels[one.receptor], what.values, heads)
    return count_offsets(one, length, heads) if what.kind == "offset" else count_contacts(one, length, heads)
