"""What a batch computes: one task with one choice for all its sequences, written beside the results and compared when it goes on.

A task is a kind of `BatchSettings`, and an entry of `allo_core.batch.tasks`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from allo_core.batch.layout import Table
from allo_core.batch.result import Result
from allo_core.errors import WeightsError
from allo_core.models.devices import Dtype, DtypeChoice
from allo_core.storage.plain_json import check_version, from_plain

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import pandas as pd

    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.protein.sequence import Protein

__all__ = ["FORMAT", "BatchSettings", "Report", "chosen_model", "in_words", "public_versions"]

FORMAT = 1  # raised when the files of a batch change their meaning

Report = Callable[[str, int, int], None]

# What a person calls them; another value gives other numbers, so such results do not go into one folder.
_COMPARED = {
    "task": "--task",
    "format": "format of the files",
    "model_id": "--model",
    "weights_sha256": "sha256 of the weights",
    "dtype": "--dtype",
}
_COMPARED_LAST = {"versions": "versions of the libraries"}


@dataclass(frozen=True, kw_only=True)
class BatchSettings(ABC):
    """One choice for all sequences of a batch; each task has its own fields behind these.

    Parameters
    ----------
    model_id : str
    weights_sha256, weights_source, licence : str
        Which weights, where they were found, and their licence from there.
    layers, heads : int
    dtype : {"float32", "bfloat16"}
    versions : dict of str to str
        Versions of torch and transformers.

    Attributes
    ----------
    task : str
        Name of the task.
    options : frozenset of str
        The parameters of `choose` beside those that every task has; the terminal's options have the same names.
    compared : mapping of str to str
        Fields of the task that change its numbers, in the words of a person.
    lacking : str
        What a sequence may lack that was computed otherwise, as "scores"; empty if nothing.
    sequences : Table
    optional : frozenset of str
        Fields that a file may leave out.
    """

    task: ClassVar[str]
    options: ClassVar[frozenset[str]] = frozenset()
    compared: ClassVar[Mapping[str, str]] = {}
    lacking: ClassVar[str] = ""
    sequences: ClassVar[Table]
    optional: ClassVar[frozenset[str]] = frozenset()

    model_id: str
    weights_sha256: str
    weights_source: str
    licence: str
    layers: int
    heads: int
    dtype: Dtype
    versions: dict[str, str] = field(hash=False)
    format: int = FORMAT

    @classmethod
    @abstractmethod
    def choose(cls, model_id: str, dtype: DtypeChoice = "auto", report: Report | None = None) -> Self:
        """Settings that have been looked at: each can be computed, and the weights are on this machine (they are downloaded if need be).

        Parameters
        ----------
        report : callable(stage, done, total), optional
            Told of a download, in bytes.

        Raises
        ------
        AlloScopeError
            Naming the setting that is not possible.
        """

    @property
    @abstractmethod
    def tables(self) -> tuple[Table, ...]:
        """The tables that every part has beside that of the sequences."""

    @abstractmethod
    def compute(self, model: "ProteinLanguageModel", protein: "Protein") -> Result:
        """What the task keeps of one sequence.

        Raises
        ------
        SequenceError, DeviceError, StoreError
            Too long for the model, too little memory, values that are not attention.
        """

    def prepare(self, model: "ProteinLanguageModel") -> None:
        """What a worker does once before its first sequence; AlloScopeError where it cannot work."""
        return None

    def passes(self, length: int) -> int:
        """How often the model reads a sequence of so many residues."""
        return 1

    def array_bytes(self, length: int) -> int:
        """Bytes of the array that is kept of a sequence of so many residues; 0 where none is."""
        return 0

    @property
    def caution(self) -> str:
        """What its numbers are not, in a sentence; empty if there is nothing to say."""
        return ""

    def summary(self, sequences: "pd.DataFrame") -> str:
        """What came out, in a sentence, from the computed rows of the table of sequences; empty if that is not for one sentence."""
        return ""

    @property
    def lacking_column(self) -> str | None:
        """The column of the table of sequences that says why a sequence lacks something."""
        return f"no_{self.lacking}" if self.lacking else None

    def difference(self, other: "BatchSettings") -> str | None:
        """The first setting that gives other numbers, in words (``--threshold 0.3, not 0.1``); None if there is none."""
        for name, words in {**_COMPARED, **self.compared, **_COMPARED_LAST}.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{words} {in_words(mine)}, not {in_words(theirs)}"
        return None

    def to_json(self) -> dict:
        """The task and the fields as plain JSON values."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {"task": self.task, **values}

    @classmethod
    def from_json(cls, values: object) -> Self:
        """The inverse of `to_json` for one task; OtherVersion for another format or other fields, ValueError for another type."""
        if isinstance(values, dict):
            values = {name: value for name, value in values.items() if name != "task"}
        return from_plain(cls, check_version(values, cls, FORMAT, cls.optional))


def chosen_model(model_id: str, dtype: DtypeChoice, report: Report | None) -> dict[str, Any]:
    """The fields that every task has: the weights are on this machine then (they are downloaded if need be).

    Raises
    ------
    WeightsError, DeviceError
    """
    from allo_core.models.devices import choose_dtype
    from allo_core.models.download import download
    from allo_core.models.registry import get_spec
    from allo_core.models.weights import check_shipped, how_to_get, locate, weights_sha256

    spec, dtype = get_spec(model_id), choose_dtype(dtype)
    state = locate(spec)
    if state.state == "download":
        download(spec, lambda done, total: report(f"Downloading {spec.label}", done, total) if report is not None else None)
        state = locate(spec)
    if state.path is None:
        raise WeightsError(how_to_get(spec))
    check_shipped(spec, state)
    return {
        "model_id": spec.id,
        "weights_sha256": weights_sha256(state.path),
        "weights_source": state.source,
        "licence": state.licence,
        "layers": spec.layers,
        "heads": spec.heads,
        "dtype": dtype,
        "versions": public_versions(),
    }


def public_versions() -> dict[str, str]:
    """Versions of what computes the numbers, without what they were built for: which device computed stands with each record."""
    from allo_core.runs.extract import library_versions

    return {name: version.partition("+")[0] for name, version in library_versions().items()}


def in_words(value: object) -> str:
    """A setting as a person writes it."""
    if isinstance(value, tuple):
        return ",".join(f"{item:g}" for item in value)
    if isinstance(value, dict):
        return " ".join(f"{name} {version}" for name, version in value.items())
    if isinstance(value, bool):
        return "given" if value else "not given"
    return "not given" if value is None else str(value)
