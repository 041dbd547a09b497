"""`pairs explain` on a model of pairs with random parameters: everything beside chance, and bad input in one sentence."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from allo_core.__main__ import main
from allo_core.interaction.architectures import build, smaller
from allo_core.interaction.cuts import SEGMENTS
from allo_core.interaction.kept_model import PARAMETERS, KeptModel, save_pair_model
from allo_core.interaction.model_card import ModelCard
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from tests.interaction.test_kept_model import card


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A model of pairs that reads the shipped language model."""
    made: ModelCard = replace(
        card(), architecture=smaller("amps", 320, layers=1, marks=True), tokens=(SEGMENTS, SEGMENTS), model_id=DEFAULT_MODEL,
        weights_sha256=load_model(DEFAULT_MODEL).sha256,
    )  # fmt: skip
    assert made.architecture is not None
    path = tmp_path_factory.mktemp("pairs")
    save_pair_model(path / PARAMETERS, KeptModel(made, build(made.architecture, 0).eval(), np.zeros((20, 320), dtype=np.float32)))
    return path


def test_attention_and_gradients(folder, tmp_path, capsys):
    out, own = tmp_path / "out.csv", tmp_path / "own.csv"
    own.write_text("protein,type,start,end\nADRB2,loop,1,42\nADRB2,loop,100,\n", encoding="utf-8")
    assert main(["pairs", "explain", "ADRB2", "Gs", "--with", str(folder), "--csv", str(out), "--annotations", str(own)]) == 0
    said = capsys.readouterr().out
    assert "ADRB2 and GNAS2: probability 0." in said
    assert "The model is told which token is of which protein." in said
    assert "attention received, chance 0.050" in said
    assert "gradients (logit), signed" in said
    assert "not corrected for 12 questions" in said
    (contacts,) = [line for line in said.splitlines() if line.startswith("G protein contacts")]
    assert contacts.count("(p ") == 3
    assert "whole protein (chance)" in said
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert len(rows) == 3 * 20
    received = [row for row in rows if row["method"] == "attention received"]
    assert sum(float(row["importance"]) for row in received) == pytest.approx(1, abs=1e-4)
    assert {(row["A"], row["B"], row["language_model"]) for row in rows} == {("ADRB2", "GNAS2", DEFAULT_MODEL)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ADRB2", "Gs", "--methods", "magic"), "'magic' is none of attention, gradients, latent"),
        (("ADRB2", "Gs", "--methods", ","), "names none"),
        (("ADRB2", "ADRB2"), "Both proteins are ADRB2"),
        (("ADRB2", "AA2AR", "--methods", "latent"), "learn G protein families alone"),
        (("ADRB2", "Gs", "--with", "nowhere"), "There is no model nowhere"),
    ],
)
def test_refused(folder, arguments, message, capsys):
    assert main(["pairs", "explain", "--with", str(folder), *arguments]) == 2
    assert message in capsys.readouterr().err
