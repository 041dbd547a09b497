"""Attention as arrays, read back with numpy and scipy, which know nothing of this program."""

import json
import shutil
import zipfile

import numpy as np
import pytest
from scipy.sparse import load_npz

from allo_core.errors import ExportError
from allo_core.export import attention as module
from allo_core.export.attention import (
    most_of_attention_export,
    size_of_attention_export,
    write_attention,
    write_attention_zip,
)
from allo_core.models.registry import MODELS
from allo_core.protein.sequence import Protein
from tests.runs.attention_runs import random_attention, residues_of, run_meta, write_run

LAYERS, HEADS, LENGTH = 3, 4, 30


@pytest.fixture
def attention():
    return random_attention(LAYERS, HEADS, LENGTH + 2)


@pytest.fixture
def maps(attention):
    return write_run(run_meta(LENGTH, LAYERS, HEADS), attention)


def bytes_in(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def test_half_precision_is_what_is_kept(maps, attention, tmp_path):
    write_attention(maps, tmp_path / "out")
    exact = residues_of(attention)
    for layer in range(LAYERS):
        array = np.load(tmp_path / "out" / f"layer_{layer:02d}.npy", allow_pickle=False)
        assert (array.dtype, array.shape) == (np.float16, (HEADS, LENGTH, LENGTH))
        for head in range(HEADS):
            np.testing.assert_array_equal(array[head].astype(np.float32), maps[layer, head])
        np.testing.assert_allclose(array.astype(np.float32), exact[layer], rtol=2**-11, atol=2**-25)  # half a unit in the last place


def test_single_precision_is_exact_above_the_threshold(maps, attention, tmp_path):
    write_attention(maps, tmp_path / "out", "float32", layers=[2, 0])
    exact = residues_of(attention)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.np?")) == ["layer_00.npy", "layer_02.npy"]
    for layer in (0, 2):
        array = np.load(tmp_path / "out" / f"layer_{layer:02d}.npy", allow_pickle=False)
        above = exact[layer] > 0.01
        assert 0 < above.sum() < above.size
        np.testing.assert_array_equal(array[above], exact[layer][above])
        np.testing.assert_array_equal(array[~above], exact[layer][~above].astype(np.float16).astype(np.float32))


def test_sparse_arcs_are_exact_and_rows_are_head_and_query(maps, attention, tmp_path):
    write_attention(maps, tmp_path / "out", None, sparse=True)
    exact = residues_of(attention)
    assert not list((tmp_path / "out").glob("*.npy"))
    for layer in range(LAYERS):
        path = tmp_path / "out" / f"arcs_{layer:02d}.npz"
        with np.load(path, allow_pickle=False) as parts:  # nothing of it is a pickle
            assert {"data", "indices", "indptr", "shape"} <= set(parts.files)
        dense = load_npz(path).toarray().reshape(HEADS, LENGTH, LENGTH)
        np.testing.assert_array_equal(dense, np.where(exact[layer] > 0.01, exact[layer], 0))


def test_the_axes_are_described(maps, tmp_path):
    write_attention(maps, tmp_path / "out", "float16", layers=[1], sparse=True, protein=Protein("<b>domain</b>", maps.meta.sequence, 21))
    said = json.loads((tmp_path / "out" / "attention.json").read_text())
    assert said["axes"] == ["layer", "head", "query", "key"]
    assert said["maps"]["axes"] == ["head", "query", "key"]
    assert (said["shape"], said["layers"]) == ([LAYERS, HEADS, LENGTH, LENGTH], [1])
    assert said["arcs"]["threshold"] == 0.01
    assert (said["first_residue"], said["protein"]) == (21, "<b>domain</b>")
    assert said["run"]["weights_sha256"] == maps.meta.weights_sha256
    # Axes as they are said: rows of a query sum to what special tokens leave over.
    array = np.load(tmp_path / "out" / "layer_01.npy", allow_pickle=False).astype(np.float64)
    assert (array.sum(axis=-1) <= 1 + 1e-2).all()
    assert not (array.sum(axis=-2) <= 1 + 1e-2).all()
    np.testing.assert_allclose(1 - array.sum(axis=-1).mean(axis=-1), said["special_share"]["1"], atol=1e-3)
    text = (tmp_path / "out" / "README.txt").read_text()
    assert "Index 0 is residue 21" in text
    assert "load_npz" in text


@pytest.mark.parametrize("dtype", ["float16", "float32", None])
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("layers", [None, (1,)])
def test_the_size_is_known_before(tmp_path, dtype, sparse, layers):
    """Within 1 %; larger maps than those above, so that texts do not count."""
    if dtype is None and not sparse:
        with pytest.raises(ExportError, match="Nothing is asked for"):
            size_of_attention_export(write_run(run_meta(LENGTH), random_attention(3, 4, LENGTH + 2)), dtype)
        return
    maps = write_run(run_meta(100, 3, 4), random_attention(3, 4, 102))
    size = size_of_attention_export(maps, dtype, layers, sparse)
    write_attention(maps, tmp_path / "out", dtype, layers, sparse)
    assert size == pytest.approx(bytes_in(tmp_path / "out"), rel=0.01)
    path = write_attention_zip(maps, tmp_path / "out.zip", dtype, layers, sparse)
    assert size == pytest.approx(path.stat().st_size, rel=0.01)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for file in (tmp_path / "out").iterdir():
            assert archive.read(file.name) == file.read_bytes()
        assert len(archive.namelist()) == len(list((tmp_path / "out").iterdir()))


def test_an_archive_of_maps_opens_as_numpys_own(maps, tmp_path):
    with np.load(write_attention_zip(maps, tmp_path / "maps.zip"), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["layer_02"].astype(np.float32)[3], maps[2, 3])


def test_the_most_that_a_run_can_need():
    spec = MODELS["esm2_t33_650M_UR50D"]
    dense = 33 * 20 * 471 * 471
    assert most_of_attention_export(spec, 471) == pytest.approx(2 * dense, rel=1e-3)
    assert most_of_attention_export(spec, 471, "float32") == pytest.approx(4 * dense, rel=1e-3)
    assert most_of_attention_export(spec, 471, None, sparse=True) == pytest.approx(33 * 20 * 471 * 100 * 8, rel=0.01)


def test_a_folder_that_is_there_is_left_alone(maps, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportError, match=r"^.*out is there already; name a new folder\.$"):
        write_attention(maps, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("write", [write_attention, write_attention_zip])
def test_too_little_room_is_said_before(maps, tmp_path, monkeypatch, write):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    with pytest.raises(ExportError, match=r"^.*out needs 0\.0 MB, 0\.0 MB are free; make room, name another disk, or fewer layers\.$"):
        write(maps, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [write_attention, write_attention_zip])
def test_a_disk_that_is_full_half_way_leaves_nothing(maps, tmp_path, monkeypatch, write):
    def full(file, array, allow_pickle):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(ExportError, match=r"^.*out cannot be written \(No space left on device\); nothing was kept of it\.$"):
        write(maps, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"dtype": "int8"}, "'int8'; choose float16 or float32"), ({"layers": [3]}, "Layer 3 does not exist"), ({"layers": []}, "No layer")],
)
def test_what_cannot_be_asked(maps, tmp_path, changes, message):
    with pytest.raises(ExportError, match=message):
        write_attention(maps, tmp_path / "out", **changes)
