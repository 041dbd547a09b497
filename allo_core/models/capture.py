"""Taking attention: one attention function, registered with transformers, for every model.

The function works out softmax(q k^T) once, in float32 whatever the model computes in, hands what the layer computed to a sink and returns
probabilities @ v, in which single heads may be scaled or replaced.  No map outlives its layer, so that memory does not grow with the number
of layers; where nobody wants the maps, no map outlives its block of heads, and the numbers are the same bit for bit.  Gradients alone go
through torch's fused attention, which keeps no map for the way back.  Dimensions: T tokens, heads, d numbers a head, width = heads * d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["Captured", "Intervention", "Sink", "capture_attention", "layer_stack"]

_NAME = "alloscope"
# Of the maps of the heads that are worked out at once where nobody wants maps: as much as a processor's own memory (cache) holds.
_BLOCK_BYTES = 4 << 20


@dataclass(frozen=True, eq=False)
class Captured:
    """What one layer computed.

    Parameters
    ----------
    layer : int
        0-based.
    module : nn.Module
        The whole layer, for its weights.
    hidden : Float[Tensor, "T width"]
        The state that entered the layer, in the precision of the model.
    attention : Float[Tensor, "heads T T"] or None
        float32; rows are queries and sum to 1, whatever an intervention does to the head.  None where the sink does not want the maps.
    context : Float[Tensor, "heads T d"]
        float32: probabilities @ values, after an intervention, as it goes into the output projection.
    values : Float[Tensor, "heads T d"]
        float32.
    """

    layer: int
    module: nn.Module
    hidden: Float[Tensor, "T width"]
    attention: Float[Tensor, "heads T T"] | None
    context: Float[Tensor, "heads T d"]
    values: Float[Tensor, "heads T d"]


Sink = Callable[[Captured], None]


@dataclass(frozen=True, eq=False)
class Intervention:
    """What is done to the context of single heads before the output projection: gate * (replacement, or else the context).

    The place of the gates is that of Michel, Levy and Neubig 2019; a replacement by a mean is the mean ablation of Wang et al. 2022.  The
    bias of the output projection stays, because it belongs to no head.

    Parameters
    ----------
    gates : Float[Tensor, "layers heads"], optional
        0 removes a head, 1 leaves it as it is, bit for bit.
    replacements : mapping of (layer, head) to Float[Tensor, "d"] or Float[Tensor, "T d"]
        For all tokens alike (special ones, too), or for each token.

    Raises
    ------
    ValueError
        From `check`: a shape or a head that the model does not have.
    """

    gates: Float[Tensor, "layers heads"] | None = None
    replacements: Mapping[tuple[int, int], Tensor] = field(default_factory=dict)

    def check(self, layers: int, heads: int, tokens: int, size: int) -> None:
        """ValueError unless this fits a model of ``layers`` layers with ``heads`` heads of ``size`` numbers, and ``tokens`` tokens."""
        if self.gates is not None and tuple(self.gates.shape) != (layers, heads):
            raise ValueError(f"the gates have the shape {tuple(self.gates.shape)}, the model has {layers} layers of {heads} heads")
        for (layer, head), values in self.replacements.items():
            if not (0 <= layer < layers and 0 <= head < heads):
                raise ValueError(f"there is no head {layer}.{head} to replace, the model has {layers} layers of {heads} heads")
            if tuple(values.shape) not in ((size,), (tokens, size)):
                raise ValueError(
                    f"the replacement of head {layer}.{head} has the shape {tuple(values.shape)}, not ({size},) or ({tokens}, {size})"
                )

    def to(self, device: torch.device) -> Intervention:
        """The same in float32 on a device."""
        gates = None if self.gates is None else self.gates.to(device, torch.float32)
        return Intervention(gates, {head: values.to(device, torch.float32) for head, values in self.replacements.items()})

    def applied(self, layer: int, context: Float[Tensor, "heads T d"]) -> Float[Tensor, "heads T d"]:
        """The context of one layer with its heads replaced (in place), then scaled."""
        for (at, head), values in self.replacements.items():
            if at == layer:
                context[head] = values
        return context if self.gates is None else context * self.gates[layer][:, None, None]


class _Entered(NamedTuple):
    """The layer that is being computed."""

    layer: int
    module: nn.Module
    hidden: Float[Tensor, "1 T width"]


@dataclass
class _Capture:
    """One capture under way: where layers go, which layer is being computed, and the buffer that all layers share."""

    sink: Sink
    maps: bool
    intervention: Intervention
    entered: _Entered | None = None
    buffer: Tensor | None = None

    def scores(self, heads: int, tokens: int) -> Tensor:
        """Memory for the maps of all heads, or of one block of them where the sink wants none."""
        wanted = heads if self.maps else max(1, min(heads, _BLOCK_BYTES // (4 * tokens * tokens)))
        # A fresh buffer for each layer costs page faults: several percent of a forward pass.
        if self.buffer is None or self.buffer.shape != (wanted, tokens, tokens):
            self.buffer = torch.empty(wanted, tokens, tokens, dtype=torch.float32)
        return self.buffer


# A context variable, so that two threads or two captures cannot mix.
_CAPTURE: ContextVar[_Capture] = ContextVar("alloscope_capture")


def layer_stack(module: nn.Module) -> nn.ModuleList:
    """The layers of a model, in order."""
    return next(part for part in module.modules() if isinstance(part, nn.ModuleList))


@contextmanager
def capture_attention(module: PreTrainedModel, sink: Sink, intervention: Intervention | None = None, maps: bool = True) -> Iterator[None]:
    """Send what every layer computes to a sink, in every forward pass inside the context.

    Parameters
    ----------
    module : PreTrainedModel
        Run it on one unpadded sequence at a time, under ``torch.inference_mode()`` unless gradients are wanted.
    sink : callable(Captured)
        Called in each layer before its output projection.  The tensors are valid only during the call: the next layer reuses the memory of
        the attention.  An exception of the sink ends the forward pass.
    intervention : Intervention, optional
        On the device of the module.
    maps : bool
        Whether the sink wants the attention; without it less memory is taken on the CPU, and all else is the same bit for bit.
    """
    before = module.config._attn_implementation or "eager"
    with ExitStack() as cleanup:
        for index, layer in enumerate(layer_stack(module)):
            cleanup.callback(layer.register_forward_pre_hook(partial(_note_layer, index)).remove)
        module.set_attn_implementation(_NAME)
        cleanup.callback(module.set_attn_implementation, before)
        cleanup.callback(_CAPTURE.reset, _CAPTURE.set(_Capture(sink, maps, intervention or Intervention())))
        yield


def _note_layer(index: int, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Before each layer: ESM modules carry no index of their own, and only the layer is given the hidden state."""
    capture = _CAPTURE.get(None)
    if capture is not None:  # else another thread runs this module without a capture
        capture.entered = _Entered(index, module, inputs[0])


