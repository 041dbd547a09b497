"""The models that fold a sequence: shape, licence, size, and where their files lie on this machine.  No attention is read from them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from allo_core.errors import WeightsError
from allo_core.models.registry import Source
from allo_core.models.weights import download_folder, hub_snapshots, weight_files

__all__ = ["ESMFOLD", "FOLDING_MODELS", "FoldingFiles", "FoldingSpec", "describes", "how_to_get_folding", "locate_folding"]

ESMFOLD = "esmfold_v1"
CONFIG = "config.json"
# What a folder may hold, best first: safetensors cannot run code and loads faster.
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")


@dataclass(frozen=True)
class FoldingSpec:
    """What is known of a folding model before any file of it is opened.

    Parameters
    ----------
    id : str
        The official name.
    label : str
    language_model_parameters, trunk_parameters : int
        Of the language model in it, and of all that follows.
    layers, heads, width : int
        Of the language model.
    blocks : int
        Of the trunk, each run once a pass.
    pair_width, pair_heads : int
        Numbers of the state of a pair of residues, and heads of its attention.
    config, weights : Source
        Of one repository, as transformers reads them.
    """

    id: str
    label: str
    language_model_parameters: int
    trunk_parameters: int
    layers: int
    heads: int
    width: int
    blocks: int
    pair_width: int
    pair_heads: int
    config: Source
    weights: Source

    @property
    def folder(self) -> Path:
        """Where the app puts its files."""
        return download_folder() / self.id


def _source(file: str, size: int) -> Source:
    repository = f"facebook/{ESMFOLD}"
    return Source("transformers", file, "MIT", size, repository, f"https://huggingface.co/{repository}/resolve/main/{file}")


# Shape: Lin et al. 2023, doi:10.1126/science.ade2574, supplement; parameters: counted over the module of this shape in transformers 5.23.
# In the file the language model is in half precision and the trunk in single precision.
FOLDING_MODELS: dict[str, FoldingSpec] = {
    ESMFOLD: FoldingSpec(
        id=ESMFOLD,
        label="ESMFold",
        language_model_parameters=2_832_000_000,
        trunk_parameters=693_000_000,
        layers=36,
        heads=40,
        width=2560,
        blocks=48,
        pair_width=128,
        pair_heads=4,
        config=_source(CONFIG, 10_000),
        weights=_source("pytorch_model.bin", 8_440_000_000),
    )
}


@dataclass(frozen=True)
class FoldingFiles:
    """The files of a folding model on this machine.

    Parameters
    ----------
    config : Path
    weights : Path
        Of weights in several parts, the index that lists them.
    where : str
        In words.
    """

    config: Path
    weights: Path
    where: str


def locate_folding(spec: FoldingSpec) -> FoldingFiles | None:
    """Look for a folding model: in ALLOSCOPE_WEIGHTS (its folder, or one that holds it), transformers' cache, the app's downloads.

    Parameters
    ----------
    spec : FoldingSpec

    Returns
    -------
    FoldingFiles or None
        None where its files are not here.

    Raises
    ------
    WeightsError
        Weights in several parts of which one is missing.
    """
    for folder, where in _folders(spec):
        if describes(folder / CONFIG, spec):
            for name in _WEIGHTS:
                if (folder / name).is_file():
                    weight_files(folder / name)
                    return FoldingFiles(folder / CONFIG, folder / name, where)
    return None


def how_to_get_folding(spec: FoldingSpec) -> str:
    """What to do where a folding model is not on this machine.

    Parameters
    ----------
    spec : FoldingSpec
    """
    return (
        f"{spec.label} is not on this machine; fetch it with python -m allo_core fold NAME --from esmfold "
        f"({spec.weights.size / 1e9:.2g} GB), or put {spec.config.file_name} and {spec.weights.file_name} of "
        f"https://huggingface.co/{spec.weights.repository} into {spec.folder}, or name their folder with ALLOSCOPE_WEIGHTS."
    )


def describes(config: Path, spec: FoldingSpec) -> bool:
    """Whether a config.json is that of this model.

    Parameters
    ----------
    config : Path
    spec : FoldingSpec
    """
    try:
        values = json.loads(config.read_text(encoding="utf-8"))
        trunk = values["esmfold_config"]["trunk"]
        found = (values["is_folding_model"], values["num_hidden_layers"], values["hidden_size"], trunk["num_blocks"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return found == (True, spec.layers, spec.width, spec.blocks) and trunk.get("pairwise_state_dim") == spec.pair_width


def _folders(spec: FoldingSpec) -> Iterator[tuple[Path, str]]:
    if named := os.environ.get("ALLOSCOPE_WEIGHTS"):
        root = Path(named).expanduser()
        if not root.exists():
            raise WeightsError(
                f"ALLOSCOPE_WEIGHTS names {root}, which does not exist; give a weights file or a folder that holds some, or unset it."
            )
        yield root, "ALLOSCOPE_WEIGHTS"
        yield root / spec.id, "ALLOSCOPE_WEIGHTS"
    repository = spec.weights.repository or ""
    for snapshot in hub_snapshots(repository):
        yield snapshot, f"transformers cache, {repository}"
    yield spec.folder, "downloaded by AlloScope"
