"""The verdict on a run in one sentence, for the page and the terminal alike."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.attention.scores import HeadScores, RandomSiteControl

__all__ = ["nearness", "set_phrases", "site_name", "verdict"]


def site_name(indices: tuple[int, ...], offered: Mapping[str, tuple[int, ...]]) -> str | None:
    """Name of the library site that has just these residues; None where there is none."""
    return next((name for name, residues in offered.items() if residues == indices), None)


def set_phrases(sites: Mapping[str, tuple[int, ...]], offered: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """What to call each set in a sentence: ``"the sodium pocket"`` where it is a library site, else ``"the 17 residues of set A"``.

    Parameters
    ----------
    sites : mapping of str to tuple of int
        The named sets, 0-based residues.
    offered : mapping of str to tuple of int
        The library sites by name, 0-based residues of the same protein.
    """
    phrases = {}
    for name, indices in sites.items():
        known = site_name(indices, offered)
        count = "one residue" if len(indices) == 1 else f"{len(indices)} residues"
        phrases[name] = f"the {known}" if known else f"the {count} of set {name}"
    return phrases


def verdict(scores: "HeadScores", control: "RandomSiteControl | None", measure: str, phrases: Mapping[str, str]) -> str:
    """How many heads pass, and how many pass for random residues of the same kind.

    Parameters
    ----------
    scores : HeadScores
    control : RandomSiteControl or None
        That of the same columns and settings; None under the published null.
    measure : {"A", "B", "AB", "BA"}
        What the scores are of.
    phrases : mapping of str to str
        What to call the sets that the measure needs, as from `set_phrases`.
    """
    from allo_core.attention.scores import LEVEL  # loads pandas

    heads = len(scores.frame)
    if control is None:
        return "The published null gives no p, so no head can pass; it is here to reproduce published numbers."
    if not control.n_sites:
        return _untested(scores, measure)
    passing = scores.passing()
    flagged = int((passing["flags"] != "").sum())
    count = f"{len(passing)} of {heads} heads" + (f" ({flagged} of them flagged)" if flagged else "")
    return f"{count} {_claim(scores.null, len(passing) == 1, measure, phrases)} (q < {LEVEL:g}); {_control(scores.null, control)}."


def _untested(scores: "HeadScores", measure: str) -> str:
    from allo_core.attention.nulls import FEWEST_ARCS

    heads = len(scores.frame)
    if (scores.frame["n_arcs"] >= FEWEST_ARCS).any():
        kind = "all residues of their kind" if scores.null == "matched" else "all residues"
        return f"No head is tested: the marked residues are {kind}, so random ones cannot differ."
    source = f" from set {measure[0]}" if measure in ("AB", "BA") else ""
    return f"No head is tested: none of the {heads} has {FEWEST_ARCS} arcs{source} at threshold {scores.threshold:.2f}; lower it."


def nearness(measure: str, queries: Iterable[int] | None, sites: Iterable[int]) -> str:
    """What of a coupling may be nothing but neighbourhood along the chain; "" where the sets lie apart, or for other measures.

    Parameters
    ----------
    measure : {"A", "B", "AB", "BA"}
    queries, sites : iterable of int
        0-based residues that look, and that are looked at, as from `allo_core.analysis.measures.setting`.
    """
    from allo_core.attention.head_card import LOCAL

    if measure not in ("AB", "BA"):
        return ""
    queries, sites = set(queries), set(sites)
    near = sum(any(abs(site - query) <= LOCAL for query in queries) for site in sites)
    if not near:
        return ""
    shared = f", {len(queries & sites)} of them in both sets" if queries & sites else ""
    return (
        f"{near} of the {len(sites)} residues of set {measure[1]} lie within {LOCAL} of set {measure[0]} along the chain{shared}: "
        "heads look at neighbours anyway, and the null does not know of it."
    )


def _claim(null: str, one: bool, measure: str, phrases: Mapping[str, str]) -> str:
    others = "segment- and conservation-matched residues" if null == "matched" else "as many residues drawn from the whole sequence"
    if measure in ("A", "B"):
        return f"attend{'s' if one else ''} to {phrases[measure]} more than to {others}"
    source, target = measure
    return f"look{'s' if one else ''} from {phrases[source]} at {phrases[target]} more than at {others}"


def _control(null: str, control: "RandomSiteControl") -> str:
    kind = "random matched sites" if null == "matched" else "random sites"
    return f"{kind}: median {control.median:g}, 95 % at most {control.percentile_95:g}"
