"""Whether this machine can do the work, and what is said where it cannot."""

import os
import sys
from types import SimpleNamespace

import pytest

from allo_core.__main__ import main
from allo_core.errors import WeightsError
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.terminal import doctor as module
from allo_core.terminal.doctor import doctor, examine


def by_what():
    found = {}
    for finding in examine():
        found.setdefault(finding.what, []).append(finding)
    return found


def test_a_machine_that_can_work(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("AlloScope can work here.\n")
    assert "problem" not in said
    assert max(map(len, said.splitlines())) <= 100
    for what in ("python", "packages", "disk", "runs", "weights", "viewer", "cuda", "mps", "memory", "cpu"):
        assert f" {what} " in said, what
    assert f"{DEFAULT_MODEL} reads 100 residues" in said.replace("\n", " ")


class Elsewhere:
    """The model that ships, as if it were on another device that computes its own way."""

    def __init__(self, device, change):
        self.device = SimpleNamespace(type=device)
        self._model, self._change, self.dtype = load_model(DEFAULT_MODEL, "cpu"), change, "float32"

    def first_layers(self, protein, device):
        maps = self._model.first_layers(protein, "cpu")
        return maps if device == "cpu" else [self._change(each) for each in maps]


@pytest.mark.parametrize(("device", "advice"), [("mps", "runs go to the processor by themselves"), ("cuda", "choose --device cpu")])
def test_a_device_that_disagrees_is_a_problem(monkeypatch, capsys, device, advice):
    monkeypatch.setattr(module, "available_devices", lambda: [device])
    monkeypatch.setattr("allo_core.models.language_model.load_model", lambda *_: Elsewhere(device, lambda maps: maps.flip(-1)))
    assert doctor() == 1
    said = capsys.readouterr().out.replace("\n" + " " * 19, " ")
    assert f"problem  {device:<10}gave attention in layer 0 that differs from the CPU's by" in said
    assert advice in said


def test_a_device_that_agrees(monkeypatch):
    monkeypatch.setattr(module, "available_devices", lambda: ["mps"])
    monkeypatch.setattr("allo_core.models.language_model.load_model", lambda *_: Elsewhere("mps", lambda maps: maps + 1e-7))
    assert [(finding.level, finding.text) for finding in by_what()["mps"]][-1] == (
        "ok",
        "agrees with the processor on 100 residues of AA2AR",
    )


def test_a_device_that_breaks_is_a_problem_and_the_next_is_looked_at(monkeypatch):
    def load(model_id, device):
        if device == "cuda":
            raise RuntimeError("CUDA error: no kernel image\nmore")
        return load_model(model_id, device)

    monkeypatch.setattr(module, "available_devices", lambda: ["cuda", "cpu"])
    monkeypatch.setattr("allo_core.models.language_model.load_model", load)
    found = by_what()
    assert found["cuda"][-1].text == "does not compute (RuntimeError: CUDA error: no kernel image); choose another device"
    assert found["cpu"][-1].level == "ok"


@pytest.mark.skipif(os.name == "nt", reason="a file stands in the way on every system, but is named otherwise")
def test_a_cache_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path / "file" / "cache"))
    (finding,) = by_what()["cache"]
    assert finding.level == "problem"
    assert "cannot be written (Not a directory); set ALLOSCOPE_HOME" in finding.text


def test_weights_that_are_missing_or_wrong(monkeypatch):
    def broken(spec, state):
        raise WeightsError(f"{spec.id} is not what it should be.")

    assert any("not on this machine: esm2_t6_8M_UR50D" in finding.text for finding in by_what()["weights"])
    monkeypatch.setattr(module, "check_shipped", broken)
    problems = [finding.text for finding in by_what()["weights"] if finding.level == "problem"]
    assert f"{DEFAULT_MODEL}: {DEFAULT_MODEL} is not what it should be." in problems


def test_without_torch_the_rest_is_still_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = by_what()
    (torch,) = found["torch"]
    assert torch.level == "problem"
    assert "cannot be imported" in torch.text
    assert found["disk"][0].level == "ok"
    assert "cpu" not in found


def test_what_comes_from_outside_is_printed_safely(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path / "a\x1b[31mred"))
    doctor()
    assert "\x1b" not in capsys.readouterr().out
