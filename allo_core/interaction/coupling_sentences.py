"""Couplings in sentences: what the table holds, what the models say, and what a stretch adds."""

from __future__ import annotations

from allo_core.interaction.coupling_answer import CouplingAnswer, Stretches, family_rates
from allo_core.interaction.coupling_models import CouplingPrediction
from allo_core.interaction.coupling_table import families

__all__ = ["coupling_sentence", "shown_probabilities", "stretch_sentence"]


def coupling_sentence(answer: CouplingAnswer, family: str, told: tuple[str, ...] | None) -> str:
    """The answer for one family: the table first, then the model that is best in the comparison, then AMPS with its rank.

    Parameters
    ----------
    answer : CouplingAnswer
    family : str
        Name of a family.
    told : tuple of str or None
        Families that are reported of the receptor; None where none is.
    """
    at = [one.name for one in families()].index(family)
    name, rate = answer.protein.name, family_rates()[at]
    if told is None:
        table = f"No G protein family is reported of {name}."
    else:
        table = f"{family} is {'reported' if family in told else 'not reported, which is less than “does not couple”,'} of {name}."
    best, *others = answer.predictions
    said = (
        f"{_capital(best.name)}, rank {best.rank} of {best.methods}, gives {shown_probabilities(best, name)[at]:.2f}{_learnt(best, name)}"
    )
    beside = "".join(f"; {one.name}, rank {one.rank}, {shown_probabilities(one, name)[at]:.2f}" for one in others)
    return f"{table} {said}{beside}. Of all studied receptors {rate:.0%} couple to {family}."


def stretch_sentence(stretches: Stretches, row: int, column: int, name: str, family: str) -> str:
    """What one stretch says of a family, beside chance.

    Parameters
    ----------
    stretches : Stretches
    row, column : int
        Of the family and of the stretch.
    name, family : str
        As a person reads them.
    """
    value, residues = stretches.values[row, column], stretches.residues[column]
    where = f"{name} ({len(residues)} residues)"
    if not stretches.signed:
        return f"{where} receives {value:.3f} of the attention; {stretches.chance:.3f} by chance."
    rank = int((-stretches.values[row] < -value).sum()) + 1
    known = int((stretches.values[row] == stretches.values[row]).sum())
    return f"{where} speaks {'for' if value > 0 else 'against'} {family}: {value:+.2f}, the {_ordinal(rank)} of {known} stretches."


def shown_probabilities(prediction: CouplingPrediction, name: str) -> tuple[float, ...]:
    """Of each family: of a receptor that was learnt from, what was said when it was left out; of another what the whole model says."""
    left_out = prediction.out_of_fold if prediction.known == name else None
    return left_out or prediction.probabilities


def _learnt(prediction: CouplingPrediction, name: str) -> str:
    """From what the number comes."""
    if prediction.out_of_fold is None:
        return " (no homologue was learnt from)"
    if prediction.known == name:
        return " without having learnt from it or its homologues"
    return f" (it learnt from {prediction.known}, {prediction.identity:.0%} identical)"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
