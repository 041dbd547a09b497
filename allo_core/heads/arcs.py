"""The arcs of every head over a sample of receptors: one pass each, kept for each receptor, so that a job goes on where it was stopped.

What heads look at is then counted without the model.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled
from allo_core.library.contacts import KnownContacts, known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.readouts.kept_arrays import keep_arrays, read_arrays
from allo_core.readouts.kept_readouts import heads_folder
from allo_core.runs.extract import kept_metas, meta_of
from allo_core.runs.meta import RunMeta
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Int32, Int64

__all__ = ["BINS", "THRESHOLD", "ArcsReader", "FamilyArcs", "ReceptorArcs", "family_arcs", "kept_arcs"]

_FORMAT = 1
# Vig et al. (2021) count the arcs of at least 0.3.
THRESHOLD = 0.3
# Attention is counted against contacts in these bins, each from its edge to the next one.
BINS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7)
_NEAREST = 6  # residues apart along the chain: nearer pairs touch anyway


@dataclass(frozen=True, eq=False)
class ReceptorArcs:
    """The arcs of all heads on one receptor, or on another protein.

    Parameters
    ----------
    receptor : str
        Entry name; of another protein its own.
    heads, queries, keys : ndarray, dtype=int32, shape=(arcs,)
        Head (layer * heads a layer + head) and both residues (0-based) of every arc of at least `THRESHOLD`, heads ascending.
    special : ndarray, dtype=float32, shape=(layers * heads,)
        Share of the attention of residues that goes to special tokens.
    pairs, touching : ndarray, dtype=int64, shape=(layers * heads, bins)
        Ordered pairs with attention in each of `BINS`, at least six residues apart, of which it is known whether they touch; and how many
        do.  Zeros where no structure is known.
    """

    receptor: str
    heads: "Int32[np.ndarray, ' arcs']" = field(repr=False)
    queries: "Int32[np.ndarray, ' arcs']" = field(repr=False)
    keys: "Int32[np.ndarray, ' arcs']" = field(repr=False)
    special: "Float32[np.ndarray, ' heads']" = field(repr=False)
    pairs: "Int64[np.ndarray, 'heads bins']" = field(repr=False)
    touching: "Int64[np.ndarray, 'heads bins']" = field(repr=False)


@dataclass(frozen=True, eq=False)
class FamilyArcs:
    """The arcs of a model on a sample of receptors, and what they come from."""

    spec: ModelSpec
    meta: RunMeta
    of: tuple[ReceptorArcs, ...]

    @property
    def receptors(self) -> tuple[str, ...]:
        return tuple(one.receptor for one in self.of)

    @property
    def special(self) -> "Float32[np.ndarray, 'layers heads']":
        """Share of attention that goes to special tokens, mean over receptors; evenly spread attention gives 2 / (L + 2)."""
        return np.mean([one.special for one in self.of], axis=0).reshape(self.spec.layers, self.spec.heads)


class ArcsReader(Reader):
    """Takes the arcs of every layer as it passes.

    Parameters
    ----------
    length : int
        Residues of the protein that is read.
    known : KnownContacts, optional
        Which of them touch.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, length: int, known: KnownContacts | None = None):
        self._far: tuple[np.ndarray, np.ndarray] | None = None
        if known is not None:
            first, second = np.meshgrid(known.resolved, known.resolved, indexing="ij")
            far = abs(first - second) >= _NEAREST
            self._far = first[far], second[far]
            self._touching = known.map(length)[self._far]
        self.parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.special: list[np.ndarray] = []
        self.pairs: list[np.ndarray] = []
        self.touching: list[np.ndarray] = []

    def layer(self, layer: Layer) -> None:
        of_residues = layer.tokens.cut(layer.attention, 1)
        maps = layer.tokens.cut(of_residues, 2).cpu().numpy()
        total = of_residues.sum(dim=-1).mean(dim=-1).cpu().numpy()
        self.special.append(total - maps.sum(axis=-1).mean(axis=-1))
        head, query, key = np.nonzero(maps >= THRESHOLD)
        self.parts.append((head + layer.index * len(maps), query, key))
        for one in maps:
            self._count(one)

    def _count(self, one: np.ndarray) -> None:
        if self._far is None:
            empty = np.zeros(len(BINS), dtype=np.int64)
            self.pairs.append(empty)
            self.touching.append(empty)
            return
        bins = np.searchsorted(BINS, one[self._far], side="right") - 1
        self.pairs.append(np.bincount(bins, minlength=len(BINS)))
        self.touching.append(np.bincount(bins[self._touching], minlength=len(BINS)))

    def found(self, name: str) -> ReceptorArcs:
        """What was taken of the protein of this name, after the pass."""
        heads, queries, keys = (np.concatenate(part).astype(np.int32) for part in zip(*self.parts, strict=True))
        special = np.clip(np.concatenate(self.special), 0, 1).astype(np.float32)
        return ReceptorArcs(name, heads, queries, keys, special, np.array(self.pairs), np.array(self.touching))


