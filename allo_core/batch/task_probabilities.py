"""The task probabilities: what the model expects at each residue, unmasked in one pass or each residue masked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from allo_core.batch.layout import Table, sequences_table
from allo_core.batch.settings import BatchSettings, Report, chosen_model
from allo_core.models.devices import DtypeChoice
from allo_core.protein.sequence import AMINO_ACIDS, Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import pandas as pd
    import pyarrow as pa

    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.models.probabilities import ResidueProbabilities

__all__ = ["RESIDUES", "ProbabilityResult", "ProbabilitySettings"]


def _sequence_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    # The perplexity of one unmasked pass is no perplexity: the model has seen what it is asked for.
    return [("masked", pa.bool_()), ("pseudo_perplexity", pa.float64())]


def _residue_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("row", pa.int32()),
        ("number", pa.int32()),  # of the residue, from 1
        ("residue", pa.string()),
        ("p_wild_type", pa.float64()),
        ("entropy_bits", pa.float64()),
        ("expected", pa.string()),  # the likeliest residue
        ("log_p", pa.list_(pa.float32())),  # of the twenty in the order ACDEFGHIKLMNPQRSTVWY
        ("masked", pa.bool_()),
    ]


RESIDUES = Table("residues", _residue_fields)  # one row a record and residue


@dataclass(frozen=True, eq=False)
class ProbabilityResult:
    """Probabilities of one sequence, and why it has no pseudo-perplexity where it was masked and has none."""

    found: "ResidueProbabilities"
    lacks: str | None

    def described(self) -> dict[str, object]:
        masked = self.found.masked
        return {"masked": masked, "pseudo_perplexity": self.found.perplexity if masked and self.lacks is None else None}

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        import pandas as pd
        import pyarrow as pa

        found = self.found
        content = {
            "row": row,
            "number": range(1, len(found.protein) + 1),
            "residue": list(found.protein.sequence),
            "p_wild_type": found.wild_type,
            "entropy_bits": found.entropy,
            "expected": list(found.expected),
            "log_p": list(found.log_p),
            "masked": found.masked,
        }
        yield RESIDUES, pa.Table.from_pandas(pd.DataFrame(content), RESIDUES.schema, preserve_index=False)

    def array(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class ProbabilitySettings(BatchSettings):
    """Probabilities of the twenty residues.

    Parameters
    ----------
    masked : bool
        Whether each residue is masked when it is asked for, which takes a pass for each.
    """

    task: ClassVar[str] = "probabilities"
    options = frozenset({"masked"})
    compared: ClassVar[Mapping[str, str]] = {"masked": "--masked"}
    lacking = "perplexity"
    sequences = sequences_table("perplexity", _sequence_fields)

    masked: bool

    @classmethod
    def choose(
        cls, model_id: str, dtype: DtypeChoice = "auto", report: Report | None = None, *, masked: bool = False
    ) -> "ProbabilitySettings":
        """As `BatchSettings.choose`."""
        return cls(**chosen_model(model_id, dtype, report), masked=masked)

    @property
    def tables(self) -> tuple[Table, ...]:
        return (RESIDUES,)

    def compute(self, model: "ProteinLanguageModel", protein: Protein) -> ProbabilityResult:
        """`residue_probabilities` of all residues."""
        from allo_core.models.probabilities import residue_probabilities

        ordinary = any(letter in AMINO_ACIDS for letter in protein.sequence)
        lacks = None if ordinary or not self.masked else f"{protein.name} has no residue of the twenty, so there is no perplexity."
        return ProbabilityResult(residue_probabilities(model, protein, self.masked), lacks)

    def passes(self, length: int) -> int:
        return length if self.masked else 1

    @property
    def caution(self) -> str:
        if self.masked:
            return ""
        return "One pass, nothing masked: a ranking of mutations. The model saw every residue, so p of the wild type is far too high."

    def summary(self, sequences: "pd.DataFrame") -> str:
        known = sequences["pseudo_perplexity"].dropna()
        if known.empty:
            return ""
        return f"Median pseudo-perplexity {known.median():.2f} over {len(known):,} sequences (20: a blind guess)."
