"""Column weights of a run at a few thresholds, taken layer by layer while the model runs, so that no map is kept."""

from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns, check_threshold, index_dtype
from allo_core.errors import ScoreError
from allo_core.models.reading import Layer, Reader, Want
from allo_core.runs.layout import FLOOR, LayerEncoder, entry_columns, special_share

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["KEPT_THRESHOLDS", "ColumnReducer", "check_thresholds"]

# What sets of receptors keep: everything, the range in which heads of ESM-2 still have arcs, and the 0.3 of Vig et al. and Dong et al.
KEPT_THRESHOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)


class ColumnReducer(Reader):
    """Reads the attention of one layer after the other and keeps its column weights alone.

    Parameters
    ----------
    layers, heads, length : int
    thresholds : iterable of float
        0, or 0.01 to 0.95.

    Attributes
    ----------
    weights : ndarray, dtype=float64, shape=(n, layers, heads, L)
        As `AttentionMaps.columns` gives them, number for number.
    arcs : ndarray, dtype=uint16 or uint32, shape=(n, layers, heads, L)

    Raises
    ------
    ScoreError
        A threshold that is not possible.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, layers: int, heads: int, length: int, thresholds: tuple[float, ...]):
        self.thresholds = check_thresholds(thresholds)
        shape = (len(self.thresholds), layers, heads, length)
        self.weights = np.zeros(shape)
        self.arcs = np.zeros(shape, dtype=index_dtype(length))
        self.special_share = np.zeros((layers, heads))
        self._encoder = LayerEncoder(heads, length)

    def layer(self, layer: Layer) -> None:
        span, length = layer.tokens.span, self.weights.shape[-1]
        if span.stop - span.start != length:
            raise ValueError(f"this reducer is for {length} residues, {layer.tokens.name} has {span.stop - span.start}")
        self.add(layer.index, layer.attention, span.start)

    def add(self, layer: int, probabilities: "Tensor", first: int) -> None:
        """Reduce one layer.

        Parameters
        ----------
        probabilities : Tensor, dtype=float32, shape=(heads, T, T)
            After softmax, over all tokens, on any device.
        first : int
            The token of the first residue.

        Raises
        ------
        StoreError
            Values that cannot be attention.
        """
        _, _, heads, length = self.weights.shape
        start = 0
        for maps, entries in self._encoder.encode(probabilities, first):
            group = slice(start, start + len(maps))
            for at, threshold in enumerate(self.thresholds):
                if threshold:
                    weights, arcs = entry_columns(entries, len(maps), length, threshold)
                    self.weights[at, layer, group] = weights.reshape(-1, length)
                    self.arcs[at, layer, group] = arcs.reshape(-1, length)
            start += len(maps)
        assert start == heads, f"{start} of {heads} heads were reduced"
        self.special_share[layer] = special_share(self._encoder.sums, layer)
        if self.thresholds[0] == 0:
            self.weights[0, layer], self.arcs[0, layer] = self._encoder.sums, length

    def columns(self, threshold: float) -> Columns:
        """Column weights at one of the thresholds, shape (layers, heads, L)."""
        at = self.thresholds.index(threshold)
        return Columns(self.weights[at], self.arcs[at].astype(np.int64), threshold)


def check_thresholds(thresholds: tuple[float, ...]) -> tuple[float, ...]:
    """Distinct thresholds in ascending order; ScoreError for none, or one that is neither 0 nor from 0.01 to 0.95."""
    if not thresholds:
        raise ScoreError("No threshold is given; give at least one, such as 0.3.")
    return tuple(sorted({check_threshold(value, smallest=FLOOR) for value in thresholds}))
