"""Value norms as a run of their own: kept, found, listed, deleted, damaged; and value-weighted maps against a naive loop."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, NotAttentionError, OtherVersionError, ScoreError, StoreError
from allo_core.models.readers import ValueNormsReader
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs import array_writer, extract, extract_norms
from allo_core.runs.disk import norms_disk_needed, runs_folder
from allo_core.runs.extract import extract_attention, meta_of
from allo_core.runs.extract_norms import extract_weighted, find_kept_weighted, keep_norms, run_weighted
from allo_core.runs.store import damaged_runs, delete_run, find_norms, find_run, list_runs, other_version_runs
from allo_core.runs.value_norms import ValueNorms
from allo_core.runs.weighted import WeightedMaps, find_weighted
from tests.models.tiny import FAMILIES, random_model, random_protein
from tests.runs.attention_runs import random_attention, run_meta, write_run

PROTEIN = random_protein(30)
families = pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)


def made_reader(meta, seed=0):
    """A reader as after a pass, with random norms."""
    generator = torch.Generator().manual_seed(seed)
    reader = ValueNormsReader()
    for _ in range(meta.layers):
        reader.norms.append(0.2 + torch.rand(meta.heads, len(meta.sequence), generator=generator))
        reader.special_share.append(torch.rand(meta.heads, generator=generator))
    return reader


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def maps():
    return write_run(run_meta(), random_attention(3, 4, 32))


@pytest.fixture
def weighted(maps):
    return WeightedMaps(maps, keep_norms(maps.meta, made_reader(maps.meta)))


def test_kept_and_found_beside_the_maps_which_stay_as_they_are(maps):
    before = bytes_of(maps.folder)
    assert find_norms(maps.meta) is find_weighted(maps) is None
    reader = made_reader(maps.meta)
    norms = keep_norms(maps.meta, reader)
    np.testing.assert_array_equal(norms.norms(), torch.stack(reader.norms).numpy())
    np.testing.assert_array_equal(norms.special_share, torch.stack(reader.special_share).numpy())
    assert norms.meta == maps.meta.of_kind("value_norms")
    assert norms.meta.key != maps.meta.key
    assert find_norms(maps.meta).meta == find_norms(norms.meta).meta == norms.meta
    assert find_norms(replace(maps.meta, dtype="bfloat16")) is None
    assert find_run(maps.meta).meta == maps.meta
    assert find_run(norms.meta.key) is None  # a key of norms finds no maps
    assert bytes_of(maps.folder) == before
    assert find_weighted(maps).meta == norms.meta


def test_listed_with_their_size_and_deleted_alone(maps, weighted):
    sizes = {run.key: (run.meta.kind, run.bytes) for run in list_runs()}
    size = sum(len(content) for content in bytes_of(weighted.norms.folder).values())
    assert sizes == {maps.meta.key: ("attention", maps.nbytes), weighted.meta.key: ("value_norms", size)}
    assert size == weighted.norms.nbytes <= norms_disk_needed(3, 4, 30)
    delete_run(weighted.meta.key)
    assert [run.key for run in list_runs()] == [maps.meta.key]
    assert find_weighted(maps) is None
    with pytest.raises(StoreError, match=r"cannot be read: .*run the model again"):
        weighted.norms.norms()


def test_the_most_on_disk_holds_for_the_largest_model():
    meta = run_meta(2000, 2, 40, notes=())
    norms = keep_norms(meta, made_reader(meta))
    assert norms.nbytes <= norms_disk_needed(2, 40, 2000)


@pytest.mark.parametrize("damage", ["cut", "bit", "missing", "no meta", "shares", "another key"])
def test_damaged_norms_are_named_and_computed_anew(maps, weighted, damage):
    folder = weighted.norms.folder
    path = folder / "norms.f32"
    said = json.loads((folder / "meta.json").read_text())
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-4])
    elif damage == "bit":
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"cannot be read: the checksum of norms\.f32 does not match; delete .*run the model again"):
            weighted.columns(0.0)
    elif damage == "missing":
        path.unlink()
    elif damage == "no meta":
        (folder / "meta.json").write_text("{")
    elif damage == "shares":
        (folder / "meta.json").write_text(json.dumps(said | {"special_share": [[0.5]]}))
    else:
        (folder / "meta.json").write_text(json.dumps(said | {"meta": said["meta"] | {"sequence": "A" * 30}}))
    assert find_norms(maps.meta) is None
    assert damaged_runs() == [weighted.meta.key]
    assert other_version_runs() == []
    assert keep_norms(maps.meta, made_reader(maps.meta)).norms().shape == (3, 4, 30)
    assert damaged_runs() == []


def test_norms_of_another_version_are_not_replaced_unasked(maps, weighted):
    path = weighted.norms.folder / "meta.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"meta": said["meta"] | {"settings": {"norm": "L1"}}}))
    before = path.read_bytes()
    assert [run.key for run in other_version_runs()] == [weighted.meta.key]
    assert find_norms(maps.meta) is None
    with pytest.raises(OtherVersionError, match="open it with that version, or delete it and run again"):
        keep_norms(maps.meta, made_reader(maps.meta))
    assert path.read_bytes() == before
    said["meta"]["format"] = 2
    path.write_text(json.dumps(said))
    with pytest.raises(OtherVersionError, match="made by another version"):
        ValueNorms(weighted.norms.folder)


def test_values_that_are_no_numbers_are_refused(maps):
    reader = made_reader(maps.meta)
    reader.norms[1][2, 3] = float("nan")
    with pytest.raises(NotAttentionError, match="not finite; nothing is kept"):
        keep_norms(maps.meta, reader)
    assert len(list_runs()) == 1
    assert [item.name for item in runs_folder().iterdir()] == [maps.meta.key]


def test_a_full_disk(maps, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(array_writer, "write_meta_file", refuse)
    with pytest.raises(StoreError, match="No space left on device; make room or set ALLOSCOPE_HOME"):
        keep_norms(maps.meta, made_reader(maps.meta))
    assert [item.name for item in runs_folder().iterdir()] == [maps.meta.key]


def test_norms_of_another_run_do_not_fit(maps):
    other = run_meta(model_id="other")
    with pytest.raises(ValueError, match="are not those of the run"):
        WeightedMaps(maps, keep_norms(other, made_reader(other)))


# --- value-weighted maps ----------------------------------------------------------------------------------------------------------------


def naive(weighted, where):
    """A_ij n_j over the mean row, arc by arc; the maps are kept as float16, the column sums that the mean is from as float32."""
    attention, norms = weighted.attention[where].astype(float), weighted.norms.norms()[where].astype(float)
    arcs = np.array([[attention[i, j] * norms[j] for j in range(30)] for i in range(30)])
    return arcs / (arcs.sum() / 30)


def test_maps_columns_and_received_against_a_loop(weighted):
    columns, some = weighted.columns(0.0), weighted.columns(0, queries=[2, 3, 11])
    assert columns.weights.shape == some.weights.shape == (3, 4, 30)
    assert (columns.arcs == 30).all()
    assert (some.arcs == 3).all()
    np.testing.assert_allclose(columns.weights.sum(axis=-1), 30, rtol=1e-6)
    for where in np.ndindex(3, 4):
        expected = naive(weighted, where)
        np.testing.assert_allclose(weighted[where], expected, atol=2e-3, rtol=2e-3)
        np.testing.assert_allclose(columns.weights[where], expected.sum(axis=0), rtol=2e-3)
        np.testing.assert_allclose(some.weights[where], expected[[2, 3, 11]].sum(axis=0), rtol=2e-3, atol=1e-3)
        np.testing.assert_array_equal(weighted.received(*where), columns.weights[where])
    np.testing.assert_array_equal(weighted.special_share, weighted.norms.special_share)


def test_arcs_are_those_of_attention_in_the_order_of_their_weight(weighted):
    plain, arcs = weighted.attention.arcs(1, 2, 0.05), weighted.arcs(1, 2, 0.05)
    expected = naive(weighted, (1, 2))
    assert {*zip(arcs.queries, arcs.keys, strict=True)} == {*zip(plain.queries, plain.keys, strict=True)}
    np.testing.assert_allclose(arcs.weights, expected[arcs.queries, arcs.keys], rtol=2e-3)
    assert (np.diff(arcs.weights) <= 0).all()
    assert list(plain.queries) != list(arcs.queries)
    assert {*weighted.arcs(1, 2, 0.05, queries=[4]).queries.tolist()} == {4}


def test_there_is_no_threshold(weighted):
    with pytest.raises(ScoreError, match=r"has no threshold, so 0\.3 is not possible; choose 0"):
        weighted.columns(0.3)


# --- from a model -----------------------------------------------------------------------------------------------------------------------


@families
def test_one_pass_leaves_both_where_nothing_is_kept(spec, monkeypatch):
    model = random_model(spec)
    passes = []
    plain_read = extract.read
    monkeypatch.setattr(extract, "read", lambda *args, **more: passes.append(1) or plain_read(*args, **more))
    done = []
    weighted = extract_weighted(model, PROTEIN, lambda *layers: done.append(layers))
    assert (passes, done) == ([1], [(1, 3), (2, 3), (3, 3)])
    assert {run.meta.kind for run in list_runs()} == {"attention", "value_norms"}
    assert weighted.meta.seconds > 0
    factors, together = weighted.factors, np.stack([weighted.attention[where] for where in np.ndindex(3, spec.heads)])
    delete_run(weighted.attention.meta.key)
    alone = extract_attention(model, PROTEIN)
    np.testing.assert_array_equal(together, np.stack([alone[where] for where in np.ndindex(3, spec.heads)]))
    again = extract_weighted(model, PROTEIN)
    assert passes == [1, 1]  # the second one was that of `alone`
    np.testing.assert_array_equal(again.factors, factors)


@families
def test_maps_that_are_kept_are_not_touched_and_the_norms_are_the_same(spec):
    model = random_model(spec)
    maps = extract_attention(model, PROTEIN)
    before, changed = bytes_of(maps.folder), maps.folder.stat().st_mtime_ns
    done = []
    weighted = extract_weighted(model, PROTEIN, lambda *layers: done.append(layers))
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert (bytes_of(maps.folder), maps.folder.stat().st_mtime_ns) == (before, changed)
    norms = weighted.norms.norms()
    for run in list_runs():
        delete_run(run.key)
    np.testing.assert_array_equal(extract_weighted(model, PROTEIN).norms.norms(), norms)


def test_cancelled_keeps_nothing_new():
    model = random_model(FAMILIES[0])
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        extract_weighted(model, PROTEIN, cancel=cancel)
    assert list_runs() == []
    extract_attention(model, PROTEIN)
    with pytest.raises(Cancelled):
        extract_weighted(model, PROTEIN, cancel=cancel)
    assert [run.meta.kind for run in list_runs()] == ["attention"]


def test_another_version_is_met_before_the_model_runs(monkeypatch):
    model = random_model(FAMILIES[0])
    extract_weighted(model, PROTEIN)
    path = find_norms(meta_of(model, PROTEIN)).folder / "meta.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"meta": said["meta"] | {"settings": {"norm": "L1"}}}))
    monkeypatch.setattr(extract_norms, "read", None)
    with pytest.raises(OtherVersionError):
        extract_weighted(model, PROTEIN)


def test_the_whole_road_with_the_model_that_ships():
    protein = Protein("part", "MPIMGSSVYITVELAIAVLAILGNVLVCWAVWLNSNLQNVTNYFVVSLAAADIAVGVLAIPFAITISTGF")
    told = []
    weighted, notes = run_weighted(DEFAULT_MODEL, protein, "cpu", report=lambda *stage: told.append(stage))
    assert notes == ()
    assert told[0][0].startswith("Loading")
    assert told[-1] == ("Layer", 6, 6)
    told.clear()
    again, _ = run_weighted(DEFAULT_MODEL, protein, "cpu", report=lambda *stage: told.append(stage))
    assert told == []
    np.testing.assert_array_equal(again.columns(0).weights, weighted.columns(0).weights)
    assert find_kept_weighted(DEFAULT_MODEL, protein).meta == weighted.meta
    assert find_kept_weighted(DEFAULT_MODEL, Protein("other", protein.sequence[::-1])) is None
