"""The record of how a table was made."""

import json

import numpy as np
import pytest

from allo_core.analysis.measures import MEASURES
from allo_core.attention.explained import Explained
from allo_core.errors import ScoreError
from allo_core.export import head_facts, run_record
from tests.export.made_scores import A2A, SITES, answer_of, scores_of

SETS = {"A": SITES, "B": ()}


def record_of(scores, numbers=A2A.numbers, sets=SETS, measure="A", structure=None):
    """The record as read by a strict JSON parser."""

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    answer = answer_of(scores, A2A.protein.name, numbers, sets, measure)
    return json.loads(run_record(answer, structure), parse_constant=refuse)


def test_everything_needed_to_repeat_the_scores_is_named():
    record = record_of(scores_of("matched"))
    for name, value in {
        "model_id": "antiberty", "weights_sha256": "0" * 64, "weights_source": "bundled", "licence": "MIT", "dtype": "float32",
        "device_type": "cpu", "versions": {"torch": "1"}, "sequence": A2A.protein.sequence,
    }.items():  # fmt: skip
        assert record["run"][name] == value
    assert record["protein"]["sequence"] == A2A.protein.sequence
    assert record["sets"] == {"A": ["D52 2.50 2x50", "S91 3.39 3x39", "N280 7.45 7x45"], "B": []}
    assert (record["threshold"], record["null"], record["seed"], record["draws"], record["n_sites"]) == (0.3, "matched", 3, 50, 3)
    assert record["cautions"] == [
        "The model read the sequence alone; it never saw a structure.",
        "Attention is not evidence of mechanism.",
    ]
    assert record["structure"] is None
    assert "SECRET" not in json.dumps(record)  # what the first person who ran this sequence called it


def test_a_list_of_the_library_says_where_it_comes_from():
    sites = record_of(scores_of("matched"))["library_sites"]
    assert sites["B"] is None
    site = sites["A"]
    assert (site["name"], site["receptor"], site["pdb"], site["ligand"]) == ("Na+ contacts (4EIY)", "AA2AR", "4EIY", "NA")
    assert site["rule"] == "residues as the compiler lists them, who names no cut-off"
    assert (site["compiled_by"], site["source"]) == ("AlloSteric Database, release 2019-09", "structure: PubMed 22798613")


def test_places_like_the_site_are_told_or_why_they_are_not():
    places = record_of(scores_of("matched"))["places"]
    assert (places["kind"], places["heads_tested"]) == ("pocket", 6)
    assert places["places"] > 5000
    assert places["positions_from"] == "AF-P29274-F1"
    assert 0 < places["global_p"] <= 1
    coupling = record_of(scores_of(), sets={"A": (100, 101), "B": SITES}, measure="AB")["places"]
    assert coupling["not_compared"].startswith("a coupling is compared with")


def test_what_the_comparison_costs_is_named():
    answer = answer_of(scores_of("matched"))
    power = record_of(scores_of("matched"))["power"]
    assert power["share_of_a_random_site_that_is_the_marked_one"] == answer.overlap
    assert power["share_of_a_place_that_is_the_marked_site"] == answer.pockets.overlap
    # 50 draws are too few for one of six heads; the places are not.
    assert power["enrichment_needed"] == {"median": None, "quartiles": None, "heads_that_could_pass": 0, "heads_tested": 6}
    among = power["enrichment_needed_among_places"]
    assert (among["median"], among["heads_tested"]) == (answer.needed_among_places.median, 6)
    assert among["quartiles"][0] <= among["median"] <= among["quartiles"][1]
    assert record_of(scores_of("published"))["power"] == dict.fromkeys(power)


def test_what_covariates_explain_of_a_head_is_named_or_why_it_is_not():
    found = Explained(0.4, 0.2, {"segment": (0.3, 0.1)}, 273, 16, 1.5, 2.0, 0.03, "pocket", 18_000)
    answer = answer_of(scores_of("matched"))
    told = json.loads(run_record(answer, head=head_facts((1, 2), found)))["explained_by_covariates"]
    assert (told["layer"], told["head"], told["explained"], told["explained_when_moved_along_the_chain"]) == (1, 2, 0.4, 0.2)
    assert told["each_alone"] == {"segment": {"explained": 0.3, "moved_along_the_chain": 0.1}}
    assert (told["site_times_predicted"], told["p"], told["among"], told["places"]) == (1.5, 0.03, "pocket", 18_000)
    refused = json.loads(run_record(answer, head=head_facts((1, 2), "no structure")))["explained_by_covariates"]
    assert refused == {"layer": 1, "head": 2, "not_tested": "no structure"}
    assert "explained_by_covariates" not in record_of(scores_of("matched"))


def test_a_coupling_names_who_asks_and_what_is_looked_at():
    sets = {"A": (100, 101), "B": SITES}
    record = record_of(scores_of(), sets=sets, measure="AB", structure={"entry": "8FYN"})
    assert (record["measure"]["key"], record["measure"]["queries"], record["measure"]["sites"]) == ("AB", "A", "B")
    assert record["sites"] == record["sets"]["B"] != record["sets"]["A"]
    assert record["structure"] == {"entry": "8FYN"}


def test_every_measure_has_a_meaning():
    meanings = {measure: record_of(scores_of(), sets={"A": SITES, "B": SITES}, measure=measure)["measure"] for measure in MEASURES}
    assert {meaning["meaning"] for meaning in meanings.values()} >= {"attention on set A", "attention on set B"}
    assert len({meaning["meaning"] for meaning in meanings.values()}) == 4
    with pytest.raises(ScoreError, match="measure 'C' is unknown"):
        record_of(scores_of(), measure="C")


def test_the_record_of_the_matched_null_names_the_strata_of_what_was_scored():
    # The other set must not be taken for the scored one.
    record = record_of(scores_of("matched"), sets={"A": (0, 1), "B": SITES}, measure="B")
    strata = A2A.numbers.strata()
    assert record["strata"] == {"count": len(set(strata)), "of_sites": [strata[index] for index in SITES]}
    assert record["strata"]["of_sites"][0].startswith("TM2, ")


def test_the_record_of_the_uniform_null_has_no_strata():
    record = record_of(scores_of())
    assert (record["null"], record["strata"], record["threshold"]) == ("uniform", None, 0.3)
    assert record["sites"][0] == "D52 2.50 2x50"


@pytest.mark.parametrize(("null", "arcs_each"), [("published", 2), ("uniform", 0)])
def test_an_undefined_smallest_q_is_null(null, arcs_each):
    scores = scores_of(null, arcs_each=arcs_each)
    assert np.isnan(scores.smallest_q)
    assert record_of(scores)["smallest_q"] is None
