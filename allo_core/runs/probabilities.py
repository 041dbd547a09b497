"""The probabilities of one kept run: what the model expects at each residue, masked or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.runs.array_run import ArrayRun
from allo_core.runs.layout import LOG_P, META
from allo_core.runs.meta_file import StoredProbabilities

__all__ = ["KeptProbabilities"]


class KeptProbabilities(ArrayRun):
    """Log-probabilities of the twenty at every residue of one run; use `allo_core.runs.store.find_probabilities`.

    Attributes
    ----------
    masked : bool
        As `ResidueProbabilities` has it.
    """

    kind = "probabilities"
    file = LOG_P
    stored = StoredProbabilities
    checksum = "log_p_crc32"

    def _opened(self, said: Mapping[str, Any]) -> tuple[int, ...]:
        masked = self.meta.settings.get("masked")
        if not isinstance(masked, bool):
            raise ValueError(f"{META} does not say whether residues were masked")
        if said["letters"] != AMINO_ACIDS:
            raise ValueError(f"{META} names other columns than {AMINO_ACIDS}")
        self.masked = masked
        return len(self.meta.sequence), len(AMINO_ACIDS)

    def of(self, protein: Protein) -> ResidueProbabilities:
        """The probabilities of a protein with this sequence, whatever its name and numbers; StoreError if they are gone or damaged."""
        if protein.sequence != self.meta.sequence:
            raise ValueError(f"these are probabilities of {self.meta.protein_name}, not of {protein.name}")
        return ResidueProbabilities(protein, self.values(), self.masked)
