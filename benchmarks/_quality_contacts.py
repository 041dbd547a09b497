"""Contacts from attention: symmetrised and APC-corrected maps, one head or a regression over all, tested on receptors they never saw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _quality_models import Row, attention_maps
from sklearn.linear_model import LogisticRegression

from allo_core.attention.contacts import PARTS, apc, pairs_of, precision_at
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structures
from allo_core.protein.contacts import CB_CONTACT
from allo_core.protein.sequence import Protein
from allo_core.structure.geometry import cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

__all__ = [
    "SEPARATIONS",
    "Precision",
    "Target",
    "contact_precision",
    "contact_targets",
    "fit_heads",
    "folds",
    "mean_over_receptors",
]

ENTRIES = {"8FYN": "AA2AR", "5G53": "AA2AR", "3SN6": "ADRB2", "1U19": "OPSD"}
SEPARATIONS = (6, 24)  # residues along the chain
# Regression with an L1 penalty as in Rao et al., ICLR 2021 (doi:10.1101/2020.12.15.422761), but each map is divided by its standard
# deviation over the fitted pairs, or the penalty would leave nothing of a model whose attention is flat.
_C = 0.15
_TOLERANCE = 0.01  # what LIBLINEAR itself takes for this penalty; a hundredth of it takes twenty times as long on the maps of a young model


@dataclass(frozen=True, eq=False)
class Target:
    """A structure laid over the human receptor: CB positions in Å [L, 3], NaN where there is none."""

    entry: str
    receptor: str
    protein: Protein
    cb: np.ndarray

    @property
    def resolved(self) -> int:
        """L of the precisions: residues with a position."""
        return int(np.isfinite(self.cb[:, 0]).sum())


class Precision(NamedTuple):
    """Precision among the L, L/2 and L/5 best pairs of one structure; `random`: share of contacts among all pairs."""

    entry: str
    receptor: str
    method: str
    separation: int
    values: tuple[float, ...]
    random: float
    detail: str


class _Pairs(NamedTuple):
    """Pairs of residues at some separation with their features [n, heads] and whether they touch [n]."""

    features: np.ndarray
    contact: np.ndarray
    apart: np.ndarray


def contact_targets(folder: Path) -> list[Target]:
    """The four structures; those that do not ship with the app are read from ``folder``.  StructureError if one is missing there."""
    found = []
    for entry, receptor in ENTRIES.items():
        shipped = [structure.path for structure in shipped_structures(receptor) if structure.entry == entry]
        structure = read_structure(shipped[0] if shipped else folder / f"{entry}.pdb.gz")
        protein = find_receptor(receptor).protein
        found.append(Target(entry, receptor, protein, cb_positions(structure, map_structure(structure, protein), len(protein))))
    return found


def mean_over_receptors(values: Iterable[tuple[str, np.ndarray | float]]) -> np.ndarray:
    """Mean over (receptor, value of one structure) in which every receptor counts alike, however many structures it has."""
    by_receptor: dict[str, list] = {}
    for receptor, value in values:
        by_receptor.setdefault(receptor, []).append(value)
    return np.mean([np.mean(own, axis=0) for own in by_receptor.values()], axis=0)


def folds(targets: Sequence[Target]) -> list[tuple[list[Target], list[Target]]]:
    """(fit, test) for each receptor: its own structures are tested, those of all others are fitted."""
    receptors = dict.fromkeys(target.receptor for target in targets)
    return [([t for t in targets if t.receptor != name], [t for t in targets if t.receptor == name]) for name in receptors]


def contact_precision(row: Row, targets: Sequence[Target]) -> list[Precision]:
    """Every structure by a head and by a regression that were chosen and fitted on the other receptors."""
    maps = {name: apc(attention_maps(row, protein)) for name, protein in {t.receptor: t.protein for t in targets}.items()}
    pairs = {target.entry: _pairs(maps[target.receptor], target.cb) for target in targets}
    results = []
    for fit, test in folds(targets):
        fitted = [pairs[target.entry] for target in fit]
        weights = fit_heads(np.concatenate([p.features for p in fitted]), np.concatenate([p.contact for p in fitted]))
        for separation in SEPARATIONS:
            head = _best_head(fit, pairs, separation)
            layer, column = divmod(head, row.model.spec.heads)
            for target in test:
                chosen = _at(pairs[target.entry], separation)
                single = chosen.features[:, head]
                results.append(_precision(target, "best head", separation, single, chosen.contact, f"layer {layer}, head {column}"))
                scores, used = chosen.features @ weights, f"{np.count_nonzero(weights)} heads"
                results.append(_precision(target, "regression", separation, scores, chosen.contact, used))
    return results


def _pairs(maps: np.ndarray, cb: np.ndarray) -> _Pairs:
    first, second, contact = pairs_of(cb, min(SEPARATIONS), CB_CONTACT)
    return _Pairs(maps[:, first, second].T.astype(np.float64), contact, second - first)


def _at(pairs: _Pairs, separation: int) -> _Pairs:
    return _Pairs(*(values[pairs.apart >= separation] for values in pairs))


def fit_heads(features: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Weight of each head, ndarray, shape=(heads,), from features [n, heads] and contacts [n]; the intercept changes no order of pairs."""
    deviation = features.std(axis=0)
    deviation[deviation == 0] = 1
    regression = LogisticRegression(C=_C, l1_ratio=1.0, solver="liblinear", tol=_TOLERANCE, random_state=0)
    return regression.fit(features / deviation, contact).coef_[0] / deviation


def _best_head(fit: list[Target], pairs: dict[str, _Pairs], separation: int) -> int:
    """The head with the highest precision at L, on average over receptors."""
    found = []
    for target in fit:
        chosen = _at(pairs[target.entry], separation)
        scores = [precision_at(column, chosen.contact, target.resolved) for column in chosen.features.T]
        found.append((target.receptor, np.array(scores)))
    return int(mean_over_receptors(found).argmax())


def _precision(target: Target, method: str, separation: int, scores: np.ndarray, contact: np.ndarray, detail: str) -> Precision:
    values = tuple(precision_at(scores, contact, target.resolved // part) for part in PARTS.values())
    return Precision(target.entry, target.receptor, method, separation, values, float(contact.mean()), detail)
