"""The task contacts: the pairs of residues that the model takes for neighbours before all others, beside the family's contacts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from allo_core.batch.layout import Table, sequences_table
from allo_core.batch.settings import BatchSettings, Report, chosen_model
from allo_core.errors import ScoreError
from allo_core.models.devices import DtypeChoice
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import pandas as pd
    import pyarrow as pa

    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.readouts.contacts import PredictedContacts
    from allo_core.readouts.family_contacts import FamilyContacts

__all__ = ["PAIRS", "ContactResult", "ContactSettings"]

_MOST_PAIRS = 100.0  # for each residue; 3 are known contacts


def _sequence_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    # What the values of its pairs are; how many of them are kept.
    return [("kind", pa.string()), ("formula", pa.string()), ("pairs", pa.int32())]


def _pair_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("row", pa.int32()),
        ("rank", pa.int32()),  # from 1, the likeliest first
        ("number_1", pa.int32()),  # of the residues, from 1
        ("number_2", pa.int32()),
        ("residue_1", pa.string()),
        ("residue_2", pa.string()),
        ("value", pa.float32()),
        ("kind", pa.string()),  # of the value: "probability", or "score", which only ranks
        ("family_share", pa.float32()),  # of other receptors of the class, in which the two positions touch
    ]


PAIRS = Table("pairs", _pair_fields)  # one row a record and pair


@dataclass(frozen=True, eq=False)
class ContactResult:
    """The best pairs of one sequence.

    Parameters
    ----------
    found : PredictedContacts
    family : FamilyContacts or None
        The baseline, where the sequence has generic numbers.
    separation : int
        Pairs nearer along the chain are left out.
    count : int
        The most pairs that are kept.
    """

    found: "PredictedContacts"
    family: "FamilyContacts | None"
    separation: int
    count: int

    @property
    def lacks(self) -> str | None:
        length = len(self.found.protein)
        if length > self.separation:
            return None
        return f"{self.found.protein.name} has {length} residues, none of them {self.separation} apart."

    def described(self) -> dict[str, object]:
        return {"kind": self.found.kind, "formula": self.found.formula, "pairs": len(self.pairs)}

    @property
    def pairs(self) -> "pd.DataFrame":
        """The kept pairs with the columns of the table behind ``row``."""
        import pandas as pd

        first, second = (places[: self.count] for places in self.found.ranked(self.separation))
        letters = self.found.protein.sequence
        return pd.DataFrame(
            {
                "rank": range(1, len(first) + 1),
                "number_1": first + 1,
                "number_2": second + 1,
                "residue_1": [letters[index] for index in first],
                "residue_2": [letters[index] for index in second],
                "value": self.found.scores[first, second],
                "kind": self.found.kind,
                "family_share": float("nan") if self.family is None else self.family.scores[first, second],
            }
        )

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        import pyarrow as pa

        yield PAIRS, pa.Table.from_pandas(self.pairs.assign(row=row), PAIRS.schema, preserve_index=False)

    def array(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class ContactSettings(BatchSettings):
    """The best pairs of each sequence.

    Parameters
    ----------
    pairs : float
        How many are kept, in lengths of the sequence.
    """

    task: ClassVar[str] = "contacts"
    options = frozenset({"pairs"})
    compared: ClassVar[Mapping[str, str]] = {"pairs": "--pairs"}
    lacking = "pairs"
    sequences = sequences_table("pairs", _sequence_fields)

    pairs: float

    @classmethod
    def choose(cls, model_id: str, dtype: DtypeChoice = "auto", report: Report | None = None, *, pairs: float = 1.0) -> "ContactSettings":
        """As `BatchSettings.choose`; ScoreError for a number of pairs that is not possible."""
        if not 0 < pairs <= _MOST_PAIRS:
            raise ScoreError(f"--pairs is {pairs:g}; give how many are kept for each residue, above 0 and at most {_MOST_PAIRS:g}.")
        return cls(**chosen_model(model_id, dtype, report), pairs=float(pairs))

    @property
    def tables(self) -> tuple[Table, ...]:
        return (PAIRS,)

    def prepare(self, model: "ProteinLanguageModel") -> None:
        """Choose heads where no regression was published with the weights: they are kept, and every sequence needs them."""
        from allo_core.readouts.contact_heads import head_precisions

        if model.contact_regression is None:
            head_precisions(model)

    def compute(self, model: "ProteinLanguageModel", protein: Protein) -> ContactResult:
        """`predict_contacts`, and the family's contacts beside it."""
        from allo_core.attention.contacts import SEPARATIONS
        from allo_core.library.nearest import numbers_for
        from allo_core.readouts.contacts import predict_contacts
        from allo_core.readouts.family_contacts import family_contacts

        found = predict_contacts(model, protein)
        return ContactResult(
            found, family_contacts(protein, numbers_for(protein)), SEPARATIONS[0], max(1, round(self.pairs * len(protein)))
        )

    @property
    def caution(self) -> str:
        return (
            "A value of the kind score ranks pairs and is no probability; for receptors the share of others in which a pair touches "
            "(family_share) is the better guess (docs/sequence.md)."
        )

    def summary(self, sequences: "pd.DataFrame") -> str:
        kinds = " and ".join(sorted(sequences["kind"].dropna().unique()))
        return f"{int(sequences['pairs'].sum()):,} pairs of {len(sequences):,} sequences, by {kinds}." if kinds else ""
