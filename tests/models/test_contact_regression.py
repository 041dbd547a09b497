"""ESM-2's contact regression: found in every layout, never in the way, and what fair-esm's own contact head predicts."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from allo_core.attention.contacts import apc
from allo_core.models.contacts import ContactReader, contact_probabilities, weighted_apc
from allo_core.models.language_model import load_model
from allo_core.models.reading import read
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.models.tokens import encode
from tests.models.tiny import fair_esm_model, random_protein, save_fair_esm

ESM2 = "esm2_t6_8M_UR50D"


@pytest.fixture(scope="module")
def reference():
    model = fair_esm_model(MODELS[ESM2], seed=21, sharpness=3.0)
    with torch.no_grad():
        model.contact_head.regression.weight.normal_(std=2.0, generator=torch.Generator().manual_seed(0))
        model.contact_head.regression.bias.fill_(-0.7)
    return model


@pytest.fixture
def fair_esm(reference, tmp_path, monkeypatch):
    """The folder of fair-esm's two files."""
    save_fair_esm(reference, tmp_path / f"{ESM2}.pt")
    head = {f"contact_head.{name}": tensor for name, tensor in reference.contact_head.state_dict().items()}
    torch.save({"model": head}, tmp_path / f"{ESM2}-contact-regression.pt")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    return tmp_path


def transformers_folder(reference, folder, head: dict) -> None:
    from allo_core.models.convert import from_fair_esm

    state = {name: tensor.clone() for name, tensor in from_fair_esm(reference.state_dict()).items() if name != "lm_head.decoder.weight"}
    save_file(state | head, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "esm", "num_hidden_layers": 6, "hidden_size": 320}')


def check(regression, reference):
    assert regression.weights.shape == (6, 20)
    np.testing.assert_array_equal(regression.weights.ravel(), reference.contact_head.regression.weight.detach()[0].numpy())
    assert regression.bias == reference.contact_head.regression.bias.item()


def test_in_the_second_file_of_fair_esm(reference, fair_esm):
    model = load_model(ESM2, device="cpu")
    check(model.contact_regression, reference)
    (fair_esm / f"{ESM2}-contact-regression.pt").unlink()
    without = load_model(ESM2, device="cpu")
    assert without.contact_regression is None
    assert without.sha256 == model.sha256  # so runs have the same key


def test_in_the_file_of_transformers(reference, tmp_path, monkeypatch):
    head = {f"esm.contact_head.{name}": tensor.clone() for name, tensor in reference.contact_head.state_dict().items()}
    transformers_folder(reference, tmp_path, head)
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    check(load_model(ESM2, device="cpu").contact_regression, reference)
    transformers_folder(reference, tmp_path, {})
    assert load_model(ESM2, device="cpu").contact_regression is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no checkpoint",
        {"model": {"contact_head.regression.weight": torch.zeros(1, 120)}},
        {"model": {"contact_head.regression.weight": torch.zeros(1, 660), "contact_head.regression.bias": torch.zeros(1)}},
        {"model": {"contact_head.regression.weight": "none", "contact_head.regression.bias": "none"}},
        {"model": np.float64},  # would run code if it were let through
    ],
    ids=["empty", "damaged", "no bias", "of another model", "no tensors", "no data"],
)
def test_a_second_file_that_is_of_no_use_is_no_error(fair_esm, content):
    path = fair_esm / f"{ESM2}-contact-regression.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    assert load_model(ESM2, device="cpu").contact_regression is None


def test_the_shipped_model_has_none():
    assert load_model(DEFAULT_MODEL, device="cpu").contact_regression is None


def test_a_reader_predicts_the_contacts_of_fair_esm(reference, fair_esm):
    model, protein = load_model(ESM2, device="cpu"), random_protein(80)
    reader = ContactReader(model.contact_regression.weights)
    read(model, protein, [reader])
    with torch.inference_mode():
        expected = reference.predict_contacts(encode("esm2", protein).ids)[0]
    assert expected.std() > 0.01
    found = contact_probabilities(model.contact_regression, reader.total)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5, rtol=0)


def test_the_weighted_sum_is_that_of_the_corrected_maps():
    rng = np.random.default_rng(1)
    maps, weights = rng.random((7, 30, 30), dtype=np.float32), rng.normal(size=7)
    found = weighted_apc(torch.from_numpy(maps).double(), torch.from_numpy(weights)).numpy()
    np.testing.assert_allclose(found, np.tensordot(weights, apc(maps), axes=1), atol=1e-5)


def test_a_map_of_zeros_adds_nothing():
    maps = np.zeros((2, 4, 4))
    maps[1] = np.arange(16).reshape(4, 4)
    found = weighted_apc(torch.from_numpy(maps), torch.tensor([3.0, 2.0], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(found, 2 * apc(maps[1]), atol=1e-12)
