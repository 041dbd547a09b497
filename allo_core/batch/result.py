"""What a task computes of one sequence, in the form in which every task's results are written."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from allo_core.batch.layout import Table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["Result"]


class Result(Protocol):
    """What is kept of one sequence."""

    @property
    def lacks(self) -> str | None:
        """Why it has not all that was asked for (`BatchSettings.lacking`); None where nothing is missing."""
        ...

    def described(self) -> Mapping[str, object]:
        """Values of the task's own columns in the table of sequences; what is left out is null."""
        ...

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        """Rows of the task's tables, with the number of the record in them."""
        ...

    def array(self) -> "np.ndarray | None":
        """The array that is kept of it, where the task keeps some."""
        ...
