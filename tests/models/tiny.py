"""Small models with random weights, their official-format files, and an own ESM-C forward pass, for the tests."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import esm
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from allo_core.models.capture import Captured, capture_attention
from allo_core.models.language_model import ProteinLanguageModel, random_module
from allo_core.models.readers import AttentionReader, LogitsReader
from allo_core.models.reading import read
from allo_core.models.registry import MODELS, ModelSpec
from allo_core.models.weights import WeightsState
from allo_core.protein.sequence import AMINO_ACIDS, Protein

TINY_ESMC = replace(MODELS["esmc_300m"], layers=3, heads=3, width=48, feed_forward=128)
TINY_BERT = replace(MODELS["antiberty"], layers=2, heads=4, width=32, feed_forward=64)
# One of each family with 16 numbers a head: like the 64 of the real ones (1/8), 16 scales scores by a power of two (1/4), so exactly.
FAMILIES = (
    replace(MODELS["esm2_t6_8M_UR50D"], layers=3, heads=4, width=64, feed_forward=128),
    TINY_ESMC,
    replace(TINY_BERT, layers=3, width=64),
)


def random_protein(length: int, seed: int = 0, letters: str = AMINO_ACIDS) -> Protein:
    return Protein("random", "".join(np.random.default_rng(seed).choice(list(letters), length)))


def fair_esm_model(spec: ModelSpec, seed: int, sharpness: float = 1.0) -> nn.Module:
    """fair-esm's own ESM2 of this shape; q and k weights are multiplied by ``sharpness``, because random attention is flat."""
    torch.manual_seed(seed)
    model = esm.model.esm2.ESM2(
        num_layers=spec.layers, embed_dim=spec.width, attention_heads=spec.heads, alphabet="ESM-1b", token_dropout=True
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "q_proj" in name or "k_proj" in name:
                parameter.mul_(sharpness)
            elif parameter.ndim == 1:
                # As initialised, norms and biases are ones and zeros: names that are mixed up would not show.
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def save_fair_esm(model: nn.Module, path: Path) -> Path:
    """A file laid out as the official ones: settings as argparse.Namespace, names with fairseq's prefixes, no contact head."""
    state = {}
    for name, tensor in model.state_dict().items():
        if not name.startswith("contact_head."):
            state[("encoder." if name.startswith("lm_head.") else "encoder.sentence_encoder.") + name] = tensor
    settings = argparse.Namespace(encoder_layers=model.num_layers, encoder_embed_dim=model.embed_dim, token_dropout=True)
    torch.save({"cfg": {"model": settings}, "args": argparse.Namespace(arch="esm2"), "model": state}, path)
    return path


def official_esmc_state(spec: ModelSpec, seed: int) -> dict[str, Tensor]:
    """Random tensors under the names and in the shapes of the package esm's own ESM-C files."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, centre: float = 0.0) -> Tensor:
        return centre + torch.randn(*shape, generator=generator) / (shape[-1] ** 0.5 if len(shape) > 1 else 10)

    d, f = spec.width, spec.feed_forward
    state = {"embed.weight": draw(64, d) * d**0.5, "transformer.norm.weight": draw(d, centre=1)}
    for layer in range(spec.layers):
        block = f"transformer.blocks.{layer}"
        state |= {
            f"{block}.attn.layernorm_qkv.0.weight": draw(d, centre=1),
            f"{block}.attn.layernorm_qkv.0.bias": draw(d),
            f"{block}.attn.layernorm_qkv.1.weight": draw(3 * d, d),
            f"{block}.attn.q_ln.weight": draw(d, centre=1.5),
            f"{block}.attn.k_ln.weight": draw(d, centre=1.5),
            f"{block}.attn.out_proj.weight": draw(d, d),
            f"{block}.attn.rotary.inv_freq": draw(8),
            f"{block}.ffn.0.weight": draw(d, centre=1),
            f"{block}.ffn.0.bias": draw(d),
            f"{block}.ffn.1.weight": draw(2 * f, d),
            f"{block}.ffn.3.weight": draw(d, f),
        }
    head = {
        "0.weight": draw(d, d),
        "0.bias": draw(d),
        "2.weight": draw(d, centre=1),
        "2.bias": draw(d),
        "3.weight": draw(64, d),
        "3.bias": draw(64),
    }
    return state | {f"sequence_head.{name}": tensor for name, tensor in head.items()}


def esmc_forward(state: dict[str, Tensor], spec: ModelSpec, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
    """ESM-C written down from its description: logits [T, 64] and attention [heads, T, T] of each layer, for tokens [T]."""
    d, size = spec.width, spec.width // spec.heads
    angles = torch.arange(len(tokens))[:, None] * 10000.0 ** (-torch.arange(0, size, 2) / size)
    cos, sin = (table.repeat(1, 2) for table in (angles.cos(), angles.sin()))

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (d,), state[f"{name}.weight"], state.get(f"{name}.bias"))

    def heads(x: Tensor) -> Tensor:
        return x.reshape(len(tokens), spec.heads, size).transpose(0, 1)

    def rotate(x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=-1)
        return x * cos + torch.cat((-second, first), dim=-1) * sin

    x, maps, scale = state["embed.weight"][tokens], [], (spec.layers / 36) ** 0.5
    for layer in range(spec.layers):
        block = f"transformer.blocks.{layer}"
        q, k, v = (norm(x, f"{block}.attn.layernorm_qkv.0") @ state[f"{block}.attn.layernorm_qkv.1.weight"].T).chunk(3, dim=-1)
        q, k = norm(q, f"{block}.attn.q_ln"), norm(k, f"{block}.attn.k_ln")
        maps.append(torch.softmax(rotate(heads(q)) @ rotate(heads(k)).transpose(1, 2) * size**-0.5, dim=-1))
        context = (maps[-1] @ heads(v)).transpose(0, 1).reshape(len(tokens), d)
        x = x + context @ state[f"{block}.attn.out_proj.weight"].T / scale
        gate, up = (norm(x, f"{block}.ffn.0") @ state[f"{block}.ffn.1.weight"].T).chunk(2, dim=-1)
        x = x + (F.silu(gate) * up) @ state[f"{block}.ffn.3.weight"].T / scale
    x = norm(x, "transformer.norm")
    x = F.gelu(F.linear(x, state["sequence_head.0.weight"], state["sequence_head.0.bias"]))
    return F.linear(norm(x, "sequence_head.2"), state["sequence_head.3.weight"], state["sequence_head.3.bias"]), maps


def official_bert_state(module: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    """A BERT state dict as AntiBERTy's file has it: with a table of positions, a pooler and its own further heads."""
    state = {prefix + name: tensor for name, tensor in module.state_dict().items()}
    return state | {
        "bert.embeddings.position_ids": torch.arange(512)[None],
        "bert.pooler.dense.bias": torch.zeros(3),
        "cls.species.bias": torch.zeros(6),
    }


class AntiBERTyOutputs(NamedTuple):
    """What AntiBERTy gives: [n, T, 25], [n, 6] and [n, 2] logits, and its nine states [n, T, 512]."""

    predictions: Tensor
    species: Tensor
    chain: Tensor
    states: tuple[Tensor, ...]


@cache
def antiberty_reference() -> Callable[[Tensor], AntiBERTyOutputs]:
    """AntiBERTy put together as its package does (antiberty 0.1.3, model/AntiBERTy.py), from its weights and nothing of ours."""
    import antiberty
    from transformers import BertConfig, BertModel
    from transformers.models.bert.modeling_bert import BertLMPredictionHead

    folder = Path(antiberty.__file__).parent / "trained_models" / "AntiBERTy_md_smooth"
    config = BertConfig.from_json_file(folder / "config.json")
    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)

    def part(module: nn.Module, prefix: str) -> nn.Module:
        own = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
        missing = module.load_state_dict(own, strict=False).missing_keys
        assert not missing, missing
        return module.eval()

    encoder, predictions = part(BertModel(config), "bert."), part(BertLMPredictionHead(config), "cls.predictions.")
    species, chain = part(nn.Linear(512, 6), "cls.species."), part(nn.Linear(512, 2), "cls.chain.")

    def forward(ids: Tensor) -> AntiBERTyOutputs:
        found = encoder(ids, output_hidden_states=True)
        pooled = found.pooler_output
        return AntiBERTyOutputs(predictions(found.last_hidden_state), species(pooled), chain(pooled), found.hidden_states)

    return forward


