"""Contact maps from one pass: attention is corrected and added up layer by layer, so that one layer is in memory at a time."""

from typing import TYPE_CHECKING

import numpy as np

from allo_core.models.contact_regression import ContactRegression
from allo_core.models.reading import Layer, Reader, Want

if TYPE_CHECKING:  # the app need not wait for them
    from jaxtyping import Float, Float32
    from torch import Tensor

__all__ = ["ContactReader", "contact_probabilities", "weighted_apc"]


class ContactReader(Reader):
    """Adds up the symmetrised, APC-corrected attention of all heads, each with its weight.

    Parameters
    ----------
    weights : ndarray, shape=(layers, heads)

    Attributes
    ----------
    total : ndarray, dtype=float32, shape=(L, L)
        There after the last layer.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, weights: "Float[np.ndarray, 'layers heads']"):
        self._weights = weights
        self._sum: Tensor | None = None

    @property
    def total(self) -> "Float32[np.ndarray, 'L L']":
        if self._sum is None:
            raise ValueError("nothing was read yet")
        return self._sum.cpu().numpy()

    def layer(self, layer: Layer) -> None:
        maps = layer.tokens.cut(layer.attention, 1, 2)
        part = weighted_apc(maps, maps.new_tensor(self._weights[layer.index]))
        self._sum = part if self._sum is None else self._sum + part


def contact_probabilities(regression: ContactRegression, total: "Float[np.ndarray, 'L L']") -> "Float32[np.ndarray, 'L L']":
    """Probability of a contact of each pair, from what `ContactReader` has added up with the weights of the regression."""
    return (1 / (1 + np.exp(-(total.astype(np.float64) + regression.bias)))).astype(np.float32)


def weighted_apc(maps: "Float[Tensor, 'heads L L']", weights: "Float[Tensor, ' heads']") -> "Float[Tensor, 'L L']":
    """Sum of ``weights`` times APC of each map (`allo_core.attention.contacts.apc`), on their device, without making the corrected maps:

    one sum of maps and one product of their row sums.
    """
    import torch

    total = torch.einsum("h,hij->ij", weights, maps)
    rows = maps.sum(dim=1) + maps.sum(dim=2)
    sums = rows.sum(dim=1)
    scaled = rows.T * (weights / torch.where(sums == 0, torch.ones_like(sums), sums))
    return total + total.T - scaled.contiguous() @ rows.contiguous()
