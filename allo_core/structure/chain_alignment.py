"""Alignment of the residues that a structure shows with the sequence they come from.

An ordinary alignment sees letters only.  A structure tells more: where its chain is interrupted (only there may a missing loop be left
out cheaply, so the residue before a loop cannot slide across it) and how its authors counted (a jump in their numbers tells how long
the missing loop is).  Hence a Gotoh-style local alignment (Gotoh, J. Mol. Biol. 162, 705 (1982)) with penalties that know both.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from biotite.sequence.align import SubstitutionMatrix

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Integer

__all__ = ["align_chain"]

# In the half-bit units of BLOSUM62.  A gap in a bonded chain costs as much as three identical residues bring; a loop that is missing
# from the model is no evolutionary event and costs little, and least if the author's numbers skip as many residues.
_SKIP_BONDED = 14.0
_SKIP_AT_BREAK = 2.0
_SKIP_AS_NUMBERED_BONDED = 2.0
_SKIP_AS_NUMBERED_AT_BREAK = 0.5
# Residues that are not in the sequence: fusion proteins have more than 100, so their number hardly counts.
_INSERT = 14.0
_INSERT_EACH = 0.02
_SKIP_EACH = 0.001  # among equal alignments the one with the shorter gap


def align_chain(chain: str, sequence: str, bonded: Bool[np.ndarray, " n"], number: Integer[np.ndarray, " n"]) -> Integer[np.ndarray, " n"]:
    """Find the place of each residue of a chain in a sequence.

    Parameters
    ----------
    chain : str, length n
        Letters of the residues that are present, in chain order.
    sequence : str, length m
    bonded : ndarray, dtype=bool, shape=(n,)
        Follows the residue before directly; nothing is missing between.
    number : ndarray, dtype=int, shape=(n,)
        Author numbers.

    Returns
    -------
    ndarray, dtype=int, shape=(n,)
        0-based index into ``sequence``, rising, -1 where a residue has no place.
    """
    if not chain:
        return np.empty(0, dtype=int)
    jump = np.diff(number, prepend=number[0])
    forward = _Forward(chain, sequence)
    for i in range(1, len(chain)):
        forward.step(i, bool(bonded[i]), int(jump[i]))
    return forward.traceback()


class _Forward:
    """The forward pass, one row a residue; ``aligned``: residue i has place j; ``left_out``: it has none, the last place is j."""

    def __init__(self, chain: str, sequence: str):
        self.scores = _score_rows(chain, sequence)
        n, m = len(chain), len(sequence)
        self.columns = np.arange(m)
        self.previous = np.full((n, m), -1, dtype=np.int16 if m < 2**15 else np.int32)  # place of the residue before, -1: starts here
        self.after_insert = np.zeros((n, m), dtype=bool)  # the residue before has no place
        self.insert_opens = np.zeros((n, m), dtype=bool)
        self.aligned = self.scores(0)
        self.left_out = np.full(m, -np.inf)
        self.best, self.end = self.aligned.max(), (0, int(self.aligned.argmax()))

    def step(self, i: int, bonded: bool, jump: int) -> None:
        base = np.maximum(self.aligned, self.left_out)
        # The residue before lies directly before, ...
        arrival, place = np.append(-np.inf, base[:-1]), self.columns - 1
        numbered = np.full(len(base), -np.inf)
        # ... or as far as the numbers say, ...
        if 1 < jump < len(base):
            cost = _SKIP_AS_NUMBERED_BONDED if bonded else _SKIP_AS_NUMBERED_AT_BREAK
            numbered[jump:] = self.aligned[:-jump] - cost
            arrival, place = _better(arrival, place, numbered, self.columns - jump)
        # ... or anywhere further back, ...
        reachable = base + _SKIP_EACH * self.columns
        highest = np.maximum.accumulate(reachable)
        where = np.maximum.accumulate(np.where(reachable == highest, self.columns, 0))
        skipped = highest - _SKIP_EACH * self.columns - (_SKIP_BONDED if bonded else _SKIP_AT_BREAK)
        further, from_where = np.append([-np.inf] * 2, skipped)[: len(base)], np.append([0, 0], where)[: len(base)]
        arrival, place = _better(arrival, place, further, from_where)
        # ... or the alignment starts here.
        arrival, place = _better(arrival, place, np.zeros(len(base)), np.full(len(base), -1))

        self.previous[i] = place
        # Numbers that skip tell nothing across a fusion protein, so such a step comes from an aligned residue only.
        self.after_insert[i] = (self.left_out > self.aligned)[np.maximum(place, 0)] & (arrival > numbered)
        opened = self.aligned - _INSERT
        self.insert_opens[i] = opened >= self.left_out
        self.left_out = np.maximum(opened, self.left_out) - _INSERT_EACH
        self.aligned = arrival + self.scores(i)
        if self.aligned.max() > self.best:
            self.best, self.end = self.aligned.max(), (i, int(self.aligned.argmax()))

    def traceback(self) -> np.ndarray:
        places = np.full(len(self.previous), -1)
        if self.best <= 0:
            return places
        i, j = self.end
        while j >= 0:
            places[i] = j
            i, j, inserted = i - 1, int(self.previous[i, j]), self.after_insert[i, j]
            while j >= 0 and inserted:
                i, inserted = i - 1, not self.insert_opens[i, j]
        return places


def _better(score: np.ndarray, place: np.ndarray, other: np.ndarray, other_place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.maximum(score, other), np.where(other > score, other_place, place)


def _score_rows(chain: str, sequence: str):
    matrix, codes = _blosum()
    columns = np.array([codes.get(letter, codes["X"]) for letter in sequence])
    profile = {letter: matrix[codes.get(letter, codes["X"])][columns].astype(float) for letter in set(chain)}
    return lambda i: profile[chain[i]]


@cache
def _blosum() -> tuple[np.ndarray, " dict"]:
    """BLOSUM62 (Henikoff and Henikoff, PNAS 89, 10915 (1992)) and the row of each letter."""
    substitutions = SubstitutionMatrix.std_protein_matrix()
    codes = {letter: code for code, letter in enumerate(substitutions.get_alphabet1())}
    # Selenocysteine and pyrrolysine have no rows of their own.
    return substitutions.score_matrix(), {**codes, "U": codes["C"], "O": codes["K"]}
