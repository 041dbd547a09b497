"""Training without kept activations: steps that are undone one by one in the backward pass.

After reversible residual networks (Gomez et al. 2017, doi:10.48550/arXiv.1707.04585).
A step adds to one stream what it makes of others, so the stream before it is the stream after it less the same.  Whatever the steps are,
they are undone in the opposite order; numbers that are drawn (dropout) are drawn once more from the state that they were drawn from.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils.checkpoint import get_device_states, set_device_states

from allo_core.trunk.steps import run

if TYPE_CHECKING:  # the app need not wait for it
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from allo_core.trunk.steps import Step

__all__ = ["run_reversibly"]


def run_reversibly(steps: Sequence[Step], streams: Sequence[Tensor], masks: Sequence[Tensor | None]) -> list[Tensor]:
    """The streams after all steps, as `run` gives them; the backward pass works out again what it needs.

    Parameters
    ----------
    steps : sequence of Step
        None reads the stream that it adds to.
    streams : sequence of Tensor
    masks : sequence of Tensor or None
        One for each stream: what may be seen of it.
    """
    weights = [weight for step in steps for weight in _learnt(step.module)]
    return list(_Reversible.apply(steps, masks, len(streams), *streams, *weights))  # pyright: ignore[reportGeneralTypeIssues]


class _Reversible(torch.autograd.Function):
    """The steps as one operation; the weights are arguments of it so that their gradients are asked for and given like all others."""

    @staticmethod
    def forward(ctx: Any, steps: Sequence[Step], masks: Sequence[Tensor | None], count: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.steps, ctx.masks = steps, masks
        device = tensors[0].device.type
        ctx.autocast = (device, torch.get_autocast_dtype(device), torch.is_autocast_enabled(device))
        streams, ctx.drawn_from = list(tensors[:count]), []
        for step in steps:
            ctx.drawn_from.append(_RandomState.now(tensors[0]))
            streams = run([step], streams, masks, None)
        ctx.save_for_backward(*streams)
        return tuple(streams)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        streams, sums = list(ctx.saved_tensors), list(gradients)
        of_weights: list[Tensor | None] = []
        device, dtype, enabled = ctx.autocast
        for step, state in zip(reversed(ctx.steps), reversed(ctx.drawn_from), strict=True):
            inputs = list(streams)
            for source in step.sources:
                inputs[source] = streams[source].detach().requires_grad_()
            weights = _learnt(step.module)
            with state.again(), torch.enable_grad(), torch.autocast(device, dtype=dtype, enabled=enabled):
                added = step.added(inputs, ctx.masks)
            streams[step.target] = streams[step.target] - added.detach()
            wanted = [*(inputs[source] for source in step.sources), *weights]
            found = torch.autograd.grad(added, wanted, sums[step.target].to(added.dtype))
            for source, gradient in zip(step.sources, found, strict=False):
                sums[source] = sums[source] + gradient
            of_weights = [*found[len(step.sources) :], *of_weights]
        return None, None, None, *sums, *of_weights


class _RandomState(NamedTuple):
    """From where random numbers are drawn: by the CPU, and by the device of the streams where that is another."""

    cpu: Tensor
    devices: list[int]
    of_devices: list[Tensor]
    kind: str

    @classmethod
    def now(cls, stream: Tensor) -> _RandomState:
        """As it is before the next number is drawn."""
        kind = stream.device.type if stream.device.type != "cpu" else "cuda"  # of no devices
        return cls(torch.get_rng_state(), *get_device_states(stream), kind)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw from here once more; afterwards everything goes on as if nothing had been drawn."""
        with torch.random.fork_rng(self.devices, device_type=self.kind):
            torch.set_rng_state(self.cpu)
            set_device_states(self.devices, self.of_devices, device_type=self.kind)
            yield


def _learnt(module: nn.Module) -> list[Tensor]:
    return [weight for weight in module.parameters() if weight.requires_grad]
