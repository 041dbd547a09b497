"""Embeddings: the hidden states of a model at the residues of a protein, from any layer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import SequenceError
from allo_core.models.readers import StatesReader
from allo_core.models.reading import Readable, read
from allo_core.models.registry import ModelSpec
from allo_core.protein.sequence import Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32

__all__ = ["Embeddings", "check_states", "embed", "parse_states"]

_LONGEST_SHOWN = 40  # letters of what a person typed


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Hidden states of one protein; special tokens are left out.

    Parameters
    ----------
    spec : ModelSpec
    protein : Protein
    states : mapping of int to ndarray, dtype=float32, shape=(L, width)
        0 is the token embedding, l the state that layer l - 1 gives.  The last one, ``spec.layers``, has gone through the final norm where
        the model has one (ESM-2, ESM-C), the others have not: lengths of vectors cannot be compared between it and the others.
    """

    spec: ModelSpec
    protein: Protein
    states: "Mapping[int, Float32[np.ndarray, 'L width']]"

    def state(self, layer: int) -> "Float32[np.ndarray, 'L width']":
        """The state with this number, a negative one counted from the last; IndexError if there is none, or it was not asked for."""
        (number,) = check_states(self.spec, (layer,))
        if number not in self.states:
            kept = ", ".join(map(str, sorted(self.states)))
            raise IndexError(f"state {layer} was not kept; kept are {kept}: ask for it with layers=")
        return self.states[number]

    def mean(self, layer: int) -> "Float[np.ndarray, ' width']":
        """Mean over residues of a state, one vector for the protein: the usual pooling (the start token is trained for nothing)."""
        return self.state(layer).mean(axis=0, dtype=np.float64).astype(np.float32)


def embed(model: Readable, protein: Protein, layers: Iterable[int] = (-1,), cancel: CancelEvent | None = None) -> Embeddings:
    """Hidden states of a protein at the layers that are asked for, in one pass.

    Parameters
    ----------
    layers : iterable of int
        Numbers of states, 0 (the token embedding) to the number of layers (the last state); negative ones count from the last.
    cancel : CancelEvent, optional
        Asked in each layer.

    Raises
    ------
    IndexError
        A state that the model does not have.
    SequenceError, DeviceError
        Too long for the model; too little memory.
    Cancelled

    Examples
    --------
    >>> embeddings = embed(load_model("esm2_t33_650M_UR50D"), protein, layers=(0, 20, -1))  # doctest: +SKIP
    >>> embeddings.states[20].shape  # doctest: +SKIP
    (412, 1280)
    """
    reader = StatesReader(check_states(model.spec, tuple(layers)))
    read(model, protein, [reader], cancel=cancel)
    return Embeddings(model.spec, protein, {number: reader.states[number].numpy() for number in sorted(reader.states)})


def check_states(spec: ModelSpec, layers: Sequence[int]) -> tuple[int, ...]:
    """The numbers of states as 0 to ``spec.layers``, each once, in order; IndexError, which names the wrong one."""
    if not layers:
        raise IndexError(f"no layer was asked for; {spec.label} has states 0 to {spec.layers}")
    if wrong := [layer for layer in layers if not -spec.layers - 1 <= layer <= spec.layers]:
        raise IndexError(f"{spec.label} has no state {wrong[0]}; it has 0 (token embedding) to {spec.layers} (last), or -1 for the last")
    return tuple(sorted({layer % (spec.layers + 1) for layer in layers}))


def parse_states(spec: ModelSpec, text: str) -> tuple[int, ...]:
    """The numbers of states that a person typed, "0,3,-1" or "all", as `check_states` gives them; SequenceError that names what is none."""
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    if text.strip() == "all":
        return tuple(range(spec.layers + 1))
    try:
        return check_states(spec, [int(part) for part in text.split(",")])
    except ValueError:
        raise SequenceError(f"{shown!r} names no layers; write 0,3,-1 or all.") from None
    except IndexError as error:
        raise SequenceError(f"--layers {shown}: {error}.") from None
