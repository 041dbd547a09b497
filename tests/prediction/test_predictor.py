"""The predictor on disk, and what it refuses."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from allo_core.errors import PredictionError
from allo_core.learning.method import Method, Setting, StrongestHeads, log_ratio
from allo_core.learning.model import LinearModel
from allo_core.library.receptors import find_receptor
from allo_core.prediction import predictor as module
from allo_core.prediction.examples import orthosteric_site, site_examples
from allo_core.prediction.features import head_features
from allo_core.prediction.frame import place
from allo_core.prediction.geometry import structure_features
from allo_core.prediction.memory import recalled, remembered
from allo_core.prediction.methods import HeadData, combined_method
from allo_core.prediction.predictor import load_predictor, predict_sites, save_predictor
from allo_core.prediction.relatives import relatives
from allo_core.prediction.selection import sensitivity
from allo_core.prediction.study import fit_predictor
from allo_core.protein.sequence import Protein
from tests.runs.attention_runs import random_attention, run_meta, write_run

EXAMPLES = [example for example in site_examples() if example.name in ("FFAR1", "GPBAR", "CCR5", "GPR52", "GRM1", "GRM5")]
HEADS = tuple(np.ndindex(1, 3))
RELATED = relatives(EXAMPLES)
MODEL = SimpleNamespace(spec=SimpleNamespace(id="random"), sha256="0" * 64)


def run_over(protein, seed=0, **changes):
    meta = run_meta(len(protein), 1, 3, sequence=protein.sequence, **changes)
    return write_run(meta, random_attention(1, 3, len(protein) + 2, seed))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOSCOPE_HOME", str(tmp_path_factory.mktemp("runs")))
        runs = [run_over(example.protein, seed) for seed, example in enumerate(EXAMPLES)]
        features = tuple(head_features(run, HEADS, one.numbers, one.orthosteric) for run, one in zip(runs, EXAMPLES, strict=True))
        received = [run.columns(0).weights.reshape(3, -1) for run in runs]
        snr = np.array([sensitivity(one, example.residues, example.numbers) for one, example in zip(received, EXAMPLES, strict=True)])
        above = tuple(run.columns(0.3).weights.reshape(3, -1) for run in runs)
        return HeadData(features, snr, HEADS, above)


@pytest.fixture(scope="module")
def predictor(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allo_core.prediction.study.combined_method", everything)
        return fit_predictor(MODEL, EXAMPLES, data, RELATED)


def everything(examples, data, related):
    """The predictor's method with one choice, all three ingredients."""
    method = combined_method(examples, data, related)
    wanted = "memory + structure + 2 heads"
    two = replace(method.choices["memory + 5 heads"][1], rule=StrongestHeads(data.sensitivities, 2))
    return Method(method.name, {wanted: (*method.choices["memory + structure"], two)}, (0.3,))


@pytest.fixture
def path(predictor, tmp_path):
    save_predictor(predictor, tmp_path / "predictor.json")
    return tmp_path / "predictor.json"


A2A = find_receptor("AA2AR")


def test_what_is_loaded_predicts_as_scikit_learn_does(predictor, data, path):
    loaded = load_predictor(path)
    assert len(loaded.heads) == 2
    assert loaded.ingredients == ("memory", "structure", "attention")
    run = run_over(A2A.protein, 9)
    found = predict_sites(run, A2A.protein, A2A.numbers, loaded)
    np.testing.assert_array_equal(found, predict_sites(run, A2A.protein, A2A.numbers, predictor))

    # Everything anew: memory of a training receptor is that of the others that are no relatives.
    chosen = [HEADS.index(head) for head in loaded.heads]
    places = [place(one.protein) for one in EXAMPLES]
    lists = [remembered(there, one.residues) for there, one in zip(places, EXAMPLES, strict=True)]

    def features(target, protein, orthosteric, sources, heads):
        total = sum(recalled(one, target) for one in sources)
        structure = structure_features(target.positions, len(protein), orthosteric)
        return np.hstack([log_ratio(total, total.mean(axis=0)), structure, heads.reshape(len(protein), -1)])

    x = np.concatenate(
        [
            features(
                places[at], one.protein, one.orthosteric, [lists[j] for j in range(6) if not RELATED[at, j]], data.features[at][:, chosen]
            )
            for at, one in enumerate(EXAMPLES)
        ]
    )
    y = np.concatenate([one.labels for one in EXAMPLES])
    weights = np.concatenate([np.full(len(one.protein), len(y) / 6 / len(one.protein)) for one in EXAMPLES])
    scaler = StandardScaler().fit(x, sample_weight=weights)
    solver = LogisticRegression(C=0.3, l1_ratio=1, solver="liblinear", intercept_scaling=10, tol=1e-3, max_iter=1000, random_state=0)
    solver.fit(np.nan_to_num(scaler.transform(x)), y, sample_weight=weights)
    site = orthosteric_site(A2A.protein, A2A.numbers)
    new = features(place(A2A.protein), A2A.protein, site, lists, head_features(run, loaded.heads, A2A.numbers, site))
    np.testing.assert_allclose(found, solver.predict_proba(np.nan_to_num(scaler.transform(new)))[:, 1], rtol=1e-8)
    assert found.shape == (412,)
    assert np.count_nonzero(solver.coef_) > 0
    assert len(np.unique(found)) > 100


@pytest.fixture
def memory_alone(predictor):
    model = LinearModel(np.zeros(3), np.ones(3), np.array([0.1, 0.2, 0.3]), -2.0)
    return replace(predictor, setting=Setting("memory", 0.1), heads=(), model=model)


