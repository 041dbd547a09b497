"""Contacts without heads, on a tiny model with and without a regression, against maps that are read by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from allo_core.attention.contacts import precisions_among
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.capture import Intervention
from allo_core.models.contact_regression import ContactRegression
from allo_core.models.contacts import ContactReader
from allo_core.models.reading import read
from allo_core.readouts import ablation_contacts, contact_heads
from allo_core.readouts.ablation_contacts import contact_changes
from tests.models.tiny import FAMILIES, random_model

FEW = ("ADRB2", "CCR5", "OPSD")


@pytest.fixture
def model(monkeypatch, tmp_path):
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path))
    monkeypatch.setattr(ablation_contacts, "panel", lambda: FEW)
    monkeypatch.setattr(contact_heads, "panel", lambda: FEW)
    return random_model(replace(FAMILIES[0], layers=2), seed=6)


def test_the_change_is_that_of_a_pass_without_the_head(model):
    weights = np.random.default_rng(0).normal(size=(2, 4))
    model.contact_regression = ContactRegression(weights, 0.1)
    sets = (((0, 1),), ((1, 2),))
    found = contact_changes(model, sets, "zero")
    gates, changes, bases = torch.ones(2, 4), [], []
    gates[0, 1] = 0
    for entry in FEW:
        protein, known, values = receptors()[entry].protein, known_contacts()[entry], []
        for intervene in (None, Intervention(gates)):
            reader = ContactReader(weights)
            read(model, protein, [reader], intervene)
            values.append(precisions_among(reader.total, known.resolved, known.map(len(protein)), (6,))[0].values)
        bases.append(values[0])
        changes.append(np.subtract(values[1], values[0]))
    assert found.at_l.value[0] == pytest.approx(np.mean(changes, axis=0)[0])
    assert found.at_l5.value[0] == pytest.approx(np.mean(changes, axis=0)[2])
    assert found.base == pytest.approx([np.mean(bases, axis=0)[0], np.mean(bases, axis=0)[2]])
    assert np.abs(changes).max() > 0
    # A head of the last layer changes no map.
    assert (found.at_l.value[1], found.at_l5.value[1]) == (0, 0)
    assert 0 < found.random < 0.1


def test_without_a_regression_the_heads_stay_as_they_were_chosen_and_receptors_are_kept(model, monkeypatch):
    sets = (((0, 1),),)
    found = contact_changes(model, sets)
    monkeypatch.setattr(ablation_contacts, "read", lambda *_, **__: pytest.fail("it was kept"))
    again = contact_changes(model, sets)
    np.testing.assert_array_equal(found.at_l.value, again.at_l.value)
    assert found.base == again.base
