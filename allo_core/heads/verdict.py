"""What heads look at, in sentences: the share of the best head beside what was to be expected of the same arcs."""

from allo_core.heads.shares import FEWEST_ARCS, HeadShares

__all__ = ["head_name", "value_name", "verdict"]

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
    low, high = shares.intervals(value)[:, best]
    share, chance = shares.share[best, value], shares.background[best, value]
    told = f"95 %: {_percent(low)} to {_percent(high)}; expected {_percent(chance)}"
    largest = f"head {head_name(shares, best)} gives it {_percent(share)} of its arcs ({told})"
    passing = int(shares.passing(value).sum())
    if not passing:
        return f"No head of {tested} looks at {name} more than expected: {largest}."
    great = int((shares.passing(value) & (shares.enrichment[:, value] >= _GREAT)).sum())
    return f"{passing} of {tested} heads look at {name} more than expected, {great} at least {_GREAT:g} times as much; {largest}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
