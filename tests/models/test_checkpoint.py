import importlib.util
import os
import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from allo_core.errors import WeightsError
from allo_core.models.checkpoint import fill_module, read_checkpoint
from allo_core.models.language_model import build_module, load_model
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from tests.models.tiny import (
    TINY_BERT,
    TINY_ESMC,
    capture_all,
    esmc_forward,
    fair_esm_model,
    logits_of,
    official_bert_state,
    official_esmc_state,
    random_protein,
    save_fair_esm,
)

ESM2 = "esm2_t6_8M_UR50D"
# Two implementations of the same float32 arithmetic, summed in another order.
CLOSE = {"atol": 2e-4, "rtol": 1e-4}


@pytest.fixture(autouse=True)
def _nothing_else_is_found(monkeypatch, tmp_path):
    for name in ("ALLOSCOPE_HOME", "HF_HOME", "TORCH_HOME", "ALLOSCOPE_WEIGHTS"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "alloscope_weights"


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(MODELS, "esmc_300m", TINY_ESMC)
    monkeypatch.setitem(MODELS, "antiberty", TINY_BERT)


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_fair_esm_file_gives_the_same_logits(folder):
    reference = fair_esm_model(MODELS[ESM2], seed=4, sharpness=3.0)
    save_fair_esm(reference, folder / f"{ESM2}.pt")
    protein = random_protein(120, letters="ACDEFGHIKLMNPQRSTVWYUOBZX")
    with torch.inference_mode():
        expected = reference(encode("esm2", protein.sequence).ids)["logits"][0, 1:-1]
    model = load_model(ESM2, device="cpu")
    assert (model.weights.state, model.weights.source, model.weights.licence) == ("found", "ALLOSCOPE_WEIGHTS", "MIT")
    torch.testing.assert_close(logits_of(model, protein), expected, **CLOSE)


def test_half_precision_fair_esm_file_is_read_as_float32(folder):
    reference = fair_esm_model(MODELS[ESM2], seed=5).half()
    save_fair_esm(reference, folder / f"{ESM2}.pt")
    model = load_model(ESM2, device="cpu")
    assert {parameter.dtype for parameter in model.module.parameters()} == {torch.float32}
    protein = random_protein(50)
    with torch.inference_mode():
        expected = reference.float()(encode("esm2", protein.sequence).ids)["logits"][0, 1:-1]
    torch.testing.assert_close(logits_of(model, protein), expected, **CLOSE)


def test_esm_file_gives_the_same_logits_and_maps(folder, tiny):
    state = official_esmc_state(TINY_ESMC, seed=6)
    torch.save(state, folder / "esmc_300m_2024_12_v0.pth")
    protein = random_protein(70, letters="ACDEFGHIKLMNPQRSTVWYUOBZX")
    tokens = encode("esmc", protein.sequence).ids
    logits, maps = esmc_forward(state, TINY_ESMC, tokens[0])
    assert maps[-1].amax() > 0.2
    model = load_model("esmc_300m", device="cpu")
    assert model.weights.licence == "Cambrian Open License"
    torch.testing.assert_close(logits_of(model, protein), logits[1:-1], **CLOSE)
    assert (capture_all(model.module, tokens) - torch.stack(maps)).abs().max() <= 1e-5


def test_transformers_folder_gives_the_same_logits(folder):
    reference = fair_esm_model(MODELS[ESM2], seed=7)
    save_fair_esm(reference, folder / f"{ESM2}.pt")
    module = load_model(ESM2, device="cpu").module
    (folder / f"{ESM2}.pt").unlink()
    module.save_pretrained(folder)
    protein = random_protein(40)
    with torch.inference_mode():
        expected = reference(encode("esm2", protein.sequence).ids)["logits"][0, 1:-1]
    model = load_model(ESM2, device="cpu")
    assert model.weights.layout == "transformers"
    torch.testing.assert_close(logits_of(model, protein), expected, **CLOSE)


def test_transformers_folder_in_parts(folder):
    module = build_module(MODELS[ESM2])
    module.save_pretrained(folder, max_shard_size="10MB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    protein = random_protein(40)
    with torch.inference_mode():
        expected = module(input_ids=encode("esm2", protein.sequence).ids).logits[0, 1:-1]
    torch.testing.assert_close(logits_of(load_model(ESM2, device="cpu"), protein), expected, **CLOSE)
    next(folder.glob("model-*.safetensors")).unlink()
    with pytest.raises(WeightsError, match="missing") as error:
        load_model(ESM2, device="cpu")
    one_line(error)


def test_names_of_old_versions_of_transformers(folder):
    """As facebook's files have them: rotary tables in the layers, position ids, a contact head, an output layer that is the embedding."""
    module = build_module(MODELS[ESM2])
    state = {name: tensor for name, tensor in module.state_dict().items() if "rotary" not in name and "decoder" not in name}
    table = module.state_dict()["esm.rotary_embeddings.inv_freq"]
    state |= {f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq": table.clone() for layer in range(6)}
    state |= {"esm.embeddings.position_ids": torch.arange(1026)[None], "esm.contact_head.regression.weight": torch.zeros(1, 120)}
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(module.config.to_json_string())
    protein = random_protein(40)
    model = load_model(ESM2, device="cpu")
    module.lm_head.decoder.weight = module.esm.embeddings.word_embeddings.weight
    with torch.inference_mode():
        expected = module(input_ids=encode("esm2", protein.sequence).ids).logits[0, 1:-1]
    torch.testing.assert_close(logits_of(model, protein), expected, **CLOSE)


def test_bert_folder(folder, tiny, monkeypatch):
    module = build_module(TINY_BERT)
    torch.save(official_bert_state(module), folder / "pytorch_model.bin")
    (folder / "config.json").write_text(module.config.to_json_string())
    protein = random_protein(40)
    with torch.inference_mode():
        expected = module(input_ids=encode("bert", protein.sequence).ids).logits[0, 1:-1]
    model = load_model("antiberty", device="cpu")
    assert model.weights.source == "ALLOSCOPE_WEIGHTS"
    torch.testing.assert_close(logits_of(model, protein), expected, **CLOSE)


@pytest.mark.parametrize("spec", [MODELS[ESM2], TINY_ESMC, TINY_BERT], ids=["esm2", "esmc", "bert"])
def test_tables_are_right_after_the_meta_device(spec):
    direct = build_module(spec)
    with torch.device("meta"):
        filled = build_module(spec)
    state = {name: tensor for name, tensor in direct.state_dict().items() if not name.endswith("inv_freq")}
    fill_module(filled, state, torch.bfloat16, path=None)
    tables = dict(direct.named_buffers())
    assert tables.keys() == dict(filled.named_buffers()).keys() != set()
    for name, table in filled.named_buffers():
        # bfloat16 is for weights: rotary angles need float32.
        assert table.dtype == tables[name].dtype
        assert torch.equal(table, tables[name]), name
    assert {parameter.dtype for parameter in filled.parameters()} == {torch.bfloat16}


def test_missing_file(tmp_path):
    with pytest.raises(WeightsError, match="missing") as error:
        read_checkpoint(tmp_path / "none.pt", "fair-esm")
    one_line(error)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize("name", [f"{ESM2}.pt", "model.safetensors"])
def test_truncated_file(folder, name, share):
    whole = folder / name
    if name.endswith(".pt"):
        save_fair_esm(fair_esm_model(MODELS[ESM2], seed=8), whole)
    else:
        build_module(MODELS[ESM2]).save_pretrained(folder)
    content = whole.read_bytes()
    whole.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match="damaged or cut short") as error:
        load_model(ESM2, device="cpu")
    assert name in one_line(error)


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><html></html>", bytes(range(256)) * 50, b"PK\x03\x04" + bytes(500)])
@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_other_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError) as error:
        read_checkpoint(tmp_path / name, "fair-esm")
    one_line(error)


class _MakesFile:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_pickle_that_wants_to_run_code(folder, tmp_path, zipped, protocol):
    trap = tmp_path / "trap"
    file = folder / f"{ESM2}.pt"
    torch.save({"model": {"x": _MakesFile(trap)}}, file, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    with pytest.raises(WeightsError, match="could run code") as error:
        load_model(ESM2, device="cpu")
    one_line(error)
    assert not trap.exists()
    # The trap works where it is let.
    pickle.loads(pickle.dumps(_MakesFile(trap)))
    assert trap.exists()


def test_not_a_state_dict(folder):
    for content in ([1, 2], {"a": 1}, {}):
        torch.save(content, folder / f"{ESM2}.pt")
        with pytest.raises(WeightsError, match="no state dict") as error:
            load_model(ESM2, device="cpu")
        one_line(error)


def test_wrong_contents_are_named(folder):
    model = fair_esm_model(MODELS[ESM2], seed=9)
    path = folder / f"{ESM2}.pt"

    def message(change):
        state = model.state_dict()
        change(state)
        torch.save({"model": state}, path)
        with pytest.raises(WeightsError) as error:
            load_model(ESM2, device="cpu")
        return one_line(error)

    assert "lacks esm.encoder.layer.2.intermediate.dense.weight" in message(lambda state: state.pop("layers.2.fc1.weight"))
    assert "unknown layers.0.extra" in message(lambda state: state.update({"layers.0.extra": torch.zeros(1)}))
    shapes = message(lambda state: state.update({"layers.0.fc1.bias": torch.zeros(7)}))
    assert "esm.encoder.layer.0.intermediate.dense.bias is [7], not [1280]" in shapes


def test_weights_of_another_size(folder):
    smaller = replace(MODELS[ESM2], layers=4)
    save_fair_esm(fair_esm_model(smaller, seed=10), folder / f"{ESM2}.pt")
    with pytest.raises(WeightsError, match=r"lacks esm\.encoder\.layer\.4\..* more") as error:
        load_model(ESM2, device="cpu")
    one_line(error)


def test_weights_that_are_not_here_say_what_to_do(monkeypatch):
    with pytest.raises(WeightsError, match=r"esm2_t33_650M_UR50D\.pt .*ALLOSCOPE_WEIGHTS") as error:
        load_model("esm2_t33_650M_UR50D")
    one_line(error)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="pip install") as error:
        load_model("antiberty")
    one_line(error)
