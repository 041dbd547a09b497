"""The model that ships: its file is the one that the registry names, says how it was made, and is refused if it is another."""

import hashlib
import importlib.util
import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from allo_core.errors import WeightsError
from allo_core.library.receptors import find_receptor
from allo_core.models import weights
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.models.tokens import VOCABULARIES
from allo_core.models.weights import locate
from tests.models.tiny import logits_of

SPEC = get_spec(DEFAULT_MODEL)
FILE = locate(SPEC).path
CARD = Path(__file__).resolve().parents[2] / "docs" / "gpcr-model.md"


def test_the_file_is_the_one_that_registry_and_card_name():
    content = FILE.read_bytes()
    (source,) = SPEC.sources
    assert hashlib.sha256(content).hexdigest() == source.sha256
    assert len(content) == source.size
    assert source.sha256 in CARD.read_text(encoding="utf-8")


def test_the_file_says_how_it_was_made():
    with safe_open(FILE, "pt") as file:
        said = file.metadata()
        types = {str(file.get_tensor(name).dtype) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    assert said["command"].startswith("python -m allo_core train gpcr_orthologs.fasta.gz ")
    assert said["licence"].startswith("CC BY 4.0")
    settings = json.loads(said["settings"])
    assert f"--tokens {settings['tokens']}" in said["command"]
    done, of = map(int, said["step"].split(" of "))
    assert done == of or f"{done:,} of {of:,} steps" in CARD.read_text(encoding="utf-8")  # a training that is not at its end is said
    assert int(said["tokens"]) <= 1.01 * settings["tokens"]
    assert re.fullmatch("[0-9a-f]{64}", said["data_sha256"])
    assert types == {"torch.float16", "torch.float32"}
    assert said["data_sha256"] in CARD.read_text(encoding="utf-8")


def test_it_loads_from_the_package_and_knows_a_receptor():
    model = load_model(DEFAULT_MODEL, device="cpu")
    assert model.sha256 == SPEC.sources[0].sha256
    protein = find_receptor("AA2AR").protein
    logits = logits_of(model, protein)
    said = [VOCABULARIES["esm2"][index] for index in logits.argmax(dim=1).tolist()]
    # Shown the whole sequence it says it back; an untrained model does so at one residue in twenty.
    assert sum(a == b for a, b in zip(said, protein.sequence, strict=True)) > 0.8 * len(protein)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("damage", ["one bit", "another model"])
def test_another_file_in_its_place_is_refused(damage, tmp_path, monkeypatch):
    package = tmp_path / "allo_core"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    copy = package / "data" / FILE.name
    content = bytearray(FILE.read_bytes())
    if damage == "one bit":
        content[-1000] ^= 1
    copy.write_bytes(content if damage == "one bit" else b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    found = importlib.util.spec_from_file_location("allo_core", package / "__init__.py")
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: found)
    with pytest.raises(WeightsError, match=r"are not those that ship with AlloScope \(sha256 .*get AlloScope again"):
        load_model(DEFAULT_MODEL, device="cpu")
