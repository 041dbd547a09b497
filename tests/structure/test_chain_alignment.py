from itertools import combinations, pairwise

import numpy as np
import pytest
from biotite.sequence import ProteinSequence
from biotite.sequence.align import SubstitutionMatrix, align_optimal

from allo_core.structure import chain_alignment as alignment
from allo_core.structure.chain_alignment import align_chain
from allo_core.structure.polymer import residue_table
from tests.structure.structure_files import protein_of, random_sequence, structure_of

MATRIX = SubstitutionMatrix.std_protein_matrix()


def score(places, chain, sequence, bonded, number):
    """Score of one alignment, added up pair by pair from the definitions."""
    pairs = [(i, j) for i, j in enumerate(places) if j >= 0]
    total = sum(MATRIX.get_score(chain[i], sequence[j]) for i, j in pairs)
    for (i, j), (k, m) in pairwise(pairs):
        left_out, skipped = k - i - 1, m - j - 1
        if left_out:
            total -= alignment._INSERT + left_out * alignment._INSERT_EACH
        if skipped:
            costs = [(alignment._SKIP_BONDED if bonded[k] else alignment._SKIP_AT_BREAK) + (skipped - 1) * alignment._SKIP_EACH]
            if not left_out and number[k] - number[i] == m - j:
                costs.append(alignment._SKIP_AS_NUMBERED_BONDED if bonded[k] else alignment._SKIP_AS_NUMBERED_AT_BREAK)
            total -= min(costs)
    return total


def all_alignments(n, m):
    for size in range(min(n, m) + 1):
        for rows in combinations(range(n), size):
            for columns in combinations(range(m), size):
                places = np.full(n, -1)
                places[list(rows)] = columns
                yield places


@pytest.mark.parametrize("seed", range(40))
def test_best_of_all_alignments(seed):
    """Exhaustive enumeration; small alphabets make many near-optimal alignments.  Tolerance: rounding."""
    rng = np.random.default_rng(seed)
    letters = ["AG", "WC", "WCHP"][seed % 3]
    chain = "".join(rng.choice(list(letters), rng.integers(1, 6)))
    sequence = "".join(rng.choice(list(letters), rng.integers(1, 8)))
    bonded = rng.random(len(chain)) < 0.5
    number = np.cumsum(rng.integers(1, 5, len(chain)))
    best = max(score(places, chain, sequence, bonded, number) for places in all_alignments(len(chain), len(sequence)))
    found = align_chain(chain, sequence, bonded, number)
    assert (np.diff(found[found >= 0]) > 0).all()
    assert score(found, chain, sequence, bonded, number) == pytest.approx(max(best, 0.0), abs=1e-9)


def test_same_identical_residues_as_biotite_where_nothing_is_missing():
    """Bovine against human rhodopsin: no gap, so that both must find the same 348 pairs."""
    table = residue_table(structure_of("1U19").atoms)
    rows = np.flatnonzero(table.polymer & (table.chain == "A"))
    chain, sequence = "".join(table.letter[rows]), protein_of("1U19").sequence
    trace = align_optimal(ProteinSequence(chain), ProteinSequence(sequence), MATRIX, (-11, -1), local=True, max_number=1)[0].trace
    expected = np.full(len(chain), -1)
    expected[trace[:, 0]] = trace[:, 1]
    found = align_chain(chain, sequence, table.bonded[rows], table.number[rows])
    assert len(trace) == 348
    assert found.tolist() == expected.tolist()


def test_nothing_in_common():
    assert align_chain("WWWW", "GGGGGG", np.ones(4, bool), np.arange(4)).tolist() == [-1] * 4
    assert align_chain("", "GGG", np.empty(0, bool), np.empty(0, int)).tolist() == []
    assert align_chain("W", "W", np.ones(1, bool), np.array([5])).tolist() == [0]


def test_letters_without_a_row_in_the_matrix():
    sequence = random_sequence(30, seed=3) + "UOXBZ" + random_sequence(30, seed=4)
    found = align_chain(sequence, sequence, np.ones(len(sequence), bool), np.arange(len(sequence)))
    assert found.tolist() == list(range(len(sequence)))
