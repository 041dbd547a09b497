"""Weights folders that are damaged in ways that were reported: each ends in one sentence, and no code of them runs."""

import json

import pytest
import torch

from allo_core.errors import NotAttentionError, WeightsError
from allo_core.models.checkpoint import read_checkpoint
from allo_core.models.weights import weight_files
from allo_core.runs.extract import extract_attention
from allo_core.runs.store import list_runs
from tests.models.tiny import FAMILIES, random_model, random_protein

INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "content", ['{"weight_map": {"a": 3}}', '{"weight_map": {"a": null, "b": "x"}}', '{"weight_map": [1]}', "[]", "{}"]
)
def test_an_index_that_maps_to_no_file(tmp_path, content):
    (tmp_path / INDEX).write_text(content)
    with pytest.raises(WeightsError, match=r"The index of weights .* is damaged"):
        weight_files(tmp_path / INDEX)


def test_the_index_that_was_reported(shared):
    with pytest.raises(WeightsError, match="is damaged"):
        weight_files(shared / "cases/weights_index_num" / INDEX)


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "sub/model.safetensors", "..", ""])
def test_an_index_that_leads_out_of_its_folder(tmp_path, name):
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(WeightsError, match="which is no file beside it"):
        weight_files(tmp_path / INDEX)


def test_names_that_are_whole_numbers(tmp_path):
    torch.save({0: torch.zeros(2), 1: torch.zeros(2)}, tmp_path / "esm2_t6_8M_UR50D.pt")
    with pytest.raises(WeightsError, match="holds no state dict of tensors"):
        read_checkpoint(tmp_path / "esm2_t6_8M_UR50D.pt", "fair-esm")


@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
def test_weights_that_are_not_numbers_are_named(spec):
    model = random_model(spec)
    name, parameter = next((name, each) for name, each in model.module.named_parameters() if each.ndim == 2 and "emb" not in name)
    with torch.no_grad():
        parameter[0, 0] = float("nan")
    assert model.first_not_finite() == name
    with pytest.raises(WeightsError, match=rf"hold values that are not numbers \(in {name}\); get them again"):
        extract_attention(model, random_protein(30))
    assert list_runs() == []


def test_where_the_weights_are_sound_the_device_is_blamed(monkeypatch):
    model = random_model(FAMILIES[0])
    softmax = torch.softmax
    monkeypatch.setattr(torch, "softmax", lambda *args, **more: softmax(*args, **more).mul_(float("nan")))
    with pytest.raises(NotAttentionError, match=r"rows do not sum to 1\); nothing is kept\.$"):
        extract_attention(model, random_protein(30))
