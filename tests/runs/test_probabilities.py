"""Probabilities as a run of their own: kept, found, listed, deleted, damaged, and left by every attention run on its way."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from allo_core.errors import Cancelled, NotAttentionError, OtherVersionError, StoreError
from allo_core.models import probabilities as model_probabilities
from allo_core.models import weights
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import residue_probabilities
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs import extract, extract_probabilities
from allo_core.runs.disk import probabilities_disk_needed, runs_folder
from allo_core.runs.extract import extract_attention, keep_probabilities, meta_of, run_model
from allo_core.runs.extract_columns import extract_columns
from allo_core.runs.extract_norms import extract_weighted
from allo_core.runs.extract_probabilities import RESIDUE, find_kept_probabilities, run_probabilities
from allo_core.runs.extract_probabilities import extract_probabilities as extract_them
from allo_core.runs.probabilities import KeptProbabilities
from allo_core.runs.store import (
    damaged_runs,
    delete_run,
    find_norms,
    find_probabilities,
    find_run,
    list_runs,
    other_version_runs,
)
from tests.models.tiny import FAMILIES, random_model, random_protein
from tests.runs.attention_runs import random_attention, run_meta, write_run

PROTEIN = random_protein(30)
SHORT = Protein("part", "MPIMGSSVYITVELAIAVLAILGN")
families = pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
kinds = pytest.mark.parametrize("masked", [True, False], ids=["masked", "unmasked"])


def made(meta, seed=0):
    logits = np.random.default_rng(seed).normal(size=(len(meta.sequence), 20))
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rewrite(run, **changes):
    path = run.folder / "meta.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | changes | {"meta": said["meta"] | changes.get("meta", {})}))


@pytest.fixture
def meta():
    return run_meta()


@kinds
def test_kept_and_found_bit_for_bit(meta, masked):
    assert find_probabilities(meta, masked) is None
    log_p = made(meta)
    log_p[0, 0], log_p[1, 1] = np.float32(-1e-45), np.nextafter(np.float32(-3), np.float32(0))
    run = keep_probabilities(meta, log_p, masked)
    found = find_probabilities(meta, masked).of(Protein("another name", meta.sequence, first=7))
    assert found.log_p.tobytes() == log_p.tobytes()
    assert (found.masked, found.protein.name, found.protein.first) == (masked, "another name", 7)
    assert find_probabilities(meta, not masked) is None
    assert find_probabilities(replace(meta, dtype="bfloat16"), masked) is None
    assert find_probabilities(run.meta, masked).meta == run.meta
    assert find_run(run.meta.key) is find_norms(run.meta) is None
    with pytest.raises(ValueError, match="probabilities of random, not of other"):
        run.of(Protein("other", meta.sequence[::-1]))


def test_the_key_tells_masked_from_unmasked_and_both_from_the_other_kinds(meta):
    metas = [meta, meta.of_kind("value_norms"), *(meta.of_kind("probabilities", masked=masked) for masked in (True, False))]
    assert len({each.key for each in metas}) == 4
    assert [each.holds for each in metas] == ["attention", "value norms", "masked probabilities", "unmasked probabilities"]
    for each in metas:  # there and back
        assert each.of_kind("attention") == meta
        assert type(each).from_json(each.to_json()) == each


def test_listed_with_their_size_and_deleted_alone(meta):
    runs = {masked: keep_probabilities(meta, made(meta), masked) for masked in (True, False)}
    size = {run.meta.key: sum(map(len, bytes_of(run.folder).values())) for run in runs.values()}
    assert {run.key: run.bytes for run in list_runs()} == size
    assert all(run.nbytes == size[run.meta.key] <= probabilities_disk_needed(30) for run in runs.values())
    delete_run(runs[True].meta.key)
    assert [run.meta.settings for run in list_runs()] == [{"masked": False}]
    with pytest.raises(StoreError, match=r"cannot be read: .*run the model again"):
        runs[True].values()


@pytest.mark.parametrize("damage", ["cut", "bit", "missing", "no meta", "letters", "masked", "no setting", "another key"])
def test_damaged_ones_are_named_and_computed_anew(damage):
    model = random_model(FAMILIES[0])
    first = extract_them(model, PROTEIN, masked=False)
    run = find_probabilities(meta_of(model, PROTEIN), masked=False)
    path = run.folder / "log_p.f32"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-4])
    elif damage == "bit":
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"cannot be read: the checksum of log_p\.f32 does not match; delete .*run the model again"):
            run.of(PROTEIN)
    elif damage == "missing":
        path.unlink()
    elif damage == "no meta":
        (run.folder / "meta.json").write_text("{")
    elif damage == "letters":
        rewrite(run, letters="ACDEFGHIKLMNPQRSTVYW")
    elif damage == "masked":
        rewrite(run, meta={"settings": {"masked": "no"}})
    elif damage == "no setting":
        rewrite(run, meta={"settings": {}})
    else:
        rewrite(run, meta={"sequence": "A" * 30})
    assert find_probabilities(run.meta, masked=False) is None
    assert damaged_runs() == [run.meta.key]
    assert list_runs() == other_version_runs() == []
    again = extract_them(model, PROTEIN, masked=False)
    assert again.log_p.tobytes() == first.log_p.tobytes()
    assert damaged_runs() == []


@pytest.mark.parametrize("foreign", [{"settings": {"masked": False, "chains": 2}}, {"format": 2}], ids=["setting", "format"])
def test_those_of_another_version_are_not_replaced_unasked(foreign, monkeypatch):
    model = random_model(FAMILIES[0])
    extract_them(model, PROTEIN, masked=False)
    run = find_probabilities(meta_of(model, PROTEIN), masked=False)
    rewrite(run, meta=foreign)
    before = bytes_of(run.folder)
    assert [each.key for each in other_version_runs()] == [run.meta.key]
    assert find_probabilities(run.meta, masked=False) is None
    with pytest.raises(OtherVersionError, match="open it with that version, or delete it and run again"):
        keep_probabilities(run.meta, made(run.meta), masked=False)
    with pytest.raises(OtherVersionError, match="made by another version"):
        KeptProbabilities(run.folder)
    # The attention that was asked for is kept all the same.
    assert extract_attention(model, PROTEIN).shape == (3, 4, 30, 30)
    monkeypatch.setattr(extract_probabilities, "residue_probabilities", None)  # refused before the model runs
    with pytest.raises(OtherVersionError):
        extract_them(model, PROTEIN, masked=False)
    assert bytes_of(run.folder) == before


def test_values_that_are_no_numbers_are_refused(meta):
    log_p = made(meta)
    log_p[3, 4] = np.nan
    with pytest.raises(NotAttentionError, match="not finite; nothing is kept"):
        keep_probabilities(meta, log_p, masked=True)
    assert list_runs() == []


# --- left by an attention run -----------------------------------------------------------------------------------------------------------


@families
@pytest.mark.parametrize("leave", [extract_attention, extract_weighted], ids=["attention", "value-weighted"])
def test_an_attention_run_leaves_what_a_pass_of_their_own_gives(spec, leave):
    model = random_model(spec)
    leave(model, PROTEIN)
    left = find_probabilities(meta_of(model, PROTEIN), masked=False)
    assert left.of(PROTEIN).log_p.tobytes() == residue_probabilities(model, PROTEIN, masked=False).log_p.tobytes()
    assert left.meta.seconds > 0
    assert find_probabilities(meta_of(model, PROTEIN), masked=True) is None


def test_they_are_a_part_of_the_attention_run_for_a_person():
    model = random_model(FAMILIES[0])
    maps = extract_attention(model, PROTEIN)
    left = find_probabilities(maps.meta, masked=False)
    masked = keep_probabilities(maps.meta, made(maps.meta), masked=True)
    assert {run.key: run.bytes for run in list_runs()} == {
        maps.meta.key: maps.nbytes + left.nbytes,
        masked.meta.key: masked.nbytes,
    }
    delete_run(maps.meta.key)
    assert [item.name for item in runs_folder().iterdir()] == [masked.meta.key]


def test_damaged_attention_is_deleted_without_them():
    model = random_model(FAMILIES[0])
    maps = extract_attention(model, PROTEIN)
    (maps.folder / "sums.f32").unlink()
    delete_run(maps.meta.key)
    assert [run.meta.holds for run in list_runs()] == ["unmasked probabilities"]


def test_a_run_that_was_kept_without_them_stays_valid():
    model = random_model(FAMILIES[0])
    meta = meta_of(model, PROTEIN)
    maps = write_run(meta, random_attention(3, 4, 32))
    before = bytes_of(maps.folder)
    assert extract_attention(model, PROTEIN).meta == maps.meta
    assert find_probabilities(meta, masked=False) is None
    found = extract_them(model, PROTEIN, masked=False)
    assert found.log_p.tobytes() == residue_probabilities(model, PROTEIN, masked=False).log_p.tobytes()
    assert bytes_of(maps.folder) == before


@pytest.mark.parametrize("error", [StoreError("no room"), NotAttentionError("not finite")])
def test_attention_does_not_depend_on_them(error, monkeypatch):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(extract, "keep_probabilities", refuse)
    maps = extract_attention(random_model(FAMILIES[0]), PROTEIN)
    assert [run.key for run in list_runs()] == [maps.meta.key]


# --- from a model -----------------------------------------------------------------------------------------------------------------------


@families
def test_masked_ones_are_kept_as_they_are_computed(spec, monkeypatch):
    model = random_model(spec)
    done = []
    found = extract_them(model, PROTEIN, True, lambda *residues: done.append(residues))
    assert done == [(residue, 30) for residue in range(1, 31)]
    assert found.log_p.tobytes() == residue_probabilities(model, PROTEIN).log_p.tobytes()
    monkeypatch.setattr(extract_probabilities, "residue_probabilities", None)
    assert extract_them(model, PROTEIN, True).log_p.tobytes() == found.log_p.tobytes()
    assert [run.meta.holds for run in list_runs()] == ["masked probabilities"]


def test_cancelled_keeps_nothing():
    model, cancel = random_model(FAMILIES[0]), threading.Event()

    def progress(done, total):
        if done == 10:
            cancel.set()

    with pytest.raises(Cancelled):
        extract_them(model, PROTEIN, True, progress, cancel)
    assert list_runs() == []
    assert not runs_folder().exists() or list(runs_folder().iterdir()) == []


def test_a_device_that_computes_wrong_hands_over_to_the_cpu(monkeypatch):
    model = random_model(FAMILIES[0])
    monkeypatch.setattr(extract, "needs_trust_check", lambda device: not moved)
    monkeypatch.setattr(extract, "trust_device", lambda model, protein: "gave wrong numbers")
    moved = []
    monkeypatch.setattr(model, "to", moved.append)
    extract_them(model, PROTEIN, masked=False)
    assert moved == ["cpu"]
    assert "gave wrong numbers, so the model runs on the CPU." in find_probabilities(meta_of(model, PROTEIN), masked=False).meta.notes[0]


@kinds
def test_the_whole_road_with_the_model_that_ships(masked):
    told = []
    found, notes = run_probabilities(DEFAULT_MODEL, SHORT, masked, "cpu", report=lambda *stage: told.append(stage))
    assert notes == ()
    assert told[0][0].startswith("Loading")
    assert told[1] == ("Reading the sequence", 0, 0)
    assert told[2:] == ([(RESIDUE, done, 24) for done in range(1, 25)] if masked else [])
    expected = residue_probabilities(load_model(DEFAULT_MODEL, device="cpu"), SHORT, masked)
    assert found.log_p.tobytes() == expected.log_p.tobytes()
    again, _ = run_probabilities(DEFAULT_MODEL, SHORT, masked, report=lambda *stage: pytest.fail("kept"), load=None)
    assert again.log_p.tobytes() == found.log_p.tobytes()
    assert find_kept_probabilities(DEFAULT_MODEL, SHORT, not masked) is None


def test_after_an_attention_run_they_are_there_at_once():
    run_model(DEFAULT_MODEL, SHORT, "cpu")
    found, _ = run_probabilities(DEFAULT_MODEL, SHORT, masked=False, load=None)
    assert found.perplexity == find_kept_probabilities(DEFAULT_MODEL, SHORT, masked=False).perplexity


def test_finding_them_loads_no_torch(monkeypatch):
    # The model was loaded, and its weights hashed, while another test's folder was in use.
    monkeypatch.setattr(weights, "_memo", {})
    model = load_model(DEFAULT_MODEL, device="cpu")
    assert weights.weights_sha256(model.weights.path) == model.sha256
    extract_attention(model, SHORT)
    code = f"""
