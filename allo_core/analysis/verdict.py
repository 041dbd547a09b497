"""The verdict on a run in one sentence, for the page and the terminal alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.analysis.answer import Answer
    from allo_core.analysis.measures import Measure
    from allo_core.analysis.question import Question
    from allo_core.attention.control import RandomSiteControl
    from allo_core.attention.nulls import Null
    from allo_core.attention.scores import HeadScores
    from allo_core.attention.site_rank import SiteRank

__all__ = ["MOSTLY_TESTED", "nearness", "plain_verdict", "set_phrases", "site_name", "standing", "verdict"]

MOSTLY_TESTED = 0.5  # with a smaller share of the heads the verdict says at once how many are left out, and why


def site_name(indices: tuple[int, ...], offered: Mapping[str, tuple[int, ...]]) -> str | None:
    """Name of the library site that has just these residues; None where there is none."""
    return next((name for name, residues in offered.items() if residues == indices), None)


def set_phrases(
    sites: Mapping[str, tuple[int, ...]], offered: Mapping[str, tuple[int, ...]], names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What to call each set in a sentence: ``"the sodium pocket"`` where it is a library site, else ``"the 17 residues of set A"``.

    Parameters
    ----------
    sites : mapping of str to tuple of int
        The named sets, 0-based residues.
    offered : mapping of str to tuple of int
        The library sites by name, 0-based residues of the same protein.
    names : mapping of str to str, optional
        What a person calls a set, which goes before both: ``"my pocket (17 residues)"``.
    """
    phrases = {}
    for name, indices in sites.items():
        known = site_name(indices, offered)
        count = "one residue" if len(indices) == 1 else f"{len(indices)} residues"
        own = (names or {}).get(name)
        phrases[name] = f"{own} ({count})" if own else f"the {known}" if known else f"the {count} of set {name}"
    return phrases


def verdict(answer: "Answer", phrases: Mapping[str, str]) -> str:
    """How many heads pass against places that hang together like the site, and against random residues, in the terms of the field.

    Parameters
    ----------
    answer : Answer
    phrases : mapping of str to str
        What to call the sets that the measure needs, as from `set_phrases`.
    """
    from allo_core.attention.control import LEVEL

    scores, measure = answer.scores, answer.question.measure
    if reason := _why_none(answer):
        return reason
    passing = scores.passing()
    left_out = f"; not tested: {untested}" if (untested := _untested(scores)) else ""
    if scores.null == "pocket" and _is_ranked(answer.pockets):
        among = _among_places(answer.pockets, measure, phrases, answer.positions_from)
        return _counted(answer.question, f"{among}{_one_way(answer)}{left_out}.")
    claim = _claim(scores.null, len(passing) == 1, measure, phrases)
    by_residues = f"{len(passing)} of {_heads(scores)}{_flagged(scores)} {claim} (q < {LEVEL:g})"
    if _is_ranked(answer.pockets):
        among = _among_places(answer.pockets, measure, phrases, answer.positions_from)
        return _counted(answer.question, f"{among}{_one_way(answer)}; {by_residues}{left_out}.")
    return _counted(answer.question, f"{by_residues}; {_control(scores.null, answer.control)}{left_out}.")


def plain_verdict(answer: "Answer", phrases: Mapping[str, str], wait: bool = False) -> str:
    """The same in plain words, for the top of the page: what is expected, and against what, is told by `verdict`.

    Parameters
    ----------
    answer, phrases
        As for `verdict`.
    wait : bool
        Say that the comparison with places like the site is to come, instead of working it out.
    """
    scores, measure = answer.scores, answer.question.measure
    if reason := _why_none(answer):
        return reason
    few = scores.n_tested < MOSTLY_TESTED * len(scores.frame) and not scores.pending
    rest = f". Not tested: {_untested(scores)}" if few else ""
    if not wait and _is_ranked(answer.pockets):
        return _counted(answer.question, f"{_plain_places(answer.pockets, _where(measure, phrases))}{rest}.")
    if scores.pending:
        return _counted(answer.question, f"How many heads look {_where(measure, phrases)} more than between other places follows.")
    number, looks = _looking(len(scores.passing()))
    at = _where(measure, phrases)
    chance = "the comparison with other places like it follows" if wait else _plain_control(answer.control)
    said = f"{number} of {_heads(scores)}{_flagged(scores)} {looks} {at} more than expected; {chance}{rest}."
    return _counted(answer.question, said)


