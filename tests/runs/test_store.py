import json
import multiprocessing
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch

from allo_core.attention.columns import columns
from allo_core.errors import StoreError
from allo_core.runs import disk
from allo_core.runs.store import RunMeta, check_disk, delete_run, disk_needed, find_run, list_runs, runs_folder
from allo_core.runs.writer import RunWriter
from allo_core.storage.home import home
from tests.runs.attention_runs import random_attention, residues_of, run_meta, write_run

FILES = ["maps.f16", "entries.bin", "sums.f32", "meta.json"]


@pytest.fixture(scope="module")
def attention():
    return random_attention(3, 4, 32)


def left_behind() -> list[str]:
    return [item.name for item in runs_folder().iterdir()] if runs_folder().is_dir() else []


def in_other_process(code: str, *arguments: str) -> subprocess.CompletedProcess:
    repository = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": repository},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- keys -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"model_id": "other"},
        {"weights_sha256": "1" * 64},
        {"sequence": "A" * 30},
        {"dtype": "bfloat16"},
        {"device_type": "cuda"},
        {"versions": {"torch": "3", "transformers": "5", "alloscope": "0"}},
        {"format": 2},
    ],
)
def test_what_determines_the_numbers_is_in_the_key(change):
    assert run_meta(**change).key != run_meta().key


def test_what_is_only_for_people_is_not():
    assert run_meta(protein_name="x", licence="y", weights_source="z", created="", seconds=0.0, notes=()).key == run_meta().key
    assert run_meta(versions={"alloscope": "0", "transformers": "5", "torch": "2"}).key == run_meta().key


def test_meta_survives_json():
    assert RunMeta.from_json(json.loads(json.dumps(run_meta().to_json()))) == run_meta()


# --- finding, listing, deleting ---------------------------------------------------------------------------------------------------------


def test_home_is_chosen_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path / "here"))
    assert home() == tmp_path / "here"
    assert runs_folder() == tmp_path / "here" / "runs"
    monkeypatch.delenv("ALLOSCOPE_HOME")
    assert "alloscope" in str(home()).lower()


def test_runs_are_found_listed_and_deleted(attention):
    assert find_run(run_meta()) is None
    assert list_runs() == []
    old = write_run(run_meta(), attention)
    new = write_run(run_meta(model_id="newer", created="2026-01-01T00:00:00+00:00"), attention)
    assert find_run(run_meta()).folder == find_run(run_meta().key).folder == old.folder
    runs = list_runs()
    assert [run.key for run in runs] == [new.meta.key, old.meta.key]
    assert runs[1].meta == run_meta()
    assert runs[1].bytes == old.nbytes
    delete_run(old.meta.key)
    assert find_run(run_meta()) is None
    assert left_behind() == [new.meta.key]


def test_a_run_that_is_deleted_while_it_is_open_says_so(attention):
    maps = write_run(run_meta(), attention)
    delete_run(maps.meta.key)
    for read in (lambda: maps[0, 0], lambda: maps.columns(0), lambda: maps.columns(0.3)):
        with pytest.raises(StoreError, match="cannot be read"):
            read()


@pytest.mark.parametrize("key", ["", "..", "../../etc", "A" * 64, "0" * 63])
def test_only_keys_name_folders(key):
    for job in (delete_run, find_run):
        with pytest.raises(StoreError, match="not the key of a run"):
            job(key)


def test_deleting_what_is_not_there():
    with pytest.raises(StoreError, match="There is no kept run 000000000000"):
        delete_run("0" * 64)


# --- writing ----------------------------------------------------------------------------------------------------------------------------


def test_layers_may_come_in_any_order(attention):
    with RunWriter(run_meta()) as writer:
        for layer in (2, 0, 1):
            writer.write_layer(layer, attention[layer], 1, 30)
        maps = writer.commit()
    np.testing.assert_array_equal(maps.columns(0.05).arcs, columns(residues_of(attention), 0.05).arcs)
    assert np.abs(maps[1, 3] - residues_of(attention)[1, 3]).max() <= 2.5e-4


def test_layers_must_be_complete_single_and_fit(attention):
    with RunWriter(run_meta()) as writer:
        writer.write_layer(0, attention[0], 1, 30)
        with pytest.raises(ValueError, match="layer 0 came twice"):
            writer.write_layer(0, attention[0], 1, 30)
        with pytest.raises(ValueError, match="none of the 3"):
            writer.write_layer(3, attention[0], 1, 30)
        with pytest.raises(ValueError, match="does not fit"):
            writer.write_layer(1, attention[0], 3, 30)
        with pytest.raises(ValueError, match="does not fit"):
            writer.write_layer(1, attention[0][:3], 1, 30)
        with pytest.raises(ValueError, match=r"layers \[1, 2\] of 3 were not written"):
            writer.commit()
    assert left_behind() == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2.0])
