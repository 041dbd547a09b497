"""A small ESMFold with random weights in the files that its publisher's have, for the tests."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import EsmConfig, EsmForProteinFolding
from transformers.models.esm.configuration_esm import get_default_vocab_list

from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, FoldingSpec

TINY_ESMFOLD: FoldingSpec = replace(
    FOLDING_MODELS[ESMFOLD],
    language_model_parameters=30_000,
    trunk_parameters=100_000,
    layers=2,
    heads=4,
    width=32,
    blocks=2,
    pair_width=16,
    pair_heads=2,
)
_STRUCTURE_MODULE = {"sequence_dim": 24, "pairwise_dim": 16, "ipa_dim": 4, "resnet_dim": 8, "num_heads_ipa": 2, "num_qk_points": 2}
PASSES = 2
CONFIG = {
    "model_type": "esm",
    "is_folding_model": True,
    "vocab_list": list(get_default_vocab_list()),
    "vocab_size": 33,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "pad_token_id": 1,
    "mask_token_id": 32,
    "position_embedding_type": "rotary",
    "max_position_embeddings": 1026,
    "token_dropout": True,
    "emb_layer_norm_before": False,
    "layer_norm_eps": 1e-5,
    "esmfold_config": {
        "fp16_esm": True,
        "lddt_head_hid_dim": 16,
        "trunk": {
            "num_blocks": 2,
            "sequence_state_dim": 32,
            "pairwise_state_dim": 16,
            "sequence_head_width": 8,
            "pairwise_head_width": 8,
            "max_recycles": PASSES,
            "chunk_size": None,
            "structure_module": {**_STRUCTURE_MODULE, "num_v_points": 2, "num_blocks": 2},
        },
    },
}


def random_esmfold(seed: int = 0) -> EsmForProteinFolding:
    """In single precision; all parameters are moved from where they begin, since ones and zeros would hide names that are mixed up."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = EsmForProteinFolding(EsmConfig.from_dict(CONFIG, attn_implementation="eager")).float().eval()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return module


def save_esmfold(module: EsmForProteinFolding, folder: Path, file: str = "pytorch_model.bin") -> Path:
    """Write the files of a folding model, with names and tables as older versions of transformers spell them; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    table = state.pop("esm.rotary_embeddings.inv_freq")
    state |= {f"esm.encoder.layer.{k}.attention.self.rotary_embeddings.inv_freq": table.clone() for k in range(2)}
    state["esm.embeddings.position_ids"] = torch.arange(1026)[None]
    if file.endswith(".safetensors"):
        save_file(state, folder / file)
    else:
        torch.save(state, folder / file)
    return folder
