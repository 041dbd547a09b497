"""Ray Data: blocks of records to the workers, statuses back."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from allo_core.batch.cluster import in_one_line
from allo_core.batch.workers import Workers
from allo_core.errors import BatchError

if TYPE_CHECKING:
    import pyarrow as pa

    from allo_core.batch.settings import BatchSettings

__all__ = ["results"]

_PASSED_ON = ("ALLOSCOPE_HOME", "ALLOSCOPE_WEIGHTS")
_ROOT = Path(__file__).resolve().parents[2]


def results(
    blocks: "list[pa.Table]", size: int, workers: Workers, settings: "BatchSettings", folder: Path, run: int, address: str | None
) -> "Generator[list[dict], None, None]":
    """Statuses of the records of each block, as the workers finish them.

    Parameters
    ----------
    blocks : list of Table
        Each of `size` rows, the last may have fewer.

    Raises
    ------
    BatchError
        A worker refuses to go on, or Ray gives up.
    """
    from ray.data import ActorPoolStrategy, DataContext, from_arrow
    from ray.data.exceptions import RayDataUserCodeException, SystemException
    from ray.exceptions import RayError

    from allo_core.batch.worker import Worker

    context = DataContext.get_current().copy()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_no_progress_timeout_s = -1  # a large model over a long sequence may take as long as it needs
    with DataContext.current(context):
        statuses = from_arrow(blocks).map_batches(
            Worker,
            fn_constructor_args=(settings, str(folder.absolute()), run, workers.device, workers.threads),
            batch_size=size,
            batch_format="pyarrow",
            # One block waits while one is computed.
            compute=ActorPoolStrategy(size=workers.count, max_tasks_in_flight_per_actor=2),
            num_cpus=None if workers.gpus else 1,
            num_gpus=workers.gpus or None,
            # Ray Data replaces a worker that dies and has its block computed again, without end; `Journal` gives up a record that
            # kills them all.
            runtime_env={"env_vars": _environment(workers, address)},
        )
        try:
            for batch in statuses.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
                rows = cast("pa.Table", batch).to_pylist()
                if refusal := next((row["refusal"] for row in rows if row["refusal"]), None):
                    raise BatchError(refusal)
                yield rows
        except (RayError, RayDataUserCodeException, SystemException) as error:
            raise BatchError(f"The workers ended ({in_one_line(error)}); the same command goes on.") from error


def _environment(workers: Workers, address: str | None) -> dict[str, str]:
    """What the workers' processes begin with; the numbers of threads must be known before numpy and torch are imported."""
    threads = {name: str(workers.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if address is None:  # the workers read the very code that runs here; on a cluster, what is installed there
        passed_on["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    return threads | passed_on
