"""The task embeddings: hidden states, their mean over residues in a table and, if asked for, those of every residue as an array."""

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

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["VECTORS", "EmbeddingResult", "EmbeddingSettings"]


def _vector_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [("row", pa.int32()), ("state", pa.int16()), ("vector", pa.list_(pa.float32()))]


VECTORS = Table("vectors", _vector_fields)  # one row a record and state: the mean over residues


@dataclass(frozen=True, eq=False)
class EmbeddingResult:
    """Hidden states of one sequence.

    Parameters
    ----------
    means : mapping of int to ndarray, dtype=float32, shape=(width,)
        By number of state.
    residues : ndarray, dtype=float32, shape=(states, L, width), or None
        Of the same states, in the order of their numbers.
    """

    means: "Mapping[int, np.ndarray]"
    residues: "np.ndarray | None"
    lacks: None = None

    def described(self) -> dict[str, object]:
        return {}

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        import pyarrow as pa

        rows = [{"row": row, "state": state, "vector": vector} for state, vector in self.means.items()]
        yield VECTORS, pa.Table.from_pylist(rows, VECTORS.schema)

    def array(self) -> "np.ndarray | None":
        return self.residues


@dataclass(frozen=True, kw_only=True)
class EmbeddingSettings(BatchSettings):
    """Hidden states.

    Parameters
    ----------
    states : tuple of int
        0 is the token embedding, k what layer k - 1 gives; ascending.
    per_residue : bool
        Whether the states of every residue are kept, too.
    width : int
        Numbers in a vector.
    """

    task: ClassVar[str] = "embeddings"
    options = frozenset({"layers", "per_residue"})
    compared: ClassVar[Mapping[str, str]] = {"states": "--layers", "per_residue": "--per-residue"}
    sequences = sequences_table("")

    states: tuple[int, ...]
    per_residue: bool
    width: int

    @classmethod
    def choose(
        cls, model_id: str, dtype: DtypeChoice = "auto", report: Report | None = None, *, layers: str = "-1", per_residue: bool = False
    ) -> "EmbeddingSettings":
        """As `BatchSettings.choose`.

        Parameters
        ----------
        layers : str
            Numbers of states, as `parse_states` reads them.

        Raises
        ------
        WeightsError, DeviceError, SequenceError
            Naming the setting that is not possible.
        """
        from allo_core.models.embeddings import parse_states
        from allo_core.models.registry import get_spec

        spec = get_spec(model_id)
        states = parse_states(spec, layers)
        return cls(**chosen_model(model_id, dtype, report), states=states, per_residue=per_residue, width=spec.width)

    @property
    def tables(self) -> tuple[Table, ...]:
        return (VECTORS,)

    def compute(self, model: "ProteinLanguageModel", protein: Protein) -> EmbeddingResult:
        """`embed`, in one pass."""
        import numpy as np

        from allo_core.models.embeddings import embed

        found = embed(model, protein, self.states)
        residues = np.stack([found.state(state) for state in self.states]) if self.per_residue else None
        return EmbeddingResult({state: found.mean(state) for state in self.states}, residues)

    def array_bytes(self, length: int) -> int:
        return 4 * len(self.states) * length * self.width if self.per_residue else 0

    def summary(self, sequences: "pd.DataFrame") -> str:
        return f"Mean vectors of {self.width} numbers, states {', '.join(map(str, self.states))}, of {len(sequences):,} sequences."
