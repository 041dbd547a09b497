"""Random attention and runs made of it, for the tests of this folder."""

import numpy as np
import torch
from torch import Tensor

from allo_core.runs.maps import AttentionMaps
from allo_core.runs.store import RunMeta
from allo_core.runs.writer import RunWriter


def run_meta(length: int = 30, layers: int = 3, heads: int = 4, **changes: object) -> RunMeta:
    values = {
        "model_id": "random",
        "weights_sha256": "0" * 64,
        "weights_source": "test",
        "licence": "none",
        "protein_name": "random",
        "sequence": ("ACDEFGHIKLMNPQRSTVWY" * length)[:length],
        "dtype": "float32",
        "device_type": "cpu",
        "versions": {"torch": "2", "transformers": "5", "alloscope": "0"},
        "layers": layers,
        "heads": heads,
        "created": "2025-01-02T03:04:05+00:00",
        "seconds": 1.5,
        "notes": ("a note",),
    }
    return RunMeta(**{**values, **changes})


def random_attention(layers: int, heads: int, tokens: int, seed: int = 0, sharpness: float = 3.0) -> Tensor:
    """Softmax of random scores, float32 [layers, heads, tokens, tokens]; with this sharpness entries lie on both sides of any threshold."""
    generator = torch.Generator().manual_seed(seed)
    return torch.softmax(sharpness * torch.randn(layers, heads, tokens, tokens, generator=generator), dim=-1)


def write_run(meta: RunMeta, attention: Tensor, first: int = 1) -> AttentionMaps:
    length = len(meta.sequence)
    with RunWriter(meta) as writer:
        for layer, probabilities in enumerate(attention):
            writer.write_layer(layer, probabilities, first, length)
        return writer.commit()


def residues_of(attention: Tensor, first: int = 1, last: int = -1) -> np.ndarray:
    return attention[..., first:last, first:last].numpy()