import sys
from allo_core.runs.extract_probabilities import find_kept_probabilities, run_probabilities
from allo_core.protein.sequence import Protein
protein = Protein("x", {SHORT.sequence!r})
found = find_kept_probabilities({DEFAULT_MODEL!r}, protein, masked=False)
assert found.perplexity > 1 and len(found.expected) == 24 and found.entropy.shape == (24,)
assert run_probabilities({DEFAULT_MODEL!r}, protein, masked=False, load=None)[0].log_p.shape == (24, 20)
assert find_kept_probabilities({DEFAULT_MODEL!r}, protein, masked=True) is None
assert find_kept_probabilities({DEFAULT_MODEL!r}, protein, False, dtype="bfloat16") is None
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_batches_and_sets_leave_none():
    extract_columns(random_model(FAMILIES[0]), PROTEIN, (0.3,))
    assert not runs_folder().exists() or list(runs_folder().iterdir()) == []


def test_no_pass_is_spent_on_them(monkeypatch):
    """One pass leaves both."""
    passes = []
    plain = extract.read
    monkeypatch.setattr(extract, "read", lambda *args, **more: passes.append(1) or plain(*args, **more))
    monkeypatch.setattr(model_probabilities, "read", None)
    model = random_model(FAMILIES[0])
    extract_attention(model, PROTEIN)
    extract_them(model, PROTEIN, masked=False)
    assert passes == [1]
