import json
from dataclasses import replace

import pytest
import torch

from allo_core.errors import FoldError
from allo_core.folding.distance_head import DistanceHead, predict_distogram
from allo_core.folding.head_weights import CARD, WEIGHTS, HeadRecord, load_head, save_head
from tests.folding.heads import HEADS, SETTINGS, STATES, made_up_example

RECORD = HeadRecord(SETTINGS, "a" * 64, "b" * 64, 4, 6, 3.0, 2.5, 2.6, 3.1, ("A",), ("B",), (), {"alloscope": "1"}, "who")


def saved(folder, settings=SETTINGS) -> DistanceHead:
    head = DistanceHead(settings, STATES, HEADS).eval()
    save_head(folder, head.state_dict(), replace(RECORD, settings=settings))
    return head


@pytest.mark.parametrize("features", ["both", "states", "attention"])
def test_a_head_comes_back(tmp_path, features):
    settings = replace(SETTINGS, features=features)
    head = saved(tmp_path, settings)
    again, record = load_head(tmp_path)
    assert record == replace(RECORD, settings=settings)
    inputs = made_up_example("one").inputs
    inputs = replace(
        inputs, states=inputs.states[:, : STATES * settings.reads_states], maps=inputs.maps[:, : HEADS * settings.reads_attention]
    )
    assert (predict_distogram(again, inputs).ca == predict_distogram(head, inputs).ca).all()


def test_files_that_are_missing_damaged_or_not_of_one_head_are_refused(tmp_path):
    with pytest.raises(FoldError, match="holds no distance head: No such file"):
        load_head(tmp_path)
    saved(tmp_path)
    card = (tmp_path / CARD).read_text()
    (tmp_path / CARD).write_text(card.replace('"format": 1', '"format": 2'))
    with pytest.raises(FoldError, match="in format 2, this version reads 1"):
        load_head(tmp_path)
    values = json.loads(card)
    values["settings"]["hidden"] = 5
    (tmp_path / CARD).write_text(json.dumps(values))
    with pytest.raises(FoldError, match="does not belong to"):
        load_head(tmp_path)
    (tmp_path / CARD).write_text(card)
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(FoldError, match="holds no distance head"):
        load_head(tmp_path)


def test_values_that_are_no_numbers_are_refused(tmp_path):
    head = saved(tmp_path)
    with torch.no_grad():
        head.ca.weight[0, 0] = float("nan")
    save_head(tmp_path, head.state_dict(), RECORD)
    with pytest.raises(FoldError, match="not finite"):
        load_head(tmp_path)
