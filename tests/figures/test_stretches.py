"""The heatmap of stretches: signs, what is lacking, and text from outside."""

import numpy as np

from allo_core.figures.colours import attention_scale, signed_scale
from allo_core.figures.stretches import stretches_heatmap

VALUES = np.array([[0.2, -0.5, np.nan], [0.1, 0.0, np.nan]])


def drawn(signed, theme="light"):
    return stretches_heatmap(VALUES, ["Gs", "<b>x"], ["TM1", "TM2", "<i>"], ["1-30", "40-60", "none"], "unit", signed, theme)


def test_nothing_lies_in_the_middle_of_a_signed_scale():
    heat, lacking = drawn(True).data
    assert (heat.zmin, heat.zmax) == (-0.5, 0.5)
    assert [colour for _, colour in heat.colorscale] == list(signed_scale("light"))
    assert np.isnan(lacking.z[0, 0])
    assert lacking.z[0, 2] == 1


def test_what_has_no_sign_begins_at_nothing():
    heat = drawn(False, "dark").data[0]
    assert heat.zmin == 0
    assert [colour for _, colour in heat.colorscale] == list(attention_scale("dark"))


def test_text_is_text():
    figure = drawn(True)
    assert list(figure.layout.xaxis.ticktext) == ["TM1", "TM2", "&lt;i&gt;"]
    assert list(figure.layout.yaxis.ticktext) == ["Gs", "&lt;b&gt;x"]


def test_nothing_known_still_has_a_scale():
    empty = stretches_heatmap(np.full((1, 2), np.nan), ["Gs"], ["a", "b"], ["", ""], "unit", True)
    assert empty.data[0].zmax == 1
