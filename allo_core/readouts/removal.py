"""Removing heads from a pass: what takes the place of their output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from allo_core.attention.head import Head
from allo_core.errors import AblationError
from allo_core.models.registry import ModelSpec

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

    from allo_core.models.capture import Intervention

__all__ = ["Heads", "Removal", "all_heads", "check_heads", "check_removal", "heads_of_layer", "heads_text", "parse_heads", "removed"]

Removal = Literal["mean", "zero"]
Heads = tuple[tuple[int, int], ...]  # (layer, head), which are removed together


def check_removal(kind: str) -> Removal:
    """The kind of this name; AblationError unless it is "mean" or "zero"."""
    for known in get_args(Removal):
        if kind == known:
            return known
    raise AblationError(f"Heads are removed by mean or zero, not {kind!r}; choose one of the two.")


def check_heads(spec: ModelSpec, heads: Heads) -> Heads:
    """The heads in order, each once; AblationError for none, or one that the model does not have."""
    if not heads:
        raise AblationError("No head is named; name some, such as 5.3,5.6.")
    for layer, head in heads:
        if not (0 <= layer < spec.layers and 0 <= head < spec.heads):
            raise AblationError(
                f"There is no head {layer}.{head}; {spec.label} has layers 0 to {spec.layers - 1} of heads 0 to {spec.heads - 1}."
            )
    return tuple(sorted(set(heads)))


def all_heads(spec: ModelSpec) -> tuple[Heads, ...]:
    """Each head of a model by itself, layer by layer."""
    return tuple(((layer, head),) for layer in range(spec.layers) for head in range(spec.heads))


def heads_of_layer(spec: ModelSpec, layer: int) -> Heads:
    """All heads of one layer together."""
    return tuple((layer, head) for head in range(spec.heads))


def heads_text(heads: Heads) -> str:
    """As people write them: ``"5.3,5.6"``."""
    return ",".join(Head(*head).text for head in heads)


def parse_heads(text: str, spec: ModelSpec) -> Heads:
    """The heads of ``"5.3,5.6"`` or ``"5.3 5.6"``; AblationError where a part names no head of the model."""
    parts = text.replace(",", " ").split()
    found = [Head.parse(part) for part in parts]
    if wrong := [part for part, head in zip(parts, found, strict=True) if head is None]:
        raise AblationError(f"{wrong[0][:20]!r} is no head; write layer.head, counted from 0, as in 5.3,5.6.")
    return check_heads(spec, tuple((head.layer, head.head) for head in found if head is not None))


def removed(
    spec: ModelSpec, heads: Sequence[tuple[int, int]], means: "Float[np.ndarray, 'layers kinds heads d'] | None", tokens: int
) -> "Intervention":
    """The intervention that removes heads from a pass over ``tokens`` tokens of one protein.

    Parameters
    ----------
    spec : ModelSpec
    heads : sequence of (layer, head)
    means : ndarray, shape=(layers, 3, heads, d), or None
        As from `head_means`: each head gives its mean at residues, at the start and at the end.  None: it gives zeros.
    tokens : int
    """
    import torch

    from allo_core.models.capture import Intervention

    if means is None:
        gates = torch.ones(spec.layers, spec.heads)
        for layer, head in heads:
            gates[layer, head] = 0.0
        return Intervention(gates)
    replacements = {}
    for layer, head in heads:
        residue, start, end = (torch.from_numpy(means[layer, kind, head].copy()) for kind in range(means.shape[1]))
        values = residue.repeat(tokens, 1)
        values[0], values[-1] = start, end
        replacements[layer, head] = values
    return Intervention(replacements=replacements)