def test_memory_alone_reads_no_run(memory_alone, tmp_path):
    save_predictor(memory_alone, tmp_path / "memory.json")
    loaded = load_predictor(tmp_path / "memory.json")
    assert not loaded.reads_attention
    found = predict_sites(None, A2A.protein, A2A.numbers, loaded)
    total = sum(recalled(one.remembered, place(A2A.protein)) for one in loaded.training)
    logits = log_ratio(total, total.mean(axis=0)) @ np.array([0.1, 0.2, 0.3]) - 2
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits)))
    other = run_over(A2A.protein, model_id="other")
    np.testing.assert_array_equal(predict_sites(other, A2A.protein, A2A.numbers, loaded), found)


def test_where_nothing_is_known_nothing_is_predicted(memory_alone):
    protein = Protein("pasted", "ACDEFGHIKLMNPQRSTVWY" * 4)
    with pytest.raises(PredictionError, match=r"carries sites over by generic number, and pasted has none.*class A, B, C or F"):
        predict_sites(None, protein, None, memory_alone)


def test_attention_that_is_read_must_be_given(predictor):
    with pytest.raises(PredictionError, match="reads the attention of random; give a run of it over AA2AR"):
        predict_sites(None, A2A.protein, A2A.numbers, predictor)


def test_predicting_needs_no_scikit_learn(path, monkeypatch):
    for name in ("sklearn", "sklearn.linear_model", "sklearn.preprocessing"):
        monkeypatch.setitem(sys.modules, name, None)
    assert predict_sites(run_over(A2A.protein), A2A.protein, A2A.numbers, load_predictor(path)).shape == (412,)


def test_it_says_what_it_was_fitted_to(path):
    loaded = load_predictor(path)
    assert {one.receptor for one in loaded.training} == {one.name for one in EXAMPLES}
    by_name = {one.receptor: one for one in loaded.training}
    assert by_name["GRM1"].first == 561
    assert by_name["GRM1"].last == 883
    assert by_name["CCR5"].listed["ligand contacts"].startswith("Y37 W86 Y89")
    assert by_name["CCR5"].orthosteric == "the ligand positions of class A"
    assert by_name["GRM5"].orthosteric == ""
    assert set(loaded.versions) == {"torch", "transformers", "scikit-learn", "numpy", "biotite"}


def test_a_protein_without_numbers_or_orthosteric_site(predictor):
    protein = Protein("pasted", "ACDEFGHIKLMNPQRSTVWY" * 4)
    found = predict_sites(run_over(protein), protein, None, predictor)
    assert found.shape == (80,)
    assert np.isfinite(found).all()


def test_a_run_of_another_model_of_other_weights_or_protein_is_refused(predictor):
    with pytest.raises(PredictionError, match=r"reads the attention of random, and this run is of other.*--model other --out FILE"):
        predict_sites(run_over(A2A.protein, model_id="other"), A2A.protein, A2A.numbers, predictor)
    with pytest.raises(PredictionError, match=r"fitted to other weights of random \(sha256 000000000000…, this run\s+1{12}…\)"):
        predict_sites(run_over(A2A.protein, weights_sha256="1" * 64), A2A.protein, A2A.numbers, predictor)
    with pytest.raises(PredictionError, match="The run is not one of AA2AR: it read another sequence of 300 residues"):
        predict_sites(run_over(Protein("part", A2A.protein.sequence[:300])), A2A.protein, A2A.numbers, predictor)


def test_the_shipped_one_is_the_default(predictor, path, monkeypatch):
    monkeypatch.setattr(module, "load_predictor", lambda: load_predictor(path))
    run = run_over(A2A.protein)
    np.testing.assert_array_equal(predict_sites(run, A2A.protein, A2A.numbers), predict_sites(run, A2A.protein, A2A.numbers, predictor))


def test_missing(tmp_path):
    with pytest.raises(PredictionError, match=r"There is no site predictor .*none\.json; make it with python -m allo_core\.terminal\.fit"):
        load_predictor(tmp_path / "none.json")


@pytest.mark.parametrize(
    "damage",
    [
        *({"format": 1}, {"features": ["received"]}, {"heads": []}, {"heads": [[1]]}, {"heads": "x"}, {"mean": [1.0]}),
        *({"scale": [0.0] * 14}, {"coefficients": [float("nan")] * 14}, {"intercept": "much"}, {"intercept": None}, {"training": [{}]}),
        *({"comparison": [{}]}, {"comparison": 3}, {"setting": {"k": 1}}, {"setting": {"choice": "wine", "c": 1.0}}, {"versions": 1}),
    ],
    ids=lambda damage: f"{next(iter(damage))} {str(*damage.values())[:12]}",
)
def test_damaged(path, damage):
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    with pytest.raises(PredictionError, match=r"predictor\.json is damaged \(.*make it anew") as error:
        load_predictor(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"3", b"null"])
def test_not_json_or_not_a_predictor(path, content):
    path.write_bytes(content)
    with pytest.raises(PredictionError, match=r"predictor\.json (cannot be read|is damaged)"):
        load_predictor(path)


def test_a_field_that_is_missing(path):
    values = json.loads(path.read_text())
    del values["weights_sha256"]
    path.write_text(json.dumps(values))
    with pytest.raises(PredictionError, match=r"is damaged .*weights_sha256"):
        load_predictor(path)


def test_where_nothing_can_be_written(predictor, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PredictionError, match=r"file/predictor\.json: cannot be written \(.*\); name another file"):
        save_predictor(predictor, tmp_path / "file" / "predictor.json")
