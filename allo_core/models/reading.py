"""One forward pass, many readers: attention, hidden states, logits and what single heads give, layer by layer, to whoever wants them.

Only one layer is in memory at a time, and what no reader wants is not computed.  Every pass goes through the attention function of
`capture`, so that a reader gets the same numbers whoever else reads.  Dimensions: T tokens, heads, d numbers a head, width = heads * d.

Examples
--------
>>> states = StatesReader([spec.layers])  # doctest: +SKIP
>>> read(model, protein, [RunReader(writer), states, LogitsReader()])  # doctest: +SKIP
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

from allo_core.errors import Cancelled
from allo_core.models.devices import Dtype, check_memory, keep_working_memory, memory_errors
from allo_core.models.registry import Family, ModelSpec
from allo_core.models.tokens import Chains, Tokens, check_length, encode
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from allo_core.models.capture import Captured, Intervention
    from allo_core.models.resumed import Entry

__all__ = ["Enough", "GradientReader", "Last", "Layer", "Readable", "Reader", "Want", "check_fits", "read"]

Want = Literal["attention", "hidden", "context", "values", "logits", "gradients"]

_LOGITS: frozenset[Want] = frozenset({"logits"})
# Where transformers' modules keep the output layer of the model, and within each layer the output projection of its attention.
_OUTPUT_LAYER: dict[Family, str] = {"esm2": "lm_head", "esmc": "lm_head", "bert": "cls"}
_PROJECTION: dict[Family, str] = {"esm2": "attention.output.dense", "esmc": "self_attn.o_proj", "bert": "attention.output.dense"}


class Enough(Exception):
    """Raised by a reader that wants no more; the pass ends when no reader is left, and such a reader is not finished."""


@dataclass(frozen=True, eq=False)
class _Given:
    """What a reader may look at: tensors on the model's device, in float32; ValueError for what it did not want.

    Parameters
    ----------
    index : int
        The layer (0-based), which is also the number of the hidden state that enters it; at the end the number of layers.
    """

    index: int
    tokens: Tokens
    wants: frozenset[Want]
    given: "Mapping[str, Tensor]"

    def _wanted(self, want: Want) -> "Tensor":
        if want not in self.wants or want not in self.given:
            raise ValueError(f"this reader did not say that it wants {want!r}, or asks for it at the wrong time")
        return self.given[want]

    @property
    def hidden(self) -> "Float[Tensor, 'T width']":
        """In a layer the state that enters it (the first is the token embedding); at the end the last one, after the final norm.

        So layer 0 to layers - 1 and the end together give the layers + 1 states that transformers calls ``hidden_states``.
        """
        return self._wanted("hidden")


@dataclass(frozen=True, eq=False)
class Layer(_Given):
    """What one layer gives: valid only while the reader is called, and not to be changed, because other readers look at it too."""

    @property
    def attention(self) -> "Float[Tensor, 'heads T T']":
        """After softmax, over all tokens: rows are queries and sum to 1."""
        return self._wanted("attention")

    @property
    def context(self) -> "Float[Tensor, 'heads T d']":
        """attention @ values of each head, after an intervention, as it goes into the output projection."""
        return self._wanted("context")

    @property
    def values(self) -> "Float[Tensor, 'heads T d']":
        """What each token gives to those that attend to it."""
        return self._wanted("values")

    @property
    def projection(self) -> "Float[Tensor, 'heads d width']":
        """What the output projection makes of each head; wanted as "values".

        ``context @ projection`` summed over heads, plus a bias, is what the attention of the layer adds (ESM-C: divided by the square root
        of layers / 36).
        """
        self._wanted("values")
        return self.given["projection"]


@dataclass(frozen=True, eq=False)
class Last(_Given):
    """What the whole pass gives."""

    @property
    def logits(self) -> "Float[Tensor, 'T vocabulary']":
        """What the model expects at each token, before softmax."""
        return self._wanted("logits")

    @property
    def gradients(self) -> "Float[Tensor, 'layers heads']":
        """The derivative of this reader's loss by the gate of each head."""
        return self._wanted("gradients")


