"""Drawing crops: a receptor first, then one of its sequences, then a stretch of it."""

from collections.abc import Iterable

import numpy as np

from allo_core.models.tokens import VOCABULARIES
from allo_core.training.sequences import Record

__all__ = ["OLFACTORY", "OLFACTORY_SHARE", "TOKEN_NUMBERS", "Sampler"]

# How the data name the class of olfactory receptors.  They are half of the human receptors and much alike: without a limit the model
# would learn them half of the time.
OLFACTORY = "Olfactory"
OLFACTORY_SHARE = 0.2

TOKEN_NUMBERS = {token: number for number, token in enumerate(VOCABULARIES["esm2"])}
_FRAME = 2  # <cls> and <eos>
_NUMBER_OF_BYTE = np.zeros(256, dtype=np.int64)
for _token, _number in TOKEN_NUMBERS.items():
    if len(_token) == 1:
        _NUMBER_OF_BYTE[ord(_token)] = _number


class Sampler:
    """Draws crops of sequences so that each receptor counts alike, however many orthologs of it are known.

    Attributes
    ----------
    receptors : tuple of str, length n
    probabilities : ndarray, dtype=float, shape=(n,)
        How often each receptor is drawn: all alike, but the olfactory ones together at most ``OLFACTORY_SHARE`` (if there are others).
    """

    def __init__(self, records: Iterable[Record]):
        grouped: dict[str, list[Record]] = {}
        for record in records:
            grouped.setdefault(record.receptor, []).append(record)
        self.receptors = tuple(grouped)
        self.probabilities = _probabilities([group[0].receptor_class == OLFACTORY for group in grouped.values()])
        self._sequences = [[record.sequence for record in group] for group in grouped.values()]

    def draw(self, rng: np.random.Generator, longest: int) -> np.ndarray:
        """Tokens of one random crop: <cls>, at most ``longest - 2`` residues, <eos>; ndarray, dtype=int64, shape=(at most longest,)."""
        sequences = self._sequences[rng.choice(len(self.receptors), p=self.probabilities)]
        sequence = sequences[rng.integers(len(sequences))]
        size = min(len(sequence), longest - _FRAME)
        start = rng.integers(len(sequence) - size + 1)
        residues = np.frombuffer(sequence[start : start + size].encode("ascii"), dtype=np.uint8)
        return np.concatenate(([TOKEN_NUMBERS["<cls>"]], _NUMBER_OF_BYTE[residues], [TOKEN_NUMBERS["<eos>"]]))

    def draw_many(self, rng: np.random.Generator, tokens: int, longest: int) -> list[np.ndarray]:
        """Crops of ``tokens`` tokens together: the last one takes what is left, unless that is below a quarter of ``longest``."""
        crops = []
        while tokens >= longest // 4:
            crops.append(self.draw(rng, min(longest, tokens)))
            tokens -= len(crops[-1])
        return crops


def _probabilities(olfactory: list[bool]) -> np.ndarray:
    marked = np.array(olfactory, dtype=bool)
    weights = np.full(len(marked), 1 / len(marked))
    if 0 < marked.sum() < len(marked) and marked.mean() > OLFACTORY_SHARE:
        weights[marked] = OLFACTORY_SHARE / marked.sum()
        weights[~marked] = (1 - OLFACTORY_SHARE) / (~marked).sum()
    return weights
