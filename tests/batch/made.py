"""Short sequences, settings and workers for the tests of the batch."""

from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa

from allo_core.batch.dataset import BatchResults, open_batch
from allo_core.batch.folder import writing
from allo_core.batch.settings import BatchSettings
from allo_core.batch.task_heads import HeadsSettings
from allo_core.batch.task_scores import ScoreSettings
from allo_core.batch.worker import BLOCK, Worker
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS

MODEL = "antiberty"  # small, and its weights come with a package
NAMES = ("AA1R", "AA2AR", "ADRB2", "CCR5", "OPSD", "MTR1A", "GLP1R")  # the first two are homologues, the last is of class B
MARKS = "2x50 3x39"


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


def heads_batch(folder: Path, records: list[tuple[int, str, str]]) -> BatchResults:
    """What heads look at in these records, in parts of three, without Ray."""
    chosen = HeadsSettings.choose(MODEL, positions=MARKS)
    with writing(folder, chosen, "<i>a</i>.fasta", len(records)) as number:
        compute = worker(folder, chosen, number)
        for at in range(0, len(records), 3):
            compute(block(records[at : at + 3]))
    return open_batch(folder)


def receptor_records() -> list[tuple[int, str, str]]:
    """`NAMES` as records, and one that is too long for the model."""
    return [*((at, name, receptors()[name].protein.sequence) for at, name in enumerate(NAMES, 1)), (len(NAMES) + 1, "long", "M" * 511)]
