"""What heads look at, in sentences: the share of the best head beside what was to be expected of the same arcs."""

import numpy as np

from allo_core.heads.shares import FEWEST_ARCS, HeadShares

__all__ = ["difference_sentence", "head_name", "value_name", "verdict"]

_GREAT = 1.5  # times the expectation: below it a head that passes looks at little else than what is common


def head_name(shares: HeadShares, at: int) -> str:
    """Layer and head, from 0, as "5.6"."""
    return "{}.{}".format(*divmod(at, shares.spec.heads))


def value_name(shares: HeadShares, value: int) -> str:
    """What a sentence calls a value of the property."""
    name = shares.what.values[value]
    if shares.what.kind == "offset":
        return "itself" if int(name) == 0 else f"the residue at {name}"
    if shares.what.kind == "contact":
        return "residues that touch"
    return name if shares.what.name == name else f"{shares.what.name} {name}"


def verdict(shares: HeadShares, value: int) -> str:
    """One sentence on a value: how many heads look at it more than expected, and the one with the largest share."""
    name, tested = value_name(shares, value), int(shares.tested[:, value].sum())
    best = shares.best(value)
    if best is None:
        return f"No head has {FEWEST_ARCS} arcs of which it is known whether they go to {name}, so none is tested."
    low, high = shares.intervals[:, best, value]
    share, chance = shares.share[best, value], shares.background[best, value]
    told = f"95 %: {_percent(low)} to {_percent(high)}; expected {_percent(chance)}"
    largest = f"head {head_name(shares, best)} gives it {_percent(share)} of its arcs ({told})"
    passing = int(shares.passing(value).sum())
    if not passing:
        return f"No head of {tested} looks at {name} more than expected: {largest}."
    great = int((shares.passing(value) & (shares.enrichment[:, value] >= _GREAT)).sum())
    return f"{passing} of {tested} heads look at {name} more than expected, {great} at least {_GREAT:g} times as much; {largest}."


def difference_sentence(shares: HeadShares, value: int, other: int) -> str:
    """One sentence on two values: how many heads look at the first more than at the second beyond what was expected of both."""
    one, two = value_name(shares, value), value_name(shares, other)
    found = shares.differences(value, other)
    expected = shares.background[:, value] - shares.background[:, other]
    tested = int(np.isfinite(found[0]).sum())
    if not tested:
        return f"No head has {FEWEST_ARCS} arcs of which both are known."
    beyond = int((found[1] > expected).sum())
    best = int(np.nanargmax(found[0] - expected))
    told = f"95 %: {_points(found[1, best])} to {_points(found[2, best])}; expected {_points(expected[best])}"
    return (
        f"{beyond} of {tested} heads look at {one} more than at {two} beyond what is expected of both (95 % intervals, not corrected for "
        f"heads), head {head_name(shares, best)} most: by {_points(found[0, best])} points ({told})."
    )


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
