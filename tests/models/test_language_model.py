import importlib.util
import socket
import threading

import pytest
import torch

from allo_core.errors import Cancelled, DeviceError, SequenceError
from allo_core.models.language_model import build_module, load_model
from allo_core.models.registry import MODELS
from allo_core.models.tokens import check_length, encode, length_warning
from allo_core.protein.sequence import Protein
from tests.models.tiny import attention_of, fair_esm_model, logits_of, random_protein, save_fair_esm

needs_antiberty = pytest.mark.skipif(importlib.util.find_spec("antiberty") is None, reason="the package antiberty is not installed")
ESM2 = "esm2_t6_8M_UR50D"


@pytest.fixture
def esm2(tmp_path, monkeypatch):
    save_fair_esm(fair_esm_model(MODELS[ESM2], seed=12), tmp_path / f"{ESM2}.pt")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))


@needs_antiberty
def test_no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    model = load_model("antiberty")
    layers = []
    attention_of(model, random_protein(30), lambda layer, probabilities: layers.append(layer))
    assert layers == list(range(8))


@needs_antiberty
def test_antiberty_knows_antibodies():
    """Trained weights, rightly read: the model finds back masked-out residues of an antibody far more often than by chance (1 in 20)."""
    heavy = "EVQLVESGGGLVQPGGSLRLSCAASGFTFSSYAMSWVRQAPGKGLEWVSAISGSGGSTYYADSVKGRFTISRDNSKNTLYLQMNSLRAEDTAVYYCAKWGQGTLVTVSS"
    model = load_model("antiberty", device="cpu")
    hidden = list(range(0, len(heavy), 4))
    masked = "".join("X" if index in hidden else letter for index, letter in enumerate(heavy))
    guesses = logits_of(model, Protein("x", masked)).argmax(dim=-1)
    right = encode("bert", heavy).ids[0, 1:-1]
    assert (guesses[hidden] == right[hidden]).float().mean() > 0.5


def test_attention_of_one_protein(esm2):
    model = load_model(ESM2, device="cpu")
    protein = random_protein(25)
    maps = {}
    attention_of(model, protein, lambda layer, probabilities: maps.update({layer: probabilities.clone()}))
    assert list(maps) == list(range(6))
    assert all(tensor.shape == (20, 27, 27) for tensor in maps.values())
    assert max((tensor.sum(-1) - 1).abs().max() for tensor in maps.values()) <= 1e-5
    assert model.device.type == "cpu"
    assert len(model.sha256) == 64


def test_bfloat16_is_chosen(esm2):
    model = load_model(ESM2, device="cpu", dtype="bfloat16")
    protein = random_protein(25)
    logits = logits_of(model, protein)
    assert logits.dtype == torch.float32
    exact = logits_of(load_model(ESM2, device="cpu"), protein)
    assert 0 < (logits - exact).abs().max() < 0.1 * exact.abs().max()


def test_cancel_ends_the_pass(esm2):
    cancel, layers = threading.Event(), []

    def sink(layer, probabilities):
        layers.append(layer)
        if layer == 2:
            cancel.set()

    with pytest.raises(Cancelled):
        attention_of(load_model(ESM2, device="cpu"), random_protein(25), sink, cancel)
    assert layers == [0, 1, 2]


def test_first_layers_by_a_copy_on_the_cpu(esm2, monkeypatch):
    model = load_model(ESM2, device="cpu")
    protein = random_protein(40)
    maps = []
    attention_of(model, protein, lambda layer, probabilities: maps.append(probabilities.clone()))
    copy = model._first_layers_on_cpu()
    assert len(copy.esm.encoder.layer) == 2
    monkeypatch.setattr(model, "module", copy)
    for seen, expected in zip(model.first_layers(protein, "cpu"), maps[:2], strict=True):
        assert torch.equal(seen, expected)


@pytest.mark.parametrize(("device", "dtype", "match"), [("tpu", "auto", "'tpu'.*auto, .*cpu"), ("cpu", "float8", "'float8'.*bfloat16")])
def test_unknown_device_or_precision(esm2, device, dtype, match):
    with pytest.raises(DeviceError, match=match):
        load_model(ESM2, device=device, dtype=dtype)


def test_too_long_for_antiberty():
    protein = Protein("CASR", "A" * 511)
    with pytest.raises(SequenceError, match=r"CASR has 511 residues, AntiBERTy reads at most 510; use its 7TM domain"):
        check_length(MODELS["antiberty"], protein)
    check_length(MODELS["antiberty"], Protein("x", "A" * 510))
    check_length(MODELS[ESM2], Protein("x", "A" * 6000))


def test_length_warning():
    assert length_warning(MODELS[ESM2], 1022) is None
    assert "1024 tokens, this input has 1025" in length_warning(MODELS[ESM2], 1023)
    assert length_warning(MODELS["esmc_300m"], 1023) is None
    assert "2048 tokens" in length_warning(MODELS["esmc_300m"], 2047)
    assert length_warning(MODELS["antiberty"], 511) is None


def test_built_module_runs():
    module = build_module(MODELS[ESM2])
    with torch.inference_mode():
        assert module(input_ids=encode("esm2", "ACDE").ids).logits.shape == (1, 6, 33)
