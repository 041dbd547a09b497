import hashlib
import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

from allo_core.errors import WeightsError
from allo_core.models import weights
from allo_core.models.registry import MODELS
from allo_core.models.weights import download_folder, how_to_get, known_sha256, locate, weights_sha256

ESM2 = MODELS["esm2_t6_8M_UR50D"]
GPCR = MODELS["alloscope_gpcr_8m"]
ESMC = MODELS["esmc_300m"]
CONFIG = json.dumps({"model_type": "esm", "num_hidden_layers": 6, "hidden_size": 320})


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "ALLOSCOPE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "ALLOSCOPE_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(weights, "_memo", {})
    return tmp_path


def put(path: Path, content: str = "weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def put_snapshot(home: Path, repository: str, file: str, revision: str = "abc") -> Path:
    return put(home / "HF_HOME" / "hub" / f"models--{repository.replace('/', '--')}" / "snapshots" / revision / file)


def found(spec) -> tuple[Path, str, str]:
    state = locate(spec)
    assert state.state == "found"
    assert state.size == state.path.stat().st_size
    return state.path, state.source, state.licence


def test_nothing_here_is_a_download():
    state = locate(ESM2)
    assert (state.state, state.path, state.licence) == ("download", None, "MIT")
    assert state.source == "https://dl.fbaipublicfiles.com/fair-esm/models/esm2_t6_8M_UR50D.pt"


@pytest.mark.skipif(importlib.util.find_spec("antiberty") is None, reason="the package antiberty is not installed")
def test_antiberty_is_bundled():
    state = locate(MODELS["antiberty"])
    assert (state.state, state.source, state.size) == ("bundled", "antiberty package", 104_174_334)


def test_a_package_that_is_not_installed_is_missing(monkeypatch):
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    state = locate(MODELS["antiberty"])
    assert (state.state, state.path) == ("missing", None)
    assert "pip install --no-deps antiberty==0.1.3" in how_to_get(MODELS["antiberty"])
    assert "get AlloScope again" in how_to_get(GPCR)


def test_what_ships_is_taken_from_the_package_alone(home, monkeypatch):
    """A folder of ESM-2 8M has the same shape; it is not taken for the shipped model."""
    file = put(home / "named" / "model.safetensors")
    put(file.parent / "config.json", CONFIG)
    put(home / "named" / GPCR.sources[0].file_name)
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(home / "named"))
    state = locate(GPCR)
    assert (state.state, state.source, state.licence) == ("bundled", "AlloScope package", "CC BY 4.0")
    assert state.path == Path(weights.__file__).parents[1] / "data" / "alloscope_gpcr_8m.safetensors"
    assert found(ESM2)[0] == file


def test_places_in_their_order(home, monkeypatch):
    own = put(download_folder() / "esm2_t6_8M_UR50D.pt")
    assert found(ESM2) == (own, "downloaded by AlloScope", "MIT")
    hub = put(home / "TORCH_HOME" / "hub" / "checkpoints" / "esm2_t6_8M_UR50D.pt")
    assert found(ESM2) == (hub, "torch hub folder of fair-esm", "MIT")
    old = put_snapshot(home, "facebook/esm2_t6_8M_UR50D", "pytorch_model.bin")
    assert found(ESM2) == (old, "transformers cache, facebook/esm2_t6_8M_UR50D", "MIT")
    safe = put_snapshot(home, "facebook/esm2_t6_8M_UR50D", "model.safetensors")
    assert found(ESM2)[0] == safe
    named = put(home / "named" / "esm2_t6_8M_UR50D.pt")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(named.parent))
    assert found(ESM2) == (named, "ALLOSCOPE_WEIGHTS", "MIT")


def test_current_revision_first(home):
    for revision in ("aaa", "bbb"):
        put_snapshot(home, "facebook/esm2_t6_8M_UR50D", "model.safetensors", revision)
    put(home / "HF_HOME" / "hub" / "models--facebook--esm2_t6_8M_UR50D" / "refs" / "main", "bbb")
    assert found(ESM2)[0].parent.name == "bbb"


def test_broken_link_of_the_cache_is_not_found(home):
    link = put_snapshot(home, "facebook/esm2_t6_8M_UR50D", "model.safetensors")
    link.unlink()
    link.symlink_to(home / "gone")
    assert locate(ESM2).state == "download"


def test_hub_cache_variable(home, monkeypatch):
    put_snapshot(home, "facebook/esm2_t6_8M_UR50D", "model.safetensors")
    shutil.move(home / "HF_HOME" / "hub", home / "elsewhere")
    assert locate(ESM2).state == "download"
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "elsewhere"))
    assert locate(ESM2).state == "found"


