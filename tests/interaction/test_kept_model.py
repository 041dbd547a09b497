"""A model that was kept is read as it was, or refused in one sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from allo_core.errors import PairError
from allo_core.interaction.architectures import build
from allo_core.interaction.checkpoint import data_sha256
from allo_core.interaction.kept_model import KeptModel, check_language_model, load_pair_model, save_pair_model, training_mean
from allo_core.interaction.learn import predict_logits
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.model_card import CARD_FORMAT, MethodRow, ModelCard
from tests.interaction.planted import planted, small_model

INPUTS = planted()
ROWS = np.arange(len(INPUTS.pairs))


def card() -> ModelCard:
    return ModelCard(
        format=CARD_FORMAT,
        architecture=small_model(marks=True),
        cuts=("published", "published"),
        tokens=(INPUTS.first.tokens, INPUTS.second.tokens),
        model_id="esm2_t6_8M_UR50D",
        weights_sha256="a" * 64,
        data="random pairs",
        data_sha256=data_sha256(INPUTS),
        pairs=len(INPUTS.pairs),
        positives=int(INPUTS.pairs.labels.sum()),
        split="5 folds",
        settings=LearningSettings(),
        kept=(3, 4),
        comparison=(MethodRow("amps", {"auc": 0.7, "mcc": None}), MethodRow("names", {"auc": 0.8})),
        out_of_fold={"p0": {"p1": 0.25}},
        versions={"torch": torch.__version__},
        licence="none",
        parameters_sha256="",
    )


def kept() -> KeptModel:
    return KeptModel(card(), build(small_model(marks=True), 3).eval(), training_mean(INPUTS, ROWS))


def test_there_and_back(tmp_path):
    written = kept()
    as_written = save_pair_model(tmp_path / "model.safetensors", written)
    read = load_pair_model(tmp_path)
    assert read.card == as_written == replace(written.card, parameters_sha256=as_written.parameters_sha256)
    assert np.array_equal(read.mean, written.mean)
    assert np.array_equal(predict_logits(read.model, INPUTS, ROWS), predict_logits(written.model, INPUTS, ROWS))
    assert not read.model.training
    assert np.isnan(read.card.comparison[0].measure("mcc"))
    assert read.card.comparison[1].measure("auc") == 0.8


def test_half_is_half_the_size_and_says_nearly_the_same(tmp_path):
    written = kept()
    save_pair_model(tmp_path / "whole.safetensors", written)
    save_pair_model(tmp_path / "half.safetensors", written, half=True)
    assert (tmp_path / "half.safetensors").stat().st_size < 0.65 * (tmp_path / "whole.safetensors").stat().st_size
    read = load_pair_model(tmp_path / "half.safetensors")
    np.testing.assert_allclose(predict_logits(read.model, INPUTS, ROWS), predict_logits(written.model, INPUTS, ROWS), atol=0.02)


def test_the_mean_is_that_of_all_pairs():
    np.testing.assert_allclose(training_mean(INPUTS, ROWS), INPUTS.batch(ROWS).mean(axis=0), atol=1e-6)


def test_a_changed_file_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    save_pair_model(path, kept())
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(PairError, match="not the one that its card is about"):
        load_pair_model(path)


def change_card(path, **changes):
    values = json.loads(path.read_text())
    values.update(changes)
    path.write_text(json.dumps(values))


def test_parameters_of_another_shape_are_refused(tmp_path):
    save_pair_model(tmp_path / "model.safetensors", kept())
    other = json.loads((tmp_path / "model.json").read_text())["architecture"] | {"hidden": [8, 5]}
    change_card(tmp_path / "model.json", architecture=other)
    with pytest.raises(PairError, match="does not have the shape that its card says"):
        load_pair_model(tmp_path)


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    written = kept()
    written.mean[0, 0] = np.nan
    save_pair_model(tmp_path / "model.safetensors", written)
    with pytest.raises(PairError, match="not finite"):
        load_pair_model(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 99}, "written in format 99, this version reads 1"),
        ({"colour": "red"}, "'colour' is unknown"),
        ({"pairs": "many"}, "is damaged"),
        ({"tokens": [["a"], ["b"]]}, "tokens of 1 and 1 for the sides"),
        ({"cuts": ["sideways", "published"]}, "is damaged"),
    ],
)
def test_cards_that_do_not_fit(tmp_path, changes, told):
    save_pair_model(tmp_path / "model.safetensors", kept())
    change_card(tmp_path / "model.json", **changes)
    with pytest.raises(PairError, match=told):
        load_pair_model(tmp_path)


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(PairError, match=r"There is no model .*model\.safetensors; train one"):
        load_pair_model(tmp_path)
    save_pair_model(tmp_path / "model.safetensors", kept())
    (tmp_path / "model.json").write_text("{" * 100_000)
    with pytest.raises(PairError, match="cannot be read"):
        load_pair_model(tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(PairError, match="There is no card"):
        load_pair_model(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PairError, match="cannot be written"):
        save_pair_model(tmp_path / "file" / "model.safetensors", kept())


def test_another_language_model_is_refused():
    check_language_model(card(), "esm2_t6_8M_UR50D", "a" * 64)
    with pytest.raises(PairError, match="reads vectors of esm2_t6_8M_UR50D, not of esmc_300m"):
        check_language_model(card(), "esmc_300m", "a" * 64)
    with pytest.raises(PairError, match="other weights of esm2_t6_8M_UR50D"):
        check_language_model(card(), "esm2_t6_8M_UR50D", "b" * 64)
