"""What the comparison with random sites costs, in words: its overlap with the site, and the enrichment that a head would need."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.analysis.answer import Answer
    from allo_core.attention.power import Needed
    from allo_core.attention.site_rank import SiteRank

__all__ = ["MUCH_OVERLAP", "power_in_full"]

MUCH_OVERLAP = 0.2  # of a random site; less is not worth a sentence


def power_in_full(answer: "Answer", always: bool = False) -> str:
    """Overlap where it is above 20 %, and the enrichment that is needed in each comparison that no head passes; beside `verdict`.

    With ``always`` both are told whatever they are, and whether a head passes or not.
    """
    among, by_residues = _needed_in_both(answer) if always else _where_none_passes(answer)
    parts = []
    if answer.overlap is not None and (always or answer.overlap > MUCH_OVERLAP) and _has_p(answer):
        kind = {"matched": "random matched site", "pocket": "place like it"}.get(answer.scores.null, "random site")
        much = ", which costs power" if answer.overlap > MUCH_OVERLAP else ""
        parts.append(f"{answer.overlap:.{int(always)}%} of a {kind} is the marked site itself{much}.")
    if by_residues is not None:
        parts.append(f"Against random residues: {_needed(by_residues, answer.scores.draws)}.")
    if among is not None:
        parts.append(f"Among places like the site: {_needed(among, answer.scores.draws)}.")
    return " ".join(parts)


def _has_p(answer: "Answer") -> bool:
    from allo_core.attention.scores import FEWEST_RESIDUES

    return bool(answer.scores.draws and answer.scores.n_tested) and answer.scores.n_sites >= FEWEST_RESIDUES


def _rank(answer: "Answer") -> "SiteRank | None":
    """How the site stands among places like it; None where nothing can be said of that."""
    return None if isinstance(answer.pockets, str) or not answer.pockets.tested.any() else answer.pockets


def _needed_in_both(answer: "Answer") -> "tuple[Needed | None, Needed | None]":
    """What is needed among places, and against random residues; None where nothing is tested."""
    if not _has_p(answer):
        return None, None
    return None if _rank(answer) is None else answer.needed_among_places, answer.needed


def _where_none_passes(answer: "Answer") -> "tuple[Needed | None, Needed | None]":
    """The same where no head passes."""
    rank = _rank(answer)
    among, by_residues = _needed_in_both(answer)
    return None if rank is None or len(rank.passing) else among, None if len(answer.scores.passing()) else by_residues


def _needed(needed: "Needed", draws: int) -> str:
    if not needed.enough:
        return f"no single head could pass with {draws:,} draws"
    if not needed.n_able:
        return "no single head could pass, whatever residues of these kinds were marked"
    heads = f"{needed.n_able} heads" if needed.n_able == needed.n_tested else f"the {needed.n_able} of {needed.n_tested} heads that could"
    spread = f"quartiles {needed.quartiles[0]:.1f} to {needed.quartiles[1]:.1f}"
    return f"a single head would need {needed.median:.1f} times the expected attention (median of {heads}, {spread})"
