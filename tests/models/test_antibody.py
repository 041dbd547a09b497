"""AntiBERTy's classifiers against its package's own formula on the same weights."""

import pytest
import torch

from allo_core.errors import WeightsError
from allo_core.models.antibody import CHAINS, SPECIES, classify_antibody
from allo_core.models.language_model import load_model
from allo_core.models.tokens import encode
from allo_core.protein.sequence import Protein
from tests.models.test_embeddings import HEAVY, LIGHT
from tests.models.tiny import FAMILIES, antiberty_reference, random_model, random_protein


@pytest.mark.parametrize(("sequence", "species", "chain"), [(HEAVY, "human", "heavy"), (LIGHT, "mouse", "light")], ids=["heavy", "light"])
def test_species_and_chain(sequence, species, chain):
    found = classify_antibody(load_model("antiberty", device="cpu"), Protein("chain", sequence))
    with torch.inference_mode():
        expected = antiberty_reference()(encode("bert", sequence).ids)
    for values, labels, logits in ((found.species, SPECIES, expected.species), (found.chain, CHAINS, expected.chain)):
        assert list(values) == list(labels)
        assert list(values.values()) == pytest.approx(torch.softmax(logits[0], dim=-1).tolist(), abs=1e-5)
    assert max(found.chain, key=lambda name: found.chain[name]) == chain
    assert max(found.species, key=lambda name: found.species[name]) == species


def test_other_models_have_no_such_classifier():
    with pytest.raises(WeightsError, match="no classifier of species and chain"):
        classify_antibody(random_model(FAMILIES[0]), random_protein(20))
