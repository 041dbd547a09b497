"""What a model of couplings is worth, in a sentence: first what is not told from chance."""

from __future__ import annotations

from allo_core.interaction.coupling_models import RANKED_BY
from allo_core.interaction.model_card import ModelCard

__all__ = ["explained_sentence", "worth_sentence"]

_IDENTITY = "homologues"  # the baseline of that name


def worth_sentence(card: ModelCard) -> str:
    """The best method beside chance, those that are not told from chance, and what four partners can teach.

    Parameters
    ----------
    card : ModelCard
        Of one of the shipped models.
    """
    rows = [row for row in card.comparison if row.measure(f"{RANKED_BY} low") == row.measure(f"{RANKED_BY} low")]
    best = max(rows, key=lambda row: row.measure(RANKED_BY))
    level = [row.name for row in rows if not row.measure(f"{RANKED_BY} low") > 0.5]
    low, high = best.measure(f"{RANKED_BY} low"), best.measure(f"{RANKED_BY} high")
    parts = [f"Not told from chance on receptors without homologues in training: {', '.join(level)}."] if level else []
    parts.append(
        f"Best is {best.name}, with a mean AUC within families of {best.measure(RANKED_BY):.2f} ({low:.2f} to {high:.2f}; chance 0.5)."
    )
    alone = next((row.measure(RANKED_BY) for row in rows if row.name == _IDENTITY), None)
    if alone is not None and best.name != _IDENTITY and low <= alone:
        parts.append(f"It is not told apart from sequence identity, which needs no model ({_IDENTITY}: {alone:.2f}).")
    parts.append("Four partners are four classifiers of receptors: nothing here says what a fifth partner would do.")
    return " ".join(parts)


def explained_sentence(card: ModelCard) -> str:
    """What has to be known before a model is explained: how good it is, beside chance.

    Parameters
    ----------
    card : ModelCard
        Of the model that is explained.
    """
    own, rank = card.comparison[0], 1 + len(card.better(RANKED_BY))
    low, high = own.measure(f"{RANKED_BY} low"), own.measure(f"{RANKED_BY} high")
    chance = "" if low > 0.5 else ", which is not told from it"
    return (
        f"What stands here explains a model, not coupling: {own.name}, rank {rank} of {len(card.comparison)}, has a mean AUC within "
        f"families of {own.measure(RANKED_BY):.2f} ({low:.2f} to {high:.2f}; chance 0.5{chance})."
    )
