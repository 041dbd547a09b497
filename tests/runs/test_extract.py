import csv
import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, DeviceError, SequenceError, StoreError
from allo_core.models import devices, weights
from allo_core.models.language_model import load_model
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from allo_core.models.weights import WeightsState
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.runs import extract
from allo_core.runs.extract import LAYER, extract_attention, find_kept_run, library_versions, run_model, run_notes
from allo_core.runs.store import list_runs, runs_folder

pytestmark = pytest.mark.skipif(importlib.util.find_spec("antiberty") is None, reason="the package antiberty is not installed")


@pytest.fixture(scope="module")
def model():
    return load_model("antiberty", device="cpu")


@pytest.fixture
def protein():
    return Protein("random", "".join(np.random.default_rng(3).choice(list(AMINO_ACIDS), 60)))


def left_behind() -> list[Path]:
    return list(runs_folder().iterdir()) if runs_folder().exists() else []


def test_aa2ar_end_to_end(model, shared):
    with open(shared / "data" / "gpcr_receptors.csv", newline="") as file:
        sequence = next(row["sequence"] for row in csv.DictReader(file) if "AA2AR" in row.values())
    protein = Protein("AA2AR", sequence)
    done = []
    maps = extract_attention(model, protein, progress=lambda layer, layers: done.append((layer, layers)))
    assert maps.shape == (8, 8, 412, 412)
    assert done == [(layer, 8) for layer in range(1, 9)]
    with torch.inference_mode():
        attentions = model.module(input_ids=encode("bert", sequence).ids, output_attentions=True).attentions
    for layer, expected in enumerate(attentions):
        for head in range(8):
            # float16 keeps 11 bits: at most 2.4e-4 off for values up to 1.
            assert np.abs(maps[layer, head] - expected[0, head, 1:-1, 1:-1].numpy()).max() <= 2.5e-4
    exact = torch.cat(attentions)[:, :, 1:-1, 1:-1].numpy()
    seen = maps.columns(0.3).weights
    expected = np.where(exact > 0.3, exact, 0).sum(axis=-2, dtype=np.float64)
    assert expected.max() > 1
    np.testing.assert_allclose(seen, expected, atol=1e-4)


def test_what_is_written_down(model, protein):
    meta = extract_attention(model, protein).meta
    assert (meta.model_id, meta.weights_source, meta.licence) == ("antiberty", "antiberty package", "MIT")
    assert (meta.dtype, meta.device_type, meta.layers, meta.heads) == ("float32", "cpu", 8, 8)
    assert meta.weights_sha256 == model.sha256
    assert meta.versions["torch"].startswith(torch.__version__.split("+")[0])
    assert meta.seconds > 0
    assert meta.notes == ()


def test_a_kept_run_is_not_computed_again(model, protein, monkeypatch):
    first = extract_attention(model, protein)
    monkeypatch.setattr(extract, "read", None)
    again = extract_attention(model, Protein("another name", protein.sequence))
    assert np.array_equal(again[3, 2], first[3, 2])
    assert len(list_runs()) == 1


def test_finding_a_kept_run_loads_no_torch(model, protein, monkeypatch):
    # The model was loaded, and its weights hashed, while another test's folder was in use.
    monkeypatch.setattr(weights, "_memo", {})
    assert weights.weights_sha256(model.weights.path) == model.sha256
    extract_attention(model, protein)
    code = f"""
import sys
from allo_core.runs.extract import find_kept_run
from allo_core.protein.sequence import Protein
protein = Protein("x", {protein.sequence!r})
assert find_kept_run("antiberty", protein).shape == (8, 8, 60, 60)
assert find_kept_run("antiberty", protein, device="cpu") is not None
assert find_kept_run("antiberty", protein, device="cuda") is None
assert find_kept_run("antiberty", protein, device="mps") is not None  # a device that computes wrong hands its runs to the CPU
assert find_kept_run("antiberty", protein, dtype="bfloat16") is None
assert find_kept_run("antiberty", Protein("x", "ACDE")) is None
assert find_kept_run("esmc_600m", protein) is None
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_weights_that_were_never_hashed_have_no_kept_run(model, protein, own_home, monkeypatch):
    extract_attention(model, protein)
    assert find_kept_run("antiberty", protein) is not None
    monkeypatch.setattr(weights, "_memo", {})
    (own_home / "weights-sha256.json").unlink(missing_ok=True)
    assert find_kept_run("antiberty", protein) is None


@pytest.mark.parametrize("after", [0, 3, 7])
def test_cancel_leaves_nothing(model, protein, after):
    cancel = threading.Event()
    if after == 0:
        cancel.set()

    def progress(done, layers):
        if done == after:
            cancel.set()

    with pytest.raises(Cancelled):
        extract_attention(model, protein, progress, cancel)
    assert list_runs() == []
    assert left_behind() == []
    cancel.clear()
    assert extract_attention(model, protein, cancel=cancel).shape == (8, 8, 60, 60)


def test_an_error_on_the_way_leaves_nothing(model, protein):
    def fail(done, layers):
        raise OSError("the page is gone")

    with pytest.raises(OSError, match="the page is gone"):
        extract_attention(model, protein, fail)
    assert left_behind() == []


def test_the_whole_road(protein):
    told = []
    maps, notes = run_model("antiberty", protein, "cpu", report=lambda *step: told.append(step))
    assert maps.shape == (8, 8, 60, 60)
    assert notes == ()
    assert told[:2] == [("Loading AntiBERTy", 0, 0), ("Reading the sequence", 0, 0)]
    assert told[2:] == [(LAYER, layer, 8) for layer in range(1, 9)]


def test_the_road_with_a_download(model, protein, monkeypatch):
    """The weights come first; the loader is the caller's, and what it says of its device is told with the run."""
    monkeypatch.setattr(extract, "locate", lambda spec: WeightsState("download", None, "somewhere", "MIT", 100, "transformers"))
    monkeypatch.setattr(extract, "download", lambda spec, progress, cancel: (progress(40, 100), progress(100, 100)))
    monkeypatch.setattr(model, "notes", ("a note",))
    told, asked = [], []

    def load(*wanted):
        asked.append(wanted)
        return model

    maps, notes = run_model("antiberty", protein, "cpu", "float32", lambda *step: told.append(step), load=load)
    assert maps.shape == (8, 8, 60, 60)
    assert (asked, notes) == ([("antiberty", "cpu", "float32")], ("a note",))
    stage = "Downloading AntiBERTy"
    assert told[:4] == [(stage, 0, 0), (stage, 40, 100), (stage, 100, 100), ("Loading AntiBERTy", 0, 0)]


