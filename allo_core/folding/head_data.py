"""What a distance head learns from: the AlphaFold models that ship, which of them it does not see, and the crops of each step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.head_features import HeadInputs, kept_head_inputs, region_of
from allo_core.folding.head_settings import HeadSettings, Split
from allo_core.folding.source_table import SURE
from allo_core.library.families import family_of_name
from allo_core.library.predicted import predicted_structure, predicted_structures
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities
from allo_core.storage.cancel import CancelEvent
from allo_core.structure.geometry import ca_positions, cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from allo_core.training.split import held_out

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Integer

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = [
    "Division",
    "Places",
    "TrainingExample",
    "crop_of",
    "data_sha256",
    "divide",
    "learnable",
    "places_of",
    "stretched",
    "training_examples",
]

_FAMILIES_IN = 8  # one in so many ligand families is held out
_FEWEST_SURE = 100  # residues: with fewer a model says too little


class Places(NamedTuple):
    """Where an AlphaFold model has the R residues that a head looks at.

    Parameters
    ----------
    index : ndarray, dtype=int, shape=(R,)
        0-based residues of the sequence.
    ca, cb : ndarray, dtype=float32, shape=(R, 3)
        Å; `cb` is the CA of glycine.  NaN where there is none.
    weights : ndarray, dtype=float32, shape=(R,)
        pLDDT / 100; 0 where it is below 70 or the residue has no place.
    """

    index: Integer[np.ndarray, " R"]
    ca: Float32[np.ndarray, "R 3"]
    cb: Float32[np.ndarray, "R 3"]
    weights: Float32[np.ndarray, " R"]


@dataclass(frozen=True, eq=False)
class TrainingExample:
    """A receptor, what the model says of it, and where its residues are."""

    receptor: str
    inputs: HeadInputs
    places: Places


class Division(NamedTuple):
    """Entry names, in alphabetical order: learnt from, held out, and neither, because they are homologues of a held-out one."""

    learnt: tuple[str, ...]
    held_out: tuple[str, ...]
    left_out: tuple[str, ...]


def learnable() -> tuple[str, ...]:
    """Entry names of the receptors with generic numbers and an AlphaFold model that ships, in alphabetical order."""
    library = receptors()
    numbered = {name for name, one in library.items() if one.numbers is not None and any(one.numbers.gpcrdb)}
    return tuple(sorted(one.receptor for one in predicted_structures().values() if one.receptor in numbered))


def places_of(receptor: str) -> Places:
    """The places of the residues of a receptor in its AlphaFold model.

    Parameters
    ----------
    receptor : str
        Entry name.

    Raises
    ------
    FoldError
        No model of it ships.
    StructureError
        The model is damaged.
    """
    model = predicted_structure(receptor)
    if model is None:
        raise FoldError(f"No AlphaFold model of {receptor} ships, so there are no distances of it; choose another receptor.")
    one = receptors()[receptor]
    structure = read_structure(model.path)
    mapping = map_structure(structure, one.protein)
    index = region_of(len(one.protein), one.numbers)
    ca, cb = (positions(structure, mapping, len(one.protein))[index].astype(np.float32) for positions in (ca_positions, cb_positions))
    sure = np.full(len(one.protein), np.nan)
    is_ca = structure.atoms.atom_name == "CA"
    numbers = {(residue.number, residue.insertion): at for at, residue in enumerate(mapping.residues) if residue is not None}
    names = zip(structure.atoms.res_id[is_ca].tolist(), structure.atoms.ins_code[is_ca].tolist(), strict=True)
    for name, value in zip(names, structure.atoms.b_factor[is_ca].tolist(), strict=True):
        if name in numbers:
            sure[numbers[name]] = value
    known = np.isfinite(ca).all(axis=1) & np.isfinite(cb).all(axis=1) & (sure[index] >= SURE)
    return Places(index, ca, cb, np.where(known, sure[index] / 100, 0).astype(np.float32))


def divide(names: Collection[str], split: Split) -> Division:
    """Which receptors are learnt from, by their names and sequences alone.

    "receptor": AA2AR, ADRB2, OPSD and about one in twenty of the others are held out, as in training a language model; their relatives are
    learnt.  "family": these, and every receptor of about one in eight ligand families; whoever shares more than 40 % of its residues with
    one of them is not learnt from either.  "none": nothing is held out.

    Parameters
    ----------
    names : collection of str
        Entry names of the library.
    split : {"receptor", "family", "none"}

    Raises
    ------
    FoldError
        Nothing is left on one side.
    """
    ordered = sorted(names)
    if split == "none":
        return Division(tuple(ordered), (), ())
    unseen = set(held_out(ordered))
    near: set[str] = set()
    if split == "family":
        library = receptors()
        unseen |= {name for name in ordered if _family_is_held_out(family_of_name(library[name].name))}
        table = identities([library[name] for name in ordered])
        rows = [ordered.index(name) for name in sorted(unseen)]
        near = {name for name, shares in zip(ordered, table[:, rows], strict=True) if shares.max(initial=0) > HOMOLOGUE_IDENTITY} - unseen
    learnt = tuple(name for name in ordered if name not in unseen | near)
    if not learnt or not unseen:
        raise FoldError(
            f"Of {len(ordered)} receptors {len(unseen)} are held out and {len(learnt)} left to learn from; give more, or --split none."
        )
    return Division(learnt, tuple(sorted(unseen)), tuple(sorted(near)))


def _family_is_held_out(family: str) -> bool:
    return family != "" and int(hashlib.sha256(family.encode()).hexdigest(), 16) % _FAMILIES_IN == 0


def training_examples(
    model: ProteinLanguageModel,
    names: Sequence[str],
    settings: HeadSettings,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> list[TrainingExample]:
    """The receptors with what the model says of them; those of whose residues fewer than 100 are sure (pLDDT 70) are left out.

    With ``settings.shuffled`` each is given what the model says of the next longer one of the same names, the longest that of the shortest.

    Parameters
    ----------
    model : ProteinLanguageModel
    names : sequence of str
        Entry names of receptors with an AlphaFold model.
    settings : HeadSettings
    progress : callable(done, receptors), optional
    cancel : CancelEvent, optional

    Raises
    ------
    FoldError, StoreError, SequenceError, DeviceError
        As from `allo_core.folding.head_features.kept_head_inputs`.
    Cancelled
    """
    library, found = receptors(), {}
    for name in names:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        places = places_of(name)
        if (places.weights > 0).sum() >= _FEWEST_SURE:
            found[name] = places
    asked = [(library[name].protein, places.index) for name, places in found.items()]
    inputs = dict(zip(found, kept_head_inputs(model, asked, settings, progress, cancel), strict=True))
    if settings.shuffled:
        inputs = _shuffled(inputs)
    return [TrainingExample(name, inputs[name], places) for name, places in found.items()]


def _shuffled(inputs: dict[str, HeadInputs]) -> dict[str, HeadInputs]:
    by_length = sorted(inputs, key=lambda name: (len(inputs[name].index), name))
    return {
        name: stretched(inputs[other], inputs[name].index) for name, other in zip(by_length, by_length[1:] + by_length[:1], strict=True)
    }


def stretched(other: HeadInputs, index: Integer[np.ndarray, " R"]) -> HeadInputs:
    """What is said of another protein, residue by residue from the first one on; the last one again where the other is shorter.

    Parameters
    ----------
    other : HeadInputs
    index : ndarray, dtype=int, shape=(R,)
        The residues that it is laid on.
    """
    at = np.minimum(np.arange(len(index)), len(other.index) - 1)
    first, second = (at[pair] for pair in np.triu_indices(len(index)))
    places = first * (2 * len(other.index) - first + 1) // 2 + second - first
    return HeadInputs(index, np.asarray(other.states)[at], np.asarray(other.maps)[places], other.rows[:, at])


def crop_of(length: int, window: int, rng: np.random.Generator) -> Integer[np.ndarray, " n"]:
    """Places of two stretches among ``length`` residues, ascending, ndarray, dtype=int, shape=(n,); all where there are no more.

    The two do not overlap, so n is twice the window, and pairs of far stretches are as frequent as the places of the stretches allow.

    Parameters
    ----------
    length : int
    window : int
        Residues of a stretch.
    rng : Generator
    """
    if length <= 2 * window:
        return np.arange(length)
    first, second = np.sort(rng.integers(length - 2 * window + 1, size=2))
    return np.concatenate([np.arange(first, first + window), np.arange(second + window, second + 2 * window)])


def data_sha256(examples: Sequence[TrainingExample]) -> str:
    """sha256 (hex) of names, residues, places and weights, in order; the features follow from these and the weights of the model.

    Parameters
    ----------
    examples : sequence of TrainingExample
    """
    digest = hashlib.sha256()
    for example in examples:
        digest.update(example.receptor.encode())
        for array in example.places:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
