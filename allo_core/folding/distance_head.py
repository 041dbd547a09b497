"""The distance head: from what a model says of residues and pairs to probabilities of the distances of CA and of CB."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.aligned_rows import ROW_TOKENS
from allo_core.folding.head_features import MOST_RESIDUES, HeadInputs
from allo_core.folding.head_settings import EDGES, SEPARATION, HeadSettings
from allo_core.models.registry import get_spec
from allo_core.trunk.trunk import Trunk

if TYPE_CHECKING:  # the app need not wait for it
    from collections.abc import Callable

    from jaxtyping import Float, Float32, Float64, Int
    from torch import Tensor

    from allo_core.storage.cancel import CancelEvent

__all__ = ["BINS", "DistanceHead", "Distogram", "HeadTensors", "head_tensors", "predict_distogram"]

BINS = len(EDGES) - 1


class HeadTensors(NamedTuple):
    """What a distance head is given of one protein, or of a crop of it.

    Parameters
    ----------
    index : Tensor, dtype=int64, shape=(R,)
        Residues of the sequence: only how far apart they stand is read.
    states : Tensor, dtype=float32, shape=(R, width)
        No columns where the head reads none.
    maps : Tensor, dtype=float32, shape=(R, R, heads)
        asinh of the corrected attention in standard deviations; no columns where the head reads none.
    place : Tensor, dtype=int64, shape=(R,)
        Of each residue among those that a head looks at in the whole protein: only a head with aligned sequences reads it.
    rows : Tensor, dtype=int64, shape=(M, R)
        Tokens of aligned sequences; no rows where the head reads none.
    """

    index: Int[Tensor, " R"]
    states: Float[Tensor, "R width"]
    maps: Float[Tensor, "R R heads"]
    place: Int[Tensor, " R"]
    rows: Int[Tensor, "M R"]


class Distogram(NamedTuple):
    """Probabilities of the distances of R residues over K bins.

    Parameters
    ----------
    index : ndarray, dtype=int, shape=(R,)
        0-based residues of the sequence.
    ca, cb : ndarray, dtype=float32, shape=(R, R, K)
        They sum to 1 over the bins and are the same for both directions of a pair; `cb` is of CB, CA for glycine.
    edges : ndarray, dtype=float64, shape=(K + 1,)
        Å; the last one is inf.
    """

    index: np.ndarray
    ca: Float32[np.ndarray, "R R K"]
    cb: Float32[np.ndarray, "R R K"]
    edges: Float64[np.ndarray, " E"]


class DistanceHead(nn.Module):
    """States to a few numbers a residue; of each pair their sum, product and difference, its attention and its separation; then the trunk.

    What comes out is added to what the separation along the chain alone says, with which training begins (`begin_with`).

    Parameters
    ----------
    settings : HeadSettings
    states, heads : int, optional
        Width of the states and number of attention heads of the model; by default those of the model of the settings.
    """

    def __init__(self, settings: HeadSettings, states: int | None = None, heads: int | None = None) -> None:
        super().__init__()
        spec = None if states is not None and heads is not None else get_spec(settings.model)
        self.settings = settings
        width = settings.trunk.width
        self.separation = nn.Embedding(SEPARATION + 1, width)
        if settings.reads_states:
            size = states if spec is None else spec.width
            assert size is not None
            self.states = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, settings.hidden))
            self.pairs = nn.Linear(3 * settings.hidden, width)
        if settings.reads_attention:
            number = heads if spec is None else spec.layers * spec.heads
            assert number is not None
            self.attention = nn.Linear(number, width)
        if settings.trunk.msa:
            # By its place a residue of an aligned sequence is known to the pairs that are there.
            self.letters, self.place = nn.Embedding(len(ROW_TOKENS), width), nn.Embedding(MOST_RESIDUES, width)
        self.trunk = Trunk(settings.trunk)
        self.norm = nn.LayerNorm(width)
        self.ca, self.cb = nn.Linear(width, BINS), nn.Linear(width, BINS)
        self.ca_apart, self.cb_apart = nn.Embedding(SEPARATION + 1, BINS), nn.Embedding(SEPARATION + 1, BINS)

    def begin_with(self, logs: Float32[np.ndarray, "2 S K"]) -> None:
        """Give the frequencies of the bins at each separation, and nothing else, whatever the model says.

        Parameters
        ----------
        logs : ndarray, shape=(2, 129, K)
            Logarithms of the frequencies, of CA and of CB.
        """
        with torch.no_grad():
            for linear, apart, values in ((self.ca, self.ca_apart, logs[0]), (self.cb, self.cb_apart, logs[1])):
                linear.weight.zero_()
                linear.bias.zero_()
                apart.weight.copy_(torch.from_numpy(values))

    def forward(self, given: HeadTensors) -> tuple[Float[Tensor, "R R K"], Float[Tensor, "R R K"]]:
        """Logits of the distances of CA, and of CB; the same for both directions of a pair, two Tensors of shape (R, R, K).

        Parameters
        ----------
        given : HeadTensors
        """
        apart = (given.index[:, None] - given.index).abs().clamp(max=SEPARATION)
        pair = self.separation(apart)
        if self.settings.reads_states:
            of_residue = self.states(given.states)
            one, other = of_residue[:, None], of_residue[None]
            pair = pair + self.pairs(torch.cat([one + other, one * other, (one - other).abs()], dim=-1))
        if self.settings.reads_attention:
            pair = pair + self.attention(given.maps)
        msa = None
        if self.settings.trunk.msa:
            place = self.place(given.place)
            pair, msa = pair + place[:, None] + place, (self.letters(given.rows) + place)[None]
        made = self.trunk(pair[None], msa=msa)[0]
        made = self.norm((made + made.transpose(0, 1)) / 2)
        return self.ca(made) + self.ca_apart(apart), self.cb(made) + self.cb_apart(apart)


def head_tensors(inputs: HeadInputs, at: np.ndarray | None = None, device: str | torch.device = "cpu") -> HeadTensors:
    """What a head is given, of all residues or of those at some places among them.

    Parameters
    ----------
    inputs : HeadInputs
    at : ndarray of int, shape=(n,), optional
    device : str or torch.device
    """
    at = np.arange(len(inputs.index)) if at is None else at
    arrays = (inputs.index[at], inputs.states[at].astype(np.float32), inputs.between(at, at), at, inputs.rows[:, at])
    return HeadTensors(*(torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays))


def predict_distogram(
    head: DistanceHead,
    inputs: HeadInputs,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Distogram:
    """Probabilities of the distances of a protein; 400 residues take 0.3 GB and some seconds.

    Parameters
    ----------
    head : DistanceHead
    inputs : HeadInputs
        Read as the settings of the head say.
    progress : callable(done, layers), optional
        After each layer of the trunk.
    cancel : CancelEvent, optional
        Asked after each layer of the trunk.

    Raises
    ------
    FoldError
        Features of another model, or others than the head reads.
    Cancelled
    """
    _check_inputs(head, inputs)
    total = len(head.trunk.layers)
    done = 0

    def after_layer(*_: object) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)
        if cancel is not None and cancel.is_set():
            raise Cancelled

    hooks = [next(reversed(layer.values())).register_forward_hook(after_layer) for layer in head.trunk.layers]  # pyright: ignore[reportAttributeAccessIssue, reportCallIssue]
    before = head.training
    try:
        head.eval()
        with torch.inference_mode():
            logits = head(head_tensors(inputs, device=next(head.parameters()).device))
            ca, cb = (torch.softmax(one, dim=-1).cpu().numpy() for one in logits)
    finally:
        head.train(before)
        for hook in hooks:
            hook.remove()
    return Distogram(inputs.index, ca, cb, EDGES)


def _check_inputs(head: DistanceHead, inputs: HeadInputs) -> None:
    settings = head.settings
    states = head.states[1].in_features if settings.reads_states else 0  # pyright: ignore[reportIndexIssue]
    heads = head.attention.in_features if settings.reads_attention else 0
    if settings.trunk.msa and not len(inputs.rows):
        raise FoldError("The distance head reads aligned sequences, and the features have none; read them with the settings of this head.")
    for name, wanted, got in (("numbers of each state", states, inputs.states.shape[1]), ("attention heads", heads, inputs.maps.shape[1])):
        if wanted != got:
            raise FoldError(
                f"The distance head reads {wanted} {name}, and the features have {got}; read them of {settings.model} for this head."
            )
