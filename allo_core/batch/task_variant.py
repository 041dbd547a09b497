"""The task variant: what changes in all heads from one wild type to each sequence, a variant of it or an ortholog."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from allo_core.batch.layout import Table, sequences_table
from allo_core.batch.part import sequence_sha256
from allo_core.batch.settings import BatchSettings, Report, chosen_model
from allo_core.errors import BatchError, SequenceError
from allo_core.models.devices import DtypeChoice
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import pandas as pd
    import pyarrow as pa

    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.readouts.variant import VariantComparison

__all__ = ["HEADS", "VariantResult", "VariantSettings"]

_MOST_NAMED = 20  # substitutions; an ortholog has hundreds


def _sequence_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("aligned_residues", pa.int32()),
        ("identity", pa.float64()),  # over these, 0 to 1
        ("n_substitutions", pa.int32()),
        ("substitutions", pa.string()),  # "W246A R102A" with the wild type's numbers; the first twenty, and how many more
        ("gapped", pa.bool_()),  # whether something is inserted or deleted
        ("median_change", pa.float64()),  # over the heads, of the change over all rows
    ]


def _head_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("row", pa.int32()),
        ("layer", pa.int16()),
        ("head", pa.int16()),
        ("change", pa.float64()),  # bits, mean over all rows
        ("change_substituted", pa.float64()),  # over the rows of the substituted residues ...
        ("change_near", pa.float64()),  # ... those within five residues of them ...
        ("change_rest", pa.float64()),  # ... and those farther away
        ("explained_by_letter", pa.bool_()),  # null where it is gapped, no row is far away, or nothing is known of a letter
        ("lost_share", pa.float64()),  # of attention, on residues that only one of the two has; above a fifth there is no change
    ]


HEADS = Table("heads", _head_fields)  # one row a record, layer and head


@dataclass(frozen=True, eq=False)
class VariantResult:
    """One sequence beside the wild type."""

    found: "VariantComparison"
    lacks: str | None = None

    def described(self) -> dict[str, object]:
        import numpy as np

        found = self.found
        labels = [one.label(found.wild_type) for one in found.substitutions]
        more = [f"and {len(labels) - _MOST_NAMED} more"] if len(labels) > _MOST_NAMED else []
        return {
            "aligned_residues": len(found.shared),
            "identity": found.identity,
            "n_substitutions": len(labels),
            "substitutions": " ".join([*labels[:_MOST_NAMED], *more]),
            "gapped": found.gapped,
            "median_change": float(np.nanmedian(found.change())),
        }

    @property
    def heads(self) -> "pd.DataFrame":
        """The columns of the table behind ``row``, layer by layer."""
        import numpy as np
        import pandas as pd

        found = self.found
        layers, heads = found.lost_share.shape
        rest = found.change("rest")
        told = np.isfinite(rest) & ~np.isnan(found.letter_ratio) & (not found.gapped)
        return pd.DataFrame(
            {
                "layer": np.repeat(np.arange(layers), heads),
                "head": np.tile(np.arange(heads), layers),
                "change": found.change().ravel(),
                "change_substituted": found.change("substituted").ravel(),
                "change_near": found.change("near").ravel(),
                "change_rest": rest.ravel(),
                "explained_by_letter": pd.arrays.BooleanArray(found.explained.ravel(), ~told.ravel()),
                "lost_share": found.lost_share.ravel(),
            }
        )

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        import pyarrow as pa

        yield HEADS, pa.Table.from_pandas(self.heads.assign(row=row), HEADS.schema, preserve_index=False)

    def array(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class VariantSettings(BatchSettings):
    """The change of each head from one wild type.

    Parameters
    ----------
    wild_type : Protein
        Its numbers stand in the substitutions.
    """

    task: ClassVar[str] = "variant"
    options = frozenset({"wild_type"})
    compared: ClassVar[Mapping[str, str]] = {
        "wild_name": "--wild-type",
        "wild_sha256": "sha256 of the wild type",
        "wild_first": "number of the wild type's first residue",
    }
    sequences = sequences_table("", _sequence_fields)

    wild_type: Protein

    @classmethod
    def choose(
        cls, model_id: str, dtype: DtypeChoice = "auto", report: Report | None = None, *, wild_type: Protein | None = None
    ) -> "VariantSettings":
        """As `BatchSettings.choose`; BatchError without a wild type, SequenceError for one that the model cannot read."""
        from allo_core.models.registry import get_spec
        from allo_core.models.tokens import check_length

        if wild_type is None:
            raise BatchError(
                "--task variant has no wild type; give one with --wild-type: a receptor (AA2AR), an accession or a FASTA file."
            )
        check_length(get_spec(model_id), wild_type)
        return cls(**chosen_model(model_id, dtype, report), wild_type=wild_type)

    @property
    def wild_name(self) -> str:
        """What the wild type is called."""
        return self.wild_type.name

    @property
    def wild_sha256(self) -> str:
        """Fingerprint of its sequence."""
        return sequence_sha256(self.wild_type)

    @property
    def wild_first(self) -> int:
        """UniProt number of its first residue."""
        return self.wild_type.first

    @property
    def tables(self) -> tuple[Table, ...]:
        return (HEADS,)

    def prepare(self, model: "ProteinLanguageModel") -> None:
        """What heads look at in other receptors is kept, and every sequence needs it; the memory must suffice for the wild type."""
        from allo_core.models.reading import check_fits
        from allo_core.readouts.letter_preferences import letter_preferences

        check_fits(model, self.wild_type)
        letter_preferences(model, self.wild_type)

    def compute(self, model: "ProteinLanguageModel", protein: Protein) -> VariantResult:
        """`compare_variant`, with what the heads look at in other receptors, as the command variant gives it."""
        from allo_core.readouts.letter_preferences import letter_preferences
        from allo_core.readouts.variant import compare_variant

        return VariantResult(compare_variant(model, self.wild_type, protein, letter_preferences(model, self.wild_type)))

    def passes(self, length: int) -> int:
        return 2  # the wild type is read anew beside each sequence, since the residues that both have differ

    @property
    def caution(self) -> str:
        return (
            "No random substitutions were compared, so nothing here says whether a change is much: read ranks within this batch, "
            "those of sequences with insertions or deletions apart (docs/sequence.md)."
        )

    def summary(self, sequences: "pd.DataFrame") -> str:
        said = []
        for gapped, words in ((False, "of one length without gaps"), (True, "with insertions or deletions")):
            changes = sequences.loc[sequences["gapped"].eq(gapped), "median_change"]
            if len(changes):
                count = f"{len(changes):,} sequence{'' if len(changes) == 1 else 's'}"
                said.append(f"{changes.median():.4f} bits over {count} {words}")
        return f"Median change of the median head from {self.wild_type.name}: {', '.join(said)}." if said else ""

    @classmethod
    def from_json(cls, values: object) -> "VariantSettings":
        """As `BatchSettings.from_json`; ValueError too for a wild type that is no protein."""
        try:
            return super().from_json(values)
        except SequenceError as error:
            raise ValueError(f"the wild type: {error}") from None
