import os

import pytest
from transformers import EsmConfig, EsmForProteinFolding
from transformers.models.esm.configuration_esm import get_default_vocab_list

from allo_core.errors import WeightsError
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, describes, how_to_get_folding, locate_folding
from allo_core.models.registry import MODELS
from tests.models.tiny_esmfold import TINY_ESMFOLD, random_esmfold, save_esmfold

SPEC = FOLDING_MODELS[ESMFOLD]


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch, tmp_path):
    """No weights of the machine."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return save_esmfold(random_esmfold(), tmp_path_factory.mktemp("files"))


def copied(files, folder):
    folder.mkdir(parents=True)
    for file in files.iterdir():
        os.link(file, folder / file.name)
    return folder


def test_no_attention_is_asked_of_it():
    assert not FOLDING_MODELS.keys() & MODELS.keys()
    assert all(source.repository != SPEC.weights.repository for spec in MODELS.values() for source in spec.sources)


def test_its_numbers_are_those_of_its_shape():
    """Counted over transformers' module of this shape, of which nothing is allocated."""
    import torch

    config = EsmConfig(
        vocab_list=get_default_vocab_list(),
        vocab_size=33,
        hidden_size=SPEC.width,
        num_hidden_layers=SPEC.layers,
        num_attention_heads=SPEC.heads,
        intermediate_size=4 * SPEC.width,
        pad_token_id=1,
        mask_token_id=32,
        position_embedding_type="rotary",
        is_folding_model=True,
        esmfold_config={"trunk": {"num_blocks": SPEC.blocks, "pairwise_state_dim": SPEC.pair_width}},
    )
    with torch.device("meta"):
        module = EsmForProteinFolding(config)
    language_model = sum(parameter.numel() for parameter in module.esm.parameters())
    trunk = sum(parameter.numel() for parameter in module.parameters()) - language_model
    assert language_model == pytest.approx(SPEC.language_model_parameters, rel=1e-3)
    assert trunk == pytest.approx(SPEC.trunk_parameters, rel=1e-3)
    assert 2 * language_model + 4 * trunk == pytest.approx(SPEC.weights.size, rel=1e-3)
    assert module.trunk.blocks[0].tri_att_start.no_heads == SPEC.pair_heads


def test_found_where_others_are(files, monkeypatch, tmp_path, own_home):
    assert locate_folding(TINY_ESMFOLD) is None
    copied(files, own_home / "weights" / ESMFOLD)
    assert locate_folding(TINY_ESMFOLD).where == "downloaded by AlloScope"
    snapshot = copied(files, tmp_path / "hub" / "models--facebook--esmfold_v1" / "snapshots" / "abc")
    found = locate_folding(TINY_ESMFOLD)
    assert (found.where, found.weights) == ("transformers cache, facebook/esmfold_v1", snapshot / "pytorch_model.bin")
    for folder in (tmp_path / "mine", tmp_path / "several" / ESMFOLD):
        copied(files, folder)
    for named in ("mine", "several"):
        monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path / named))
        assert locate_folding(TINY_ESMFOLD).where == "ALLOSCOPE_WEIGHTS"


def test_another_model_is_not_taken_for_it(files, monkeypatch, tmp_path):
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(files))
    assert locate_folding(SPEC) is None
    for text in ("", "[]", "{}", '{"esmfold_config": null}', '{"esmfold_config": {"trunk": 3}}'):
        (tmp_path / "config.json").write_text(text)
        assert not describes(tmp_path / "config.json", SPEC)
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(files / "pytorch_model.bin"))  # a file is some other model's
    assert locate_folding(TINY_ESMFOLD) is None
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path / "nothing"))
    with pytest.raises(WeightsError, match="which does not exist"):
        locate_folding(TINY_ESMFOLD)


def test_parts_that_are_missing_are_named(files, own_home):
    folder = copied(files, own_home / "weights" / ESMFOLD)
    (folder / "pytorch_model.bin").unlink()
    assert locate_folding(TINY_ESMFOLD) is None
    (folder / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "part-1.bin"}}')
    with pytest.raises(WeightsError, match=r"names part-1\.bin, which is missing"):
        locate_folding(TINY_ESMFOLD)


def test_how_to_get_it(own_home):
    said = how_to_get_folding(SPEC)
    assert "8.4 GB" in said
    assert str(own_home / "weights" / ESMFOLD) in said
    assert "\n" not in said
