"""What models of couplings say of a G protein family that they did not learn from: one family left out at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError
from allo_core.interaction.coupling_scores import area_within, estimate_of
from allo_core.interaction.coupling_table import coupling_pairs, families
from allo_core.interaction.splits import Split
from allo_core.learning.compare import group_draws
from allo_core.library.receptors import DATA
from allo_core.storage.plain_json import check_version, from_plain

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Integer

__all__ = ["FILE", "NewFamilies", "NewFamilyRow", "family_split", "new_families", "other_families", "score_new_families"]

FILE = DATA / "coupling_new_families.json"
_FORMAT = 1
_DIGITS = 3


@dataclass(frozen=True)
class NewFamilyRow:
    """One method.

    Parameters
    ----------
    name : str
    areas, low, high : tuple of float
        ROC area of each family among all receptors, and its interval of 95 % over draws of clusters of homologues.
    """

    name: str
    areas: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class NewFamilies:
    """Methods on families that were left out, one after the other; 0.5 by chance.

    Parameters
    ----------
    format : int
    families : tuple of str
    rows : tuple of NewFamilyRow
    """

    format: int
    families: tuple[str, ...]
    rows: tuple[NewFamilyRow, ...]

    @property
    def sentence(self) -> str:
        """How many families each method tells from chance when it has not learnt from them."""
        told = [f"{row.name}: {sum(low > 0.5 for low in row.low)}" for row in self.rows]
        return (
            f"Families that are told from chance when no pair of them was learnt from, of {len(self.families)}: {', '.join(told)}. "
            "The receptors themselves are known, with their other families; areas below 0.5 are owed to that: every receptor has a family, "
            "so those that have another one have this one less often."
        )

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"


def family_split() -> Split:
    """The pairs of `coupling_pairs`, a fold for each family: receptors are on both sides, a family is not."""
    fold = np.tile(np.arange(len(families())), len(coupling_pairs()) // len(families()))
    return Split("protein", "both", len(families()), fold, fold)


def other_families() -> Float64[np.ndarray, " pairs"]:
    """The share of the other families that are reported of the receptor of each pair: what is known of it without any sequence."""
    labels = coupling_pairs().labels.reshape(-1, len(families()))
    return ((labels.sum(axis=1, keepdims=True) - labels) / (len(families()) - 1)).ravel()


def score_new_families(
    probabilities: Mapping[str, Float[np.ndarray, " pairs"]], clusters: Integer[np.ndarray, " receptors"]
) -> NewFamilies:
    """Score methods on the pairs of `coupling_pairs`, each family among all receptors.

    Parameters
    ----------
    probabilities : mapping of str to ndarray of float, shape=(pairs,)
        Name of a method -> what it says of each pair when the family of the pair was left out.
    clusters : ndarray of int, shape=(receptors,)
        Homologues, which are drawn together.
    """
    names = tuple(family.name for family in families())
    labels = coupling_pairs().labels.reshape(-1, len(names))
    weights, together = group_draws(clusters[:, None] == clusters)[1], np.zeros(len(labels), dtype=np.int64)
    rows = []
    for name, found in probabilities.items():
        said = found.reshape(labels.shape)
        areas = [estimate_of(area_within(labels[:, at], said[:, at], together, weights)) for at in range(len(names))]
        parts = zip(*((one.value, one.low, one.high) for one in areas), strict=True)
        rows.append(NewFamilyRow(name, *(tuple(round(value, _DIGITS) for value in part) for part in parts)))
    return NewFamilies(_FORMAT, names, tuple(rows))


@cache
def new_families() -> NewFamilies:
    """What ships; PairError if the file is missing or damaged."""
    try:
        return from_plain(NewFamilies, check_version(json.loads(FILE.read_text(encoding="utf-8")), NewFamilies, _FORMAT))
    except (OSError, ValueError, TypeError) as error:
        raise PairError(f"The table of families that were left out ({FILE}) is missing or damaged; get AlloScope again.") from error
