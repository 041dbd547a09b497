"""Segments in the order of the sequence."""

import itertools
import random

from allo_core.protein.numbering import segment_spans


def test_spans_give_the_segments_back():
    generator = random.Random(0)
    for _ in range(200):
        segments = generator.choices(["TM1", "ICL1", ""], k=generator.randint(0, 12))
        spans = segment_spans(segments)
        assert [name for name, first, last in spans for _ in range(first, last + 1)] == segments
        assert all(left[0] != right[0] and left[2] + 1 == right[1] for left, right in itertools.pairwise(spans))
