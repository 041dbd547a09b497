import math

import numpy as np
import pytest

from allo_core.analysis.expectation import expectation_sentence, share_expected
from allo_core.library.composition import background_perplexity
from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import AMINO_ACIDS, Protein


def sure_of(sequence: str, guess: str, p: float, masked: bool = True) -> ResidueProbabilities:
    """Probabilities of a model that gives ``p`` to one letter at each position, and the rest to all others alike."""
    rest = (1 - p) / 19
    rows = [[p if letter == told else rest for letter in AMINO_ACIDS] for told in guess]
    return ResidueProbabilities(Protein("P", sequence), np.log(np.array(rows, dtype=np.float32)), masked)


def test_shares_are_counted_among_the_twenty():
    right, chance = share_expected(sure_of("LLWXD", "LAWLD", 0.9))
    assert right == pytest.approx(3 / 4)
    assert chance == pytest.approx(2 / 4)  # leucine, the commonest residue of receptors, everywhere


def test_a_good_model_stands_beside_the_composition():
    found = sure_of("LLWD", "LLWD", 0.5)
    sentence = expectation_sentence(found)
    assert sentence.startswith(f"Pseudo-perplexity {found.perplexity:.2f} (1: certain of each; {background_perplexity('LLWD'):.1f} from")
    assert "100% of positions (L everywhere: 50%)" in sentence


def test_a_model_below_its_baseline_says_so_first():
    assert expectation_sentence(sure_of("LLWD", "AAAA", 0.9)).startswith("The model is no better than a guess")


def test_one_pass_gives_no_perplexity():
    sentence = expectation_sentence(sure_of("LLWD", "LLWD", 0.9, masked=False))
    assert "no probabilities" in sentence
    assert "erplexity" not in sentence


def test_without_a_residue_of_the_twenty_nothing_is_said_of_any():
    assert all(math.isnan(value) for value in share_expected(sure_of("XX", "LL", 0.5)))
    assert "no residue of the twenty" in expectation_sentence(sure_of("XX", "LL", 0.5))