def _captured_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attention of one layer, in the signature of transformers' AttentionInterface: q, k, v are [1, heads, T, size]."""
    assert len(query) == 1, "one sequence a forward pass"
    assert attention_mask is None, "unpadded"
    capture = _CAPTURE.get()
    assert capture.entered is not None
    layer, whole, hidden = capture.entered
    assert getattr(module, "layer_idx", None) in (None, layer)
    scale: float = query.shape[-1] ** -0.5 if scaling is None else scaling
    q, k, v = (x[0].float() for x in (query, key, value))
    attend = _way(q, k, v, maps=capture.maps)
    probabilities, context = attend(capture, q, k, v, scale)
    context = capture.intervention.applied(layer, context)
    # Last, so that the sink may do what it likes with the buffer; detached, so that what it keeps does not keep a graph.
    attention = probabilities.detach() if capture.maps and probabilities is not None else None
    capture.sink(Captured(layer, whole, hidden[0].detach(), attention, context.detach(), v.detach()))
    return context.transpose(0, 1).contiguous().unsqueeze(0).to(value.dtype), None


def _way(*tensors: Tensor, maps: bool) -> Callable[[_Capture, Tensor, Tensor, Tensor, float], tuple[Tensor | None, Tensor]]:
    """How attention is worked out: all layers share one buffer on the CPU where no gradient needs the probabilities again."""
    if any(tensor.requires_grad for tensor in tensors):
        return _attend if maps else _attend_fused
    return _attend_in_buffer if tensors[0].device.type == "cpu" else _attend


def _attend_in_buffer(capture: _Capture, q: Tensor, k: Tensor, v: Tensor, scaling: float) -> tuple[Tensor, Tensor]:
    """What the buffer holds at the end (the probabilities of all heads, or of the last block of them), and the context of all heads."""
    heads, tokens, _ = v.shape
    buffer = capture.scores(heads, tokens)
    context = torch.empty(tokens, heads, v.shape[-1], dtype=v.dtype).transpose(0, 1)  # in the order in which the projection takes it
    for start in range(0, len(q), len(buffer)):
        block = slice(start, start + len(buffer))
        scores = buffer[: len(q[block])]
        torch.baddbmm(scores, q[block], k[block].transpose(1, 2), beta=0, alpha=scaling, out=scores)
        # In place is safe on CPU: the kernel finishes with a row before it writes it.
        torch.softmax(scores, dim=-1, out=scores)
        torch.bmm(scores, v[block], out=context[block])
    return buffer, context


def _attend(_: _Capture, q: Tensor, k: Tensor, v: Tensor, scaling: float) -> tuple[Tensor, Tensor]:
    """Probabilities and context of all heads, in memory of their own."""
    keys = k.transpose(1, 2)
    # MPS has returned wrong products of transposed operands in several torch versions.
    if q.device.type == "mps":
        q, keys, v = q.contiguous(), keys.contiguous(), v.contiguous()
    probabilities = torch.softmax(torch.bmm(q, keys).mul_(scaling), dim=-1)
    return probabilities, torch.bmm(probabilities, v)


def _attend_fused(_: _Capture, q: Tensor, k: Tensor, v: Tensor, scaling: float) -> tuple[None, Tensor]:
    """The context alone; on the way back the probabilities are worked out again, block by block, and need no memory."""
    context = nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], scale=scaling)[0]
    return None, context.clone()  # replaced heads are written into it, and the way back needs it as it was


AttentionInterface.register(_NAME, _captured_attention)
