"""Taking attention: one attention function, registered with transformers, for every model.

The function works out softmax(q k^T) once, in float32 whatever the model computes in, hands the probabilities of the layer to a sink and
returns probabilities @ v.  No map outlives its layer, so that memory does not grow with the number of layers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

__all__ = ["Sink", "capture_attention"]

Sink = Callable[[int, Tensor], None]
_NAME = "alloscope"


@dataclass
class _Capture:
    """One capture under way: where maps go, which module is which layer, and the buffer that all layers share."""

    sink: Sink
    layers: dict[int, int] = field(default_factory=dict)
    buffer: Tensor | None = None

    def layer_of(self, module: nn.Module) -> int:
        # ESM modules carry no layer_idx; they are called in order, each once a forward pass.
        layer = self.layers.setdefault(id(module), len(self.layers))
        assert getattr(module, "layer_idx", None) in (None, layer)
        return layer

    def scores(self, heads: int, tokens: int, device: torch.device) -> Tensor:
        # A fresh buffer for each layer costs page faults: on CPU, several percent of a forward pass.
        if self.buffer is None or self.buffer.shape != (heads, tokens, tokens) or self.buffer.device != device:
            self.buffer = torch.empty(heads, tokens, tokens, dtype=torch.float32, device=device)
        return self.buffer


# A context variable, so that two threads or two captures cannot mix.
_CAPTURE: ContextVar[_Capture] = ContextVar("alloscope_capture")


@contextmanager
def capture_attention(module: nn.Module, sink: Sink) -> Iterator[None]:
    """Send the attention maps of every forward pass inside the context to a sink.

    Parameters
    ----------
    module : transformers.PreTrainedModel
        Run it on one unpadded sequence at a time, under ``torch.inference_mode()``.
    sink : callable(layer, probabilities)
        ``layer`` is 0-based.  ``probabilities`` is a float32 tensor [heads, T, T] on the module's device; rows are queries and sum to 1.
        It is valid only during the call, because the next layer reuses its memory.  An exception of the sink ends the forward pass.
    """
    before = module.config._attn_implementation
    module.set_attn_implementation(_NAME)
    token = _CAPTURE.set(_Capture(sink))
    try:
        yield
    finally:
        _CAPTURE.reset(token)
        module.set_attn_implementation(before)


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
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    q, k, v = (x[0].float() for x in (query, key, value))
    probabilities = _softmax_on_cpu(capture, q, k, scaling) if q.device.type == "cpu" else _softmax_on_device(q, k, scaling)
    context = torch.bmm(probabilities, v.contiguous() if v.device.type == "mps" else v)
    # Last, so that the sink may do what it likes with the buffer.
    capture.sink(capture.layer_of(module), probabilities)
    return context.transpose(0, 1).contiguous().unsqueeze(0).to(value.dtype), None


def _softmax_on_cpu(capture: _Capture, q: Tensor, k: Tensor, scaling: float) -> Tensor:
    scores = capture.scores(q.shape[0], q.shape[1], q.device)
    torch.baddbmm(scores, q, k.transpose(1, 2), beta=0, alpha=scaling, out=scores)
    # In place is safe on CPU: the kernel finishes with a row before it writes it.
    return torch.softmax(scores, dim=-1, out=scores)


def _softmax_on_device(q: Tensor, k: Tensor, scaling: float) -> Tensor:
    keys = k.transpose(1, 2)
    # MPS has returned wrong products of transposed operands in several torch versions.
    scores = torch.bmm(q.contiguous(), keys.contiguous()) if q.device.type == "mps" else torch.bmm(q, keys)
    return torch.softmax(scores.mul_(scaling), dim=-1)


AttentionInterface.register(_NAME, _captured_attention)
