"""Embeddings against fair-esm's own hidden states and, for AntiBERTy, a direct pass through its weights."""

import numpy as np
import pytest
import torch

from allo_core.errors import SequenceError
from allo_core.models.embeddings import embed
from allo_core.models.language_model import load_model
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from allo_core.protein.sequence import Protein
from tests.models.tiny import FAMILIES, antiberty_reference, fair_esm_model, random_model, random_protein, save_fair_esm

ESM2 = "esm2_t6_8M_UR50D"
PROTEIN = random_protein(70)
HEAVY = "EVQLVQSGPEVKKPGTSVKVSCKASGFTFMSSAVQWVRQARGQRLEWIGWIVIGSGNTNYAQKFQERVTITRDMSTSTAYMELSSLRSEDTAVYYCAAPYCSSISCNDGFDIWGQGTMVTVS"
LIGHT = "DVVMTQTPFSLPVSLGDQASISCRSSQSLVHSNGNTYLHWYLQKPGQSPKLLIYKVSNRFSGVPDRFSGSGSGTDFTLKISRVEAEDLGVYFCSQSTHVPYTFGGGTKLEIK"
families = pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)


def test_states_are_those_of_fair_esm(tmp_path, monkeypatch):
    reference = fair_esm_model(MODELS[ESM2], seed=5, sharpness=3.0)
    save_fair_esm(reference, tmp_path / f"{ESM2}.pt")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    found = embed(load_model(ESM2, device="cpu"), PROTEIN, range(7))
    with torch.inference_mode():
        expected = reference(encode("esm2", PROTEIN).ids, repr_layers=range(7))["representations"]
    assert sorted(found.states) == list(range(7))
    for layer, state in found.states.items():
        assert state.dtype == np.float32
        np.testing.assert_allclose(state, expected[layer][0, 1:-1].numpy(), atol=1e-4, rtol=0)


@families
def test_states_are_those_that_transformers_gives(spec):
    model = random_model(spec, seed=1)
    found = embed(model, PROTEIN, range(spec.layers + 1))
    with torch.inference_mode():
        expected = model.module.base_model(input_ids=encode(spec.family, PROTEIN).ids, output_hidden_states=True).hidden_states
    for layer, state in found.states.items():
        np.testing.assert_allclose(state, expected[layer][0, 1:-1].numpy(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("sequence", [HEAVY, LIGHT], ids=["heavy", "light"])
def test_states_of_antiberty_are_those_of_its_own_weights(sequence):
    found = embed(load_model("antiberty", device="cpu"), Protein("chain", sequence), range(9))
    with torch.inference_mode():
        expected = antiberty_reference()(encode("bert", sequence).ids).states
    assert found.states[8].shape == (len(sequence), 512)
    for layer, state in found.states.items():
        np.testing.assert_allclose(state, expected[layer][0, 1:-1].numpy(), atol=1e-4, rtol=0)


def test_layers_count_from_either_end_and_the_mean_is_over_residues():
    model = random_model(FAMILIES[0], seed=1)
    found = embed(model, PROTEIN)
    assert list(found.states) == [3]
    np.testing.assert_array_equal(found.state(-1), found.states[3])
    np.testing.assert_allclose(found.mean(-1), found.states[3].mean(axis=0), atol=1e-6)
    assert list(embed(model, PROTEIN, (-4, 0, 2)).states) == [0, 2]
    with pytest.raises(IndexError, match="state 0 was not kept; kept are 3"):
        found.mean(0)


@pytest.mark.parametrize(("layers", "said"), [((4,), "no state 4; it has 0"), ((-5,), "no state -5"), ((), "no layer was asked for")])
def test_a_state_that_does_not_exist_is_named(layers, said):
    with pytest.raises(IndexError, match=said):
        embed(random_model(FAMILIES[0], seed=1), PROTEIN, layers)


def test_too_long_for_the_model():
    with pytest.raises(SequenceError, match=r"has 511 residues, .* reads at most 510"):
        embed(load_model("antiberty", device="cpu"), random_protein(511))
