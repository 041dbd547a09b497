"""The kept runs: listed, and deleted by the beginning of their keys."""

from collections.abc import Sequence

from allo_core.errors import StoreError
from allo_core.export.tables import printable
from allo_core.readouts.kept_readouts import FOLDERS, delete_readouts, kept_readouts
from allo_core.runs.column_store import columns_folder, delete_columns, kept_columns
from allo_core.runs.store import damaged_runs, delete_run, list_runs, other_version_runs, runs_folder

__all__ = ["delete_runs", "print_runs"]

_SHOWN = 12  # digits of a key
_SHORTEST = 4
_LONGEST_NAME = 28


def print_runs() -> None:
    """Print one line a run, the newest first, which were made by another version, which cannot be read, and what is kept of sets."""
    runs, damaged = list_runs(), damaged_runs()
    if runs:
        print(f"{'key':<14}{'protein':<30}{'residues':>8}  {'model':<24}{'MB':>8}  {'device':<16}{'holds':<24}made (UTC)")
    for run in runs:
        meta = run.meta
        name, made = printable(meta.protein_name)[:_LONGEST_NAME], meta.created.replace("T", " ").removesuffix("+00:00")
        device = f"{f'{meta.device_type}, {meta.dtype}':<16}{meta.holds:<24}"
        line = f"{run.key[:_SHOWN]:<14}{name:<30}{len(meta.sequence):>8}  {meta.model_id:<24}{run.bytes / 1e6:>8.1f}  {device}{made}"
        print(printable(line))
    for other in other_version_runs():
        said = f"made by another version of AlloScope (written {other.reason}), {other.bytes / 1e6:.1f} MB"
        print(printable(f"{other.key[:_SHOWN]:<14}{said}; run again, or open it with that version"))
    for key in damaged:
        print(f"{key[:_SHOWN]:<14}cannot be read")
    total = sum(run.bytes for run in runs)
    print(f"{_count(len(runs))}, {total / 1e6:.1f} MB, in {runs_folder()}")
    columns, size = kept_columns()
    if columns:
        print(f"{_of_sets(columns)}, {size / 1e6:.1f} MB, in {columns_folder()}")
    for name, size in kept_readouts().items():
        print(f"{name}, {size / 1e6:.1f} MB, in {FOLDERS[name]()}")


def delete_runs(beginnings: Sequence[str], everything: bool) -> None:
    """Delete the runs whose keys begin so, or all of them: also those of another version, those that cannot be read, and receptors of sets.

    Raises
    ------
    StoreError
        Nothing was named, or both some and all; a beginning that is too short, fits no run, or fits several.  Nothing is deleted then.
    """
    if everything == bool(beginnings):
        raise StoreError("Name the runs to delete by the beginning of their keys, or give --all alone; 'alloscope runs' lists them.")
    others = [run.key for run in other_version_runs()]
    keys = [run.key for run in list_runs()] + others + damaged_runs()
    chosen = keys if everything else list(dict.fromkeys(_only(beginning, keys) for beginning in beginnings))
    for key in chosen:
        delete_run(key)
    columns = delete_columns() if everything else 0
    readouts = [name for name in FOLDERS if delete_readouts(name)] if everything else []
    foreign = len(set(chosen) & set(others))
    said = f"{_count(len(chosen))}{f', {foreign} of another version,' if foreign else ''}{f' and {_of_sets(columns)}' if columns else ''}"
    print(f"{', '.join((said, *readouts))} deleted")


def _count(runs: int) -> str:
    return f"{runs} run{'' if runs == 1 else 's'}"


def _of_sets(columns: int) -> str:
    return f"{columns} receptor{'' if columns == 1 else 's'} of sets"


def _only(beginning: str, keys: Sequence[str]) -> str:
    """The one key that begins so."""
    shown = printable(beginning)[:70]
    if len(beginning) < _SHORTEST:
        raise StoreError(f"{shown!r} is too short to name a run; give at least {_SHORTEST} characters of its key.")
    found = [key for key in keys if key.startswith(beginning.lower())]
    if not found:
        raise StoreError(f"No kept run has a key that begins with {shown!r}; 'alloscope runs' lists them.")
    if len(found) > 1:
        raise StoreError(f"{len(found)} kept runs have keys that begin with {shown!r}; give more of the key.")
    return found[0]