def _counted(question: "Question", sentence: str) -> str:
    """The sentence, which says first what counts where that is not attention."""
    return sentence if question.weighting == "attention" else f"By value-weighted attention: {sentence[0].lower()}{sentence[1:]}"


def _looking(count: int) -> tuple[str, str]:
    """How many heads, at the beginning of a sentence, and their verb."""
    return {0: "None", 1: "One"}.get(count, f"{count}"), "looks" if count <= 1 else "look"


def _plain_control(control: "RandomSiteControl | None") -> str:
    assert control is not None, "without p there is a reason"
    if control.percentile_95:
        return f"for random residues of the same kind it is usually {control.median:g} and rarely more than {control.percentile_95:g}"
    return "for random residues of the same kind it is nearly always none"


def _is_ranked(found: "SiteRank | str") -> TypeGuard["SiteRank"]:
    """Whether anything can be said of the site among places like it."""
    return not isinstance(found, str) and bool(found.tested.any())


def _where(measure: "Measure", phrases: Mapping[str, str]) -> str:
    """``"at the sodium pocket"``, or ``"from the 3 residues of set A at the sodium pocket"``."""
    return f"at {phrases[measure]}" if measure in ("A", "B") else f"from {phrases[measure[0]]} at {phrases[measure[1]]}"


def _one_way(answer: "Answer") -> str:
    """How many heads look one way more than back; "" where a site is asked about."""
    found = answer.asymmetry
    if found is None:
        return ""
    more = int((found.difference[found.passing] > 0).sum())
    one, other = answer.question.measure
    return (
        f"; by the same pairs {one} to {other} outweighs {other} to {one} in {more} heads and is outweighed in {len(found.passing) - more}"
    )


def _among_places(found: "SiteRank", measure: "Measure", phrases: Mapping[str, str], positions_from: str) -> str:
    """How a site stands among places like it, or a coupling among pairs of them."""
    from allo_core.attention.control import LEVEL

    count, tested = len(found.passing), int(found.tested.sum())
    verb = "attend" if measure in ("A", "B") else "look"
    looks = f"{verb}{'s' if count == 1 else ''} {f'to {phrases[measure]}' if measure in ('A', 'B') else _where(measure, phrases)}"
    others = {
        "pocket": f"to {found.n_places:,} random pockets of its size and shape in {positions_from}",
        "stretch": f"to such a stretch at {found.n_places:,} places",
        "pair": f"between {found.n_places:,} random pairs of pockets of their shapes and distance in {positions_from}",
        "shift": f"between both sets moved together to {found.n_places:,} other places of the chain",
    }[found.kind]
    by_chance = f"one or more would at {found.passing_share:.1%} of these, at most {found.most_passing}"
    return (
        f"{count} of {tested} heads {looks} more than {others} (q < {LEVEL:g}; {by_chance}); "
        f"as a whole {found.n_low} heads have p <= {LEVEL:g}, as many or more at a share of {found.global_p:.2g} of these (global p)"
    )


def _plain_places(found: "SiteRank", where: str) -> str:
    """The same in plain words."""
    from allo_core.attention.control import LEVEL

    count, tested = len(found.passing), int(found.tested.sum())
    number, looks = _looking(count)
    others = {
        "pocket": "at pockets like it",
        "stretch": "at such stretches elsewhere",
        "pair": "between pockets as far apart",
        "shift": "between such stretches elsewhere",
    }[found.kind]
    if found.global_p <= LEVEL:
        whole = f"{'and' if count else 'but'} the model as a whole does"
    else:
        whole = "but the model as a whole does not" if count else "nor does the model as a whole"
    return f"{number} of {tested} heads {looks} {where} more than {others}, {whole} (p {found.global_p:.2g})"


