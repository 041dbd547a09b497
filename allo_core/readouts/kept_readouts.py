"""What readouts keep on this machine, counted and deleted: states, references of variants, losses without heads, vectors, features."""

from collections.abc import Callable
from pathlib import Path

from allo_core.storage.home import home
from allo_core.storage.kept_files import amount_of, delete_files

__all__ = [
    "FOLDERS",
    "ablations_folder",
    "delete_readouts",
    "distances_folder",
    "folds_folder",
    "heads_folder",
    "kept_readouts",
    "layers_folder",
    "pair_models_folder",
    "variants_folder",
    "vectors_folder",
]


def layers_folder() -> Path:
    """The folder that holds the states that were kept, and the answers that were worked out of them."""
    return home() / "layers"


def heads_folder() -> Path:
    """Where the arcs of all heads over the library's receptors are kept."""
    return home() / "heads"


def variants_folder() -> Path:
    """Where references of variants are kept, and maps while a comparison is under way."""
    return home() / "variants"


def ablations_folder() -> Path:
    """Where losses without heads are kept, and the means that take their place."""
    return home() / "ablations"


def vectors_folder() -> Path:
    """Where the vectors that stand for proteins in pairs are kept."""
    return home() / "vectors"


def pair_models_folder() -> Path:
    """Where models that were learnt from a person's own pairs on the page are kept, and how far learning got."""
    return home() / "pair_models"


def distances_folder() -> Path:
    """Where what a distance head reads of models is kept."""
    return home() / "distances"


def folds_folder() -> Path:
    """Where folds that took a model's work are kept."""
    return home() / "folds"


# As a person reads it -> where it lies.
FOLDERS: dict[str, Callable[[], Path]] = {
    "states of layers and what they tell": layers_folder,
    "references of variants": variants_folder,
    "arcs of heads over receptors": heads_folder,
    "losses without heads": ablations_folder,
    "vectors of proteins for pairs": vectors_folder,
    "models of own pairs": pair_models_folder,
    "features for distances": distances_folder,
    "folds that were computed": folds_folder,
}


def kept_readouts() -> dict[str, int]:
    """The bytes of what is kept, by its name in `FOLDERS`; nothing where nothing is kept."""
    sizes = {name: amount_of(_files(name))[1] for name in FOLDERS}
    return {name: size for name, size in sizes.items() if size}


def delete_readouts(name: str) -> int:
    """Delete what is kept under a name; how many files there were.  StoreError if one cannot be deleted."""
    return delete_files(_files(name))


def _files(name: str) -> list[Path]:
    return [file for file in FOLDERS[name]().rglob("*") if file.is_file()]
