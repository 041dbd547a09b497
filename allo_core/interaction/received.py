"""Which tokens the attention of a model of pairs goes to, and how much of it crosses from one protein to the other.

The study that the model comes from ranks segments by "attention weight" and does not say how a map becomes one number a segment; here it is
the attention that a token receives: the mean over heads and queries, and over layers.  Attention rollout (Abnar and Zuidema 2020) stands
beside it: maps of the layers, each averaged with the identity for the residual connection, multiplied from the first to the last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.evaluating import evaluating
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Float64

    from allo_core.interaction.architectures import PairModel

__all__ = ["BLOCKS", "Received", "attention_received", "block_sentence", "rollout"]

BLOCKS = ("A to A", "A to B", "B to A", "B to B")  # queries first, then what they look at
_ROWS = 1e-3  # what rows of a map may miss of 1
_AT_ONCE = 32  # pairs


@dataclass(frozen=True, eq=False)
class Received:
    """Attention that tokens of pairs receive; every row of tokens sums to 1, so that chance is 1 divided by their number.

    Parameters
    ----------
    names : tuple of str, length tokens
        "A segment0" ... "B segment9".
    sides : tuple of int
        How many tokens are of A, and of B.
    layers : ndarray, dtype=float32, shape=(pairs, layers, tokens)
        Mean over heads and queries.
    rollout : ndarray, dtype=float32, shape=(pairs, tokens)
        Mean over queries of the last layer.
    maps : ndarray, dtype=float64, shape=(layers, tokens, tokens)
        Mean over pairs and heads; queries are rows.
    blocks : ndarray, dtype=float32, shape=(pairs, layers, 4)
        Of what the tokens of one side look at, the share that lies on A and on B, in the order of `BLOCKS`.
    """

    names: tuple[str, ...]
    sides: tuple[int, int]
    layers: "Float32[np.ndarray, 'pairs layers tokens']" = field(repr=False)
    rollout: "Float32[np.ndarray, 'pairs tokens']" = field(repr=False)
    maps: "Float64[np.ndarray, 'layers tokens tokens']" = field(repr=False)
    blocks: "Float32[np.ndarray, 'pairs layers 4']" = field(repr=False)

    @property
    def tokens(self) -> "Float64[np.ndarray, 'pairs tokens']":
        """Mean over layers: the importance of tokens by attention."""
        return self.layers.mean(axis=1, dtype=np.float64)

    @property
    def chance(self) -> float:
        """What a token receives when all are looked at alike."""
        return 1 / sum(self.sides)

    @property
    def block_chance(self) -> "Float64[np.ndarray, ' 4']":
        """The share of tokens that are of A, and of B, in the order of `BLOCKS`."""
        return np.tile(np.array(self.sides) / sum(self.sides), 2)


def attention_received(
    model: "PairModel",
    inputs: "Float32[np.ndarray, 'pairs tokens width']",
    names: Sequence[str],
    sides: tuple[int, int],
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Received:
    """Read the attention of a model over pairs, 32 at a time; of the maps only their mean over pairs is kept.

    Parameters
    ----------
    model : PairModel
        Of a kind that has attention; it works in evaluation mode, and is left in the mode that it had.
    inputs : ndarray, dtype=float32, shape=(pairs, tokens, width)
    names : sequence of str, length tokens
    sides : tuple of int
        How many tokens are of A, and of B.
    progress : callable, optional
        Of how many pairs are done, and how many there are.
    cancel : CancelEvent, optional
        Asked before each 32 pairs.

    Raises
    ------
    PairError
        No pairs, a model without attention, or rows of attention that do not sum to 1.
    Cancelled
    """
    import torch

    if not len(inputs):
        raise PairError("No pair was given, so there is no attention to read; give at least one pair.")
    if not model.architecture.attends:
        raise PairError(f"A model of the kind {model.architecture.kind} has no attention; ask for gradients instead.")
    layers, rolled, blocks, total = [], [], [], None
    for begin in range(0, len(inputs), _AT_ONCE):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        part = np.ascontiguousarray(inputs[begin : begin + _AT_ONCE])
        with evaluating(model), torch.no_grad():
            maps = model.attention(torch.from_numpy(part)).double().cpu().numpy()
        rows = maps.sum(axis=-1)
        if not np.isfinite(rows).all() or np.abs(rows - 1).max() > _ROWS:
            raise PairError(f"Rows of attention sum to {rows.min():.3f} to {rows.max():.3f} instead of 1: train the model anew.")
        maps = maps.mean(axis=2)
        layers.append(maps.mean(axis=2).swapaxes(0, 1))
        rolled.append(rollout(maps).mean(axis=1))
        blocks.append(_blocks(maps, sides[0]))
        total = maps.sum(axis=1) if total is None else total + maps.sum(axis=1)
        if progress is not None:
            progress(begin + len(part), len(inputs))
    assert total is not None  # there is a pair
    kept = (np.concatenate(values).astype(np.float32) for values in (layers, rolled, blocks))
    received, rolled_out, shares = kept
    return Received(tuple(names), sides, received, rolled_out, total / len(inputs), shares)


def rollout(maps: "Float64[np.ndarray, 'layers pairs tokens tokens']") -> "Float64[np.ndarray, 'pairs tokens tokens']":
    """Maps of all layers, means over heads, as one: each averaged with the identity, then multiplied; rows sum to 1."""
    own = np.eye(maps.shape[-1])
    found = np.broadcast_to(own, maps.shape[1:])
    for layer in maps:
        found = (layer + own) / 2 @ found
    return found


def block_sentence(received: Received, marks: bool) -> str:
    """How much attention crosses between the proteins beside chance, and what a model without marks can know of that.

    Parameters
    ----------
    received : Received
    marks : bool
        Whether the model is told which token is of which protein.
    """
    shares = received.blocks.mean(axis=(0, 1), dtype=np.float64)
    chance = received.block_chance
    crossing = f"A looks at B with {shares[1]:.1%} of its attention (chance {chance[1]:.1%}), B at A with {shares[2]:.1%} ({chance[2]:.1%})"
    if marks:
        return f"{crossing}. The model is told which token is of which protein."
    return (
        "This model cannot tell A from B: it has no marks and no positions, and is given one set of "
        f"{sum(received.sides)} vectors, so attention between the proteins is a matter of our labels alone. {crossing}."
    )


def _blocks(maps: np.ndarray, first: int) -> np.ndarray:
    """Shares [pairs, layers, 4] of attention that lies on each side, by the side of the query."""
    on_a = maps[..., :first].sum(axis=-1)
    from_a, from_b = on_a[..., :first].mean(axis=-1), on_a[..., first:].mean(axis=-1)
    return np.stack([from_a, 1 - from_a, from_b, 1 - from_b], axis=-1).swapaxes(0, 1)
