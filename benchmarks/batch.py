"""How fast `batch` is, how much memory a worker takes, and what the death of a worker costs.

    python benchmarks/batch.py                     speed of the model that ships, then 500 sequences
    python benchmarks/batch.py --model esm2_t33_650M_UR50D --lengths 400 --counts 8       speed alone, of another model

Speed: random sequences of one length, one and two workers that share the processor, scores of 16 residues against the uniform null.  The
rate is taken between the first and the last block that came back, so that the start of Ray and of the workers is not in it; that is
printed beside it.  Weights that are not on this machine are drawn at random, with q and k scaled as in benchmarks/attention.py.

500 sequences: receptors of the library and copies with 2 % of their residues changed, two workers, the sodium pocket.  Memory of each
worker (its own, without files) is read after 50, 250 and 500; then the same again, and one worker is killed in the middle: what comes out
must be the same, bit by bit, and what `analyse` says of some of them, too.

On a GPU: --device cuda, with --workers 1 2 4 (workers share a GPU), on a machine that nobody else uses.  Needs Linux; takes minutes.
"""

import argparse
import contextlib
import io
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import pandas as pd
from _measure import memory_of, with_children

from allo_core.batch import open_batch
from allo_core.batch.run import Tally, run_batch
from allo_core.batch.task_scores import ScoreSettings
from allo_core.library.receptors import receptors
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.models.weights import locate
from allo_core.protein.sequence import AMINO_ACIDS

LENGTHS, COUNTS = (200, 400, 800), (192, 96, 48)
SEQUENCES, WORKERS = 500, 2
MARKS = (50, 250, 500)
KILL_AFTER = 200
COMPARED = (1, 123, 402, 500)  # records that are also given to `analyse`
CHANGED = 0.02  # of the residues of a copy
LARGEST = 700  # residues of a receptor that takes part
SHARPNESS = 2.0  # factor on q and k weights drawn at random, as in benchmarks/attention.py
SITE = "sodium pocket"


class Speed(NamedTuple):
    """Sequences a second, and the seconds until the first block came back."""

    rate: float
    start: float


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        if locate(get_spec(options.model)).path is None:
            os.environ["ALLOSCOPE_WEIGHTS"] = str(random_weights(Path(folder) / "weights", options.model))
        print(f"{options.model}, {options.device}, {os.cpu_count()} processor cores, {options.dtype}")
        for length, count in zip(options.lengths, options.counts, strict=True):
            for workers in options.workers:
                found = speed(Path(folder), options, length, count, workers)
                hours = 100_000 / found.rate / 3600
                print(
                    f"L = {length}, {workers} workers: {found.rate:.3g} sequences a second, first block after {found.start:.0f} s; "
                    f"100,000 take {hours:.3g} h",
                    flush=True,
                )
        if options.model == DEFAULT_MODEL and not options.speed_only:
            many(Path(folder), options)


def speed(folder: Path, options: argparse.Namespace, length: int, count: int, workers: int) -> Speed:
    generator = np.random.default_rng(length)
    path = folder / f"{length}.fasta"
    path.write_text("".join(f">r{i}\n{''.join(generator.choice(list(AMINO_ACIDS), length))}\n" for i in range(count)), encoding="ascii")
    settings = ScoreSettings.choose(options.model, options.dtype, sites="50-65")
    times: list[tuple[float, int]] = []
    out = folder / f"speed-{options.model}-{length}-{workers}"
    run_batch(path, out, settings, workers, options.device, report=lambda tally: times.append((time.perf_counter(), tally.computed)))
    begun, came = times[0][0], [(when, done) for when, done in times if done]
    (first, some), (last, all_of_them) = came[0], came[-1]
    return Speed((all_of_them - some) / (last - first), first - begun)


