"""The task heads: what all heads look at in each sequence, counted; shares over all of them are made of the counts afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from allo_core.batch.layout import Table, sequences_table
from allo_core.batch.settings import BatchSettings, Report, chosen_model
from allo_core.models.devices import DtypeChoice
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from allo_core.heads.arcs import ReceptorArcs
    from allo_core.heads.counting import Counts
    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.protein.numbering import ResidueNumbers

__all__ = ["ARCS", "HEADS", "OFFSET", "VALUES", "HeadsResult", "HeadsSettings"]

OFFSET = "offset"


def _sequence_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("receptor", pa.string()),  # of the library, that generic numbers come from
        ("identity", pa.float64()),  # to that receptor, 0 to 1
        ("relative", pa.string()),  # the nearest receptor above 40 % identity: sequences that have one are homologues as these are
    ]


def _head_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("row", pa.int32()),
        ("layer", pa.int16()),
        ("head", pa.int16()),
        ("arcs", pa.int32()),  # attention of at least 0.3 from residue to residue
        ("special_share", pa.float32()),  # of the attention of residues, on special tokens
    ]


def _arc_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    known = ("known", pa.int32())  # arcs of which the property is known
    return [*_head_fields()[:3], ("property", pa.string()), known, ("hits", pa.list_(pa.int32()))]


def _value_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("row", pa.int32()),
        ("property", pa.string()),
        ("value", pa.string()),
        ("has", pa.int64()),  # residues (of an offset: pairs) that have it ...
        ("of", pa.int64()),  # ... of so many of which it is known
    ]


# One row a record and head; one a record, head and property, whose ``hits`` stand in the order of the rows of the last table: one a
# record, property and value.
HEADS, ARCS, VALUES = Table("heads", _head_fields), Table("arcs", _arc_fields), Table("values", _value_fields)


@dataclass(frozen=True, eq=False)
class HeadsResult:
    """The arcs of all heads on one sequence, counted.

    Parameters
    ----------
    shape : (layers, heads)
    arcs : ndarray, dtype=int, shape=(layers * heads,)
    special : ndarray, dtype=float32, shape=(layers * heads,)
    counts : mapping of str to (values, Counts)
        By the name of the property.
    receptor, identity, relative : str or None, float or None, str or None
        Where generic numbers come from, and the nearest receptor above 40 % identity.
    lacks : str or None
        Why segments and conservation are not known.
    """

    shape: tuple[int, int]
    arcs: "np.ndarray"
    special: "np.ndarray"
    counts: "Mapping[str, tuple[tuple[str, ...], Counts]]"
    receptor: str | None
    identity: float | None
    relative: str | None
    lacks: str | None

    def described(self) -> dict[str, object]:
        return {"receptor": self.receptor, "identity": self.identity, "relative": self.relative}

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        import numpy as np
        import pyarrow as pa

        layer, head = np.divmod(np.arange(len(self.arcs)), self.shape[1])
        of_head = {"row": np.full(len(layer), row), "layer": layer, "head": head}
        yield HEADS, pa.table({**of_head, "arcs": self.arcs, "special_share": self.special}, HEADS.schema)
        for name, (values, counts) in self.counts.items():
            of_property = {"property": [name] * len(layer), "known": counts.known[:, 0].astype(int)}
            yield ARCS, pa.table({**of_head, **of_property, "hits": counts.hits.astype(int).tolist()}, ARCS.schema)
            has, of = counts.could.astype(int)
            rows = {"row": np.full(len(values), row), "property": [name] * len(values), "value": values, "has": has, "of": of}
            yield VALUES, pa.table(rows, VALUES.schema)

    def array(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class HeadsSettings(BatchSettings):
    """What heads look at.

    Parameters
    ----------
    positions : tuple of str
        GPCRdb numbers that are marked.
    """

    task: ClassVar[str] = "heads"
    options = frozenset({"positions"})
    compared: ClassVar[Mapping[str, str]] = {"marked": "--positions"}
    lacking = "numbers"
    sequences = sequences_table("numbers", _sequence_fields)

    positions: tuple[str, ...]

    @classmethod
    def choose(cls, model_id: str, dtype: DtypeChoice = "auto", report: Report | None = None, *, positions: str = "") -> "HeadsSettings":
        """As `BatchSettings.choose`.

        Parameters
        ----------
        positions : str
            Generic numbers that are marked, as `parse_positions` reads them.

        Raises
        ------
        WeightsError, DeviceError, HeadsError
            Naming the setting that is not possible.
        """
        from allo_core.heads.labels import MARKED, parse_positions
        from allo_core.heads.properties import of_positions

        marked = parse_positions(positions)
        for number in marked:
            of_positions((number,), MARKED)  # HeadsError where no receptor has it
        return cls(**chosen_model(model_id, dtype, report), positions=marked)

    @property
    def marked(self) -> str:
        """The marked positions in a text."""
        return " ".join(self.positions)

    @property
    def tables(self) -> tuple[Table, ...]:
        return HEADS, ARCS, VALUES

    def compute(self, model: "ProteinLanguageModel", protein: Protein) -> HeadsResult:
        """One pass; the arcs of all heads are counted by every property that is known of the sequence."""
        import numpy as np

        from allo_core.heads.arcs import ArcsReader
        from allo_core.library.nearest import NEAREST_IDENTITY, numbers_for
        from allo_core.models.reading import read
        from allo_core.protein.alignment import HOMOLOGUE_IDENTITY

        reader = ArcsReader(len(protein))
        read(model, protein, [reader])
        found = reader.found(protein.name)
        numbers = numbers_for(protein)
        relative = numbers or numbers_for(protein, HOMOLOGUE_IDENTITY)
        origin = (None, None) if numbers is None else (numbers.receptor, numbers.identity)
        lacks = None
        if numbers is None:
            lacks = (
                f"{protein.name} is identical to no receptor of the library at {NEAREST_IDENTITY:.0%} or more of its residues, so its "
                "segments, conservation and marked positions are not known."
            )
        return HeadsResult(
            (self.layers, self.heads),
            np.bincount(found.heads, minlength=self.layers * self.heads),
            found.special,
            self._counts(found, protein, numbers),
            *origin,
            None if relative is None else relative.receptor,
            lacks,
        )

    def _counts(
        self, found: "ReceptorArcs", protein: Protein, numbers: "ResidueNumbers | None"
    ) -> "dict[str, tuple[tuple[str, ...], Counts]]":
        from allo_core.heads.counting import count_offsets, count_targets
        from allo_core.heads.labels import OTHER, protein_labels
        from allo_core.heads.properties import head_property

        heads = self.layers * self.heads
        counts = {}
        for name, labels in protein_labels(protein, numbers, self.positions).items():
            values = tuple(sorted({str(label) for label in labels} - {"", OTHER}))
            counts[name] = values, count_targets(found, labels, values, heads)
        counts[OFFSET] = head_property(OFFSET).values, count_offsets(found, len(protein), heads)
        return counts

    @property
    def caution(self) -> str:
        return (
            "Sharp attention is not what a model needs (docs/heads.md), and sequences of one cluster of homologues are drawn together, "
            "so a batch of one family alone has few that count."
        )

    def summary(self, sequences: "pd.DataFrame") -> str:
        numbered = int(sequences["receptor"].notna().sum())
        return f"Arcs of all heads on {len(sequences):,} sequences, {numbered:,} of them with generic numbers."
