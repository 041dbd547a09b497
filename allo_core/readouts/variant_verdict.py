"""What is said of a variant, in sentences: how much heads change beside what other substitutions, or other pairs, do."""

import numpy as np

from allo_core.readouts.orthologs import OrthologExpectation
from allo_core.readouts.variant import NEAR, Region, VariantComparison
from allo_core.readouts.variant_reference import Reference, VariantReference

__all__ = ["UNUSUAL", "heads_by_change", "judged_region", "ortholog_sentence", "variant_sentence"]

UNUSUAL = 95.0  # percent of the references that change less


def judged_region(comparison: VariantComparison) -> Region:
    """The rows by which heads are ranked: those far from every substitution, or all where these are fewer than half."""
    return "rest" if 2 * comparison.regions["rest"].sum() >= len(comparison.shared) else "all"


def heads_by_change(comparison: VariantComparison) -> tuple[tuple[int, int], ...]:
    """(layer, head) of the heads that are compared, by falling change in the rows of `judged_region`."""
    change = comparison.change(judged_region(comparison))
    order = np.argsort(-np.nan_to_num(change, nan=-1.0), axis=None, kind="stable")[: int(np.isfinite(change).sum())]
    return tuple((int(k) // change.shape[1], int(k) % change.shape[1]) for k in order)


def variant_sentence(comparison: VariantComparison, reference: VariantReference | None = None) -> str:
    """How much the median head changes, and beside what; where others change it as much, that is said first."""
    region = judged_region(comparison)
    where = f"rows more than {NEAR} residues away" if region == "rest" else "all rows"
    own = f"{comparison.variant.name} changes the median head by {_median(comparison, region):.4f} bits in {where}"
    named = int(comparison.explained.sum())
    letters = f"{named} of {comparison.lost_share.size} heads change as their preference for the swapped letters lets expect"
    letters += f" ({comparison.explained_by_chance:.0f} if letters are shuffled)"
    if reference is None or not len(reference.random):
        return f"{own}. Without a reference nothing says whether that is much. {letters}."
    percentile = reference.typical(comparison, region)
    among = f"random substitutions in the same {reference.within}"
    verdict = f"More than {UNUSUAL:g} % of {among}" if percentile > UNUSUAL else f"Not more than {among} do (below {UNUSUAL:g} %)"
    beside = [f"{percentile:.0f} % of {len(reference.random)} such {_change_it(reference.random, region)}"]
    if len(reference.same):
        kind = "other letters at the same residue" + ("s" if len(comparison.substitutions) > 1 else "")
        share = reference.typical(comparison, region, "same")
        beside.append(f"{share:.0f} % of {len(reference.same)} {kind} {_change_it(reference.same, region)}")
    return f"{verdict}. {own}; {'; '.join(beside)}. {letters}."


def ortholog_sentence(comparison: VariantComparison, expectation: OrthologExpectation | None = None) -> str:
    """How far the median head of another sequence is, and what pairs as alike differ by."""
    lost, left_out = comparison.lost_share.mean(), int((~np.isfinite(comparison.change())).sum())
    own = (
        f"{comparison.variant.name} ({comparison.identity:.0%} identical over {len(comparison.shared)} residues) differs from "
        f"{comparison.wild_type.name} by {_median(comparison, 'all'):.4f} bits a row in the median head; {lost:.1%} of the attention is on "
        f"residues without a counterpart"
    )
    own += f", {left_out} heads lose more than a fifth and are left out" if left_out else ""
    if expectation is None or not expectation.pairs:
        return f"{own}. No other pair was compared, so nothing says whether that is much."
    medians = np.nanmedian(expectation.changes.reshape(len(expectation.pairs), -1), axis=1)
    percentile = expectation.typical(comparison)
    few = len(expectation.pairs)
    among = (
        f"{few} other pair{'s' if few > 1 else ''} of {max(expectation.window[0], 0):.0%} to {min(expectation.window[1], 1):.0%} identity"
    )
    verdict = f"{percentile:.0f} % of {among} differ less (median {np.median(medians):.4f})"
    return f"{verdict}. {own}."


def _median(comparison: VariantComparison, region: Region) -> float:
    return float(np.nanmedian(comparison.change(region)))


def _change_it(reference: Reference, region: Region) -> str:
    medians = np.nanmedian(reference.change(region).reshape(len(reference), -1), axis=1)
    low, middle, high = np.nanpercentile(medians, [5, 50, 95])
    return f"change it less (median {middle:.4f}, 5 to 95 %: {low:.4f} to {high:.4f})"
