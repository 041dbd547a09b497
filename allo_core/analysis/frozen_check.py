"""What a frozen analysis is worth on this machine: whether the model ran before it, what has changed since, and what its rule says."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.analysis.basis import earliest_run, strata_sha256
from allo_core.analysis.frozen import FrozenAnalysis, frozen_question

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.analysis.answer import Answer

__all__ = ["changed_since", "frozen_facts", "in_utc", "outcome", "when_frozen"]

_SHOWN = 12  # digits of a sha256


def in_utc(time: str) -> str:
    """``"2026-11-28 07:20:05 UTC"`` of an ISO 8601 time with a zone."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def when_frozen(frozen: FrozenAnalysis) -> tuple[bool, str]:
    """Whether the question was fixed before the model ran, as far as this machine and the file can tell, and a sentence that says so."""
    if frozen.earlier_run is not None:
        told = f"the model had already read this sequence on the machine that froze it ({in_utc(frozen.earlier_run)})"
        return False, f"When it was frozen, {told}: the question was not fixed before the model ran."
    here = earliest_run(frozen.question.model_id, frozen.question.protein.sequence)
    if here is not None and datetime.fromisoformat(here) < datetime.fromisoformat(frozen.frozen):
        return (
            False,
            f"A run on this machine is older than the file ({in_utc(here)}): the question was not fixed before the model ran here.",
        )
    return True, "No run of this model on this sequence that is kept here is older than the file."


def changed_since(frozen: FrozenAnalysis, answer: "Answer") -> tuple[str, ...]:
    """What differs from when the question was frozen although it is the same question: weights, strata, positions, version."""
    found, weights = [], answer.run.weights_sha256
    if frozen.weights_sha256 is None:
        found.append(f"The file does not name the weights; these have sha256 {weights[:_SHOWN]}….")
    elif frozen.weights_sha256 != weights:
        found.append(
            f"The weights are other ones than the file names (sha256 {weights[:_SHOWN]}…, not {frozen.weights_sha256[:_SHOWN]}…): "
            "these numbers are of another copy of the model."
        )
    if strata_sha256(answer.question) != frozen.strata_sha256:
        found.append("The strata are other ones than when it was frozen: the library has changed.")
    if (answer.positions_from or None) != frozen.places_from:
        found.append(f"Places are grown on {answer.positions_from or 'nothing'}, not on {frozen.places_from or 'nothing'} as frozen.")
    if frozen.alloscope != __version__:
        found.append(f"Frozen by AlloScope {frozen.alloscope}, answered by {__version__}.")
    return tuple(found)


def outcome(frozen: FrozenAnalysis, answer: "Answer") -> str:
    """What the answer is by the rule of the file, in one sentence."""
    rule, scores, pockets = frozen.finding, answer.scores, answer.pockets
    says = f"By the rule of the file (q < {rule.q_below:g}, global p up to {rule.global_p_up_to:g})"
    if scores.null == "published":
        return f"{says}: the published null gives no p, so nothing can be a finding."
    if not scores.n_tested:
        return f"{says}: no head is tested, so there is no answer."
    if isinstance(pockets, str) or not pockets.tested.any():
        reason = pockets if isinstance(pockets, str) else "no head can be compared with places like the site"
        passing = f"{len(scores.passing())} of {scores.n_tested} heads are a finding under the {scores.null} null"
        return f"{says}: {passing}; there is no global p ({reason})."
    whole = "is a finding" if pockets.global_p <= rule.global_p_up_to else "is none"
    heads = f"{len(pockets.passing)} of {int(pockets.tested.sum())} heads are a finding among places like the site"
    return f"{says}: {heads}; the model as a whole {whole} (global p {pockets.global_p:.2g})."


def frozen_facts(frozen: FrozenAnalysis, answer: "Answer", when: tuple[bool, str] | None = None) -> dict:
    """What a record says of a frozen analysis beside an answer, plain JSON values; ``when`` is `when_frozen` as asked before the run."""
    differences = frozen.question.differences(frozen_question(answer.question, answer.run.model_id, answer.run.dtype))
    before, told = when or when_frozen(frozen)
    return {
        "sha256": frozen.sha256,
        "frozen": frozen.frozen,
        "unchanged": not differences,
        "differences": list(differences),
        "fixed_before_the_model_ran": before,
        "told": [told, *changed_since(frozen, answer)],
        "outcome": None if differences else outcome(frozen, answer),
    }
