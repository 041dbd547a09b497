"""What changes in the heads from a wild type to a variant, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allo_core.export.tables import cell

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy and pandas
    import pandas as pd

    from allo_core.readouts.orthologs import OrthologExpectation
    from allo_core.readouts.site_change import SiteChange
    from allo_core.readouts.variant import VariantComparison
    from allo_core.readouts.variant_reference import Reference, VariantReference

__all__ = ["VARIANT_FORMULA", "variant_csv", "variant_details", "variant_frame"]

VARIANT_FORMULA = (
    "Jensen-Shannon divergence in bits of the rows of a head over residues and special tokens, mean over the rows of a region; "
    "percentiles: share of reference substitutions (or pairs) that change the head less, ties half"
)


def variant_frame(
    comparison: VariantComparison,
    reference: VariantReference | None = None,
    site: SiteChange | None = None,
    expectation: OrthologExpectation | None = None,
) -> pd.DataFrame:
    """One row a head, layer by layer; NaN where something is not known.

    Columns: layer, head, the change in each region (bits), its percentiles over all rows and over those far away among random
    substitutions and among other letters at the same residues (or among other pairs), whether it follows from the swapped letters and by
    what that is told, the share of attention that is not compared; with marked residues also w_S and enrichment before and after.
    """
    import numpy as np
    import pandas as pd

    layers, heads = comparison.lost_share.shape
    table = {"layer": np.repeat(np.arange(layers), heads), "head": np.tile(np.arange(heads), layers)}
    grids = {
        "change": comparison.change(),
        "change_substituted": comparison.change("substituted"),
        "change_near": comparison.change("near"),
        "change_rest": comparison.change("rest"),
    }
    if reference is not None:
        for which in ("random", "same"):
            grids[f"percentile_{which}"] = reference.percentile(comparison, "all", which)
            grids[f"percentile_{which}_rest"] = reference.percentile(comparison, "rest", which)
    if expectation is not None:
        grids["percentile_pairs"] = expectation.percentile(comparison)
    grids |= {"explained_by_letter": comparison.explained, "column_share": comparison.column_share, "letter_ratio": comparison.letter_ratio}
    grids["lost_share"] = comparison.lost_share
    if site is not None:
        grids |= {
            "on_site_before": site.before,
            "on_site_after": site.after,
            "enrichment_before": site.enrichment_before,
            "enrichment_after": site.enrichment_after,
        }
    if site is not None and reference is not None:
        for which in ("random", "same"):
            grids[f"on_site_percentile_{which}"] = reference.site_percentile(comparison, site, which)
    return pd.DataFrame(table | {name: values.ravel() for name, values in grids.items()})


def variant_csv(frame: pd.DataFrame, comparison: VariantComparison) -> str:
    """CSV text of `variant_frame`; undefined values are empty, and model, protein and variant the same in every row."""
    names = {
        "model": comparison.meta.model_id,
        "protein": cell(comparison.wild_type.name),
        "variant": cell(comparison.variant.name),
    }
    return frame.assign(**names).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def variant_details(
    comparison: VariantComparison,
    reference: VariantReference | None = None,
    site: SiteChange | None = None,
    expectation: OrthologExpectation | None = None,
) -> dict:
    """What a record says of a variant beside its run, plain JSON values."""
    from allo_core.attention.letters import LEAST_FACTOR, LEAST_SHARE

    protein = comparison.wild_type
    details: dict = {
        "variant": {"name": comparison.variant.name, "sequence": comparison.variant.sequence, "first": comparison.variant.first},
        "substitutions": [one.label(protein) for one in comparison.substitutions],
        "aligned_residues": len(comparison.shared),
        "gaps": comparison.gapped,
        "identity": comparison.identity,
        "threshold": comparison.threshold,
        "explained_by_letter": {
            "rule": "at least column_share of the change in far rows is that substituted residues are looked at more or less, and other "
            "residues of their letters are so by at least factor",
            "column_share": LEAST_SHARE,
            "factor": LEAST_FACTOR,
        },
    }
    if site is not None:
        details["sites"] = {
            "residues": [protein.label(index) for index in site.sites],
            "missing": [protein.label(index) for index in site.missing],
            "null": site.null,
        }
    if reference is not None:
        details["reference"] = {
            "random": _listed(reference.random, comparison),
            "same": _listed(reference.same, comparison),
            "within": reference.within,
            "seed": reference.seed,
        }
    if expectation is not None:
        pairs = zip(expectation.pairs, expectation.identities, strict=True)
        details["pairs"] = [{"first": first, "second": second, "identity": value} for (first, second), value in pairs]
        details["window"] = list(expectation.window)
    return details


def _listed(reference: Reference, comparison: VariantComparison) -> list[str]:
    return [" ".join(one.label(comparison.wild_type) for one in substitutions) for substitutions in reference.substitutions]