def test_the_road_to_a_kept_run_needs_no_model(model, protein, monkeypatch):
    monkeypatch.setattr(weights, "_memo", {})
    weights.weights_sha256(model.weights.path)
    first = extract_attention(model, protein)
    maps, notes = run_model("antiberty", protein, report=None, load=None)
    assert maps.meta.key == first.meta.key
    assert notes == first.meta.notes


@pytest.mark.parametrize("stage", ["Downloading AntiBERTy", "Loading AntiBERTy", "Reading the sequence", LAYER])
def test_the_road_can_be_left_at_every_stage(model, protein, stage, monkeypatch):
    cancel = threading.Event()
    monkeypatch.setattr(extract, "locate", lambda spec: WeightsState("download", None, "somewhere", "MIT", 100, "transformers"))
    monkeypatch.setattr(extract, "download", lambda spec, progress, cancel: progress(40, 100))
    last = []

    def report(now, done, total):
        last.append((now, done))
        if now == stage:
            cancel.set()

    with pytest.raises(Cancelled):
        run_model("antiberty", protein, "cpu", report=report, cancel=cancel, load=lambda *wanted: model)
    assert last[-1] == (stage, 1 if stage == LAYER else 0)
    assert list_runs() == []


def test_a_protein_that_is_too_long_is_refused_before_the_download(monkeypatch):
    monkeypatch.setattr(extract, "download", None)
    with pytest.raises(SequenceError, match="511 residues, AntiBERTy reads at most 510"):
        run_model("antiberty", Protein("x", "A" * 511), load=None)


def test_too_long(model):
    with pytest.raises(SequenceError, match="511 residues, AntiBERTy reads at most 510"):
        extract_attention(model, Protein("x", "A" * 511))


def test_no_memory(model, protein, monkeypatch):
    monkeypatch.setattr(devices, "available_memory", lambda device: 1000)
    with pytest.raises(DeviceError, match="60 residues"):
        extract_attention(model, protein)
    assert left_behind() == []


def test_no_disk(model, protein, monkeypatch):
    def full(layers, heads, length):
        raise StoreError(f"{layers} {heads} {length}")

    monkeypatch.setattr(extract, "check_disk", full)
    with pytest.raises(StoreError, match="8 8 60"):
        extract_attention(model, protein)


def test_wrong_device_goes_to_the_cpu_and_says_so(protein, monkeypatch):
    """A device that hands over the maps of the heads in another order, as broken MPS kernels have done."""
    model = load_model("antiberty", device="cpu")
    right = model.first_layers
    calls = []

    def first_layers(asked, device):
        calls.append(device)
        maps = right(asked, device)
        return [tensor.flip(0) for tensor in maps] if len(calls) == 1 else maps

    monkeypatch.setattr(model, "first_layers", first_layers)
    monkeypatch.setattr(devices, "_CHECKED_DEVICES", {"cpu"})
    moved = []
    monkeypatch.setattr(model, "to", lambda device: moved.append(device))
    maps = extract_attention(model, protein)
    assert moved == ["cpu"]
    note = maps.meta.notes[-1]
    assert "differs from the CPU's by" in note
    assert note.endswith("so the model runs on the CPU.")
    assert maps.meta.device_type == "cpu"


def test_right_device_is_used(model, protein, monkeypatch):
    monkeypatch.setattr(devices, "_CHECKED_DEVICES", {"cpu"})
    monkeypatch.setattr(model, "to", None)
    assert "so the model runs on the CPU" not in " ".join(extract_attention(model, protein).meta.notes)


def test_notes():
    assert run_notes(MODELS["esm2_t6_8M_UR50D"], Protein("x", "ACDE")) == ()
    notes = run_notes(MODELS["esm2_t6_8M_UR50D"], Protein("x", "A" * 1022 + "U"))
    assert ["1024 tokens" in notes[0], "U1023" in notes[1]] == [True, True]


def test_versions():
    assert set(library_versions()) == {"torch", "transformers"}