class Reader(Protocol):
    """Somebody who looks at a forward pass.

    Attributes
    ----------
    wants : frozenset of {"attention", "hidden", "context", "values", "logits", "gradients"}
    """

    wants: frozenset[Want]

    def layer(self, layer: Layer) -> None:
        """Called in each layer, in order."""

    def finish(self, last: Last) -> None:
        """Called once, after the last layer."""


class GradientReader(Reader, Protocol):
    """A reader that wants "gradients" and says of what."""

    def loss(self, last: Last) -> "Tensor":
        """A number (tensor without dimensions) made of ``last.logits`` and what is constant."""
        ...


class Readable(Protocol):
    """What a forward pass needs of a model; `allo_core.models.language_model.ProteinLanguageModel` has it."""

    @property
    def spec(self) -> ModelSpec: ...

    @property
    def module(self) -> "PreTrainedModel": ...

    @property
    def device(self) -> "torch.device": ...

    @property
    def dtype(self) -> Dtype: ...


def check_fits(model: "Readable", chains: Chains | Tokens, gradients: bool = False) -> Tokens:
    """The tokens of what is to be read, if the model can read so many and the memory suffices; parameters and errors as in `read`."""
    tokens = chains if isinstance(chains, Tokens) else encode(model.spec.family, chains)
    if tokens.family != model.spec.family:
        raise ValueError(f"these are tokens of {tokens.family}, {model.spec.label} reads those of {model.spec.family}")
    check_length(model.spec, tokens)
    # For gradients the graph of all layers is kept.
    layers = model.spec.layers if gradients else 1
    check_memory(model.spec, len(tokens) - 2, model.device.type, model.dtype, loaded=True, layers=layers)
    return tokens


def read(
    model: "Readable",
    chains: Chains | Tokens,
    readers: Sequence[Reader],
    intervene: "Intervention | None" = None,
    gradients: bool = False,
    cancel: CancelEvent | None = None,
    entry: "Entry | None" = None,
) -> None:
    """Run the model once and hand each reader what it wants.

    Parameters
    ----------
    chains : Protein, several of them (joined as `encode` says), or Tokens
    readers : sequence of Reader
        Called in this order.  What one raises ends the pass and is raised on, but for `Enough`.
    intervene : Intervention, optional
        What is done to single heads before the output projection.
    gradients : bool
        Whether the gradients are worked out that some `GradientReader` wants; memory then grows with the number of layers.
    cancel : CancelEvent, optional
        Asked in each layer, before the readers.
    entry : Entry, optional
        Begin there instead of at the first layer: readers are called from that layer on.

    Raises
    ------
    SequenceError
        Too long for the model.
    DeviceError
        Too little memory, known before or met on the way.
    Cancelled
    ValueError
        An intervention that does not fit the model; gradients without a reader that wants them, or the reverse.
    """
    tokens = check_fits(model, chains, gradients)
    wanted = any("gradients" in reader.wants for reader in readers)
    if gradients != wanted:
        raise ValueError(
            "a reader wants gradients; read with gradients=True" if wanted else "no reader wants the gradients that are asked for"
        )
    if model.device.type == "cpu":
        keep_working_memory()
    with memory_errors(model.spec, model.device.type):
        _Pass(model, tokens, readers, cancel).run(intervene, gradients, entry)


