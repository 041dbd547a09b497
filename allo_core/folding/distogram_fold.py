"""A fold from the probabilities of distances that a model gives: what is weakly tied is not drawn, and the hand has two witnesses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.averaging import NEAR
from allo_core.folding.distogram import DistogramDistances, distogram_distances
from allo_core.folding.family_average import family_average
from allo_core.folding.fold import Fold, numbers_if_any, require_drawn
from allo_core.folding.hand import right_hand
from allo_core.folding.head_settings import NEAREST
from allo_core.folding.head_worth import ModelExpectation
from allo_core.folding.next_but_one import with_next_but_one
from allo_core.folding.scaling import scale_distances
from allo_core.protein.sequence import Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = [
    "LOOSEST",
    "FoldMaker",
    "Places",
    "confidence_of",
    "fold_from_distogram",
    "fold_of_places",
    "learnt",
    "places_from_distogram",
    "tied",
]

LOOSEST = 4.0  # Å
_ALONG = 6  # residues: pairs as near along the chain are near in space in any fold, a disordered tail included
_FEWEST_TIES = 3
_MODEL = "model"
_NO_WITNESS = (
    "It may be the mirror image: there is no average fold of its class to tell, and its single helices were made right-handed, so they do "
    "not tell either."
)
_SD_OF = "as the model's distances are spread"


@dataclass(frozen=True)
class FoldMaker:
    """What gave the distances of a fold, in words.

    Parameters
    ----------
    name : str
        For people, short: ``"from AlloScope GPCR 8M"``.
    source : str
        The beginning of the sentence on the method, up to the distances: ``"CA distances that ... gives"``.
    attribution : str
        Whom the licence of what it was learnt from asks to name; "" where nobody.
    sources : tuple of str
        Receptors whose structures it was learnt from.
    expectation : ModelExpectation
        How good such folds are.
    refined : bool
        Whether the fold was moved after it was drawn (`allo_core.folding.head_refinement`).
    """

    name: str
    source: str
    attribution: str
    sources: tuple[str, ...] = field(repr=False)
    expectation: ModelExpectation
    refined: bool = False


class Places(NamedTuple):
    """Where the residues of a protein are drawn, and how sure that is.

    Parameters
    ----------
    xyz : ndarray, dtype=float64, shape=(L, 3)
        CA, Å; NaN where a residue is not drawn.
    confidence : ndarray, dtype=float64, shape=(L,)
        As in `Fold`.
    """

    xyz: Float64[np.ndarray, "L 3"]
    confidence: Float64[np.ndarray, " L"]


def fold_from_distogram(
    protein: Protein,
    probabilities: Float[np.ndarray, "n m K"],
    edges: Float[np.ndarray, " E"],
    maker: FoldMaker,
    index: Integer[np.ndarray, " n"] | None = None,
) -> Fold:
    """Draw a protein from the probabilities of its CA distances: `places_from_distogram`, then `fold_of_places`.

    Parameters
    ----------
    protein, probabilities, edges
        As for `places_from_distogram`.
    maker : FoldMaker
    index
        As for `places_from_distogram`.
    """
    return fold_of_places(protein, places_from_distogram(protein, probabilities, edges, index), maker)


def places_from_distogram(
    protein: Protein,
    probabilities: Float[np.ndarray, "n m K"],
    edges: Float[np.ndarray, " E"],
    index: Integer[np.ndarray, " n"] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Places:
    """Place the residues of a protein by the probabilities of its CA distances.

    Residues that are weakly tied to the rest of the protein are left out (`tied`).  Of the two mirror images the helices choose; where the
    protein has generic numbers the average fold of its class is the second witness.

    Parameters
    ----------
    protein : Protein
        Of L residues.
    probabilities : ndarray, dtype=float, shape=(n, n, K)
        Of CA distances, as `distogram_distances` takes them.
    edges : ndarray, dtype=float, shape=(K + 1,)
        Å.
    index : ndarray, dtype=int, shape=(n,), optional
        0-based residues of the protein in the rows, rising; by default all.
    progress : callable(done, most), optional
        Of the descent.
    cancel : CancelEvent, optional

    Raises
    ------
    FoldError
        No probabilities or edges, another number of residues, or fewer than 50 residues that are tied.
    Cancelled
    """
    index = np.arange(len(protein)) if index is None else np.asarray(index)
    if len(probabilities) != len(index) or (len(index) and index[-1] >= len(protein)):
        raise FoldError(
            f"The distances are of {len(probabilities)} residues, {len(index)} of the {len(protein)} of {protein.name} are meant; give one"
            " row for each."
        )
    found = learnt(distogram_distances(probabilities, edges))
    drawn = tied(found)
    require_drawn(np.where(drawn, 0.0, np.nan)[:, None], "The fold by these distances", protein)
    confident = confidence_of(found)
    found = with_next_but_one(found, index)
    kept = np.ix_(drawn, drawn)
    witness = _average_at(protein)
    drawing = scale_distances(
        np.nan_to_num(found.centre[kept]),
        found.weights[kept],
        np.flatnonzero(np.diff(index[drawn]) > 1).tolist(),
        reference_xyz=None if witness is None else witness[index[drawn]],
        progress=progress,
        cancel=cancel,
    )
    xyz, confidence = np.full((len(protein), 3), np.nan), np.full(len(protein), np.nan)
    xyz[index[drawn]] = drawing.xyz
    confidence[index] = confident
    confidence[~np.isfinite(xyz[:, 0])] = np.nan
    require_drawn(xyz, "The fold by these distances", protein)
    return Places(xyz, confidence)


def fold_of_places(protein: Protein, places: Places, maker: FoldMaker) -> Fold:
    """The fold that consists of these places.

    Parameters
    ----------
    protein : Protein
        Of L residues.
    places : Places
        Of them.
    maker : FoldMaker
    """
    numbers = numbers_if_any(protein)
    witness, drawn = _average_at(protein), np.isfinite(places.xyz[:, :1])
    hand = _NO_WITNESS
    if witness is not None:
        hand = right_hand(places.xyz, np.where(drawn, witness, np.nan))[1].sentence  # the places have the hand that it chooses
    return Fold(
        protein,
        _MODEL,
        "" if numbers is None else numbers.receptor_class,
        None,
        maker.name,
        _method(protein, maker, hand),
        places.xyz,
        places.confidence,
        maker.attribution,
        "" if numbers is None else numbers.receptor,
        maker.sources,
        sd_of=_SD_OF,
        expectation=maker.expectation,
    )


def tied(found: DistogramDistances, loosest: float = LOOSEST) -> Bool[np.ndarray, " n"]:
    """Which residues are tied well enough to be drawn, ndarray, dtype=bool, shape=(n,).

    Those of which at least three distances within 15 Å to residues six or more apart along the chain are known, with a median spread of at
    most 4 Å (`benchmarks/folds_head.py --rules` compares it with others).

    Parameters
    ----------
    found : DistogramDistances
        Of n residues.
    loosest : float
        Å, of the median spread.
    """
    near = _near(found)
    rows = np.arange(len(near))
    near &= np.abs(rows[:, None] - rows) >= _ALONG
    spread = np.where(near, found.spread, np.nan)
    enough = near.sum(axis=1) >= _FEWEST_TIES
    median = np.full(len(near), np.inf)
    if enough.any():
        median[enough] = np.nanmedian(spread[enough], axis=1)
    return median <= loosest


def confidence_of(found: DistogramDistances) -> Float64[np.ndarray, " n"]:
    """1/(1 + sd) of each residue, sd in Å the mean spread of its distances within 15 Å; ndarray, dtype=float64, shape=(n,).

    NaN where no distance is known to be so near.

    Parameters
    ----------
    found : DistogramDistances
        Of n residues.
    """
    near = _near(found)
    count = near.sum(axis=1)
    total = np.where(near, found.spread, 0).sum(axis=1)
    return 1 / (1 + np.divide(total, count, out=np.full(len(near), np.nan), where=count > 0))


def learnt(found: DistogramDistances) -> DistogramDistances:
    """Without the weights of pairs that a head does not learn: those less than three apart along the chain.

    Parameters
    ----------
    found : DistogramDistances
        Of n residues.
    """
    rows = np.arange(len(found.weights))
    return found._replace(weights=np.where(np.abs(rows[:, None] - rows) >= NEAREST, found.weights, 0))


def _near(found: DistogramDistances) -> Bool[np.ndarray, "n n"]:
    """Which distances are known and within 15 Å, as the confidence of other folds takes them."""
    return (found.weights > 0) & (np.nan_to_num(found.centre, nan=np.inf) < NEAR)


@lru_cache(maxsize=4)  # drawing asks, and then the words on the hand
def _average_at(protein: Protein) -> Float64[np.ndarray, "L 3"] | None:
    """The average fold of the class on the residues of the protein; None where there is none."""
    try:
        return family_average(protein).xyz
    except FoldError:
        return None


def _method(protein: Protein, maker: FoldMaker, hand: str) -> str:
    moved = " and moved by a small equivariant network" if maker.refined else ""
    return (
        f"{maker.source}, drawn by multidimensional scaling{moved}; no side chains, no residues of {protein.name} whose distances are "
        f"spread by more than {LOOSEST:g} Å, and no state. {hand}"
    )
