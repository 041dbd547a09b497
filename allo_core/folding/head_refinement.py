"""The refinement that belongs to a distance head: learnt from the folds that the head gives of the receptors that it has learnt from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.distogram import distogram_distances
from allo_core.folding.distogram_fold import Places, learnt, places_from_distogram
from allo_core.folding.head_settings import HeadSettings
from allo_core.folding.kept_refinement import RefinementRecord
from allo_core.folding.refinement import Refinement, RefinementCase, learn_refinement, letter_features, refine
from allo_core.folding.refinement_settings import RefinementSettings
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.storage.cancel import CancelEvent
from allo_core.structure.compare import lddt

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

    from allo_core.folding.distance_head import DistanceHead, Distogram
    from allo_core.folding.head_data import TrainingExample

__all__ = ["learn_head_refinement", "refined_places", "refinement_settings"]


def refinement_settings(head: HeadSettings, layers: int) -> RefinementSettings:
    """Of a refinement of the folds of a head; FoldError as from `RefinementSettings`.

    Parameters
    ----------
    head : HeadSettings
    layers : int
    """
    return RefinementSettings(len(AMINO_ACIDS), layers=layers, seed=head.seed)


def learn_head_refinement(
    head: DistanceHead,
    head_sha256: str,
    learnt_from: Sequence[TrainingExample],
    held_out: Sequence[TrainingExample],
    settings: RefinementSettings,
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> tuple[Refinement, RefinementRecord]:
    """Draw the receptors by the distances of a head, and learn to move these folds towards their AlphaFold models.

    The folds that it learns from are of receptors that the head has learnt from, so they are better than those of others; what it is worth
    is told by the others.  A receptor of which no fold can be drawn is passed over.

    Parameters
    ----------
    head : DistanceHead
    head_sha256 : str
        Of its parameters.
    learnt_from, held_out : sequence of TrainingExample
        With what the head reads.
    settings : RefinementSettings
    progress : callable(what, done, most), optional
    cancel : CancelEvent, optional

    Raises
    ------
    FoldError
        No receptor can be drawn to learn from.
    Cancelled
    """
    examples = [*learnt_from, *held_out]
    starts: list[list[RefinementCase]] = [[], []]
    for done, example in enumerate(examples, 1):
        start = _start_of(head, example, cancel)
        if start is not None:
            starts[done > len(learnt_from)].append(start)
        if progress is not None:
            progress("Drawing folds to refine", done, len(examples))

    def told(done: int, most: int, loss: float) -> None:
        if progress is not None:
            progress(f"Learning to refine, loss {loss:.3f}", done, most)

    refinement = learn_refinement(starts[0], settings, told, cancel)
    before, after = [], []
    for one in starts[1]:
        before.append(lddt(one.start, one.target))
        after.append(lddt(refine(refinement, one.start, one.features, one.centre, one.spread), one.target))
    means = (float(np.mean(before)), float(np.mean(after))) if before else (None, None)
    better = sum(new > old for old, new in zip(before, after, strict=True))
    return refinement, RefinementRecord(settings, head_sha256, len(starts[0]), len(before), *means, better)


def refined_places(refinement: Refinement, protein: Protein, places: Places, found: Distogram) -> Places:
    """The places moved by a refinement; which residues are drawn, and how sure that is, stays as it was.

    Parameters
    ----------
    refinement : Refinement
    protein : Protein
        Of L residues.
    places : Places
        Of them.
    found : Distogram
        From which the places were drawn.
    """
    return places._replace(xyz=refine(refinement, places.xyz, letter_features(protein), *_distances(len(protein), found)))


def _start_of(head: DistanceHead, example: TrainingExample, cancel: CancelEvent | None) -> RefinementCase | None:
    """None where no fold can be drawn."""
    from allo_core.folding.distance_head import predict_distogram

    if cancel is not None and cancel.is_set():
        raise Cancelled
    protein = receptors()[example.receptor].protein
    found = predict_distogram(head, example.inputs, cancel=cancel)
    try:
        places = places_from_distogram(protein, found.ca, found.edges, found.index, cancel=cancel)
    except FoldError:
        return None
    target = np.full((len(protein), 3), np.nan)
    sure = example.places.weights > 0
    target[example.places.index[sure]] = example.places.ca[sure]
    return RefinementCase(places.xyz, target, letter_features(protein), *_distances(len(protein), found))


def _distances(length: int, found: Distogram) -> tuple[Float32[np.ndarray, "L L"], Float32[np.ndarray, "L L"]]:
    """Expected distances and their spreads; NaN where the head says nothing, or nothing that counts."""
    distances = learnt(distogram_distances(found.ca, found.edges))
    centre, spread = np.full((2, length, length), np.nan, dtype=np.float32)
    at = np.ix_(found.index, found.index)
    known = distances.weights > 0
    centre[at], spread[at] = (np.where(known, values, np.nan) for values in (distances.centre, distances.spread))
    return centre, spread
