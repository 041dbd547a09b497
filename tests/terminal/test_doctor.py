"""Whether this machine can do the work, and what is said where it cannot."""

import importlib.metadata
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from allo_core.__main__ import main
from allo_core.errors import WeightsError
from allo_core.library.site import Site
from allo_core.library.site_library import OwnSite, SiteLibrary, site_library_path, write_site_library
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.terminal import examination as module
from allo_core.terminal.doctor import NEEDED, OPTIONAL, doctor, examine
from allo_core.terminal.finding import Finding


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


REPOSITORY = Path(__file__).resolve().parents[2]
BLOCKED = """
import importlib.metadata, sys
name = sys.argv[1]
class Absent:
    def find_spec(self, wanted, path=None, target=None):
        if wanted.partition(".")[0] == name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
version = importlib.metadata.version
def of(wanted):
    if wanted == name:
        raise importlib.metadata.PackageNotFoundError(name)
    return version(wanted)
importlib.metadata.version = of
from allo_core.__main__ import main
sys.exit(main(["doctor"]))
"""


def test_all_that_is_required_is_looked_for():
    required = re.findall(r"(?m)^([A-Za-z0-9_-]+)", (REPOSITORY / "requirements.txt").read_text(encoding="utf-8"))
    assert sorted(NEEDED) == sorted(required)


@pytest.mark.parametrize("name", ["biotite", "gemmi", "psutil", "msgspec"])
def test_a_package_that_is_missing_is_a_problem_and_no_traceback(name):
    done = subprocess.run([sys.executable, "-c", BLOCKED, name], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr[-500:]
    assert f"problem  packages  {name} missing; run pip install -r requirements.txt" in done.stdout
    assert "ok       packages" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("absent", "what", "said"),
    [
        ("ray", "ray", "ray not installed; only batch needs it (pip install 'ray[data]==2.60.0')"),
        ("pdbfixer", "openmm", "pdbfixer not installed; only fold --relax needs it (pip install '.[relax]')"),
        ("openmm", "openmm", "openmm not installed; only fold --relax needs it (pip install '.[relax]')"),
    ],
)
def test_an_optional_package_that_is_missing_is_a_note(monkeypatch, absent, what, said):
    def version(name):
        if name == absent:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.2.3"

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = {finding.what: finding for finding in itertools.islice(examine(), 2 + len(OPTIONAL))}
    assert (found[what].level, found[what].text) == ("note", said)
    assert found["packages"].level == "ok"


def test_optional_packages_are_named_with_what_they_are_for(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.2.3")
    found = {finding.what: finding for finding in itertools.islice(examine(), 2 + len(OPTIONAL))}
    assert [(found[what].level, found[what].text) for what in ("ray", "openmm")] == [
        ("ok", "1.2.3, for batch"),
        ("ok", "1.2.3, pdbfixer 1.2.3, for fold --relax"),
    ]


def test_a_section_that_breaks_is_a_problem_and_the_next_is_looked_at(monkeypatch):
    def busy():
        raise RuntimeError("all CUDA-capable devices are busy or unavailable")
        yield

    monkeypatch.setitem(module.WITH_TORCH, "devices", busy)
    found = by_what()
    assert "all CUDA-capable devices are busy" in found["devices"][0].text
    assert found["cpu"][-1].level == "ok"


def test_which_sites_count_is_said():
    def found():
        return list(module.SECTIONS["sites"]())

    assert found() == [Finding("ok", "sites", "the shipped lists")]
    site_library_path().write_text("{")
    (damaged,) = found()
    assert (damaged.level, "is damaged" in damaged.text) == ("problem", True)
    site = Site("new", "allosteric", "ligand contacts", "D52")
    write_site_library(SiteLibrary((OwnSite("AA2AR", site, ""),), "2026-01-01T00:00:00+00:00"))
    assert found() == [Finding("ok", "sites", "1 computed on this machine on 2026-01-01, else the shipped lists")]
