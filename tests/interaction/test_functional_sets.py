"""Stretches that hold what is known are told from those that hold it by chance; what is not known is left out."""

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction.cuts import REGIONS, stretches_of
from allo_core.interaction.functional_sets import GPROTEIN_CONTACTS, functional_sets, set_coverage, set_sentence
from allo_core.library.receptors import find_receptor, receptors

SEGMENTS = tuple(f"segment{place}" for place in range(10))


def class_a(count: int):
    return [
        receptor for receptor in receptors().values() if receptor.receptor_class == "A" and GPROTEIN_CONTACTS in functional_sets(receptor)
    ][:count]


def holding(receptor, tokens, name=GPROTEIN_CONTACTS) -> np.ndarray:
    members = functional_sets(receptor)[name]
    return np.array([np.isin(stretch, members).mean() if len(stretch) else np.nan for stretch in stretches_of(receptor.protein, tokens)])


def test_sets_of_a_receptor():
    found = functional_sets(find_receptor("ADRB2"))
    assert 130 in found[GPROTEIN_CONTACTS]
    assert len(found["sodium pocket"]) == 16
    assert GPROTEIN_CONTACTS not in functional_sets(find_receptor("GLP1R"))


def test_stretches():
    receptor = find_receptor("ADRB2")
    assert np.concatenate(stretches_of(receptor.protein, SEGMENTS)).tolist() == list(range(len(receptor.protein)))
    (helix,) = stretches_of(receptor.protein, ("TM3",))
    assert 130 in helix
    with pytest.raises(PairError, match="'mean' is no stretch"):
        stretches_of(receptor.protein, ("mean",))


@pytest.mark.parametrize("tokens", [SEGMENTS, REGIONS], ids=["segments", "regions"])
def test_what_holds_the_set_is_found_and_noise_is_not(tokens):
    chosen = class_a(25)
    right = set_coverage(chosen, tokens, np.stack([holding(receptor, tokens) for receptor in chosen]), GPROTEIN_CONTACTS)
    assert len(right.receptors) == 25
    assert right.hits == 3
    assert right.test is not None
    assert right.test.p < 0.01
    assert right.test.observed > 2 * right.test.turned
    assert "G protein contacts: more than chance" in set_sentence(right)
    noise = np.random.default_rng(1).normal(size=(25, len(tokens)))
    assert "not more than chance over 25 receptors" in set_sentence(set_coverage(chosen, tokens, noise, GPROTEIN_CONTACTS))


def test_one_receptor_is_exact():
    (receptor,) = class_a(1)
    found = set_coverage([receptor], SEGMENTS, holding(receptor, SEGMENTS)[None], GPROTEIN_CONTACTS)
    holds = int((holding(receptor, SEGMENTS) > 0).sum())
    assert found.test is None
    assert found.expected == pytest.approx(3 * holds / 10)
    expected = np.prod([(holds - taken) / (10 - taken) for taken in range(3)])
    assert found.hypergeometric == pytest.approx(expected)
    assert receptor.entry in set_sentence(found)


def test_unknown_is_left_out():
    chosen = [find_receptor("ADRB2"), find_receptor("GLP1R"), find_receptor("AA2AR")]
    found = set_coverage(chosen, SEGMENTS, np.tile(np.arange(10.0), (3, 1)), GPROTEIN_CONTACTS)
    assert found.receptors == ("ADRB2", "AA2AR")
    with pytest.raises(PairError, match="None of the 1 receptors"):
        set_coverage(chosen[1:2], SEGMENTS, np.zeros((1, 10)), GPROTEIN_CONTACTS)
