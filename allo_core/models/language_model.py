"""One class for every protein language model: built from a spec, filled from a local file, run on one protein at a time."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import Cancelled, SequenceError, WeightsError
from allo_core.models.devices import check_memory, choose_device, choose_dtype, keep_working_memory, memory_errors
from allo_core.models.registry import Layout, ModelSpec, get_spec
from allo_core.models.tokens import FIRST_RESIDUE, VOCABULARIES, encode
from allo_core.models.weights import WeightsState, check_shipped, how_to_get, locate, weights_sha256
from allo_core.protein.sequence import Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from allo_core.models.capture import Sink

__all__ = [
    "ProteinLanguageModel",
    "build_module",
    "check_length",
    "filled_module",
    "length_warning",
    "load_model",
    "random_module",
]

# Layers that are compared with the CPU before a device is trusted.
_COMPARED_LAYERS = 2


class _Enough(Exception):
    """Ends a forward pass of which only the first layers are wanted."""


class ProteinLanguageModel:
    """A model with its weights, on a device.

    Attributes
    ----------
    spec : ModelSpec
    module : transformers.PreTrainedModel
    device : torch.device
    dtype : {"float32", "bfloat16"}
        What the parameters are; attention is float32 in both.
    weights : WeightsState
    sha256 : str
        Fingerprint of the weights.
    notes : tuple of str
        What a person should know of every run, such as that a device was given up.
    """

    def __init__(self, spec: ModelSpec, module: "nn.Module", dtype: str, weights: WeightsState, sha256: str):
        self.spec = spec
        self.module = module.eval()
        self.dtype = dtype
        self.weights = weights
        self.sha256 = sha256
        self.notes: tuple[str, ...] = ()

    @property
    def device(self) -> "torch.device":
        return next(self.module.parameters()).device

    def to(self, device: str) -> "ProteinLanguageModel":
        """Move the model; DeviceError if the device has too little memory."""
        with memory_errors(self.spec, device):
            self.module.to(device)
        return self

    def attention(self, protein: Protein, sink: "Sink", cancel: CancelEvent | None = None) -> None:
        """Run the model once and hand each layer's attention to a sink.

        Parameters
        ----------
        sink : callable(layer, probabilities)
            As in ``capture_attention``: float32 [heads, L + 2, L + 2], valid only during the call; residue i is token i + 1.
        cancel : CancelEvent, optional
            Asked before each layer's map is handed over.

        Raises
        ------
        SequenceError
            The protein is too long for the model.
        Cancelled
        DeviceError
            Out of memory.
        """
        check_length(self.spec, protein)
        seen = 0

        def hand_over(layer: int, probabilities: "Tensor") -> None:
            nonlocal seen
            if cancel is not None and cancel.is_set():
                raise Cancelled
            sink(layer, probabilities)
            seen += 1

        self._forward(self.module, protein, hand_over)
        assert seen == self.spec.layers, f"{seen} of {self.spec.layers} layers were captured"

    def logits(self, protein: Protein) -> "Tensor":
        """What the model expects at each residue: float32 tensor [L, vocabulary] on the CPU."""
        import torch

        check_length(self.spec, protein)
        tokens = encode(self.spec.family, protein.sequence).to(self.device)
        with memory_errors(self.spec, self.device.type), torch.inference_mode():
            return self.module(input_ids=tokens).logits[0, FIRST_RESIDUE : FIRST_RESIDUE + len(protein)].float().cpu()

    def first_layers(self, protein: Protein, device: str) -> "list[Tensor]":
        """Attention [heads, L + 2, L + 2] of the first layers, computed on the model's device or by a copy of them on the CPU."""
        module = self.module if device == self.device.type else self._first_layers_on_cpu()
        maps: list[Tensor] = []

        def keep(_layer: int, probabilities: "Tensor") -> None:
            maps.append(probabilities.clone())
            if len(maps) == _COMPARED_LAYERS:
                raise _Enough

        with suppress(_Enough):
            self._forward(module, protein, keep)
        return maps

    def _forward(self, module: "nn.Module", protein: Protein, sink: "Sink") -> None:
        import torch

        from allo_core.models.capture import capture_attention

        if self.device.type == "cpu":
            keep_working_memory()
        # The base model: the output layer is of no use here.
        encoder = module.base_model
        tokens = encode(self.spec.family, protein.sequence).to(encoder.device)
        with memory_errors(self.spec, tokens.device.type), capture_attention(encoder, sink), torch.inference_mode():
            encoder(input_ids=tokens)

    def _first_layers_on_cpu(self) -> "nn.Module":
        import torch
        from torch import nn

        from allo_core.models.checkpoint import fill_module

        with torch.device("meta"):
            copy = build_module(self.spec)
        del next(part for part in copy.modules() if isinstance(part, nn.ModuleList))[_COMPARED_LAYERS:]
        wanted = copy.state_dict().keys()
        tensors = {name: tensor.cpu() for name, tensor in self.module.state_dict().items() if name in wanted}
        fill_module(copy, tensors, getattr(torch, self.dtype), self.weights.path)
        return copy


