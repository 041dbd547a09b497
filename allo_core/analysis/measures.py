"""What is measured with two sets of residues: attention on one of them, or the coupling from one to the other; and what counts for it."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from allo_core.errors import ScoreError

__all__ = ["MEASURES", "WEIGHTINGS", "Measure", "Setting", "Weighting", "check_measure", "check_weighting", "setting"]

Measure = Literal["A", "B", "AB", "BA"]

# How a measure is called on the page.
MEASURES: dict[Measure, str] = {"A": "on A", "B": "on B", "AB": "A → B", "BA": "B → A"}


# What counts: attention above a threshold, or all attention times the length of what is attended to (Kobayashi et al., EMNLP 2020).
Weighting = Literal["attention", "value"]
WEIGHTINGS: dict[Weighting, str] = {"attention": "attention", "value": "value-weighted attention"}


class Setting(NamedTuple):
    """Parameters for `AttentionMaps.columns` and `score_heads`: the rows that count (None: all) and the marked residues, 0-based."""

    queries: tuple[int, ...] | None
    sites: tuple[int, ...]


def check_measure(measure: str) -> None:
    """ScoreError unless `measure` is one of the known ones."""
    if measure not in get_args(Measure):
        raise ScoreError(f"The measure {measure!r} is unknown; choose one of {', '.join(get_args(Measure))}.")


def check_weighting(weighting: str, threshold: float) -> None:
    """ScoreError unless `weighting` is one of the known ones, and value-weighted attention is asked for without threshold."""
    if weighting not in get_args(Weighting):
        raise ScoreError(f"The weighting {weighting!r} is unknown; choose one of {', '.join(get_args(Weighting))}.")
    if weighting == "value" and threshold != 0:
        raise ScoreError(f"Value-weighted attention has no threshold, so {threshold:g} is not possible; choose 0.")


def setting(measure: Measure, a: Iterable[int], b: Iterable[int]) -> Setting:
    """What a measure means for the sets A and B.

    Parameters
    ----------
    measure : {"A", "B", "AB", "BA"}
        "AB" is the coupling from A to B: of what the residues of A look at, how much lies in B.
    a, b : iterable of int
        0-based residues.

    Raises
    ------
    ScoreError
        An unknown measure, or a set that it needs is empty.
    """
    check_measure(measure)
    sets = {"A": tuple(a), "B": tuple(b)}
    for name in measure:
        if not sets[name]:
            raise ScoreError(f"Set {name} is empty, and {MEASURES[measure]!r} needs it; mark at least one residue for set {name}.")
    *looking, looked_at = (sets[name] for name in measure)
    return Setting(looking[0] if looking else None, looked_at)
