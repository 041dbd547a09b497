"""Contacts of all unseen receptors: who is asked, who is learnt from, and maps whose answer is known."""

import numpy as np
import pytest
from _quality_contacts import Precision
from _quality_models import untrained
from _quality_report import unseen_contacts_section
from _quality_unseen_contacts import (
    FAMILY,
    family_precision,
    fitted_receptors,
    separation_precision,
    times_random,
    times_random_apart,
    unseen_contacts,
    unseen_precision,
)

from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities
from allo_core.training.split import held_out
from tests.benchmarks.small import SMALL


@pytest.fixture(scope="module")
def unseen():
    return sorted(held_out(receptors()))


@pytest.fixture(scope="module")
def asked(unseen):
    return unseen_contacts(unseen)


def test_every_unseen_receptor_with_a_structure_is_asked(unseen, asked):
    names = [known.receptor for known in asked]
    assert len(names) == 18
    assert names == sorted(set(names) & set(unseen))
    assert {"AA2AR", "ADRB2", "OPSD", "NPBW2", "T2R14"} <= set(names)
    assert "PTH1R" not in names  # 593 residues
    for known in asked:
        experiment = known_contacts().get(known.receptor)
        assert known.entry == (experiment.entry if experiment else f"AF-{receptors()[known.receptor].accession}-F1")
        assert len(known.resolved) < known.first.size < 2 * len(known.resolved)
        assert (known.second - known.first).min() == 6
        assert set(known.first) | set(known.second) <= set(known.resolved.tolist())


def test_uncertain_residues_of_a_prediction_are_not_asked(asked):
    (known,) = [known for known in asked if known.receptor == "GPR62"]
    # Its third loop and its end have low confidence.
    assert 0.5 < len(known.resolved) / len(receptors()["GPR62"].protein) < 0.8


def test_nothing_is_learnt_from_homologues(unseen, asked):
    fitted = fitted_receptors(unseen, asked)
    names = [known.receptor for known in fitted]
    assert len(set(names)) == len(names) > 30
    assert not set(names) & set(unseen)
    everyone = [receptors()[known.receptor] for known in [*fitted, *asked]]
    assert identities(everyone)[: len(fitted), len(fitted) :].max() <= HOMOLOGUE_IDENTITY


def test_heads_that_see_contacts_are_found_on_other_receptors(monkeypatch, unseen, asked):
    fitted, few = fitted_receptors(unseen, asked)[:3], asked[:2]
    known = {receptors()[one.receptor].protein.sequence: one for one in [*fitted, *few]}
    contact_head = 5

    def attention(_row, protein):
        length = len(protein)
        maps = np.random.default_rng(0).random((8, length, length), dtype=np.float32) / 100
        maps[contact_head] += known[protein.sequence].map(length)
        return maps

    monkeypatch.setattr("_quality_unseen_contacts.attention_maps", attention)
    found = unseen_precision(untrained(SMALL), few, fitted, 2, 2)
    methods = [("best 5 heads", 0), ("regression", 1), ("regression", 2)]
    assert [(one.receptor, one.method, one.separation) for one in found] == [
        (known.receptor, method, separation) for known in few for method, _ in methods for separation in (6, 24)
    ]
    assert [one.detail for one in found if one.method == "regression"][::2] == ["fit 1", "fit 2"] * 2
    for one in found:
        assert one.values == pytest.approx((1, 1, 1))
        assert 0.005 < one.random < 0.02
    heads = next(one.detail for one in found if one.method == "best 5 heads")
    assert heads.startswith(f"{contact_head // SMALL.heads}.{contact_head % SMALL.heads}, ")


def test_the_family_knows_more_than_chance(asked):
    found = family_precision(asked)
    assert len({one.receptor for one in found}) == 16  # no structure of another taste receptor is known
    assert times_random([one for one in found if one.separation == 6], 2).value > 50


def test_separation_alone_is_judged_on_the_same_receptors(unseen, asked):
    found = separation_precision(asked, fitted_receptors(unseen, asked))
    assert [(one.receptor, one.separation) for one in found] == [(known.receptor, apart) for known in asked for apart in (6, 24)]
    assert times_random([one for one in found if one.separation == 6], 0).value > 2


def precision(values, random, receptor):
    return Precision("1AAA", receptor, "regression", 6, values, random, "")


def test_times_random_by_hand():
    found = [precision((0.0, 0.0, 0.04), 0.01, "A"), precision((0.0, 0.0, 0.02), 0.01, "B")]
    times = times_random(found, 2)
    assert times == pytest.approx((3, 1, 0))  # of 4 and 2
    apart = times_random_apart(found, [precision((0.0, 0.0, 0.03), 0.01, "A"), precision((0.0, 0.0, 0.01), 0.01, "B")], 2)
    assert apart == pytest.approx((1, 0, 0), abs=1e-9)


def test_fits_are_averaged_and_their_spread_is_told():
    values = {"A": (0.05, 0.03), "B": (0.03, 0.01)}  # of two fits
    found = [precision((0.0, 0.0, value), 0.01, receptor) for receptor, fits in values.items() for value in fits]
    assert times_random(found, 2) == pytest.approx((3, 1, np.sqrt(2)))  # fits of 4 and 2, receptors of 4 and 2


def test_its_error_is_that_of_leaving_one_receptor_out():
    random = np.random.default_rng(1)
    drawn = enumerate(zip(random.random(40), 0.5 + random.random(40), strict=True))
    found = [precision((0.0, 0.0, value), chance, str(k)) for k, (value, chance) in drawn]
    every = [times_random([*found[:k], *found[k + 1 :]], 2).value for k in range(len(found))]
    jackknife = np.sqrt((len(found) - 1) / len(found) * ((np.array(every) - np.mean(every)) ** 2).sum())
    assert times_random(found, 2).error == pytest.approx(jackknife, rel=0.02)


def test_the_table_has_each_row_and_what_training_gained():
    before = [precision((0.02, 0.02, 0.02), 0.01, "A"), precision((0.02, 0.02, 0.04), 0.01, "B")]
    after = [precision((0.02, 0.02, 0.03), 0.01, "A"), precision((0.02, 0.02, 0.05), 0.01, "B")]
    family = [one._replace(method=FAMILY, values=(0.8, 0.9, 0.9)) for one in before]
    text = unseen_contacts_section({FAMILY: family, "untrained": before, "further": after}, 6)
    assert "of 2 unseen receptors at separation ≥ 6" in text
    assert f"| {FAMILY} | 0.800 (80.0 ± 0.0) | " in text
    assert "| further, regression | 0.020 (2.0 ± 0.0) | 0.020 (2.0 ± 0.0) | 0.040 (4.0 ± 1.0) | 2 |" in text
    assert "| random pairs | 0.010 (1) |" in text
    assert "- further less untrained, regression, L/5: +1.00 ± 0.00" in text
