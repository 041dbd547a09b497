"""Readers of one forward pass that are of use by themselves: attention for a function, value norms, hidden states, logits, entries."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from allo_core.models.reading import Enough, Last, Layer, Reader, Want

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from allo_core.models.resumed import Entry

__all__ = ["AttentionReader", "EntriesReader", "FirstMaps", "LastStateReader", "LogitsReader", "StatesReader", "ValueNormsReader"]


class AttentionReader(Reader):
    """Hands each layer's attention to a function.

    Parameters
    ----------
    sink : callable(layer, attention)
        ``attention`` is Float[Tensor, "heads T T"], valid only during the call.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, sink: "Callable[[int, Tensor], object]"):
        self._sink = sink

    def layer(self, layer: Layer) -> None:
        self._sink(layer.index, layer.attention)


class FirstMaps(Reader):
    """Keeps the attention of the first layers and ends the pass there.

    Attributes
    ----------
    maps : list of Float[Tensor, "heads T T"]
        On the model's device.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, layers: int):
        self._layers = layers
        self.maps: list[Tensor] = []

    def layer(self, layer: Layer) -> None:
        self.maps.append(layer.attention.clone())
        if len(self.maps) == self._layers:
            raise Enough


class StatesReader(Reader):
    """Keeps hidden states of the residues.

    Parameters
    ----------
    states : iterable of int
        0 is the token embedding, l the state after layer l - 1, the number of layers the last one, after the final norm.

    Attributes
    ----------
    states : dict of int to Float[Tensor, "L width"]
        float32, on the CPU.
    """

    wants: frozenset[Want] = frozenset({"hidden"})

    def __init__(self, states: Iterable[int]):
        self._chosen = frozenset(states)
        self._free: Iterator[Tensor] = iter(())
        self.states: dict[int, Float[Tensor, "L width"]] = {}

    def layer(self, layer: Layer) -> None:
        self._keep(layer)

    def finish(self, last: Last) -> None:
        self._keep(last)

    def _keep(self, given: Layer | Last) -> None:
        if given.index not in self._chosen:
            return
        residues = given.tokens.cut(given.hidden, 0)
        if given.index == min(self._chosen):
            # In one piece: between the working memory of the layers its parts would leave holes.
            self._free = iter(_empty(len(self._chosen), *residues.shape))
        self.states[given.index] = next(self._free).copy_(residues)


class EntriesReader(Reader):
    """Keeps what enters every layer, of all tokens, on the model's device: later passes over the same tokens may begin there.

    Attributes
    ----------
    entries : list of Entry
        Of each layer, float32.
    """

    wants: frozenset[Want] = frozenset({"hidden"})

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def layer(self, layer: Layer) -> None:
        from allo_core.models.resumed import Entry

        self.entries.append(Entry(layer.index, layer.hidden.clone()))


class LastStateReader(Reader):
    """Keeps the last hidden state of all tokens, the special ones with the residues.

    Attributes
    ----------
    state : Float[Tensor, "T width"]
        After the final norm; float32, on the CPU; there after the pass.  The first token is the start, the last one the end.
    residues : Bool[Tensor, "T"]
        Which tokens are residues.
    """

    wants: frozenset[Want] = frozenset({"hidden"})
    state: "Float[Tensor, 'T width']"
    residues: "Bool[Tensor, ' T']"

    def finish(self, last: Last) -> None:
        self.state, self.residues = _kept(last.hidden), last.tokens.residues


class LogitsReader(Reader):
    """Keeps what the model expects at each residue.

    Attributes
    ----------
    logits : Float[Tensor, "L vocabulary"]
        float32, on the CPU; there after the pass.
    """

    wants: frozenset[Want] = frozenset({"logits"})
    logits: "Float[Tensor, 'L vocabulary']"

    def finish(self, last: Last) -> None:
        self.logits = _kept(last.tokens.cut(last.logits, 0))


class ValueNormsReader(Reader):
    """Keeps how long the value of each residue is behind the output projection of each head: |v_j W_O|.

    Attention is never negative, so what query i takes from key j has the length |A_ij v_j W_O| = A_ij |v_j W_O| (Kobayashi et al., EMNLP
    2020).  v_j holds the bias of the value projection; the bias of the output projection belongs to no head.

    Attributes
    ----------
    norms : list of Float[Tensor, "heads L"]
        Of each layer, float32, on the CPU.
    special_share : list of Float[Tensor, "heads"]
        Of each layer: the share of sum_ij A_ij |v_j W_O| over queries i that are residues which special tokens j have; 0 where the sum is.
    """

    wants: frozenset[Want] = frozenset({"attention", "values"})

    def __init__(self) -> None:
        self.norms: list[Tensor] = []
        self.special_share: list[Tensor] = []

    def layer(self, layer: Layer) -> None:
        import torch

        # One head at a time: all at once would take heads x T x width numbers.  Contiguous, because MPS has multiplied views wrongly.
        heads = zip(layer.values, layer.projection, strict=True)
        norms = torch.stack([torch.linalg.vector_norm(values.contiguous() @ part.contiguous(), dim=-1) for values, part in heads])
        given = layer.tokens.cut(layer.attention, 1).sum(dim=1) * norms
        everything = given.sum(dim=-1)
        on_special = everything - layer.tokens.cut(given, 1).sum(dim=-1)
        share = torch.where(everything > 0, on_special.clamp(min=0) / everything, torch.zeros_like(everything))
        self.norms.append(_kept(layer.tokens.cut(norms, 1)))
        self.special_share.append(_kept(share))


def _kept(values: "Tensor") -> "Tensor":
    """A copy on the CPU: what a pass gives is valid only during the call."""
    return _empty(*values.shape).copy_(values)


def _empty(*shape: int) -> "Tensor":
    """Memory for float32 on the CPU; what a pass gives is made for inference alone, on a copy in this memory others can build."""
    import torch

    with torch.inference_mode(False):
        return torch.empty(shape, dtype=torch.float32)
