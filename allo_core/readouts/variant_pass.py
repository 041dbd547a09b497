"""What the comparison of two proteins reads of their passes: maps of the first kept in a temporary folder, cut to what both share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns, columns
from allo_core.attention.divergence import divergence_at, row_divergence
from allo_core.errors import StoreError
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_readouts import variants_folder
from allo_core.storage.cancel import CancelEvent
from allo_core.storage.temporary import drop_temporary, new_temporary, remove_stale_temporaries

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float32, Int

__all__ = ["MOST_PAIRS", "DifferenceReader", "PairsReader", "WildMaps", "wild_maps"]

MOST_PAIRS = 50  # of each head; more cannot be told apart in a picture of a structure


def shared_maps(layer: Layer, residues: "Int[np.ndarray, ' n'] | None") -> "tuple[Float32[np.ndarray, 'heads n T'], np.ndarray]":
    """Rows and columns of some residues, special tokens as the first and the last column, and the share of attention that is left out.

    Rows are divided by their sum where residues are left out.  None: all residues, as they are.  The share is the mean over rows of what
    goes to residues that are left out, ndarray, dtype=float32, shape=(heads,).
    """
    rows = layer.tokens.cut(layer.attention, 1).cpu().numpy()
    if residues is None:
        return rows, np.zeros(len(rows), dtype=np.float32)
    kept = rows[:, residues][:, :, np.concatenate([[0], residues + layer.tokens.span.start, [rows.shape[2] - 1]])]
    total = kept.sum(axis=2, keepdims=True)
    return kept / np.maximum(total, np.finfo(np.float32).tiny), np.maximum(1 - total.mean(axis=(1, 2)), 0)


class WildMaps(Reader):
    """Keeps each layer of a pass as a file; a map is a layer [heads, n, n + 2] when it is asked for.

    Parameters
    ----------
    folder : Path
        An empty one.
    residues : ndarray, dtype=int, shape=(n,), or None
        Those that both proteins have; None for all.

    Attributes
    ----------
    lost : list of ndarray, shape=(heads,)
        Share of attention on residues that are left out, of each layer.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, folder: Path, residues: "Int[np.ndarray, ' n'] | None" = None):
        self._folder, self._residues = folder, residues
        self.lost: list[np.ndarray] = []

    def layer(self, layer: Layer) -> None:
        maps, lost = shared_maps(layer, self._residues)
        try:
            np.save(self._folder / f"{layer.index}.npy", maps, allow_pickle=False)
        except OSError as error:
            raise StoreError(
                f"Cannot write to {self._folder.parent}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder."
            ) from error
        self.lost.append(lost)

    def __getitem__(self, layer: int) -> "Float32[np.ndarray, 'heads n T']":
        return np.load(self._folder / f"{layer}.npy", mmap_mode="r", allow_pickle=False)


