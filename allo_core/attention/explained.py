"""What covariates of the residues explain of the attention that they receive, and what a site receives beyond that.

Least squares on log2(0.1 + c / mean): what residues receive differs by factors, and a tenth of the mean is added so that residues that
receive next to nothing are alike, whatever their next to nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.draws import BoundedCache, RandomSites, digest
from allo_core.attention.pockets import FEWEST_PLACES, Kind
from allo_core.attention.tails import SAME
from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Integer

__all__ = ["Design", "Explained", "Group", "design_of", "explain", "levels", "log_received"]

_FLOOR = 0.1  # of the mean; a quarter of what residues receive lies below a tenth of it
_RESIDUES_PER_NUMBER = 3  # with fewer the fit says nothing
_FEWEST_KNOWN = 3  # residues of a site
_KNOWN_SHARE = 0.5  # of a site
_RANK = 1e-9  # singular values below this share of the largest one are rounding
_EXACT = 1e-9  # share of the variance below which residuals are rounding
_OWN_KIND = 1e-4  # share of a site's variance: below it the covariates alone tell who is marked

_cache = BoundedCache(16 << 20)


@dataclass(frozen=True, eq=False)
class Group:
    """What one covariate, or several together, can explain.

    Parameters
    ----------
    basis : ndarray, dtype=float64, shape=(n, k)
        Orthonormal, of mean 0.
    spectrum : ndarray, dtype=float64, shape=(n,)
        Squared Fourier coefficients along the chain, added up over the columns of the basis.
    """

    basis: Float64[np.ndarray, "n k"] = field(repr=False)
    spectrum: Float64[np.ndarray, " n"] = field(repr=False)

    @classmethod
    def of(cls, columns: Float[np.ndarray, "n c"]) -> Group:
        """From covariates, whose columns may depend on each other."""
        basis = _basis(columns)
        return cls(basis, (np.abs(np.fft.fft(basis, axis=0)) ** 2).sum(axis=1))

    def explains(self, centred: Float64[np.ndarray, " n"]) -> tuple[float, float]:
        """Share of the variance of values (of mean 0), and its mean when they are moved along the chain by every step but none."""
        count, total = len(centred), float(centred @ centred)
        share = float(((self.basis.T @ centred) ** 2).sum() / total)
        every = float((self.spectrum * np.abs(np.fft.fft(centred)) ** 2).sum() / count / total)  # Parseval: over all steps
        return share, (every - share) / (count - 1)


@dataclass(frozen=True, eq=False)
class Design:
    """Covariates of the residues of one protein, made ready for many heads.

    Parameters
    ----------
    length : int
        L.
    residues : ndarray, dtype=int, shape=(n,)
        0-based, ascending: the residues of which all covariates are known.
    together : Group
        All covariates.
    groups : dict of str to Group
        Each by itself.
    key : bytes
        The same for equal designs.
    """

    length: int
    residues: Integer[np.ndarray, " n"] = field(repr=False)
    together: Group
    groups: dict[str, Group]
    key: bytes = field(repr=False)

    def along_chain(self, values: Float[np.ndarray, "... n"]) -> Float64[np.ndarray, "... L"]:
        """Values of the residues with covariates, 0 elsewhere."""
        whole = np.zeros((*values.shape[:-1], self.length))
        whole[..., self.residues] = values
        return whole


@dataclass(frozen=True)
class Explained:
    """What covariates explain of one head, and what is left at a site.

    Parameters
    ----------
    r2 : float
        Share of the variance over the `n_residues` residues that all covariates explain together.
    r2_by_chance : float
        The mean of the same when what residues receive is moved along the chain, by every step: it keeps how smooth it is.
    groups : dict of str to (float, float)
        For each covariate both numbers where it stands alone.
    n_residues : int
    n_site : int
        Marked residues among them.
    factor : float
        By how much the site receives more than covariates predict, as 2 to the coefficient of the site in the regression.
    z : float
        The site's residual in standard deviations of that of places like it, above their mean.
    p_value : float
        Share of these places with a residual as large or larger, the site counted among them; not corrected for choosing the head.
    kind : {"pocket", "stretch"}
    n_places : int
        Places of which enough residues have covariates.
    """

    r2: float
    r2_by_chance: float
    groups: dict[str, tuple[float, float]]
    n_residues: int
    n_site: int
    factor: float
    z: float
    p_value: float
    kind: Kind
    n_places: int

    @property
    def strongest(self) -> str:
        """The covariate that explains most above its own chance level when it stands alone."""
        return max(self.groups, key=lambda name: self.groups[name][0] - self.groups[name][1])


def levels(labels: np.ndarray) -> Float64[np.ndarray, "L k"]:
    """A column of 0 and 1 for each label, ndarray, dtype=float64, shape=(L, k); residues whose label is empty are not known (NaN)."""
    names = [name for name in np.unique(labels).tolist() if name]
    columns = (np.asarray(labels)[:, None] == np.array(names)).astype(float)
    columns[np.asarray(labels) == ""] = np.nan
    return columns


def design_of(covariates: Mapping[str, Float[np.ndarray, "L k"]]) -> Design:
    """Make covariates ready.

    Parameters
    ----------
    covariates : mapping of str to ndarray, dtype=float, shape=(L, k)
        By name; NaN where one is not known.  Columns may depend on each other, as those of `levels` do.

    Raises
    ------
    ScoreError
        Too few residues of which all are known.
    """
    together = np.concatenate(list(covariates.values()), axis=1)
    residues = np.flatnonzero(np.isfinite(together).all(axis=1))
    if not len(residues):
        raise ScoreError("No residue has all covariates.")
    whole = Group.of(together[residues])
    numbers = whole.basis.shape[1]
    if len(residues) < _RESIDUES_PER_NUMBER * (1 + numbers):
        raise ScoreError(f"Only {len(residues)} residues have all covariates, too few for a regression on {numbers} numbers.")
    groups = {name: Group.of(columns[residues]) for name, columns in covariates.items()}
    return Design(len(together), residues, whole, groups, digest(np.column_stack([residues, whole.basis])))


def _basis(columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis of what the columns span beside a constant."""
    centred = columns - columns.mean(axis=0)
    deviation = centred.std(axis=0)
    varying = deviation > _RANK * np.maximum(np.abs(columns).max(axis=0), 1e-300)
    scaled = centred[:, varying] / deviation[varying]
    left, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    return left[:, singular > _RANK * singular.max(initial=0)]


