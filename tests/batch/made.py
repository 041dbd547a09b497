"""Short sequences, settings and workers for the tests of the batch."""

from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa

from allo_core.batch.settings import BatchSettings
from allo_core.batch.task_scores import ScoreSettings
from allo_core.batch.worker import BLOCK, Worker
from allo_core.protein.sequence import AMINO_ACIDS

MODEL = "antiberty"  # small, and its weights come with a package


def sequence(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list(AMINO_ACIDS), length))


def fasta(path: Path, records: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f">{name}\n{letters}\n" for name, letters in records), encoding="utf-8")
    return path


def settings(**changes) -> ScoreSettings:
    return ScoreSettings.choose(**{"model_id": MODEL, "thresholds": (0, 0.1), "threshold": 0.1, "sites": "5-9", "draws": 200} | changes)


def worker(folder: Path, chosen: BatchSettings, run: int = 1) -> Worker:
    return Worker(chosen, str(folder), run, "cpu", 1)


def block(records: list[tuple[int, str, str]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(BLOCK, (*record, ""), strict=True)) for record in records])


def workers() -> list[psutil.Process]:
    """The processes of this test's own workers."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if any("MapWorker" in word for word in child.cmdline()):
                found.append(child)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found
