"""Which residues are asked for, and what is seen instead."""

import numpy as np
import pytest

from allo_core.models.tokens import encode
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.training.masking import NOT_ASKED, mask_crop
from allo_core.training.sampling import TOKEN_NUMBERS


def _tokens(sequence: str) -> np.ndarray:
    return encode("esm2", sequence).ids[0].numpy()


def test_rates():
    rng = np.random.default_rng(1)
    tokens = _tokens("".join(rng.choice(list(AMINO_ACIDS), 200)))
    asked = masked = changed = 0
    for _ in range(500):
        crop = mask_crop(tokens, rng)
        there = crop.targets != NOT_ASKED
        assert (crop.targets[there] == tokens[there]).all()
        assert (crop.inputs[~there] == tokens[~there]).all()
        asked += there.sum()
        masked += (crop.inputs == TOKEN_NUMBERS["<mask>"]).sum()
        changed += ((crop.inputs != tokens) & (crop.inputs != TOKEN_NUMBERS["<mask>"])).sum()
    assert asked == 500 * 30
    assert masked / asked == pytest.approx(0.8, abs=0.02)
    # One in twenty random residues is the true one.
    assert changed / asked == pytest.approx(0.1 * 19 / 20, abs=0.015)


def test_only_standard_residues_are_asked_for_or_put_in():
    rng = np.random.default_rng(2)
    tokens = _tokens("XUBZO" * 20 + "AC")
    standard = {TOKEN_NUMBERS[letter] for letter in AMINO_ACIDS}
    for _ in range(200):
        crop = mask_crop(tokens, rng)
        asked = crop.targets != NOT_ASKED
        assert asked.sum() == 1
        assert set(crop.targets[asked]) <= standard
        assert set(crop.inputs[asked]) <= standard | {TOKEN_NUMBERS["<mask>"]}


@pytest.mark.parametrize(("sequence", "asked"), [("L", 1), ("LAG", 1), ("X", 0), ("L" * 20, 3)])
def test_at_least_one_where_there_is_one(sequence, asked):
    assert (mask_crop(_tokens(sequence), np.random.default_rng(0)).targets != NOT_ASKED).sum() == asked


def test_the_crop_itself_is_left_alone():
    tokens = _tokens("LAGVSERTID" * 5)
    before = tokens.copy()
    mask_crop(tokens, np.random.default_rng(0))
    assert (tokens == before).all()
