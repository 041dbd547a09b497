import base64
import json

import numpy as np
import pytest

from allo_core.figures.attention_map import LARGEST_SIDE, attention_map, pooled


@pytest.mark.parametrize("length", [5, LARGEST_SIDE, LARGEST_SIDE + 1, 1022, 1900])
def test_pooling_keeps_the_largest_value_of_each_block(length):
    attention = np.random.default_rng(length).random((length, length), dtype=np.float32)
    values, block = pooled(attention)
    assert len(values) == -(-length // block) <= LARGEST_SIDE
    for row, column in ((0, 0), (len(values) - 1, 0), (len(values) // 2, len(values) - 1)):
        part = attention[row * block : (row + 1) * block, column * block : (column + 1) * block]
        assert values[row, column] == part.max()


@pytest.mark.parametrize("length", [412, 1022, 1900])
def test_the_browser_gets_less_than_300_kb(length):
    attention = np.random.default_rng(0).dirichlet(np.full(length, 0.05), size=length).astype(np.float32)
    figure = attention_map(attention, 1, {"A": range(length), "B": range(length)}, [("TM1", 10, 40), ("TM2", 50, 80)])
    assert len(figure.to_json()) < 300_000


def test_a_strong_pair_is_dark_at_its_place_and_axes_are_uniprot_numbers():
    attention = np.zeros((30, 30), dtype=np.float32)
    attention[4, 20] = 0.9
    figure = attention_map(attention, 101, {"A": [3], "B": []}, [("TM1", 0, 10), ("ECL1", 11, 15)], pair=(4, 20))
    z = json.loads(figure.to_json())["data"][0]["z"]
    steps = np.frombuffer(base64.b64decode(z["bdata"]), dtype=np.uint8).reshape(30, 30)
    assert np.argwhere(steps == 255).tolist() == [[4, 20]]
    assert (figure.data[0].x0, figure.data[0].dx, figure.data[0].y0) == (101, 1, 101)
    assert (figure.data[1].x[0], figure.data[1].y[0]) == (121, 105)
    assert [annotation.text for annotation in figure.layout.annotations] == ["TM1"]
    (marked,) = [shape for shape in figure.layout.shapes if shape.type == "path"]
    assert marked.path == "M104,100.5V130.5M100.5,104H130.5"


def test_a_map_without_attention_is_drawn():
    figure = attention_map(np.zeros((12, 12), dtype=np.float32), 1, {"A": [], "B": []}, [])
    assert len(figure.data) == 1
