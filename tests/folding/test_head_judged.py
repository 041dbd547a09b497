import numpy as np
import pytest
from scipy.spatial.distance import cdist

from allo_core.folding.head_judged import MEASURES, HeadCase, cases_of, family_rows, judged, rows_of
from allo_core.folding.references import ALPHAFOLD, AVERAGE, EXPERIMENT, TEMPLATE, Kind, Prediction, Reference, baselines_of, references_of
from allo_core.library.receptors import find_receptor
from tests.structure.traces import mirrored

ENTRY = "PTH1R"  # of a small class, so that its average is quick


def case(receptor, method, value, kind: Kind = ALPHAFOLD, tm: float | None = None):
    measures: dict[str, float] = dict.fromkeys(MEASURES, value)
    measures["tm"] = value if tm is None else tm
    return HeadCase(receptor, "A", method, "AF", kind, "", measures)


@pytest.fixture(scope="module")
def model():
    return references_of("ADRB2")[0]


def test_references_are_the_sure_part_of_the_model_and_the_experiments_that_ship():
    found = references_of("ADRB2")
    assert [(one.kind, one.name) for one in found] == [(ALPHAFOLD, "AF-P07550-F1"), (EXPERIMENT, "3SN6")]
    sure, whole = np.isfinite(found[0].ca[:, 0]), len(found[0].ca)
    assert 250 < sure.sum() < whole
    assert np.isfinite(found[0].cb[sure]).all()
    assert np.isnan(found[1].cb).all(), "of experiments the CA alone ship"
    assert references_of("LGR4") == ()


def test_baselines_do_not_know_the_receptor():
    names = [one.method for one in baselines_of(ENTRY)]
    assert names[0] == AVERAGE
    assert names[-1] == ALPHAFOLD
    assert TEMPLATE in names
    average = baselines_of(ENTRY)[0]
    numbers = find_receptor(ENTRY).numbers
    assert numbers is not None
    numbered = np.array([bool(number) for number in numbers.gpcrdb])
    assert not np.isfinite(average.xyz[~numbered]).any()
    assert average.contacts is not None
    assert np.nanmax(average.contacts) <= 0


def test_the_structure_itself_is_perfect_and_its_mirror_image_has_the_wrong_hand(model):
    at = np.arange(len(model.ca)) < 200
    contacts = -cdist(model.cb, model.cb)
    found = judged(Prediction("itself", model.ca, contacts), model, at)
    assert found.keys() == MEASURES.keys()
    for name in ("tm", "lddt", "gdt_ts", "placed", "hand", "lddt_all", "placed_all", "contacts 6 L/5", "contacts 24 L/2"):
        assert found[name] == pytest.approx(1, abs=1e-6), name
    assert found["error"] == pytest.approx(0)
    assert 0 < found["contacts 24 random"] < found["contacts 6 random"] < 0.1
    other = judged(Prediction("mirror", mirrored(model.ca)), model, at)
    assert other["hand"] == 0
    assert other["tm"] < 0.5
    assert np.isnan(other["contacts 6 L/5"]), "no contacts were said"


def test_numbered_residues_and_loops_are_told_apart(model):
    at = np.arange(len(model.ca)) < 200
    shaken = model.ca + np.where(at[:, None], 0, np.random.default_rng(0).normal(size=model.ca.shape) * 3)
    found = judged(Prediction("loops off", shaken), model, at)
    assert found["tm"] == pytest.approx(1)
    assert found["lddt_loops"] < found["lddt_all"] < 1
    assert np.isnan(judged(Prediction("no loops", np.where(at[:, None], model.ca, np.nan)), model, at)["lddt_loops"])


def test_precision_is_counted_pair_by_pair(model):
    at = np.ones(len(model.ca), dtype=bool)
    scores = np.random.default_rng(1).normal(size=(len(at), len(at)))
    scores += scores.T.copy()
    found = judged(Prediction("random", model.ca, scores), model, at)
    known = np.flatnonzero(np.isfinite(model.cb[:, 0]))
    pairs = [(i, j) for i in known for j in known if j - i >= 24]
    best = sorted(pairs, key=lambda pair: -scores[pair])[: len(known) // 5]
    assert found["contacts 24 L/5"] == np.mean([np.linalg.norm(model.cb[i] - model.cb[j]) < 8 for i, j in best])


def test_cases_stand_beside_every_structure_and_the_model_does_not_judge_itself():
    cases = cases_of(ENTRY, [Prediction("mine", references_of(ENTRY)[0].ca)])
    kinds = {(one.method, one.kind) for one in cases}
    assert ("mine", ALPHAFOLD) in kinds
    assert (AVERAGE, ALPHAFOLD) in kinds
    assert (ALPHAFOLD, ALPHAFOLD) not in kinds
    assert {one.receptor_class for one in cases} == {"B"}


def test_rows_are_means_with_the_paired_difference_to_the_average():
    cases = [case("AA2AR", "head", 0.8), case("CCR5", "head", 0.6), case("AA2AR", AVERAGE, 0.9), case("CCR5", AVERAGE, 0.8)]
    head, average = rows_of([*cases, case("OPSD", AVERAGE, 0.1)])
    assert (head.receptors, average.receptors) == (2, 3)
    assert head.measures["tm"].value == pytest.approx(0.7)
    assert head.gains["tm"].value == pytest.approx(-0.15)
    assert (head.gains["tm"].low, head.gains["tm"].high) == (pytest.approx(-0.2), pytest.approx(-0.1))
    assert average.gains == {}


def test_a_receptor_counts_once_and_what_is_undefined_is_missing():
    cases = [case("AA2AR", "head", 0.8), case("AA2AR", "head", 0.4), case("CCR5", "head", 0.2, tm=float("nan"))]
    (row,) = rows_of(cases)
    assert row.receptors == 2
    assert row.measures["lddt"].value == pytest.approx(0.4)
    assert row.measures["tm"].value == pytest.approx(0.6)
    assert "tm" not in rows_of([case("CCR5", "head", float("nan"))])[0].measures


def test_families():
    found = family_rows([case("AA2AR", "head", 0.8), case("CCR5", "head", 0.6), case("GP173", "head", 0.5)])
    assert list(found) == ["adenosine", "chemokine", "orphans and others"]


def test_a_reference_of_few_residues_judges_nothing(monkeypatch):
    few = Reference("AA2AR", "x", EXPERIMENT, "", np.full((412, 3), np.nan), np.full((412, 3), np.nan))
    monkeypatch.setattr("allo_core.folding.head_judged.references_of", lambda entry: (few,))
    assert cases_of("AA2AR", []) == []