class _Pass:
    """One forward pass under way."""

    def __init__(self, model: "Readable", tokens: Tokens, readers: Sequence[Reader], cancel: CancelEvent | None):
        self.model, self.tokens, self.cancel = model, tokens, cancel
        self.readers = list(readers)
        self.wanted: frozenset[Want] = frozenset().union(*(reader.wants for reader in readers))
        self.seen = 0

    def run(self, intervene: "Intervention | None", gradients: bool, entry: "Entry | None") -> None:
        import torch

        from allo_core.models.capture import capture_attention
        from allo_core.models.resumed import skipped_layers

        # The base model: the output layer is called only for readers of logits.
        encoder = cast("PreTrainedModel", self.model.module.base_model)
        with torch.inference_mode(not gradients), torch.set_grad_enabled(gradients):
            intervention = self._on_device(intervene, gradients)
            self.seen = 0 if entry is None else entry.layer
            try:
                with ExitStack() as contexts:
                    if entry is not None:
                        contexts.enter_context(skipped_layers(encoder, entry))
                    contexts.enter_context(capture_attention(encoder, self._take, intervention, maps="attention" in self.wanted))
                    hidden = encoder(input_ids=self.tokens.ids.to(self.model.device)).last_hidden_state
            except Enough:
                return
            assert self.seen == self.model.spec.layers, f"{self.seen} of {self.model.spec.layers} layers were captured"
            self._finish(hidden, intervention.gates if gradients else None)

    def _on_device(self, intervene: "Intervention | None", gradients: bool) -> "Intervention":
        import torch

        from allo_core.models.capture import Intervention

        spec = self.model.spec
        intervention = intervene or Intervention()
        intervention.check(spec.layers, spec.heads, len(self.tokens), spec.width // spec.heads)
        intervention = intervention.to(self.model.device)
        if not gradients:
            return intervention
        gates = torch.ones(spec.layers, spec.heads, device=self.model.device) if intervention.gates is None else intervention.gates
        return Intervention(gates.detach().clone().requires_grad_(), intervention.replacements)

    def _take(self, captured: "Captured") -> None:
        """Hand one layer to every reader that is still there."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled
        given = {name: getattr(captured, name) for name in ("attention", "context", "values") if name in self.wanted}
        if "hidden" in self.wanted:
            given["hidden"] = captured.hidden.float()
        if "values" in self.wanted:
            given["projection"] = _projection(self.model.spec.family, captured.module, len(captured.values))
        for reader in tuple(self.readers):
            try:
                reader.layer(Layer(captured.layer, self.tokens, reader.wants, given))
            except Enough:
                self.readers.remove(reader)
                self.wanted = frozenset().union(*(left.wants for left in self.readers))
        if not self.readers:
            raise Enough
        self.seen += 1

    def _finish(self, hidden: "Tensor", gates: "Tensor | None") -> None:
        given = {"hidden": hidden[0].detach().float()}
        if self.wanted & {"logits", "gradients"}:
            output_layer = getattr(self.model.module, _OUTPUT_LAYER[self.model.spec.family])
            given["logits"] = output_layer(hidden)[0].float()
        gradients = [self._gradient(reader, given, gates) for reader in self.readers]
        constant = {name: values.detach() for name, values in given.items()}
        for reader, gradient in zip(self.readers, gradients, strict=True):
            own = constant if gradient is None else {**constant, "gradients": gradient}
            reader.finish(Last(self.seen, self.tokens, reader.wants, own))

    def _gradient(self, reader: Reader, given: "Mapping[str, Tensor]", gates: "Tensor | None") -> "Tensor | None":
        """The derivative of the reader's loss by the gates; the graph stays for the next reader."""
        import torch

        if gates is None or "gradients" not in reader.wants:
            return None
        loss = cast(GradientReader, reader).loss(Last(self.seen, self.tokens, reader.wants | _LOGITS, given))
        return torch.autograd.grad(loss, gates, retain_graph=True)[0]


def _projection(family: Family, layer: "nn.Module", heads: int) -> "Float[Tensor, 'heads d width']":
    """The weight of a layer's output projection, a row of numbers for each number of each head, in float32."""
    weight = cast("nn.Linear", layer.get_submodule(_PROJECTION[family])).weight
    return weight.detach().float().T.reshape(heads, -1, len(weight))