def test_licence_of_esmc_follows_the_publisher(home):
    put_snapshot(home, "biohub/ESMC-300M", "model.safetensors")
    assert found(ESMC)[2] == "MIT"
    official = put_snapshot(home, "EvolutionaryScale/esmc-300m-2024-12", "data/weights/esmc_300m_2024_12_v0.pth")
    assert found(ESMC)[::2] == (official, "Cambrian Open License")
    put_snapshot(home, "EvolutionaryScale/esmc-600m-2024-12", "data/weights/esmc_600m_2024_12_v0.pth")
    assert found(MODELS["esmc_600m"])[2] == "Cambrian Non-Commercial License"


def test_data_folder_of_the_package_esm(home, monkeypatch):
    monkeypatch.setattr(weights.sysconfig, "get_path", lambda name: str(home / "site-packages"))
    file = put(home / "site-packages" / "esm" / "data" / "weights" / "esmc_300m_2024_12_v0.pth")
    assert found(ESMC)[:2] == (file, "data folder of the package esm")


@pytest.mark.parametrize("name", ["", "esm2_t6_8M_UR50D"])
@pytest.mark.parametrize("as_file", [True, False])
def test_named_transformers_folder(home, monkeypatch, name, as_file):
    file = put(home / "named" / name / "model.safetensors")
    put(file.parent / "config.json", CONFIG)
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(file if as_file else home / "named"))
    assert found(ESM2) == (file, "ALLOSCOPE_WEIGHTS", "MIT")
    # The same file is not taken for another model.
    assert locate(MODELS["esm2_t12_35M_UR50D"]).state == "download"


def test_named_file(home, monkeypatch):
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(put(home / "named" / "esmc_300m_2024_12_v0.pth")))
    assert found(ESMC)[1] == "ALLOSCOPE_WEIGHTS"
    assert locate(ESM2).state == "download"


def test_named_folder_that_does_not_exist(home, monkeypatch):
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(home / "nowhere"))
    with pytest.raises(WeightsError, match=r"nowhere, which does not exist"):
        locate(ESM2)


def test_named_file_of_another_name(home, monkeypatch):
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(put(home / "my_model.pt")))
    with pytest.raises(WeightsError, match=r"my_model\.pt, which is not an official file name; use one of esm2_t6_8M_UR50D\.pt"):
        locate(ESM2)


@pytest.mark.parametrize("content", ["", "[1]", "{", "{}"])
def test_other_configs_are_passed_over(home, monkeypatch, content):
    put(home / "named" / "model.safetensors")
    put(home / "named" / "config.json", content)
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(home / "named"))
    assert locate(ESM2).state == "download"


def test_sha256_is_worked_out_once(home, monkeypatch):
    file = put(home / "x.pt", "abc")
    expected = hashlib.sha256(b"abc").hexdigest()
    assert known_sha256(file) is None
    assert weights_sha256(file) == expected
    # From here on nothing is read, also by a new process.
    monkeypatch.setattr(weights, "_memo", {})
    monkeypatch.setattr(weights.hashlib, "sha256", None)
    assert weights_sha256(file) == expected
    assert known_sha256(file) == expected


def test_sha256_of_a_changed_file(home):
    file = put(home / "x.pt", "abc")
    before = weights_sha256(file)
    file.write_text("abd")
    os.utime(file, ns=(1, 1))
    assert known_sha256(file) is None
    assert weights_sha256(file) == hashlib.sha256(b"abd").hexdigest() != before


def test_sha256_through_links_of_the_cache(home):
    link = home / "link.pt"
    link.symlink_to(put(home / "x.pt", "abc"))
    weights_sha256(home / "x.pt")
    assert known_sha256(link) == weights_sha256(link)


@pytest.mark.parametrize("content", ["{", "[]", '{"x": 1}', '{"x": [1]}'])
def test_damaged_memo_is_written_anew(home, content):
    file = put(home / "x.pt", "abc")
    memo = put(home / "ALLOSCOPE_HOME" / "weights-sha256.json", content)
    weights_sha256(file)
    assert json.loads(memo.read_text())[str(file.resolve())][2] == weights_sha256(file)


def test_sha256_of_parts_depends_on_each(home):
    index = put(home / "model.safetensors.index.json", json.dumps({"weight_map": {"x": "b.safetensors", "y": "a.safetensors"}}))
    put(home / "a.safetensors", "a")
    put(home / "b.safetensors", "b")
    digests = [hashlib.sha256(part).hexdigest() for part in (b"a", b"b")]
    assert weights_sha256(index) == hashlib.sha256("".join(digests).encode()).hexdigest()


def test_damaged_index(home):
    with pytest.raises(WeightsError, match="damaged"):
        weights_sha256(put(home / "model.safetensors.index.json", "{}"))
