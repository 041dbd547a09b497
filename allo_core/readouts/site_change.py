"""How attention on marked residues changes from a wild type to a variant: arithmetic on a comparison, no pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.analysis.strata import possible_null, strata_of
from allo_core.attention.columns import check_positions
from allo_core.attention.nulls import codes_of
from allo_core.attention.standard import standardise
from allo_core.errors import ScoreError
from allo_core.library.nearest import numbers_for
from allo_core.readouts.variant import VariantComparison

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["SiteChange", "site_change"]


@dataclass(frozen=True, eq=False)
class SiteChange:
    """Attention on marked residues in the wild type and in the variant, above the threshold of the comparison.

    Parameters
    ----------
    sites : tuple of int
        0-based in the wild type, those that the variant has too.
    missing : tuple of int
        Marked residues that the variant lacks.
    null : {"matched", "uniform"}
        What enrichment refers to, of both: residues of the same strata of the wild type, or all.
    before, after : ndarray, dtype=float64, shape=(layers, heads)
        w_S, the column weights of the marked residues together.
    enrichment_before, enrichment_after : ndarray, dtype=float64, shape=(layers, heads)
        w_S divided by its expectation; NaN where nothing lies on the site, or random sites do not differ.
    residues_before, residues_after : ndarray, dtype=float64, shape=(layers, heads, sites)
        The column weight of each marked residue.
    """

    sites: tuple[int, ...]
    missing: tuple[int, ...]
    null: Literal["matched", "uniform"]
    before: "Float[np.ndarray, 'layers heads']"
    after: "Float[np.ndarray, 'layers heads']"
    enrichment_before: "Float[np.ndarray, 'layers heads']"
    enrichment_after: "Float[np.ndarray, 'layers heads']"
    residues_before: "Float[np.ndarray, 'layers heads sites']"
    residues_after: "Float[np.ndarray, 'layers heads sites']"

    @property
    def change(self) -> "Float[np.ndarray, 'layers heads']":
        """w_S of the variant less that of the wild type."""
        return self.after - self.before

    @property
    def enrichment_change(self) -> "Float[np.ndarray, 'layers heads']":
        """Enrichment of the variant less that of the wild type; NaN where one of them is not defined."""
        return self.enrichment_after - self.enrichment_before


def site_change(comparison: VariantComparison, sites: Iterable[int], null: Literal["matched", "uniform"] = "matched") -> SiteChange:
    """How attention on some residues changes, with enrichment before and after under one null.

    Parameters
    ----------
    sites : iterable of int
        0-based residues of the wild type.
    null : {"matched", "uniform"}
        Matched becomes uniform where the wild type has no generic numbers.

    Raises
    ------
    ScoreError
        Nothing marked, a residue that does not exist, or none that the variant has; another null.
    """
    if null not in ("matched", "uniform"):
        raise ScoreError(f"The null {null!r} gives no enrichment of a variant; choose matched or uniform.")
    protein = comparison.wild_type
    marked = check_positions(sites, len(protein), "site")
    residues = comparison.shared[:, 0]
    there = marked[np.isin(marked, residues)]
    if not len(there):
        raise ScoreError(f"{comparison.variant.name} has none of the marked residues of {protein.name}; mark others.")
    numbers = numbers_for(protein)
    null = "matched" if possible_null(null, numbers) == "matched" else "uniform"
    strata = strata_of(null, numbers, protein.name)
    codes = codes_of(null, None if strata is None else [strata[index] for index in residues], len(residues))
    places = np.searchsorted(residues, there)
    standards = [standardise(columns.weights, places, codes) for columns in (comparison.before, comparison.after)]
    first, second = (one.enrichment((one.on_site > 0) & (one.sigma > 0)) for one in standards)
    return SiteChange(
        tuple(there.tolist()),
        tuple(np.setdiff1d(marked, there).tolist()),
        null,
        standards[0].on_site,
        standards[1].on_site,
        first,
        second,
        comparison.before.weights[..., places],
        comparison.after.weights[..., places],
    )
