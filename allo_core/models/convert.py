"""Official checkpoints to the names of transformers' modules.  Pure functions on state dicts; no tensor is copied."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["from_esm", "from_fair_esm", "from_transformers"]

State = dict[str, "Tensor"]

# fair-esm 2.0.0, model/esm2.py -> EsmForMaskedLM.
_FAIR_ESM_LAYER = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.out_proj": "attention.output.dense",
    "self_attn_layer_norm": "attention.LayerNorm",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
    "final_layer_norm": "LayerNorm",
}
_FAIR_ESM_REST = {
    "embed_tokens.weight": "esm.embeddings.word_embeddings.weight",
    "emb_layer_norm_after.weight": "esm.encoder.emb_layer_norm_after.weight",
    "emb_layer_norm_after.bias": "esm.encoder.emb_layer_norm_after.bias",
    "lm_head.weight": "lm_head.decoder.weight",
}
# esm 3.2, models/esmc.py -> EsmcForMaskedLM.
_ESM_LAYER = {
    "attn.layernorm_qkv.0": "input_layernorm",
    "attn.q_ln": "self_attn.q_norm",
    "attn.k_ln": "self_attn.k_norm",
    "attn.out_proj": "self_attn.o_proj",
    "ffn.0": "post_attention_layernorm",
    "ffn.3": "mlp.down_proj",
}
_ESM_REST = {
    "embed.weight": "esmc.embed_tokens.weight",
    "transformer.norm.weight": "esmc.norm.weight",
}
_ESM_HEAD = {"0": "dense", "2": "layer_norm", "3": "decoder"}


def from_fair_esm(state: State) -> State:
    """The state dict of an official ESM-2 file in the names of ``EsmForMaskedLM``; names that are not ESM-2's stay as they are."""
    renamed: State = {}
    for name, tensor in state.items():
        name = re.sub(r"^encoder\.(sentence_encoder\.)?", "", name)
        if name.startswith("contact_head."):
            continue  # no part of the module: contact_regression reads it
        if match := re.fullmatch(r"layers\.(\d+)\.(.+)\.(weight|bias)", name):
            layer, part, kind = match.groups()
            name = f"esm.encoder.layer.{layer}.{_FAIR_ESM_LAYER.get(part, part)}.{kind}"
        elif re.fullmatch(r"layers\.\d+\.self_attn\.rot_emb\.inv_freq", name):
            # One table for all layers; the file's own values are kept, since training may have rounded them.
            name = "esm.rotary_embeddings.inv_freq"
            if name in renamed:
                continue
        renamed[_FAIR_ESM_REST.get(name, name)] = tensor
    return renamed


def from_esm(state: State) -> State:
    """The state dict of an official ESM-C file in the names of ``EsmcForMaskedLM``; joined projections are split (as views)."""
    renamed: State = {}
    for name, tensor in state.items():
        if name.endswith(".rotary.inv_freq"):
            continue  # the module works it out itself; some files carry it
        if match := re.fullmatch(r"transformer\.blocks\.(\d+)\.(.+)\.(weight|bias)", name):
            layer, part, kind = match.groups()
            renamed.update(_esm_layer(f"esmc.layers.{layer}", part, kind, tensor))
        elif match := re.fullmatch(r"sequence_head\.([023])\.(weight|bias)", name):
            renamed[f"lm_head.{_ESM_HEAD[match[1]]}.{match[2]}"] = tensor
        else:
            renamed[_ESM_REST.get(name, name)] = tensor
    return renamed


def _esm_layer(prefix: str, part: str, kind: str, tensor: "Tensor") -> State:
    # Not strict: whoever fills the module names what a tensor of another shape leaves out.
    if part == "attn.layernorm_qkv.1":
        return {f"{prefix}.self_attn.{x}_proj.{kind}": rows for x, rows in zip("qkv", tensor.chunk(3), strict=False)}
    if part == "ffn.1":
        # SwiGLU: silu(first half) * second half.
        return {f"{prefix}.mlp.{x}_proj.{kind}": rows for x, rows in zip(("gate", "up"), tensor.chunk(2), strict=False)}
    return {f"{prefix}.{_ESM_LAYER.get(part, part)}.{kind}": tensor}


# Tables that older versions of transformers saved though they follow from the shape, and heads that are not used here: AntiBERTy's guesses
# of species, chain and grafts, BERT's pooler, and ESM-2's position embeddings, which rotary models never read.  ESM-2's contact head is no
# part of the module: contact_regression reads it.
_NOT_USED = re.compile(
    r".*\.position_ids|cls\.(species|chain|graft)\..+|bert\.pooler\..+|esm\.(contact_head|pooler)\..+|esm\.embeddings\.position_embeddings\..+"
)


# Output layers that are another tensor of the same model; such twins are saved once or twice.
_TWINS = {
    "lm_head.decoder.weight": "esm.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}
# Old names of a norm's parameters; transformers 5 writes them again when it saves.
_NORMS = {"gamma": "weight", "beta": "bias"}


def from_transformers(state: State) -> State:
    """A state dict saved by any version of transformers in the names of the installed one."""
    renamed: State = {}
    for name, tensor in state.items():
        name = re.sub(r"(?<=\.LayerNorm\.)(gamma|beta)$", lambda match: _NORMS[match[0]], name)
        # A rotary table in each layer; transformers 5 saves one, for layer "*".
        if re.fullmatch(r"esm\.encoder\.layer\.(\d+|\*)\.attention\.self\.rotary_embeddings\.inv_freq", name):
            renamed.setdefault("esm.rotary_embeddings.inv_freq", tensor)
        elif not _NOT_USED.fullmatch(name):
            renamed[name] = tensor
    return {twin: renamed[name] for twin, name in _TWINS.items() if name in renamed} | renamed