def standing(scores: "HeadScores", head: tuple[int, int]) -> str:
    """How one head stands: whether it passes the null, its q or why it has none, its flags."""
    from allo_core.attention.control import LEVEL
    from allo_core.attention.nulls import FEWEST_ARCS

    row = scores.frame.iloc[head[0] * scores.heads + head[1]]
    q, flags = row["q_value"], f", flagged: {row['flags']}" if row["flags"] else ""
    null = "among places like it" if scores.null == "pocket" else f"the {scores.null} null"
    if scores.pending:
        return f"is being compared with other places{flags}"
    if q < LEVEL:
        return f"passes {null} (q {q:.2g}{flags})"
    best = "best, does not pass" if head == scores.first_head() else "does not pass"
    if q == q:
        return f"{best} {null} (q {q:.2g}{flags})"
    if scores.null == "published":
        return f"has no q under the published null{flags}"
    if row["n_arcs"] < FEWEST_ARCS:
        return f"is not tested ({row['n_arcs']} arcs, {FEWEST_ARCS} are needed)"
    if not scores.draws:
        return "is not tested: there is nothing like the site to compare with"
    return "does not look at the marked residues" if row["attention_on_site"] == 0 else "is not tested: random residues cannot differ"


def _why_none(answer: "Answer") -> str:
    """Why nothing can be said of any head; "" where something can."""
    from allo_core.attention.scores import FEWEST_RESIDUES

    scores = answer.scores
    if scores.null == "published":
        return "The published null gives no p, so no head can pass; it is here to reproduce published numbers."
    if scores.n_sites < FEWEST_RESIDUES:
        marked = "one marked residue is" if scores.n_sites == 1 else f"{scores.n_sites} marked residues are"
        return f"Not tested: {marked} too few to tell a head from chance; mark at least {FEWEST_RESIDUES}."
    if scores.pending:
        return ""
    if scores.null == "pocket" and isinstance(answer.pockets, str):
        return f"Not tested among places like it: {answer.pockets}; choose another null."
    return "" if scores.n_tested else _none_tested(scores, answer.question.measure)


def _heads(scores: "HeadScores") -> str:
    """``"120 heads"``, or of how many of them something can be said."""
    heads = len(scores.frame)
    return f"{heads} heads" if scores.n_tested == heads else f"{scores.n_tested} tested heads"


def _flagged(scores: "HeadScores") -> str:
    flagged = int((scores.passing()["flags"] != "").sum())
    return f" ({flagged} of them flagged)" if flagged else ""


def _untested(scores: "HeadScores") -> str:
    """Which heads are not tested, and why; "" where all are."""
    from allo_core.attention.nulls import FEWEST_ARCS

    heads = len(scores.frame)
    few = int((scores.frame["n_arcs"] < FEWEST_ARCS).sum())
    alike = heads - scores.n_tested - few
    reasons = []
    if few:
        reasons.append(f"{few} of {heads} heads have fewer than {FEWEST_ARCS} arcs at threshold {scores.threshold:.2f}")
    if alike > 0:
        same = "no place like it differs" if scores.null == "pocket" else "random residues cannot differ from the marked ones"
        reasons.append(f"in {alike} {same}")
    return " and ".join(reasons)


def _none_tested(scores: "HeadScores", measure: "Measure") -> str:
    from allo_core.attention.nulls import FEWEST_ARCS

    heads = len(scores.frame)
    if (scores.frame["n_arcs"] >= FEWEST_ARCS).any():
        kind = "all residues of their kind" if scores.null in ("matched", "pocket") else "all residues"
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
        "heads look at neighbours anyway, and random residues do not know of it."
    )


def _claim(null: "Null", one: bool, measure: "Measure", phrases: Mapping[str, str]) -> str:
    others = "segment- and conservation-matched residues" if null == "matched" else "as many residues drawn from the whole sequence"
    if measure in ("A", "B"):
        return f"attend{'s' if one else ''} to {phrases[measure]} more than to {others}"
    source, target = measure
    return f"look{'s' if one else ''} from {phrases[source]} at {phrases[target]} more than at {others}"


def _control(null: "Null", control: "RandomSiteControl | None") -> str:
    assert control is not None, "without p there is a reason"
    kind = "random matched sites" if null == "matched" else "random sites"
    return f"{kind}: median {control.median:g}, 95 % at most {control.percentile_95:g}"
