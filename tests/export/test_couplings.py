"""Couplings as files: what is written is what was answered."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from allo_core.export.couplings import coupling_record, left_out_csv, stretches_csv
from allo_core.interaction.coupling_answer import answer_coupling, coupling_model
from allo_core.interaction.coupling_models import shipped_models
from allo_core.interaction.coupling_table import studied
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.protein.sequence import Protein


@pytest.fixture(scope="module")
def model():
    return load_model(coupling_model(), "cpu")


def test_stretches(model):
    """A crop keeps UniProt's numbers; a region that is not there is empty and no zero."""
    protein = find_receptor("ADRB2").protein.crop(20, 350)
    answer = answer_coupling(model, protein)
    table = pd.read_csv(io.StringIO(stretches_csv(answer)))
    assert len(table) == 4 * (16 + 10 + 10)
    linear = table[(table["weighed_by"] == "linear") & (table["family"] == "Gs")]
    assert linear["value"].to_numpy() == pytest.approx(answer.stretches["linear"].values[0], rel=1e-4, nan_ok=True)
    helix = linear[linear["stretch"] == "TM3"].iloc[0]
    assert helix["first"] <= 131 <= helix["last"]  # R3.50
    assert linear[linear["residues"] == 0]["value"].isna().all()


def test_record(model):
    answer = answer_coupling(model, find_receptor("AA2AR").protein)
    record = json.loads(coupling_record(answer))
    assert record["reported"] == ["Gs", "Gq/11"]
    assert [one["left_out"] for one in record["models"]] == [True, True]
    assert record["models"][0]["probabilities"]["Gs"] == answer.predictions[0].out_of_fold[0]
    assert all("ODbL" in one["licence"] for one in record["models"])
    unknown = json.loads(coupling_record(answer_coupling(model, find_receptor("OPSD").protein)))
    assert unknown["reported"] is None
    assert all(not one["left_out"] for one in unknown["models"])


def test_names_from_outside_are_no_formulas(model):
    protein = Protein("=1+1", find_receptor("AA2AR").protein.sequence)
    assert "\n=1+1" not in stretches_csv(answer_coupling(model, protein))


def test_left_out():
    card = shipped_models()[0].card
    table = pd.read_csv(io.StringIO(left_out_csv(card)))
    assert len(table) == 4 * len(studied())
    one = table[(table["A"] == "AA2AR") & (table["B"] == "GNAS2")]["probability"].item()
    assert np.isclose(one, card.out_of_fold["AA2AR"]["GNAS2"])
