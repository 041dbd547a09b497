"""The verdict on a run in one sentence, for the page and the terminal alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.analysis.answer import Answer
    from allo_core.analysis.measures import Measure
    from allo_core.analysis.question import Question
    from allo_core.attention.control import RandomSiteControl
    from allo_core.attention.nulls import Null
    from allo_core.attention.scores import HeadScores

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


def verdict(answer: "Answer", phrases: Mapping[str, str]) -> str:
    """How many heads pass, and how many pass for random residues of the same kind.

    Parameters
    ----------
    answer : Answer
    phrases : mapping of str to str
        What to call the sets that the measure needs, as from `set_phrases`.
    """
    from allo_core.attention.control import LEVEL

    scores, control, measure = answer.scores, answer.control, answer.question.measure
    heads = len(scores.frame)
    if control is None:
        return "The published null gives no p, so no head can pass; it is here to reproduce published numbers."
    if not control.n_sites:
        return _untested(scores, measure)
    passing = scores.passing()
    flagged = int((passing["flags"] != "").sum())
    count = f"{len(passing)} of {heads} heads" + (f" ({flagged} of them flagged)" if flagged else "")
    return f"{count} {_claim(scores.null, len(passing) == 1, measure, phrases)} (q < {LEVEL:g}); {_control(scores.null, control)}."


def _untested(scores: "HeadScores", measure: "Measure") -> str:
    from allo_core.attention.nulls import FEWEST_ARCS

    heads = len(scores.frame)
    if (scores.frame["n_arcs"] >= FEWEST_ARCS).any():
        kind = "all residues of their kind" if scores.null == "matched" else "all residues"
        return f"No head is tested: the marked residues are {kind}, so random ones cannot differ."
    source = f" from set {measure[0]}" if measure in ("AB", "BA") else ""
    return f"No head is tested: none of the {heads} has {FEWEST_ARCS} arcs{source} at threshold {scores.threshold:.2f}; lower it."


def nearness(question: "Question") -> str:
    """What of a coupling may be nothing but neighbourhood along the chain; "" where the sets lie apart, or for other measures.

    It is told where residues that look and residues that are looked at lie within 4 of one another.
    """
    from allo_core.attention.head_card import LOCAL

    if question.queries is None:
        return ""
    queries, sites = set(question.queries), set(question.sites)
    near = sum(any(abs(site - query) <= LOCAL for query in queries) for site in sites)
    if not near:
        return ""
    source, target = question.measure
    shared = f", {len(queries & sites)} of them in both sets" if queries & sites else ""
    return (
        f"{near} of the {len(sites)} residues of set {target} lie within {LOCAL} of set {source} along the chain{shared}: "
        "heads look at neighbours anyway, and the null does not know of it."
    )


def _claim(null: "Null", one: bool, measure: "Measure", phrases: Mapping[str, str]) -> str:
    others = "segment- and conservation-matched residues" if null == "matched" else "as many residues drawn from the whole sequence"
    if measure in ("A", "B"):
        return f"attend{'s' if one else ''} to {phrases[measure]} more than to {others}"
    source, target = measure
    return f"look{'s' if one else ''} from {phrases[source]} at {phrases[target]} more than at {others}"


def _control(null: "Null", control: "RandomSiteControl") -> str:
    kind = "random matched sites" if null == "matched" else "random sites"
    return f"{kind}: median {control.median:g}, 95 % at most {control.percentile_95:g}"
