"""How much states depend on embeddings: the estimate against the whole Jacobian, and against finite differences."""

from threading import Event

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled
from allo_core.models.readers import StatesReader
from allo_core.models.reading import read
from allo_core.models.state_gradients import _states, embedding_dependence
from allo_core.models.tokens import encode
from tests.models.tiny import FAMILIES, random_model, random_protein

PROTEIN = random_protein(7)


@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
def test_the_estimate_nears_the_norm_of_the_whole_jacobian(spec):
    """Of every number of a state by every number of every embedding, one backward pass each."""
    model, residues = random_model(spec), [1, 5]
    embedding, states = _states(model, encode(spec.family, PROTEIN).ids)
    found = embedding_dependence(model, PROTEIN, residues, 300)
    assert found.shape == (spec.layers + 1, 2, len(PROTEIN) + 2)
    for state in range(spec.layers + 1):
        for at, residue in enumerate(residues):
            rows = [torch.autograd.grad(number, embedding, retain_graph=True)[0][0] for number in states[state][0, residue + 1]]
            whole = torch.stack(rows).square().sum(dim=(0, 2)).sqrt().numpy()
            np.testing.assert_allclose(found[state, at], whole, rtol=0.15, atol=1e-6 * whole.max())
            np.testing.assert_allclose(found[state, at] / found[state, at].sum(), whole / whole.sum(), atol=0.02)


@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
def test_states_are_those_of_the_model_and_the_first_is_its_own(spec):
    model = random_model(spec)
    _, states = _states(model, encode(spec.family, PROTEIN).ids)
    reader = StatesReader(range(spec.layers + 1))
    read(model, PROTEIN, [reader])
    for number, values in reader.states.items():
        np.testing.assert_allclose(states[number][0, 1:-1].detach().numpy(), values.numpy(), atol=1e-5)
    found = embedding_dependence(model, PROTEIN, [3], 2)
    assert (found[0, 0] > 0).nonzero()[0].tolist() == [4]  # the embedding depends on itself alone
    assert (found[-1] > 0).all()


def test_it_stops_where_it_is_told_to_and_leaves_the_model_as_it_was():
    model, cancel = random_model(FAMILIES[0]), Event()
    cancel.set()
    with pytest.raises(Cancelled):
        embedding_dependence(model, PROTEIN, [3], 2, cancel=cancel)
    assert not any(layer._forward_pre_hooks for layer in model.module.modules())
