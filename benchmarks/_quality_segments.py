"""Does a linear probe read helices and loops of unseen receptors from the embeddings?"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from _quality_columns import residue_indices
from _quality_data import Effort, Split
from _quality_models import Row, embeddings
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.preprocessing import StandardScaler

from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS

__all__ = ["Recovery", "labelled", "majority", "one_hot", "probe", "read_segments", "segment_labels"]

SEGMENTS = ("N-term", "TM1", "TM2", "TM3", "TM4", "TM5", "TM6", "TM7", "ICL", "ECL", "H8", "C-term")
_SEED = 0
_STEPS = 1000

# Sequence -> features of each residue [L, d].
Features = Callable[[str], np.ndarray]


class Recovery(NamedTuple):
    """Share of residues whose segment is read right, and F1 averaged over the segments."""

    accuracy: float
    macro_f1: float


def read_segments(split: Split, rows: Sequence[Row], effort: Effort) -> dict[str, Recovery]:
    """The probe on the embeddings of each model, and what needs none: the most common segment, and the residue type alone."""
    known = [entry for entry in split.training if entry in receptors()]
    drawn = np.random.default_rng(_SEED).permutation(known)[: effort.probe_receptors].tolist()
    unseen = [entry for entry in split.unseen if entry in receptors()]

    def both(features: Features) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        return labelled(drawn, features, effort.probe_residues), labelled(unseen, features)

    fit, test = both(one_hot)
    found = {"nothing: the most common segment": majority(fit[1], test[1]), "residue type": probe(fit, test)}
    for row in rows:
        found[row.title] = probe(*both(lambda sequence, row=row: embeddings(row, sequence)))
    return found


def segment_labels(entry: str) -> np.ndarray:
    """Place of each residue's segment in ``SEGMENTS``, -1 for none of them (GAIN domains, unknown), ndarray, dtype=int, shape=(L,)."""
    numbers = receptors()[entry].numbers
    if numbers is None:
        return np.full(len(receptors()[entry].protein), -1)
    merged = (name[:3] if name[:3] in ("ICL", "ECL") else name for name in numbers.segment)
    return np.array([SEGMENTS.index(name) if name in SEGMENTS else -1 for name in merged])


def labelled(entries: Iterable[str], features: Features, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Features [n, d] and labels [n] of the residues of some receptors, at most `most` of each receptor, drawn with a fixed seed."""
    rng = np.random.default_rng(_SEED)
    rows, labels = [], []
    for entry in entries:
        own = segment_labels(entry)
        places = np.flatnonzero(own >= 0)
        if not len(places):
            continue
        if most is not None and len(places) > most:
            places = np.sort(rng.choice(places, most, replace=False))
        rows.append(features(receptors()[entry].protein.sequence)[places])
        labels.append(own[places])
    return np.concatenate(rows), np.concatenate(labels)


def one_hot(sequence: str) -> np.ndarray:
    """The type of each residue, ndarray, dtype=float, shape=(L, 20); zeros for other letters."""
    indices = residue_indices(sequence)
    return (indices[:, None] == np.arange(len(AMINO_ACIDS))).astype(float)


def probe(fit: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> Recovery:
    """Multinomial logistic regression on standardised features, fitted on one set of residues and tested on another."""
    scaler = StandardScaler().fit(fit[0])
    model = LogisticRegression(max_iter=_STEPS).fit(scaler.transform(fit[0]), fit[1])
    return _recovery(test[1], model.predict(scaler.transform(test[0])))


def majority(fit: np.ndarray, test: np.ndarray) -> Recovery:
    """The most common segment of the fitted residues, for every residue."""
    return _recovery(test, np.full(len(test), np.bincount(fit).argmax()))


def _recovery(true: np.ndarray, read: np.ndarray) -> Recovery:
    return Recovery(float(accuracy_score(true, read)), float(f1_score(true, read, average="macro", zero_division=0)))
