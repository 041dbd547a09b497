"""What the masked loss rises by when heads are removed: over all residues, at marked ones and at residues that match them.

Of several receptors intervals come from drawing whole clusters of homologues again, of a single protein from drawing its masked residues:
the latter tell nothing about other receptors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.attention.nulls import encode_strata
from allo_core.library.nearest import numbers_for
from allo_core.protein.homologues import Relative, homologue_clusters, identities
from allo_core.protein.sequence import Protein
from allo_core.readouts.ablation import Ablation

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["Rises", "SiteRises", "mean_over_groups", "rises_of", "rises_of_residues", "site_rises"]

_DRAWS = 2000
_SEED = 0
_INTERVAL = (2.5, 97.5)  # percent
_FEWEST_GROUPS = 3  # an interval over two is none


@dataclass(frozen=True, eq=False)
class Rises:
    """A rise for each set of heads in nats a residue, with the 95 % interval; NaN where it was not computed.

    Parameters
    ----------
    value, low, high : ndarray, dtype=float, shape=(S,)
        ``low`` and ``high`` are NaN where there are fewer than three groups to draw.
    groups : int
        Clusters of homologues, or the masked residues of a single protein.
    residues : int
        Masked residues that it is a mean over.
    draws : ndarray, dtype=float, shape=(draws, S)
        The rise in every draw of the groups, for intervals of what is made of it.
    """

    value: "Float[np.ndarray, ' S']"
    low: "Float[np.ndarray, ' S']"
    high: "Float[np.ndarray, ' S']"
    groups: int
    residues: int
    draws: "Float[np.ndarray, 'draws S']"


@dataclass(frozen=True, eq=False)
class SiteRises:
    """Rises at marked residues beside those at matched ones: not marked, masked, of the same stratum and protein.

    Without generic numbers all residues of a protein are one stratum.

    Parameters
    ----------
    site, matched : Rises
    difference : Rises
        The first less the second, on the same draws.
    base_site, base_matched : float
        The loss there with all heads, in nats.
    left_out : int
        Marked residues that were masked, but have none that matches them.
    """

    site: Rises
    matched: Rises
    difference: Rises
    base_site: float
    base_matched: float
    left_out: int


def rises_of_residues(ablation: Ablation, protein: Protein) -> "tuple[Float[np.ndarray, ' L'], Float[np.ndarray, 'S L']]":
    """The loss of each residue of one protein with all heads, and its rise without each set; NaN where it was not masked.

    Residues that were masked twice count with their mean.

    Returns
    -------
    base : ndarray, dtype=float, shape=(L,)
    rises : ndarray, dtype=float, shape=(S, L)
    """
    length = len(protein)
    times, base, rises = np.zeros(length), np.zeros(length), np.zeros((len(ablation.sets), length))
    for one, before, after in zip(ablation.inputs, ablation.base, ablation.losses, strict=True):
        if one.protein.sequence == protein.sequence:
            at = list(one.residues)
            times[at] += 1
            base[at] += before
            rises[:, at] += after - before
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(times > 0, base / times, np.nan), np.where(times > 0, rises / times, np.nan)


def rises_of(ablation: Ablation) -> Rises:
    """The rise over all masked residues."""
    proteins = _proteins(ablation)
    found = [_masked_rises(ablation, protein) for protein in proteins]
    return _drawn([rises.T for rises in found], proteins)


def site_rises(ablation: Ablation, sites: Mapping[str, Sequence[int]]) -> SiteRises | None:
    """The rise at marked residues beside that at matched ones; None if no marked residue was masked beside a matched one.

    Parameters
    ----------
    sites : mapping of str to sequence of int
        The marked residues (0-based) of each protein, by its sequence.
    """
    found = [_Compared.of(ablation, protein, sites.get(protein.sequence, ())) for protein in _proteins(ablation)]
    left_out, parts = sum(part.left_out for part in found), [part for part in found if len(part.base_site)]
    if not parts:
        return None
    proteins = [part.protein for part in parts]
    return SiteRises(
        _drawn([part.site for part in parts], proteins),
        _drawn([part.matched for part in parts], proteins),
        _drawn([part.site - part.matched for part in parts], proteins),
        float(np.mean([part.base_site.mean() for part in parts])),
        float(np.mean([part.base_matched.mean() for part in parts])),
        left_out,
    )


class _Compared(NamedTuple):
    """The marked residues of one protein that were masked, each beside the mean of those that match it."""

    protein: Protein
    site: "Float[np.ndarray, 'n S']"
    matched: "Float[np.ndarray, 'n S']"
    base_site: "Float[np.ndarray, ' n']"
    base_matched: "Float[np.ndarray, ' n']"
    left_out: int

    @classmethod
    def of(cls, ablation: Ablation, protein: Protein, sites: Sequence[int]) -> "_Compared":
        base, rises = rises_of_residues(ablation, protein)
        masked, marked = np.isfinite(base), np.zeros(len(protein), dtype=bool)
        marked[list(sites)] = True
        numbers = numbers_for(protein)
        codes = encode_strata(None if numbers is None else numbers.strata(), len(protein))
        # For each residue those that match it, (L, L); only rows of marked ones are used.
        alike = (codes[:, None] == codes) & masked & ~marked
        asked = np.flatnonzero(masked & marked)
        counted = asked[alike[asked].any(axis=1)]
        weights = alike[counted] / alike[counted].sum(axis=1, keepdims=True)
        rises, base = np.where(masked, rises, 0.0), np.where(masked, base, 0.0)
        return cls(protein, rises[:, counted].T, weights @ rises.T, base[counted], weights @ base, len(asked) - len(counted))


def _proteins(ablation: Ablation) -> list[Protein]:
    return list({one.protein.sequence: one.protein for one in ablation.inputs}.values())


def _masked_rises(ablation: Ablation, protein: Protein) -> "Float[np.ndarray, 'S n']":
    base, rises = rises_of_residues(ablation, protein)
    return rises[:, np.isfinite(base)]


def _drawn(rows: "Sequence[Float[np.ndarray, 'n S']]", proteins: Sequence[Protein]) -> Rises:
    """The mean over groups, each of which counts alike, and its interval over draws of the groups."""
    if len(proteins) == 1:
        groups = rows[0]
    else:
        kin = [Relative(protein.sequence, numbers_for(protein)) for protein in proteins]
        clusters = homologue_clusters(identities(kin))
        means = np.array([part.mean(axis=0) for part in rows])
        groups = np.array([means[clusters == cluster].mean(axis=0) for cluster in range(clusters.max() + 1)])
    return mean_over_groups(groups, sum(map(len, rows)))


def mean_over_groups(groups: "Float[np.ndarray, 'G S']", residues: int) -> Rises:
    """The mean over groups and its interval over 2,000 draws of them, the same draws for every number of as many groups.

    Parameters
    ----------
    groups : ndarray, dtype=float, shape=(G, S)
    residues : int
        How many were measured in all.
    """
    count = len(groups)
    times = np.random.default_rng(_SEED).multinomial(count, np.full(count, 1 / count), _DRAWS)
    draws = times / count @ groups
    nothing = np.full(groups.shape[1], np.nan)
    low, high = np.percentile(draws, _INTERVAL, axis=0) if count >= _FEWEST_GROUPS else (nothing, nothing)
    return Rises(groups.mean(axis=0), low, high, count, residues, draws)
