"""How much the state of a residue depends on the embedding of each token: the size of the Jacobian, from one forward pass with a graph."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from allo_core.errors import Cancelled
from allo_core.models.devices import memory_errors
from allo_core.models.reading import Readable, check_fits
from allo_core.protein.sequence import Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["embedding_dependence"]


def embedding_dependence(
    model: Readable, protein: Protein, residues: Sequence[int], probes: int, seed: int = 0, cancel: CancelEvent | None = None
) -> "Float32[np.ndarray, 'states n T']":
    """Frobenius norm of d state_k[i] / d embedding[j] for some residues i and all tokens j.

    The norm is estimated: for v drawn from a standard normal distribution the mean of |v J|^2 is the square of the norm of J (Hutchinson,
    Commun. Stat. Simul. Comput. 19, 433 (1990)), so that one backward pass for each v takes the place of one for each number of a state.

    Parameters
    ----------
    model : Readable
    protein : Protein
        Of L residues.
    residues : sequence of int
        0-based, length n.
    probes : int
        How many v are drawn.
    seed : int
    cancel : CancelEvent, optional
        Asked before each residue and state.

    Returns
    -------
    ndarray, dtype=float32, shape=(layers + 1, n, T)
        Of states 0 (the embedding itself) to the last one, after the final norm; T = L + 2 tokens with the special ones, residue j at
        place j + 1.

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory, which grows with the number of layers.
    Cancelled
    """
    import torch

    tokens = check_fits(model, protein, gradients=True)
    found = np.zeros((model.spec.layers + 1, len(residues), len(tokens)), dtype=np.float32)
    generator = torch.Generator().manual_seed(seed)
    with memory_errors(model.spec, model.device.type), torch.set_grad_enabled(True):
        embedding, states = _states(model, tokens.ids.to(model.device))
        for state, values in enumerate(states):
            for at, residue in enumerate(residues):
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                drawn = torch.randn(probes, values.shape[-1], generator=generator).to(values)
                total = torch.zeros(len(tokens), device=values.device)
                for direction in drawn:
                    (gradient,) = torch.autograd.grad(values[0, residue + 1] @ direction, embedding, retain_graph=True)
                    total += gradient[0].float().square().sum(dim=-1)
                found[state, at] = (total / probes).sqrt().cpu().numpy()
    return found


def _states(model: Readable, ids: "Tensor") -> "tuple[Float[Tensor, '1 T width'], list[Float[Tensor, '1 T width']]]":
    """What enters the first layer, as the beginning of a graph, and all states that follow from it, itself first."""
    from allo_core.models.capture import capture_attention, layer_stack

    encoder = cast("PreTrainedModel", model.module.base_model)
    states: list[Tensor] = []

    def begin(_, inputs: "tuple[Tensor, ...]") -> "tuple[Tensor, ...]":
        states.append(inputs[0].detach().requires_grad_())
        return states[0], *inputs[1:]

    def keep(_, inputs: "tuple[Tensor, ...]") -> None:
        states.append(inputs[0])

    layers = layer_stack(encoder)
    hooks = [layer.register_forward_pre_hook(keep if at else begin) for at, layer in enumerate(layers)]
    try:
        with capture_attention(encoder, lambda captured: None, maps=False):
            last = encoder(input_ids=ids).last_hidden_state
    finally:
        for hook in hooks:
            hook.remove()
    return states[0], [*states, last]