def log_received(received: Float[np.ndarray, " L"], design: Design) -> Float64[np.ndarray, " n"]:
    """log2(0.1 + c / mean) of the residues with covariates, shape=(n,); the mean is theirs.

    Raises
    ------
    ScoreError
        They receive nothing.
    """
    weights = np.asarray(received, dtype=float)[design.residues]
    if not weights.mean() > 0:
        raise ScoreError("The residues with covariates receive nothing from this head.")
    return np.log2(_FLOOR + weights / weights.mean())


def explain(
    received: Float[np.ndarray, " L"], design: Design, site: Integer[np.ndarray, " n"], kind: Kind, places: RandomSites
) -> Explained:
    """Regress what residues receive from one head on their covariates, and compare what is left at a site with places like it.

    The site takes part in the regression with a coefficient of its own, so that covariates need not explain what it alone has.  A place is
    scored as if it were the site: the sum of its residuals over the root of the part of it that covariates cannot tell (their hat matrix),
    which is the t of such a coefficient but for the noise that all places share.

    Parameters
    ----------
    received : ndarray, dtype=float, shape=(L,)
        Attention that each residue receives, without threshold.
    site : ndarray, dtype=int, shape=(n,)
        0-based, distinct.
    kind, places
        As from `allo_core.attention.pockets.places_like`; the residues of each place ascend.

    Raises
    ------
    ScoreError
        Fewer than three, or less than half, of the marked residues have covariates, covariates alone tell who is marked, too few places
        are left, or all residues receive the same.
    """
    values = log_received(received, design)
    centred = values - values.mean()
    total = float(centred @ centred)
    if not values.std() > _RANK:
        raise ScoreError("All residues with covariates receive the same from this head.")
    basis = design.together.basis
    residuals = centred - basis @ (basis.T @ centred)
    if residuals @ residuals <= _EXACT * total:
        residuals = np.zeros_like(residuals)
    there = np.isin(design.residues, site)
    n_site = int(there.sum())
    if n_site < _FEWEST_KNOWN or n_site < _KNOWN_SHARE * len(site):
        raise ScoreError(f"Only {n_site} of the {len(site)} marked residues have all covariates.")
    unexplained = n_site - n_site**2 / len(there) - float((basis[there].sum(axis=0) ** 2).sum())
    if unexplained <= _OWN_KIND * n_site:
        raise ScoreError("The marked residues are all residues of their kind, so covariates alone tell who is marked.")
    excess = float(residuals[there].sum())
    statistic = excess / np.sqrt(unexplained)
    others = _statistics(design.along_chain(residuals)[None], places, design)
    others = others[np.isfinite(others) & ~(places.members == np.sort(site)).all(axis=1)]
    if len(others) < FEWEST_PLACES:
        raise ScoreError(f"Only {len(others)} places like the site have residues enough with covariates.")
    spread = others.std()
    tie = SAME * (spread if spread > 0 else 1.0)
    return Explained(
        *design.together.explains(centred),
        groups={name: group.explains(centred) for name, group in design.groups.items()},
        n_residues=len(centred),
        n_site=n_site,
        factor=2 ** (excess / unexplained),
        z=float((statistic - others.mean()) / spread) if spread > 0 else float("nan"),
        p_value=float((1 + np.count_nonzero(others >= statistic - tie)) / (1 + len(others))),
        kind=kind,
        n_places=len(others),
    )


def _statistics(left: np.ndarray, places: RandomSites, design: Design) -> np.ndarray:
    """Sum of the residuals over the root of what covariates cannot tell of each place, shape (B,); NaN where too little of it is known."""
    known, unexplained = _untold(design, places)
    size = places.members.shape[1]
    where = (known >= max(_FEWEST_KNOWN, _KNOWN_SHARE * size)) & (unexplained > _OWN_KIND * known)
    return np.divide(places.weigh(left)[0], np.sqrt(np.maximum(unexplained, 0)), out=np.full(len(known), np.nan), where=where)


def _untold(design: Design, places: RandomSites) -> np.ndarray:
    """How many residues of each place have covariates, and 1'(I - H)1 of these; shape (2, B)."""

    def work_out() -> np.ndarray:
        indicator, constant = np.ones((1, len(design.residues))), np.full((1, len(design.residues)), len(design.residues) ** -0.5)
        weighed = places.weigh(design.along_chain(np.concatenate([indicator, constant, design.together.basis.T]))).astype(np.float64)
        return np.stack([weighed[0], weighed[0] - (weighed[1:] ** 2).sum(axis=0)])

    return _cache.get((design.key, places.key, places.length), work_out)
