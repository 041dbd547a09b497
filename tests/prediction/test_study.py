"""From a real model to a file that predicts, and the commands that do it."""

import json

import numpy as np
import pytest
import site_prediction

from allo_core.errors import PredictionError
from allo_core.learning.evaluate import HeldOut
from allo_core.learning.results import CHANCE
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.examples import site_examples
from allo_core.prediction.methods import BASELINES, COMBINED, POSITION_MEMORY, WITH_AND_WITHOUT, final_embeddings
from allo_core.prediction.predictor import load_predictor, predict_sites
from allo_core.prediction.study import compare_all, study
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
    monkeypatch.setattr("allo_core.learning.method.Method.strengths", (0.03,))
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
    assert said.out.startswith(f"The predictor ({POSITION_MEMORY}) on 5 receptors left out in 5 groups of relatives.")
    assert said.out.endswith(f"Written: {out}\n")
    assert said.err.splitlines()[0] == "attention on AA2AR"
    predictor = load_predictor(out)
    model = load_model(DEFAULT_MODEL, "cpu")
    assert (predictor.model_id, predictor.weights_sha256, predictor.ingredients) == (DEFAULT_MODEL, model.sha256, ("memory",))
    assert list(predictor.comparison.methods) == [COMBINED, *WITH_AND_WITHOUT, *BASELINES, CHANCE]
    assert set(predictor.comparison.differences) == {COMBINED, *BASELINES, CHANCE} - {POSITION_MEMORY}
    found = predict_sites(extract_attention(model, HRH1.protein), HRH1.protein, HRH1.numbers, predictor)
    assert found.shape == (len(HRH1.protein),)
    assert ((found > 0) & (found < 1)).all()
    assert str(tmp_path) not in out.read_text()


def test_the_benchmark_prints_tables(small, tmp_path, capsys):
    site_prediction.main(["--device", "cpu", "--json", str(tmp_path / "numbers.json")])
    said = capsys.readouterr().out
    assert "### Methods (5 receptors in 5 groups, 109 listed of " in said
    for name in (COMBINED, *WITH_AND_WITHOUT, *BASELINES, CHANCE):
        assert f"| {name} | " in said
    assert said.count("| reproduction: Student's t of heads | ") == said.count("| reproduction: impact above the mean | ") == 5
    rows = [line for line in said.splitlines() if line.startswith(f"| {POSITION_MEMORY} | ")]
    assert len(rows) == 5  # once among the methods, and its learning curve
    for example in FEW:
        assert f"| {example.name} | " in said
    assert "- Homologues: none." in said
    assert "- Orthosteric site not known: GLP1R." in said
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert f"{numbers['comparison']['methods'][COMBINED]['auroc']['value']:.3f} [" in said


def test_the_combination_ships_only_if_it_beats_position_memory():
    """With every interval above 0 it takes the place of position memory, else it does not."""
    rng = np.random.default_rng(0)
    noise = {name: HeldOut(tuple(rng.normal(size=len(one.protein)) for one in FEW), ()) for name in (*WITH_AND_WITHOUT, *BASELINES)}
    good = HeldOut(tuple(one.labels + 0.1 * rng.normal(size=len(one.protein)) for one in FEW), ())
    assert compare_all(FEW, {COMBINED: good, **noise}, np.eye(5, dtype=bool)).predictor == COMBINED
    assert compare_all(FEW, {COMBINED: noise["segment"], **noise}, np.eye(5, dtype=bool)).predictor == POSITION_MEMORY
    assert (
        compare_all(FEW, {COMBINED: noise["segment"], **noise, POSITION_MEMORY: good}, np.eye(5, dtype=bool)).predictor == POSITION_MEMORY
    )


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
