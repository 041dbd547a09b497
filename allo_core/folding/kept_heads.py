"""Distance heads as files: those that ship, and those that a person trained."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import FoldError
from allo_core.folding.head_card import HeadCard, read_head_card
from allo_core.folding.head_weights import CARD, WEIGHTS, HeadRecord, load_head_files, read_record
from allo_core.folding.kept_refinement import REFINEMENT, REFINEMENT_CARD, RefinementRecord, load_refinement, read_refinement_record
from allo_core.library.receptors import DATA

if TYPE_CHECKING:  # the app need not wait for it
    from allo_core.folding.distance_head import DistanceHead
    from allo_core.folding.refinement import Refinement

__all__ = ["JUDGED", "HeadFiles", "own_head", "shipped_head"]

JUDGED = "judged.json"  # beside head.json: the card


@dataclass(frozen=True, eq=False)
class HeadFiles:
    """A distance head on disk.

    Parameters
    ----------
    weights, json : Path
        Its parameters and what it was made from.
    record : HeadRecord
    card : HeadCard or None
        None where it was not judged.
    sha256 : str
        Of the file of parameters, and of that of the refinement where there is one.
    refinement : RefinementRecord or None
        What its folds are moved by; None where they stay as they are drawn.
    """

    weights: Path
    json: Path
    record: HeadRecord = field(repr=False)
    card: HeadCard | None = field(repr=False)
    sha256: str
    refinement: RefinementRecord | None = field(default=None, repr=False)

    def load(self) -> DistanceHead:
        """The head, ready to predict; FoldError where the files do not belong together or are damaged."""
        return load_head_files(self.weights, self.json)[0]

    def load_refinement(self) -> Refinement | None:
        """The refinement of its folds; None where there is none, FoldError where its file is missing or damaged."""
        return None if self.refinement is None else load_refinement(_refinement_of(self.weights)[0], self.refinement)


def shipped_head(name: str = "both") -> HeadFiles:
    """The distance head that ships for the default model.

    Parameters
    ----------
    name : str
        What it reads: "both" or "attention".

    Raises
    ------
    FoldError
        None of this name ships here, or its files are damaged.
    """
    weights = DATA / f"distances_{name}.safetensors"
    if not weights.is_file():
        raise FoldError(
            f"No distance head {name!r} ships with this copy of AlloScope; train one with python -m allo_core train-distances and name its "
            "folder with --head."
        )
    return _unchanged(weights, weights.with_suffix(".json"), DATA / f"distances_{name}_judged.json")


def own_head(folder: Path, judged: bool = True) -> HeadFiles:
    """The distance head in a folder that `train-distances` wrote.

    Parameters
    ----------
    folder : Path
    judged : bool
        Whether the card is read; without it one that is to be judged anew is no error.

    Raises
    ------
    FoldError
        It holds none, or one that is damaged.
    """
    return _files(folder / WEIGHTS, folder / CARD, folder / JUDGED if judged else None)


@lru_cache(maxsize=4)
def _unchanged(weights: Path, record: Path, judged: Path) -> HeadFiles:
    """`_files` of what ships, which is read once: pages ask for it at every change."""
    return _files(weights, record, judged)


def _refinement_of(weights: Path) -> tuple[Path, Path]:
    """Where the refinement of a head lies and what it was learnt from: beside it, what ships under its name."""
    before = "" if weights.name == WEIGHTS else f"{weights.stem}_"
    return weights.with_name(before + REFINEMENT), weights.with_name(before + REFINEMENT_CARD)


def _files(weights: Path, record: Path, judged: Path | None) -> HeadFiles:
    read, card = read_record(record), None if judged is None else read_head_card(judged)
    refinement_weights, refinement_json = _refinement_of(weights)
    refinement = read_refinement_record(refinement_json)
    path = weights
    try:
        digest = hashlib.sha256(path.read_bytes())
        sha256 = digest.hexdigest()
        if refinement is not None:
            path = refinement_weights
            digest.update(path.read_bytes())
    except OSError as error:
        raise FoldError(f"{path} cannot be read: {error.strerror}; copy the head again.") from error
    if refinement is not None and refinement.head_sha256 != sha256:
        raise FoldError(f"{refinement_json} is of folds of another head than {weights.name}; remove it, or refine this head again.")
    if card is not None and card.head_sha256 != digest.hexdigest():
        raise FoldError(f"The card {judged} is that of another head than {weights.name}; judge the head again.")
    return HeadFiles(weights, record, read, card, digest.hexdigest(), refinement)
