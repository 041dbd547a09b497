"""One class for every protein language model: built from a spec, filled from a local file; `reading` runs it."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from allo_core.errors import WeightsError
from allo_core.models.contact_regression import ContactRegression, read_contact_regression
from allo_core.models.devices import DeviceChoice, Dtype, DtypeChoice, check_memory, choose_device, choose_dtype, memory_errors
from allo_core.models.registry import Layout, ModelSpec, get_spec
from allo_core.models.tokens import VOCABULARIES
from allo_core.models.weights import WeightsState, check_shipped, how_to_get, locate, weights_sha256
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers import PreTrainedModel

__all__ = [
    "ProteinLanguageModel",
    "build_module",
    "filled_module",
    "load_model",
    "random_module",
]

# Layers that are compared with the CPU before a device is trusted.
_COMPARED_LAYERS = 2


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
    contact_regression : ContactRegression or None
        None for all but ESM-2, and where the weights came without it.
    notes : tuple of str
        What a person should know of every run, such as that a device was given up.
    """

    def __init__(
        self,
        spec: ModelSpec,
        module: "PreTrainedModel",
        dtype: Dtype,
        weights: WeightsState,
        sha256: str,
        contact_regression: ContactRegression | None = None,
    ):
        self.spec = spec
        self.module = module.eval()
        self.dtype: Dtype = dtype
        self.weights = weights
        self.sha256 = sha256
        self.contact_regression = contact_regression
        self.notes: tuple[str, ...] = ()

    @property
    def device(self) -> "torch.device":
        return next(self.module.parameters()).device

    def first_not_finite(self) -> str:
        """Name of the first parameter with a value that is not a number, or infinite; "" where there is none."""
        parameters = cast("nn.Module", self.module).named_parameters()
        return next((name for name, parameter in parameters if not parameter.isfinite().all()), "")

    def to(self, device: str) -> "ProteinLanguageModel":
        """Move the model; DeviceError if the device has too little memory."""
        with memory_errors(self.spec, device):
            cast("nn.Module", self.module).to(device)
        return self

    def first_layers(self, protein: Protein, device: str) -> "list[Tensor]":
        """Attention [heads, L + 2, L + 2] of the first layers, computed on the model's device or by a copy of them on the CPU."""
        from allo_core.models.readers import FirstMaps
        from allo_core.models.reading import read

        reader = FirstMaps(_COMPARED_LAYERS)
        module = self.module if device == self.device.type else self._first_layers_on_cpu()
        read(ProteinLanguageModel(self.spec, module, self.dtype, self.weights, self.sha256), protein, [reader])
        return reader.maps

    def _first_layers_on_cpu(self) -> "PreTrainedModel":
        import torch

        from allo_core.models.capture import layer_stack
        from allo_core.models.checkpoint import fill_module

        with torch.device("meta"):
            copy = build_module(self.spec)
        del layer_stack(copy)[_COMPARED_LAYERS:]
        wanted = copy.state_dict().keys()
        tensors = {name: tensor.cpu() for name, tensor in self.module.state_dict().items() if name in wanted}
        fill_module(copy, tensors, getattr(torch, self.dtype), self.weights.path)
        return copy


def load_model(model_id: str, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> ProteinLanguageModel:
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
    model = ProteinLanguageModel(spec, module, dtype, state, weights_sha256(state.path), read_contact_regression(spec, state))
    return model.to(device)


def filled_module(spec: ModelSpec, path: Path, layout: Layout, dtype: Dtype) -> "PreTrainedModel":
    """``build_module`` with the weights of a file as ``dtype``, on the CPU, not to be trained; WeightsError if they do not fit."""
    import torch

    from allo_core.models.checkpoint import fill_module, read_checkpoint

    # On the meta device nothing is allocated or drawn at random only to be overwritten.
    with torch.device("meta"):
        module = build_module(spec)
    fill_module(module, read_checkpoint(path, layout), getattr(torch, dtype), path)
    return module


def build_module(spec: ModelSpec) -> "PreTrainedModel":
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


def random_module(spec: ModelSpec, seed: int) -> "PreTrainedModel":
    """``build_module`` with the random weights of a seed; the random state of the program stays as it is."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_module(spec)


def _build_esm2(shape: dict) -> "PreTrainedModel":
    from transformers import EsmConfig, EsmForMaskedLM

    from allo_core.models.feed_forward import in_place

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
    # Not every checkpoint has it, and it needs the maps of all layers at once: contact_regression keeps its numbers instead.
    module.esm.register_module("contact_head", None)
    in_place(module)
    return module


def _build_esmc(shape: dict) -> "PreTrainedModel":
    from transformers import EsmcConfig, EsmcForMaskedLM

    # The embedding has 64 rows, of which 33 are used (esm 3.2, models/esmc.py).
    return EsmcForMaskedLM(EsmcConfig(**{**shape, "vocab_size": 64}))


def _build_bert(shape: dict) -> "PreTrainedModel":
    from transformers import BertConfig, BertForMaskedLM

    # As in antiberty 0.1.3, AntiBERTy_md_smooth/config.json.
    return BertForMaskedLM(BertConfig(**shape, pad_token_id=0, max_position_embeddings=512, type_vocab_size=2, layer_norm_eps=1e-12))