@contextmanager
def wild_maps(
    model: ProteinLanguageModel,
    protein: Protein,
    residues: "Int[np.ndarray, ' n'] | None" = None,
    readers: tuple[Reader, ...] = (),
    cancel: CancelEvent | None = None,
) -> Iterator[WildMaps]:
    """The maps of a pass over a protein, on disk as long as the context is open, so that a layer at a time is in memory.

    Parameters
    ----------
    residues : ndarray, dtype=int, shape=(n,), or None
        As in `WildMaps`.
    readers : tuple of Reader
        Who else reads this pass.
    cancel : CancelEvent, optional

    Raises
    ------
    SequenceError, DeviceError, StoreError, Cancelled
    """
    folder = variants_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale_temporaries(folder)
        temporary = new_temporary(folder)
    except OSError as error:
        raise StoreError(f"Cannot write to {folder}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
    try:
        maps = WildMaps(temporary, residues)
        read(model, protein, [maps, *readers], cancel=cancel)
        yield maps
    finally:
        drop_temporary(temporary)


class DifferenceReader(Reader):
    """Compares each layer of a pass with that of another.

    Parameters
    ----------
    wild : WildMaps
    residues : ndarray, dtype=int, shape=(n,), or None
        The residues of this pass that those of ``wild`` stand for.
    threshold : float
        Above which attention counts in column weights.

    Attributes
    ----------
    divergence : list of ndarray, dtype=float32, shape=(heads, n)
        Bits, of each layer.
    weights : list of Columns, shape=(heads, n)
    lost : list of ndarray, shape=(heads,)
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, wild: WildMaps, residues: "Int[np.ndarray, ' n'] | None", threshold: float):
        self.wild, self._residues, self._threshold = wild, residues, threshold
        self.divergence: list[np.ndarray] = []
        self.weights: list[Columns] = []
        self.lost: list[np.ndarray] = []

    def layer(self, layer: Layer) -> None:
        after, lost = shared_maps(layer, self._residues)
        self.divergence.append(row_divergence(self.wild[layer.index], after))
        self.weights.append(columns(after[:, :, 1:-1], self._threshold))
        self.lost.append(lost)
        self.more(self.wild[layer.index], after)

    def more(self, before: "Float32[np.ndarray, 'heads n T']", after: "Float32[np.ndarray, 'heads n T']") -> None:
        """What else is taken of a layer of both: nothing."""


class PairsReader(DifferenceReader):
    """Takes also what only one comparison needs: the pairs of each head that change most, and how much substituted residues make of it.

    Parameters
    ----------
    wild, residues, threshold
        As in `DifferenceReader`.
    substituted : ndarray, dtype=int, shape=(k,)
        Places of the substituted residues among the n.
    rows : ndarray, dtype=bool, shape=(n,)
        The rows that count for the share.

    Attributes
    ----------
    before, after : list of Columns, shape=(heads, n)
        Column weights above the threshold of the first pass; ``after`` is ``weights``.
    sums : list of ndarray, dtype=float64, shape=(heads, n)
        Column sums of the first pass.
    at_substituted : list of ndarray, dtype=float64, shape=(heads, 3)
        Means over these rows: divergence that the columns of the substituted residues make, attention on them before and after; NaN where
        there is no such row.
    pairs : list of (ndarray of int32, ndarray of float32), shapes=(heads, pairs, 2)
        Query and key of each pair, by falling change; attention before and after.
    """

    def __init__(
        self,
        wild: WildMaps,
        residues: "Int[np.ndarray, ' n'] | None",
        threshold: float,
        substituted: "Int[np.ndarray, ' k']",
        rows: "Bool[np.ndarray, ' n']",
    ):
        super().__init__(wild, residues, threshold)
        self._substituted, self._rows = substituted + 1, rows
        self.before: list[Columns] = []
        self.sums: list[np.ndarray] = []
        self.at_substituted: list[np.ndarray] = []
        self.pairs: list[tuple[np.ndarray, np.ndarray]] = []

    def more(self, before: "Float32[np.ndarray, 'heads n T']", after: "Float32[np.ndarray, 'heads n T']") -> None:
        residues = before[:, :, 1:-1]
        self.before.append(columns(residues, self._threshold))
        self.sums.append(residues.sum(axis=1, dtype=np.float64))
        self.at_substituted.append(self._at_substituted(before[:, self._rows], after[:, self._rows]))
        found = [changed_most(*maps) for maps in zip(residues, after[:, :, 1:-1], strict=True)]
        self.pairs.append((np.stack([pair for pair, _ in found]), np.stack([values for _, values in found])))

    def _at_substituted(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        if not before.shape[1]:  # no row is as far from the substitutions
            return np.full((len(before), 3), np.nan)
        received = [rows[:, :, self._substituted].sum(axis=2).mean(axis=1, dtype=np.float64) for rows in (before, after)]
        part = divergence_at(before, after, self._substituted).mean(axis=1, dtype=np.float64)
        return np.stack([part, *received], axis=1)


def changed_most(before: "Float[np.ndarray, 'n n']", after: "Float[np.ndarray, 'n n']") -> "tuple[np.ndarray, np.ndarray]":
    """The pairs of residues that change most, by falling change: (query, key) and (before, after), each of shape (pairs, 2)."""
    change = np.abs(after - before).ravel()
    count = min(MOST_PAIRS, len(change))
    best = np.argpartition(-change, count - 1)[:count]
    best = best[np.argsort(-change[best], kind="stable")]
    query, key = np.divmod(best, before.shape[1])
    return np.stack([query, key], axis=1).astype(np.int32), np.stack([before[query, key], after[query, key]], axis=1)