def family_arcs(
    model: ProteinLanguageModel,
    names: Iterable[str],
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> FamilyArcs:
    """The arcs of all heads of a model on some receptors of the library; a pass for each that is not kept.

    Parameters
    ----------
    names : iterable of str
        Entry names.
    progress : callable(done, receptors), optional
    cancel : CancelEvent, optional
        Asked before each receptor and in each layer.

    Raises
    ------
    SequenceError, DeviceError
        A receptor is too long for the model; too little memory.
    StoreError
        They cannot be kept.
    Cancelled
        Receptors that were complete are kept.
    """
    entries, found = tuple(names), []
    meta = meta_of(model, receptors()[entries[0]].protein)
    for done, entry in enumerate(entries, 1):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        path = _path(meta, entry)
        one = _kept(path, model.spec, entry)
        if one is None:
            protein = receptors()[entry].protein
            reader = ArcsReader(len(protein), known_contacts().get(entry))
            read(model, protein, [reader], cancel=cancel)
            one = reader.found(entry)
            keep_arrays(path, _arrays(one) | {"count": np.array([len(one.heads)])})
        found.append(one)
        if progress is not None:
            progress(done, len(entries))
    return FamilyArcs(model.spec, meta, tuple(found))


def kept_arcs(model_id: str, names: Iterable[str], device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> FamilyArcs | None:
    """The same if all of it is kept, without loading torch or the model; None where a receptor is missing; errors as in `find_kept_run`."""
    entries = tuple(names)
    for meta in kept_metas(model_id, receptors()[entries[0]].protein, device, dtype):
        found = [_kept(_path(meta, entry), get_spec(model_id), entry) for entry in entries]
        if all(one is not None for one in found):
            return FamilyArcs(get_spec(model_id), meta, tuple(one for one in found if one is not None))
    return None


def _path(meta: RunMeta, entry: str) -> Path:
    """One file for each receptor, under the run that this model would leave of it."""
    own = replace(meta, protein_name=entry, sequence=receptors()[entry].protein.sequence)
    return heads_folder() / f"{_FORMAT}-{own.key}.npz"


def _arrays(one: ReceptorArcs) -> dict[str, np.ndarray]:
    return {name: getattr(one, name) for name in ("heads", "queries", "keys", "special", "pairs", "touching")}


def _kept(path: Path, spec: ModelSpec, entry: str) -> ReceptorArcs | None:
    """What is kept of a receptor; None where it is missing or damaged: it is then read anew."""
    counted = read_arrays(path, {"count": ("int64", (1,))})
    if counted is None:
        return None
    heads, count = spec.layers * spec.heads, int(counted["count"][0])
    shapes = dict.fromkeys(("heads", "queries", "keys"), ("int32", (count,)))
    shapes |= {"special": ("float32", (heads,)), "pairs": ("int64", (heads, len(BINS))), "touching": ("int64", (heads, len(BINS)))}
    arrays = read_arrays(path, shapes)
    if arrays is None:
        return None
    length = len(receptors()[entry].protein)
    inside = (arrays["heads"] < heads).all() and all((arrays[name] < length).all() for name in ("queries", "keys"))
    return ReceptorArcs(entry, **arrays) if inside and all((values >= 0).all() for values in arrays.values()) else None