def many(folder: Path, options: argparse.Namespace) -> None:
    """Memory over many sequences, and the same with a worker killed."""
    path = folder / "many.fasta"
    path.write_text("".join(f">{name}\n{letters}\n" for name, letters in _receptors()), encoding="ascii")
    settings = ScoreSettings.choose(options.model, options.dtype, sites=SITE)
    memory: dict[int, list[float]] = {}
    others: list[float] = []
    begun = time.perf_counter()

    def watch(tally: Tally) -> None:
        workers = _worker_pids()
        if tally.computed and len(workers) == WORKERS:  # the last block ends one of them before it is told
            memory[tally.computed] = [_own_memory(pid) for pid in workers]
            others.append(memory_of(set(with_children(os.getpid())) - {os.getpid(), *workers}).proportional)

    tally = run_batch(path, folder / "whole", settings, WORKERS, options.device, report=watch)
    print(f"\n{SEQUENCES} sequences, {WORKERS} workers, {time.perf_counter() - begun:.0f} s with the start: {tally.rate:.3g} a second")
    for mark in MARKS:
        at = min((done for done in memory if done >= mark), default=max(memory))
        print(f"after {at}: {' and '.join(f'{value:.0f}' for value in memory[at])} MB of its own a worker")
    print(f"at most {max(map(max, memory.values())):.0f} MB; Ray's own processes together {max(others):.0f} MB")
    killed: list[int] = []

    def kill(tally: Tally) -> None:
        if tally.computed >= KILL_AFTER and not killed:
            killed.append(_worker_pids()[0])
            os.kill(killed[0], signal.SIGKILL)

    begun = time.perf_counter()
    again = run_batch(path, folder / "killed", settings, WORKERS, options.device, report=kill)
    whole, other = open_batch(folder / "whole"), open_batch(folder / "killed")
    pd.testing.assert_frame_equal(whole.scores(), other.scores(), check_exact=True)
    written = pd.concat([pd.read_parquet(file, columns=["row"]) for file in (folder / "killed").glob("part=*/sequences.parquet")])["row"]
    assert sorted(written) == list(range(1, SEQUENCES + 1)), "a record is missing or there twice"
    print(
        f"worker killed after {KILL_AFTER}: {time.perf_counter() - begun:.0f} s, {again.redone} records given to another worker, "
        f"all {len(other.sequences)} there once, {len(other.failed)} failed, scores the same bit by bit"
    )
    for row in COMPARED:
        compare_with_analyse(folder, path, row, whole)
    print(f"scores of records {', '.join(map(str, COMPARED))} equal those of `analyse` in every digit")
    size = sum(file.stat().st_size for file in (folder / "whole").rglob("*.parquet"))
    print(f"{size / SEQUENCES / 1000:.0f} kB a sequence on disk")


def compare_with_analyse(folder: Path, path: Path, row: int, batch) -> None:
    from allo_core.__main__ import main as command

    table = folder / "analyse.csv"
    scores = batch.scores()
    found = scores[scores["row"] == row].drop(columns=["row", "name"]).reset_index(drop=True)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = command(["analyse", str(path), "--record", str(row), "--sites", SITE, "--csv", str(table), "--device", "cpu"])
    if code:
        assert found.empty, f"record {row} has scores in the batch alone"
        return
    expected = pd.read_csv(table).drop(columns=["measure", "model", "protein"])
    pd.testing.assert_frame_equal(found, expected.assign(flags=expected["flags"].fillna("")), check_exact=True, check_dtype=False)


def random_weights(folder: Path, model_id: str) -> Path:
    """A folder with weights of the model's shape; random attention is flat, so q and k are scaled."""
    import torch
    from transformers.utils import logging

    from allo_core.models.language_model import random_module

    logging.disable_progress_bar()
    module = random_module(get_spec(model_id), 0)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith(("query.weight", "key.weight")):
                parameter.mul_(SHARPNESS)
    module.save_pretrained(folder / model_id)
    return folder


def _receptors() -> list[tuple[str, str]]:
    """Receptors of the library that the site is known in, and copies with a few residues changed."""
    originals = [
        receptor.protein
        for receptor in receptors().values()
        if len(receptor.protein) <= LARGEST and any(site.name == SITE for site in receptor.sites)
    ]
    generator, found = np.random.default_rng(0), []
    for number in range(SEQUENCES):
        protein = originals[number % len(originals)]
        letters = np.array(list(protein.sequence))
        if number >= len(originals):
            where = generator.choice(len(letters), int(CHANGED * len(letters)), replace=False)
            letters[where] = generator.choice(list(AMINO_ACIDS), len(where))
        found.append((f"{protein.name}_{number}", "".join(letters)))
    return found


def _worker_pids() -> list[int]:
    """Ray's workers that hold the model, among the processes that this one started."""
    found = []
    for pid in with_children(os.getpid()):
        with contextlib.suppress(OSError):
            if b"MapWorker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return sorted(found)


def _own_memory(pid: int) -> float:
    """MB that a process has taken for itself (RssAnon of proc(5)), without files and what it shares through them."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) * 1024 / 1e6


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="sequences of each length")
    parser.add_argument("--workers", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--speed-only", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
