"""Residues as rows of a comparison of layers, told by attention: the largest weights that a residue receives in every head of a layer.

The attention probe for tokens of Vig et al. (ICLR 2021).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.readouts.layer_rows import LabelledRows
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["LARGEST", "AttentionRows"]

LARGEST = 10  # weights of each head, as published


@dataclass(frozen=True, eq=False)
class AttentionRows(LabelledRows):
    """Residues of the panel, of which attention is read beside the states."""

    @property
    def attention_passes(self) -> int:
        return len(self.panel.receptors)

    def from_attention(
        self, model: ProteinLanguageModel, step: Callable[[], None], cancel: CancelEvent | None = None
    ) -> "Float32[np.ndarray, 'layers n d']":
        """The ten largest weights that each residue receives from residues, largest first, of each head; d = ten for each head.

        A pass for each receptor; parameters and errors as `read`.
        """
        found = np.zeros((model.spec.layers, self.panel.rows, model.spec.heads * LARGEST), dtype=np.float32)
        end = 0
        for entry, residues in zip(self.panel.receptors, self.panel.residues, strict=True):
            reader = _ReceivedReader(residues)
            read(model, receptors()[entry].protein, [reader], cancel=cancel)
            begin, end = end, end + len(residues)
            found[:, begin:end] = np.stack(reader.layers)
            step()
        return found[:, self.rows]


class _ReceivedReader(Reader):
    """Keeps of some residues the largest weights in their columns, largest first: [residues, heads * ten] of each layer."""

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, residues: tuple[int, ...]):
        self._residues = list(residues)
        self.layers: list[np.ndarray] = []

    def layer(self, layer: Layer) -> None:
        columns = layer.tokens.cut(layer.attention, 1, 2)[:, :, self._residues]
        largest = columns.topk(min(LARGEST, columns.shape[1]), dim=1).values.permute(2, 0, 1).cpu().numpy()
        missing = LARGEST - largest.shape[2]  # of a chain of fewer residues
        self.layers.append(np.pad(largest, ((0, 0), (0, 0), (0, missing))).reshape(len(self._residues), -1))
