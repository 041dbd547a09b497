"""The nearest receptor, and what its alignment makes us expect."""

import numpy as np
import pytest
from _quality_alignment import Nearest, align, identity, nearest
from _quality_columns import column_frequencies, expected_at, residue_frequencies, residue_indices

from allo_core.protein.sequence import AMINO_ACIDS
from tests.models.tiny import random_protein

HELIX = "WLACDEFGHIKLMNPQRSTVWYFW"
EVEN = np.full(20, 0.05)


def column(**counts):
    return np.array([counts.get(letter, 0) for letter in AMINO_ACIDS], dtype=float)


def test_residues_are_counted_with_one_added_to_each():
    expected = (column(A=3, C=1) + 1) / 24
    assert residue_frequencies(["AAX", "AC"]) == pytest.approx(expected)
    assert residue_indices("AYX").tolist() == [0, 19, -1]


def test_a_column_counts_the_receptor_and_each_ortholog_where_it_is_aligned():
    shorter = HELIX[:-1]  # its last residue is missing
    changed = HELIX.replace("M", "L")
    columns = column_frequencies(HELIX, [shorter, changed], EVEN)
    place = HELIX.index("M")
    assert columns[place] == pytest.approx((column(M=2, L=1) + EVEN) / 4)
    assert columns[-1] == pytest.approx((column(W=2) + EVEN) / 3)
    assert columns.sum(axis=1) == pytest.approx(1)


def test_a_column_counts_for_the_identity_and_residues_without_a_partner_have_the_background():
    columns = np.stack([column(A=1), column(C=1)])
    expected = expected_at(3, Nearest("near", 0.75, np.array([[0, 1], [2, 0]])), columns, EVEN)
    assert expected[0] == pytest.approx(0.75 * column(C=1) + 0.25 * EVEN)
    assert expected[1] == pytest.approx(EVEN)
    assert expected[2] == pytest.approx(0.75 * column(A=1) + 0.25 * EVEN)


def test_an_alignment_steps_over_an_insertion():
    longer = HELIX[:12] + "GG" + HELIX[12:]
    pairs = align(longer, HELIX)
    assert pairs.tolist() == [[i, i] for i in range(12)] + [[i + 2, i] for i in range(12, len(HELIX))]


def test_identity_counts_aligned_pairs_only():
    assert identity("ACDE", "ACYE", np.array([[0, 0], [1, 1], [2, 2]])) == pytest.approx(2 / 3)


def test_the_nearest_receptor_and_its_identity():
    near = random_protein(200).sequence
    far = random_protein(200, seed=1).sequence
    # Every tenth residue is changed to another one.
    query = "".join(AMINO_ACIDS[(AMINO_ACIDS.index(letter) + 7) % 20] if i % 10 == 5 else letter for i, letter in enumerate(near))
    found = nearest(query, {"far": far, "near": near, "longest": random_protein(3000, seed=2).sequence})
    assert found.receptor == "near"
    assert found.identity == pytest.approx(0.9)
    assert found.pairs.tolist() == [[i, i] for i in range(200)]
