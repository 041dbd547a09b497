"""How often a receptor is drawn, and what a crop is."""

import numpy as np
import pytest

from allo_core.models.tokens import encode
from allo_core.training.sampling import OLFACTORY_SHARE, Sampler
from allo_core.training.sequences import Record

CLS, EOS = 0, 2


def _records(counts: dict[str, int], kind: str = "A") -> list[Record]:
    return [Record(f"{name}{copy}", name, kind, "LAGVSERTID"[: 4 + copy % 6]) for name, count in counts.items() for copy in range(count)]


def test_receptors_count_alike_whatever_their_orthologs():
    sampler = Sampler(_records({"MANY": 300, "ONE": 1}))
    assert sampler.probabilities == pytest.approx([0.5, 0.5])


def test_olfactory_receptors_get_a_fifth():
    sampler = Sampler(_records({"X": 2, "Y": 1}) + _records({f"OR{n}": n + 1 for n in range(8)}, "Olfactory"))
    share = dict(zip(sampler.receptors, sampler.probabilities, strict=True))
    assert share["X"] == share["Y"] == pytest.approx((1 - OLFACTORY_SHARE) / 2)
    assert sum(p for name, p in share.items() if name.startswith("OR")) == pytest.approx(OLFACTORY_SHARE)


def test_few_olfactory_receptors_get_no_more_than_others():
    sampler = Sampler(_records({f"R{n}": 1 for n in range(9)}) + _records({"OR1": 1}, "Olfactory"))
    assert sampler.probabilities == pytest.approx(np.full(10, 0.1))


def test_only_olfactory_receptors():
    assert Sampler(_records({"OR1": 1, "OR2": 3}, "Olfactory")).probabilities == pytest.approx([0.5, 0.5])


def test_draws_follow_the_probabilities():
    records = [Record("a", "X", "A", "L"), Record("b", "OR1", "Olfactory", "A"), Record("c", "OR2", "Olfactory", "G")]
    sampler, rng = Sampler(records), np.random.default_rng(0)
    drawn = np.bincount([sampler.draw(rng, 16)[1] for _ in range(2000)], minlength=7)[4:]
    assert drawn / 2000 == pytest.approx([0.8, 0.1, 0.1], abs=0.03)


def test_a_whole_sequence_is_the_tokens_of_the_app():
    sequence = "LAGVSERTIDPKQNFYMHWCXBUZO"
    crop = Sampler([Record("a", "X", "A", sequence)]).draw(np.random.default_rng(0), 27)
    assert crop.tolist() == encode("esm2", sequence).ids[0].tolist()


def test_crops_are_framed_and_reach_both_ends():
    sequence = "LAGVSERTIDPKQNFYMHWC"
    sampler, rng = Sampler([Record("a", "X", "A", sequence)]), np.random.default_rng(0)
    whole = encode("esm2", sequence).ids[0].tolist()
    starts = set()
    for _ in range(300):
        crop = sampler.draw(rng, 12).tolist()
        assert (len(crop), crop[0], crop[-1]) == (12, CLS, EOS)
        start = whole.index(crop[1])
        assert whole[start : start + 10] == crop[1:-1]
        starts.add(start)
    assert starts == set(range(1, 12))


@pytest.mark.parametrize(("length", "longest"), [(500, 64), (30, 64), (65, 64), (500, 16)])
def test_many_crops_fill_a_batch(length, longest):
    sampler = Sampler([Record("a", "X", "A", "LAGVS" * (length // 5))])
    crops = sampler.draw_many(np.random.default_rng(0), 1024, longest)
    assert max(map(len, crops)) <= longest
    assert 1024 - longest // 4 < sum(map(len, crops)) <= 1024