def load_model(model_id: str, device: str = "auto", dtype: str = "auto") -> ProteinLanguageModel:
    """Load a model from weights on this machine; nothing is ever fetched.

    Parameters
    ----------
    model_id : str
        A key of ``MODELS``.
    device : {"auto", "cuda", "mps", "cpu"}
    dtype : {"auto", "float32", "bfloat16"}
        "auto" is float32.

    Raises
    ------
    WeightsError
        Unknown model; weights missing, damaged, unsafe, of another shape, or not those that ship.
    DeviceError
        Unknown or absent device, unknown precision, too little memory.
    """
    spec = get_spec(model_id)
    dtype = choose_dtype(dtype)
    state = locate(spec)
    if state.path is None:
        raise WeightsError(how_to_get(spec))
    device = choose_device(device)
    check_memory(spec, 0, device, dtype)
    check_shipped(spec, state)
    with memory_errors(spec, "cpu"):
        module = filled_module(spec, state.path, state.layout, dtype)
    return ProteinLanguageModel(spec, module, dtype, state, weights_sha256(state.path)).to(device)


def filled_module(spec: ModelSpec, path: Path, layout: Layout, dtype: str) -> "nn.Module":
    """``build_module`` with the weights of a file as ``dtype``, on the CPU, not to be trained; WeightsError if they do not fit."""
    import torch

    from allo_core.models.checkpoint import fill_module, read_checkpoint

    # On the meta device nothing is allocated or drawn at random only to be overwritten.
    with torch.device("meta"):
        module = build_module(spec)
    fill_module(module, read_checkpoint(path, layout), getattr(torch, dtype), path)
    return module


def build_module(spec: ModelSpec) -> "nn.Module":
    """A ``PreTrainedModel`` with masked-language-model head of this shape and random weights, on torch's current default device."""
    builders = {"esm2": _build_esm2, "esmc": _build_esmc, "bert": _build_bert}
    shape = {
        "vocab_size": len(VOCABULARIES[spec.family]),
        "hidden_size": spec.width,
        "intermediate_size": spec.feed_forward,
        "num_hidden_layers": spec.layers,
        "num_attention_heads": spec.heads,
        "attn_implementation": "eager",
    }
    return builders[spec.family](shape).eval()


def random_module(spec: ModelSpec, seed: int) -> "nn.Module":
    """``build_module`` with the random weights of a seed; the random state of the program stays as it is."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_module(spec)


def _build_esm2(shape: dict) -> "nn.Module":
    from transformers import EsmConfig, EsmForMaskedLM

    # As in facebook/esm2_t33_650M_UR50D, config.json.
    config = EsmConfig(
        **shape,
        pad_token_id=1,
        mask_token_id=32,
        position_embedding_type="rotary",
        token_dropout=True,
        emb_layer_norm_before=False,
        layer_norm_eps=1e-5,
    )
    module = EsmForMaskedLM(config)
    # Contacts are not predicted here, and the official files lack this head.
    module.esm.contact_head = None
    return module


def _build_esmc(shape: dict) -> "nn.Module":
    from transformers import EsmcConfig, EsmcForMaskedLM

    # The embedding has 64 rows, of which 33 are used (esm 3.2, models/esmc.py).
    return EsmcForMaskedLM(EsmcConfig(**{**shape, "vocab_size": 64}))


def _build_bert(shape: dict) -> "nn.Module":
    from transformers import BertConfig, BertForMaskedLM

    # As in antiberty 0.1.3, AntiBERTy_md_smooth/config.json.
    return BertForMaskedLM(BertConfig(**shape, pad_token_id=0, max_position_embeddings=512, type_vocab_size=2, layer_norm_eps=1e-12))


def check_length(spec: ModelSpec, protein: Protein) -> None:
    """SequenceError, with the numbers and the way out, if the model cannot read so many residues."""
    if spec.longest is not None and len(protein) > spec.longest:
        raise SequenceError(
            f"{protein.name} has {len(protein)} residues, {spec.label} reads at most {spec.longest}; use its 7TM domain or an ESM model."
        )


def length_warning(spec: ModelSpec, length: int) -> str | None:
    """One sentence if a protein is longer than what the model was trained on, else None."""
    if length + 2 <= spec.trained_tokens or spec.longest is not None:
        return None
    return f"{spec.label} was trained at {spec.trained_tokens} tokens, this input has {length + 2}: attention beyond that is extrapolated."
