"""AlloScope's science: from a sequence to the attention heads that look at its marked residues.

The public names below are loaded when they are first used, so that ``import allo_core`` does not wait for torch.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what type checkers and editors see of the names below
    from allo_core.attention.columns import Columns, columns
    from allo_core.attention.scores import HeadScores, score_heads
    from allo_core.folding.distogram import distogram_distances
    from allo_core.folding.scaling import Coordinates, scale_distances
    from allo_core.models.embeddings import Embeddings, embed
    from allo_core.models.language_model import load_model
    from allo_core.models.probabilities import ResidueProbabilities, mutation_scores, pseudo_perplexity, residue_probabilities
    from allo_core.protein.residues import parse_residues
    from allo_core.protein.sequence import Protein, parse_protein
    from allo_core.readouts.contacts import contact_map, predict_contacts
    from allo_core.readouts.layers import compare_layers
    from allo_core.readouts.variant import VariantComparison, compare_variant
    from allo_core.runs.extract import extract_attention
    from allo_core.runs.maps import AttentionMaps
    from allo_core.structure.compare import gdt_ha, gdt_ts, lddt, rmsd, tm_score
    from allo_core.structure.mapping import StructureMap, map_structure
    from allo_core.structure.read import read_structure

# Before torch loads: OpenMP's idle threads otherwise spin while a layer is written to disk, which costs a fifth of the processor time of a
# run (benchmarks/attention.py) and leaves less for the page.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"

_HOME = {
    "AttentionMaps": "allo_core.runs.maps",
    "Columns": "allo_core.attention.columns",
    "Coordinates": "allo_core.folding.scaling",
    "Embeddings": "allo_core.models.embeddings",
    "HeadScores": "allo_core.attention.scores",
    "Protein": "allo_core.protein.sequence",
    "ResidueProbabilities": "allo_core.models.probabilities",
    "StructureMap": "allo_core.structure.mapping",
    "VariantComparison": "allo_core.readouts.variant",
    "columns": "allo_core.attention.columns",
    "compare_variant": "allo_core.readouts.variant",
    "compare_layers": "allo_core.readouts.layers",
    "contact_map": "allo_core.readouts.contacts",
    "distogram_distances": "allo_core.folding.distogram",
    "embed": "allo_core.models.embeddings",
    "extract_attention": "allo_core.runs.extract",
    "gdt_ha": "allo_core.structure.compare",
    "gdt_ts": "allo_core.structure.compare",
    "lddt": "allo_core.structure.compare",
    "load_model": "allo_core.models.language_model",
    "map_structure": "allo_core.structure.mapping",
    "mutation_scores": "allo_core.models.probabilities",
    "parse_protein": "allo_core.protein.sequence",
    "parse_residues": "allo_core.protein.residues",
    "predict_contacts": "allo_core.readouts.contacts",
    "pseudo_perplexity": "allo_core.models.probabilities",
    "read_structure": "allo_core.structure.read",
    "residue_probabilities": "allo_core.models.probabilities",
    "rmsd": "allo_core.structure.compare",
    "scale_distances": "allo_core.folding.scaling",
    "score_heads": "allo_core.attention.scores",
    "tm_score": "allo_core.structure.compare",
}

__all__ = [
    "AttentionMaps",
    "Columns",
    "Coordinates",
    "Embeddings",
    "HeadScores",
    "Protein",
    "ResidueProbabilities",
    "StructureMap",
    "VariantComparison",
    "columns",
    "compare_layers",
    "compare_variant",
    "contact_map",
    "distogram_distances",
    "embed",
    "extract_attention",
    "gdt_ha",
    "gdt_ts",
    "lddt",
    "load_model",
    "map_structure",
    "mutation_scores",
    "parse_protein",
    "parse_residues",
    "predict_contacts",
    "pseudo_perplexity",
    "read_structure",
    "residue_probabilities",
    "rmsd",
    "scale_distances",
    "score_heads",
    "tm_score",
]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'allo_core' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
