"""Which record a worker is at, written down before it begins, so that a record that kills workers is found and given up."""

from collections import Counter
from pathlib import Path

from allo_core.batch.layout import WRITING

__all__ = ["MOST_DEATHS", "Journal"]

MOST_DEATHS = 2  # the first may be someone else's fault: a person, or a neighbour that took the memory
_START = "start"


class Journal:
    """The journal of one block of records; it outlives the worker and is read by the one that takes over.

    Parameters
    ----------
    folder : Path
        Of the batch.
    block : str
        Names the block within all runs.

    Attributes
    ----------
    deaths : Counter of int
        How many workers ended at each record.
    """

    def __init__(self, folder: Path, block: str):
        self._path = folder / WRITING / f"{block}.journal"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.deaths = self._read()
        self._append(_START)

    def begin(self, row: int) -> None:
        """The worker is at this record now."""
        self._append(str(row))

    def close(self) -> None:
        """The block is finished."""
        self._path.unlink(missing_ok=True)

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"{line}\n")

    def _read(self) -> Counter[int]:
        try:
            lines = self._path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return Counter()
        followed = zip(lines, [*lines[1:], _START], strict=True)
        return Counter(int(line) for line, following in followed if line != _START and following == _START)
