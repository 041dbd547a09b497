"""The AlphaFold models that ship with the app, one a receptor."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from allo_core.library.receptors import DATA, receptors

__all__ = ["ATTRIBUTION", "LICENCE", "LICENCE_URL", "PredictedStructure", "identifier_of", "predicted_structure", "predicted_structures"]

LICENCE = "AlphaFold Protein Structure Database, DeepMind and EMBL-EBI, licensed under CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
# Beside every picture of a model and in every file that is made from one, as the licence asks.
ATTRIBUTION = "AlphaFold model: DeepMind and EMBL-EBI, CC BY 4.0"


@dataclass(frozen=True)
class PredictedStructure:
    """An AlphaFold model of the whole human sequence of a receptor.

    Parameters
    ----------
    name : str
        As the AlphaFold database and links call it: ``"AF-P61073-F1"``.
    receptor : str
        Entry name.
    """

    name: str
    receptor: str

    @property
    def path(self) -> Path:
        """BinaryCIF, compressed with gzip; the column of B factors holds pLDDT."""
        return _FOLDER / f"{self.name}{_SUFFIX}"


_FOLDER = DATA / "alphafold"
_SUFFIX = ".bcif.gz"


def identifier_of(accession: str) -> str:
    """What the AlphaFold database calls the model of a UniProt accession."""
    return f"AF-{accession}-F1"


def predicted_structure(receptor: str) -> PredictedStructure | None:
    """The model of a receptor, by its entry name; None where none ships."""
    return next((model for model in predicted_structures().values() if model.receptor == receptor), None)


@cache
def predicted_structures() -> dict[str, PredictedStructure]:
    """The models that ship, by name."""
    present = {path.name.removesuffix(_SUFFIX) for path in _FOLDER.glob(f"AF-*{_SUFFIX}")}
    known = {identifier_of(receptor.accession): entry for entry, receptor in receptors().items()}
    return {name: PredictedStructure(name, entry) for name, entry in known.items() if name in present}
