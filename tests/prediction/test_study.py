"""From a real model to a file that predicts, and the commands that do it."""

import json

import numpy as np
import pytest
import site_prediction

from allo_core.errors import PredictionError
from allo_core.learning.results import PREDICTOR, RANDOM, RATE
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.examples import site_examples
from allo_core.prediction.methods import BASELINES, final_embeddings
from allo_core.prediction.predictor import load_predictor, predict_sites
from allo_core.prediction.study import study
from allo_core.runs.extract import extract_attention
from allo_core.terminal import fit as build
from tests.models.tiny import logits_of

FEW = tuple(one for one in site_examples() if one.name in ("AA2AR", "CCR5", "FFAR1", "GPBAR", "GLP1R"))
HRH1 = find_receptor("HRH1")


@pytest.fixture
def small(monkeypatch):
    """Five receptors and one setting, in this process."""
    for module in (build, site_prediction):
        monkeypatch.setattr(module, "site_examples", lambda: FEW)
    monkeypatch.setattr("allo_core.prediction.methods.SIZES", (4,))
    monkeypatch.setattr("allo_core.learning.evaluate.STRENGTHS", (0.03,))
    monkeypatch.setattr("allo_core.prediction.study._MOST_PROCESSES", 1)


@pytest.fixture
def no_fit(monkeypatch):
    """Nothing may be computed."""
    for module in (build, site_prediction):
        monkeypatch.setattr(module, "study", None)


def test_the_command_writes_a_predictor_that_predicts(small, tmp_path, capsys):
    out = tmp_path / "mine.json"
    assert build.main(["--out", str(out), "--device", "cpu"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("In mean AUPRC (all sites, 5 receptors)")
    assert said.out.endswith(f"Written: {out}\n")
    assert said.err.splitlines()[0] == "attention on AA2AR"
    predictor = load_predictor(out)
    model = load_model(DEFAULT_MODEL, "cpu")
    assert (predictor.model_id, predictor.weights_sha256, len(predictor.heads)) == (DEFAULT_MODEL, model.sha256, 4)
    assert [one.evidence for one in predictor.comparisons] == ["all sites", "ligand contacts", "neighbourhood"]
    assert list(predictor.comparisons[0].methods) == [PREDICTOR, *BASELINES, RANDOM, RATE]
    found = predict_sites(extract_attention(model, HRH1.protein), HRH1.protein, HRH1.numbers, predictor)
    assert found.shape == (len(HRH1.protein),)
    assert ((found > 0) & (found < 1)).all()
    assert str(tmp_path) not in out.read_text()


def test_the_benchmark_prints_tables(small, tmp_path, capsys):
    site_prediction.main(["--device", "cpu", "--json", str(tmp_path / "numbers.json")])
    said = capsys.readouterr().out
    for line in (
        "### All sites (5 receptors, ",
        "### Ligand contacts (2 receptors, 22 listed",
        "### Neighbourhood (3 receptors, 87 listed",
    ):
        assert line in said
    for name in (*BASELINES, RANDOM, RATE):
        assert said.count(f"| {name} | ") >= 6  # in the table of areas and in that of differences, three times each
    for example in FEW:
        assert f"| {example.name} | " in said
    assert "- Homologues that were kept out of each other's training folds: none." in said
    assert "- Orthosteric site not known: GLP1R." in said
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert f"{numbers[0]['methods'][PREDICTOR]['auprc']['value']:.3f} [" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "esm9"), "esm9"),
        (("--out", "none/there.json"), "the folder does not exist"),
        (("--out", "."), "a folder, not a file"),
        (("--device", "tpu"), "'tpu' is not available"),
    ],
    ids=["model", "folder", "no file", "device"],
)
def test_bad_options_before_anything_is_computed(no_fit, options, message, capsys):
    assert build.main(options) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert message in said.err


def test_the_benchmark_refuses_in_one_line(no_fit):
    with pytest.raises(SystemExit, match=r"^site_prediction: none/there\.json: the folder does not exist\.$"):
        site_prediction.main(["--json", "none/there.json"])


def test_cancelled(monkeypatch, capsys, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "study", interrupted)
    assert build.main(["--out", str(tmp_path / "mine.json")]) == 130
    assert capsys.readouterr().err == "alloscope: cancelled; nothing was written\n"
    assert list(tmp_path.iterdir()) == []


def test_too_few_examples():
    with pytest.raises(PredictionError, match="4 receptors with listed sites are too few; give at least 5"):
        study(None, FEW[:4])


def test_embeddings_are_the_last_hidden_states():
    model = load_model(DEFAULT_MODEL, "cpu")
    found = final_embeddings(model, FEW[0])
    assert found.shape == (412, 320)
    # The output layer of the model, put on them, gives its logits.
    import torch

    with torch.inference_mode():
        logits = model.module.lm_head(torch.tensor(found, dtype=torch.float32))
    np.testing.assert_allclose(logits.numpy(), logits_of(model, FEW[0].protein).numpy(), atol=1e-4)
