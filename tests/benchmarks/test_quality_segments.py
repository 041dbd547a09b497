"""The segment probe, and the split that all tables rest on."""

import gzip

import numpy as np
import pytest
from _quality_data import Effort, Family, Split, read_split, spread
from _quality_held import COLUMNS, FREQUENCIES, ask_all
from _quality_models import untrained
from _quality_segments import SEGMENTS, labelled, majority, one_hot, probe, read_segments, segment_labels

from allo_core.library.receptors import receptors
from tests.benchmarks.small import SMALL

LITTLE = Effort(masks=1, ortholog_masks=1, profile=2, orthologs=1, probe_receptors=3, probe_residues=60)
NAMES = ("AA2AR", "ADRB2", "OPSD", "AA2BR", "ADRB1", "OPSB", "DRD2")


def made_split():
    families = {name: Family(name, "A", receptors()[name].protein.sequence, (receptors()[name].protein.sequence[:-1],)) for name in NAMES}
    return Split({name: families[name] for name in NAMES[3:]}, {name: families[name] for name in NAMES[:3]})


def test_segments_of_a_receptor():
    labels = segment_labels("AA2AR")
    assert len(labels) == 412
    assert SEGMENTS[labels[51]] == "TM2"  # D52, 2x50
    assert {SEGMENTS[label] for label in segment_labels("ADRB2") if label >= 0} == set(SEGMENTS)
    assert (segment_labels("DRD3") == -1).all()  # no numbers


def test_a_probe_reads_what_is_there_and_the_majority_does_not():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    features = np.eye(3)[labels] + 0.01 * rng.normal(size=(300, 3))
    assert probe((features[:200], labels[:200]), (features[200:], labels[200:])) == (1.0, 1.0)
    found = majority(np.array([2, 2, 1]), np.array([2, 2, 2, 1]))
    assert found.accuracy == 0.75
    assert found.macro_f1 == pytest.approx((6 / 7 + 0) / 2)


def test_residues_are_drawn_once_and_their_labels_go_with_them():
    features, labels = labelled(["AA2AR", "DRD3"], lambda sequence: np.arange(len(sequence))[:, None], most=30)
    assert features.shape == (30, 1)
    assert np.array_equal(segment_labels("AA2AR")[features[:, 0]], labels)
    assert len(set(features[:, 0].tolist())) == 30


def test_the_residue_type_is_one_hot():
    assert one_hot("AYX").sum(axis=1).tolist() == [1, 1, 0]


def test_the_probe_is_fitted_on_training_receptors_and_tested_on_the_others(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "_quality_segments.labelled", lambda entries, features, most=None: calls.append(list(entries)) or labelled(["AA2AR"], features)
    )
    found = read_segments(made_split(), [untrained(SMALL)], LITTLE)
    assert list(found) == ["nothing: the most common segment", "residue type", "untrained"]
    for fit, test in zip(calls[::2], calls[1::2], strict=True):
        assert set(fit) < set(NAMES[3:])
        assert test == list(NAMES[:3])


def test_every_unseen_receptor_is_asked_with_its_nearest_training_receptor():
    held = ask_all(made_split(), [untrained(SMALL)], LITTLE)
    assert {one.receptor: one.nearest for one in held} == {"AA2AR": "AA2BR", "ADRB2": "ADRB1", "OPSD": "OPSB"}
    for one in held:
        assert 0.4 < one.identity < 0.8
        assert list(one.nats) == list(one.ortholog_nats) == [FREQUENCIES, COLUMNS, "untrained"]
        assert one.nats[COLUMNS] < 0.8 * one.nats[FREQUENCIES] < one.nats["untrained"]


def test_receptors_are_divided_whole(tmp_path):
    path = tmp_path / "made.fasta.gz"
    text = "".join(
        f">{name}{i} receptor={name} class=A taxid=9606\n{receptors()[name].protein.sequence[i:]}\n" for name in NAMES for i in (0, 2)
    )
    path.write_bytes(gzip.compress(text.encode()))
    split = read_split(path)
    assert {"AA2AR", "ADRB2", "OPSD"} <= set(split.unseen)
    assert not set(split.unseen) & set(split.training)
    family = split.unseen["AA2AR"]
    assert family.reference == receptors()["AA2AR"].protein.sequence
    assert family.orthologs == (family.reference[2:],)
    assert family.receptor_class == "A"


def test_sequences_are_taken_evenly():
    assert spread(map(str, range(9)), 3) == ["0", "4", "8"]
    assert spread("ab", 3) == ["a", "b"]