def capture_all(module: nn.Module, tokens: Tensor) -> Tensor:
    """Attention [layers, heads, T, T] of one forward pass, through the app's capture."""
    maps: list[Tensor] = []

    def keep(captured: Captured) -> None:
        assert captured.layer == len(maps)
        assert captured.attention.dtype == torch.float32
        maps.append(captured.attention.clone())

    with torch.inference_mode(), capture_attention(module, keep):
        module(input_ids=tokens)
    return torch.stack(maps)


def random_model(spec: ModelSpec, seed: int = 0) -> ProteinLanguageModel:
    """A model of this shape whose heads differ and whose norms and biases are not ones and zeros; its weights stay as they are."""
    module = random_module(spec, seed)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(False)
        if any(part in name for part in ("query.weight", "key.weight")):
            parameter.mul_(20)
        elif any(part in name for part in ("q_norm", "k_norm")):
            parameter.mul_(3)
        elif parameter.ndim == 1:
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
        elif "embed" not in name:
            parameter.mul_(4)
    return ProteinLanguageModel(spec, module, "float32", WeightsState("found", None, "random", "", 0, "transformers"), "0" * 64)


def attention_of(model: ProteinLanguageModel, protein: Protein, sink, cancel=None) -> None:
    """Each layer's attention to a function."""
    read(model, protein, [AttentionReader(sink)], cancel=cancel)


def logits_of(model: ProteinLanguageModel, protein: Protein) -> Tensor:
    """What the model expects at each residue, [L, vocabulary]."""
    reader = LogitsReader()
    read(model, protein, [reader])
    return reader.logits