def test_values_that_are_not_attention_are_refused(attention, value):
    wrong = attention[0].clone()
    wrong[1, 5] = value
    with RunWriter(run_meta()) as writer, pytest.raises(StoreError, match="Layer 0 gave values that are not attention"):
        writer.write_layer(0, wrong, 1, 30)
    assert left_behind() == []


def test_nothing_can_be_found_before_the_commit_and_nothing_stays_without(attention):
    with RunWriter(run_meta()) as writer:
        for layer in range(3):
            writer.write_layer(layer, attention[layer], 1, 30)
        assert find_run(run_meta()) is None
        assert len(left_behind()) == 1
    assert left_behind() == []
    with pytest.raises(KeyboardInterrupt), RunWriter(run_meta()):
        raise KeyboardInterrupt
    assert left_behind() == []


def test_the_input_is_not_changed_and_may_be_an_inference_tensor(attention):
    with torch.inference_mode():
        given = attention.clone() * 1
        write_run(run_meta(), given)
    assert torch.equal(given, attention)


def test_the_first_writer_wins(attention):
    first = write_run(run_meta(seconds=1.0), attention)
    second = write_run(run_meta(seconds=2.0), random_attention(3, 4, 32, seed=1))
    assert second.meta.seconds == first.meta.seconds == 1.0
    assert left_behind() == [first.meta.key]


def test_what_is_known_late_can_be_put_into_meta(attention):
    with RunWriter(run_meta()) as writer:
        for layer in range(3):
            writer.write_layer(layer, attention[layer], 1, 30)
        writer.meta = run_meta(seconds=9.0)
        assert writer.commit().meta.seconds == 9.0


# --- processes --------------------------------------------------------------------------------------------------------------------------


def _write_together(seed: int, barrier, results) -> None:
    attention = random_attention(3, 4, 32)
    with RunWriter(run_meta(seconds=float(seed))) as writer:
        for layer in range(3):
            writer.write_layer(layer, attention[layer], 1, 30)
        barrier.wait(60)
        maps = writer.commit()
    results.put((maps.meta.seconds, float(maps.columns(0.3).weights.sum())))


