"""Starting a forward pass at a later layer, from the state that entered that layer in an earlier pass.

What is done to one head changes nothing in the layers before it, so they need not be computed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.models.capture import layer_stack

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["Entry", "skipped_layers"]


@dataclass(frozen=True, eq=False)
class Entry:
    """Where a pass begins.

    Parameters
    ----------
    layer : int
        0-based; the layers before it are left out.
    hidden : Float[Tensor, "T width"]
        What entered it when the same tokens were read before.
    """

    layer: int
    hidden: Float[Tensor, "T width"]


@contextmanager
def skipped_layers(module: PreTrainedModel, entry: Entry) -> Iterator[None]:
    """In every forward pass inside the context the layers before the entry hand on what enters it, and compute nothing.

    Parameters
    ----------
    module : PreTrainedModel
        Its layers take the state as their first argument and return the next one, as those of ESM-2, ESM-C and BERT do.
    entry : Entry
        Of the same tokens.
    """
    hidden = entry.hidden[None].to(next(module.parameters()).dtype)
    with ExitStack() as cleanup:
        for layer in layer_stack(module)[: entry.layer]:
            layer.forward = lambda *_, **__: hidden  # of this one layer; deleting it gives back the method of its class
            cleanup.callback(delattr, layer, "forward")
        yield
