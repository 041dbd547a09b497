"""The models that are compared, and what is asked of them: masked residues, embeddings, attention maps."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from allo_core.models.language_model import ProteinLanguageModel, filled_module, load_model, random_module
from allo_core.models.readers import AttentionReader
from allo_core.models.reading import read
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.models.tokens import VOCABULARIES, encode
from allo_core.models.weights import WeightsState, weights_sha256
from allo_core.protein.sequence import AMINO_ACIDS, Protein

__all__ = [
    "SHORT",
    "UNTRAINED",
    "Row",
    "antiberty",
    "attention_maps",
    "embeddings",
    "masked_log_probabilities",
    "trained",
    "untrained",
    "windows",
]

UNTRAINED = "untrained"
SHORT = 510  # residues, what AntiBERTy reads
ARCHITECTURE = "esm2_t6_8M_UR50D"
_SEED = 0
_LONGEST = 1022  # residues read at once: 1024 tokens, as in training
_MASK = {"esm2": "<mask>", "bert": "[MASK]"}


@dataclass(frozen=True)
class Row:
    """One model of the tables; `seen`: the receptors that it is asked about were in its training."""

    name: str
    model: ProteinLanguageModel
    seen: bool = False

    @property
    def title(self) -> str:
        return f"{self.name} (seen in training)" if self.seen else self.name

    @property
    def longest(self) -> int:
        """Residues that the model is given at once."""
        return min(_LONGEST, self.model.spec.longest or _LONGEST)


def trained(name: str, path: Path, seen: bool, spec: ModelSpec | None = None) -> Row:
    """A model of the ESM-2 8M architecture from a state dict of ``EsmForMaskedLM``; WeightsError if it is none."""
    spec = spec or get_spec(ARCHITECTURE)
    module = filled_module(spec, path, "transformers", "float32")
    module.set_attn_implementation("sdpa")
    state = WeightsState("found", path, path.name, "", path.stat().st_size, "transformers")
    return Row(name, ProteinLanguageModel(spec, module, "float32", state, weights_sha256(path)), seen)


def untrained(spec: ModelSpec | None = None) -> Row:
    """The same architecture with the random weights that training starts from, of a fixed seed."""
    spec = spec or get_spec(ARCHITECTURE)
    module = random_module(spec, _SEED).requires_grad_(False)
    module.set_attn_implementation("sdpa")
    state = WeightsState("found", None, f"random, seed {_SEED}", "", 0, "transformers")
    return Row(UNTRAINED, ProteinLanguageModel(spec, module, "float32", state, ""))


def antiberty() -> Row:
    """AntiBERTy from its package, the control; at most 510 residues."""
    model = load_model("antiberty", "cpu")
    model.module.set_attn_implementation("sdpa")
    return Row("AntiBERTy", model)


def windows(length: int, longest: int = _LONGEST) -> list[slice]:
    """Consecutive parts of nearly equal length, none longer than `longest`; one part wherever the whole fits."""
    edges = np.linspace(0, length, -(-length // longest) + 1).round().astype(int).tolist()
    return [slice(start, stop) for start, stop in pairwise(edges)]


def masked_log_probabilities(row: Row, part: str, masks: np.ndarray) -> np.ndarray:
    """What a model expects at masked residues, among the 20 residues alone.

    Parameters
    ----------
    part : str
        Not longer than `row.longest`.
    masks : ndarray, dtype=int, shape=(k, n)
        Residues (0-based) that are replaced by the mask token; one forward pass a row, all of one length, so without padding.

    Returns
    -------
    ndarray, dtype=float32, shape=(k, n, 20)
        Natural logarithms, in the order of ``AMINO_ACIDS``.
    """
    family = row.model.spec.family
    tokens = encode(family, part)
    ids = tokens.ids.repeat(len(masks), 1)
    at = tokens.positions[torch.from_numpy(masks)]
    ids.scatter_(1, at, VOCABULARIES[family].index(_MASK[family]))
    residues = [VOCABULARIES[family].index(letter) for letter in AMINO_ACIDS]
    with torch.inference_mode():
        logits = row.model.module(input_ids=ids).logits
    chosen = torch.gather(logits[:, :, residues], 1, at[:, :, None].expand(-1, -1, len(residues)))
    return chosen.float().log_softmax(dim=-1).numpy()


def embeddings(row: Row, sequence: str) -> np.ndarray:
    """Final-layer embedding of each residue, ndarray, dtype=float32, shape=(L, width); a long sequence is read in parts."""
    parts = []
    for window in windows(len(sequence), row.longest):
        tokens = encode(row.model.spec.family, sequence[window])
        with torch.inference_mode():
            hidden = row.model.module.base_model(input_ids=tokens.ids).last_hidden_state
        parts.append(tokens.cut(hidden[0], 0).float().numpy())
    return np.concatenate(parts)


def attention_maps(row: Row, protein: Protein) -> np.ndarray:
    """Attention of every head over the residues, ndarray, dtype=float32, shape=(layers * heads, L, L); SequenceError if too long."""
    kept = encode(row.model.spec.family, protein).span
    maps: list[np.ndarray] = []
    read(row.model, protein, [AttentionReader(lambda _layer, attention: maps.append(attention[:, kept, kept].numpy().copy()))])
    return np.concatenate(maps)
