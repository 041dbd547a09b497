"""The layers of the trunk as steps: each adds to one stream what a module makes of one or two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the app need not wait for it
    from collections.abc import Sequence

    from torch import Tensor, nn

__all__ = ["Step", "run"]


class Step(NamedTuple):
    """``streams[target] += module(the streams that it reads)``.

    Parameters
    ----------
    target : int
        Of the stream that is added to.
    sources : tuple of int
        Of the streams that are read: the one that asks, and the one that it sees if that is another.
    module : Module
        Called with each of these and its mask, in turn, and ``chunk``.
    """

    target: int
    sources: tuple[int, ...]
    module: nn.Module

    def added(self, streams: Sequence[Tensor], masks: Sequence[Tensor | None], chunk: int | None = None) -> Tensor:
        """What the step adds.

        Parameters
        ----------
        streams, masks : sequence of Tensor
            All of them.
        chunk : int, optional
            At most how many tokens are worked out at a time; None: all, with gradients.
        """
        arguments = [of_source for source in self.sources for of_source in (streams[source], masks[source])]
        return self.module(*arguments, chunk=chunk)


def run(steps: Sequence[Step], streams: Sequence[Tensor], masks: Sequence[Tensor | None], chunk: int | None) -> list[Tensor]:
    """The streams after all steps.

    Parameters
    ----------
    steps : sequence of Step
    streams : sequence of Tensor
        They are left as they are.
    masks : sequence of Tensor or None
        One for each stream: what may be seen of it.
    chunk : int or None
        At most how many tokens are worked out at a time; None: all, with gradients.
    """
    changed = list(streams)
    for step in steps:
        changed[step.target] = changed[step.target] + step.added(changed, masks, chunk)
    return changed