def test_processes_that_write_the_same_run_all_get_it(attention):
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    workers = [context.Process(target=_write_together, args=(seed, barrier, results)) for seed in (1, 2)]
    for worker in workers:
        worker.start()
    got = [results.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert left_behind() == [run_meta().key]
    assert got[0] == got[1]
    assert got[0][1] == pytest.approx(columns(residues_of(attention), 0.3).weights.sum(), abs=1e-9)


KILLED = """
import os, signal
from tests.runs.attention_runs import random_attention, run_meta
from allo_core.runs.writer import RunWriter
attention = random_attention(3, 4, 32)
with RunWriter(run_meta()) as writer:
    writer.write_layer(0, attention[0], 1, 30)
    writer.write_layer(1, attention[1], 1, 30)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_leaves_nothing_that_can_be_found_and_the_next_run_cleans_up(attention):
    done = in_other_process(KILLED)
    assert done.returncode == -9, done.stderr
    stale = left_behind()
    assert len(stale) == 1
    assert stale[0].startswith("writing-")
    assert find_run(run_meta()) is None
    assert list_runs() == []
    maps = write_run(run_meta(), attention)
    assert left_behind() == [maps.meta.key]


def test_what_a_living_process_writes_is_left_alone(attention):
    context = multiprocessing.get_context("spawn")
    started, finish = context.Event(), context.Event()
    worker = context.Process(target=_hold_open, args=(started, finish))
    worker.start()
    assert started.wait(120)
    with RunWriter(run_meta(model_id="second of this process")):
        write_run(run_meta(model_id="other"), attention)  # cleans up before it writes
        assert len([name for name in left_behind() if name.startswith("writing-")]) == 2
    finish.set()
    worker.join(60)
    assert worker.exitcode == 0
    assert find_run(run_meta()) is not None


def _hold_open(started, finish) -> None:
    attention = random_attention(3, 4, 32)
    with RunWriter(run_meta()) as writer:
        for layer in range(3):
            writer.write_layer(layer, attention[layer], 1, 30)
        started.set()
        assert finish.wait(60)
        writer.commit()


def test_what_an_earlier_process_with_our_id_left_is_removed(attention):
    folder = runs_folder()
    folder.mkdir(parents=True)
    from allo_core.storage.temporary import _HOST

    stale = folder / f"writing-{_HOST}-{os.getpid()}-{'0' * 32}"
    elsewhere = folder / f"writing-another.machine-1-{'0' * 32}"
    stale.mkdir()
    elsewhere.mkdir()
    maps = write_run(run_meta(), attention)
    assert sorted(left_behind()) == sorted([maps.meta.key, elsewhere.name])


# --- damage -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "truncated", "longer", "empty"])
def test_a_damaged_run_is_not_found_and_is_replaced(attention, name, damage):
    path = write_run(run_meta(), attention).folder / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"truncated": data[:-1], "longer": data + b"}", "empty": b""}[damage])
    assert find_run(run_meta()) is None
    assert list_runs() == []
    maps = write_run(run_meta(), attention)
    assert maps.columns(0.3).arcs.sum() == columns(residues_of(attention), 0.3).arcs.sum()
    assert left_behind() == [maps.meta.key]


@pytest.mark.parametrize("content", ["[]", "{}", '{"meta": 1}', "null", "not json"])
def test_a_meta_file_that_says_something_else(attention, content):
    (write_run(run_meta(), attention).folder / "meta.json").write_text(content, encoding="utf-8")
    assert find_run(run_meta()) is None


def test_a_run_under_another_key_is_not_found(attention):
    folder = write_run(run_meta(), attention).folder
    folder.rename(folder.parent / ("0" * 64))
    assert find_run("0" * 64) is None


@pytest.mark.parametrize("seed", range(6))
def test_every_flipped_bit_is_noticed(attention, seed):
    maps = write_run(run_meta(), attention)
    generator = np.random.default_rng(seed)
    name = FILES[seed % 3]
    data = bytearray((maps.folder / name).read_bytes())
    data[generator.integers(len(data))] ^= 1 << int(generator.integers(8))
    (maps.folder / name).write_bytes(data)
    found = find_run(run_meta())
    read = {
        "maps.f16": lambda: [found[layer, 0] for layer in range(3)],
        "entries.bin": lambda: found.columns(0.3),
        "sums.f32": lambda: found.columns(0),
    }
    what = "column sums" if name == "sums.f32" else r"layer \d"
    with pytest.raises(StoreError, match=f"run {run_meta().key[:12]} cannot be read: the checksum of (the )?{what}") as error:
        read[name]()
    assert "\n" not in str(error.value)


def test_a_damaged_layer_does_not_hide_the_others(attention):
    maps = write_run(run_meta(), attention)
    with open(maps.folder / "maps.f16", "r+b") as file:
        file.seek(2 * 4 * 30 * 30)
        file.write(b"\xff\xff")
    assert maps[0, 0].shape == maps[2, 3].shape == (30, 30)
    with pytest.raises(StoreError, match="layer 1"):
        maps[1, 2]


# --- no room ----------------------------------------------------------------------------------------------------------------------------


def test_disk_needed_is_never_less_than_what_is_written():
    flat_enough = torch.full((2, 3, 62, 62), 1 / 62)  # every entry is above 0.01: as many entries as there can be
    maps = write_run(run_meta(60, 2, 3), flat_enough)
    assert (maps.columns(0.01).arcs == 60).all()
    meta_json = (maps.folder / "meta.json").stat().st_size
    assert maps.nbytes - meta_json == disk_needed(2, 3, 60)


def test_a_disk_that_is_too_small_is_refused_with_the_numbers(monkeypatch, attention):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage(10**9, 10**9, 5_000_000))
    check_disk(3, 4, 30)
    with pytest.raises(StoreError, match=r"needs up to 5\.2 GB, 5\.0 MB are free; delete kept runs or set ALLOSCOPE_HOME") as error:
        check_disk(48, 40, 1022)
    assert str(runs_folder()) in str(error.value)
    assert "\n" not in str(error.value)


LIMITED = """
import resource
from tests.runs.attention_runs import random_attention, run_meta
from allo_core.runs.writer import RunWriter
from allo_core.errors import StoreError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
attention = random_attention(3, 4, 32)
try:
    with RunWriter(run_meta()) as writer:
        for layer in range(3):
            writer.write_layer(layer, attention[layer], 1, 30)
        writer.commit()
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file size limit")
def test_a_write_that_fails_for_want_of_room_is_one_line_and_leaves_nothing():
    done = in_other_process(LIMITED)
    assert done.returncode == 0, done.stderr
    assert "No room in" in done.stdout
    assert "needs up to" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1
    assert left_behind() == []


def test_a_disk_that_fills_up_during_the_run(monkeypatch, attention):
    def full(file, data):
        raise OSError(28, "No space left on device")

    with RunWriter(run_meta()) as writer:
        writer.write_layer(0, attention[0], 1, 30)
        monkeypatch.setattr("allo_core.runs.writer._write", full)
        with pytest.raises(StoreError, match="No space left on device"):
            writer.write_layer(1, attention[1], 1, 30)
    assert left_behind() == []


def test_a_home_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="set ALLOSCOPE_HOME to a folder that can be written"), RunWriter(run_meta()):
        pass
