"""How a head is written and read."""

import pytest

from allo_core.attention.head import Head


def test_a_head_is_the_pair_of_its_numbers():
    head = Head(3, 6)
    assert head == (3, 6)
    assert {head: 1}[3, 6] == 1
    assert (head.text, head.name) == ("3.6", "Layer 3, head 6")


@pytest.mark.parametrize("head", [(0, 0), (3, 16), (12, 9), (999, 999)])
def test_what_is_written_is_read_back(head):
    assert Head.parse(Head(*head).text) == head


@pytest.mark.parametrize("text", ["", "3", "3.", ".6", "3.6.1", "3.1000", "-3.6", " 3.6", "3.6\n", "3,6", "x.y", "٣.٦", "²."])
def test_no_head(text):
    assert Head.parse(text) is None
