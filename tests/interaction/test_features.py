"""Vectors of proteins: those of the model's own states, kept for each sequence, and resumed."""

import threading
from itertools import pairwise

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, SequenceError
from allo_core.interaction.cuts import REGIONS
from allo_core.interaction.features import cut_tokens, protein_vectors, token_vectors
from allo_core.library.receptors import receptors
from allo_core.models.tokens import encode
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_readouts import delete_readouts, kept_readouts, vectors_folder
from tests.models.tiny import FAMILIES, TINY_BERT, random_model, random_protein

PROTEIN = random_protein(37)
NAME = "vectors of proteins for pairs"


@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.id)
def test_they_are_means_of_what_transformers_gives(spec):
    model = random_model(spec)
    found = protein_vectors(model, PROTEIN)
    with torch.inference_mode():
        state = model.module.base_model(encode(spec.family, PROTEIN).ids).last_hidden_state[0].double().numpy()
    residues = state[1:-1]
    sizes = [4] * 7 + [3] * 3
    ends = np.cumsum([0, *sizes])
    parts = [residues[start:end].mean(axis=0) for start, end in pairwise(ends)]
    expected = np.stack([state[0], state[-1], residues.mean(axis=0), *parts])
    assert found.dtype == np.float32
    assert cut_tokens("published") == ("cls", "eos", "mean", *(f"segment{number}" for number in range(10)))
    assert found == pytest.approx(expected, abs=2e-5)
    assert np.ptp(found, axis=0).min() > 0  # no two of them are one


def test_stretches_without_residues_are_zeros():
    found = protein_vectors(random_model(FAMILIES[0]), Protein("short", "MKTAY"))
    assert (found[3:8] != 0).any(axis=1).all()
    assert not found[8:].any()


def test_regions_of_a_receptor_and_of_another_protein():
    model = random_model(FAMILIES[0])
    receptor = receptors()["ADRB2"]
    found = token_vectors(model, [receptor.protein, PROTEIN], "regions")
    assert found.tokens == ("cls", "eos", "mean", *REGIONS)
    own = found.pick(REGIONS).vectors[0]
    sizes = np.array([receptor.numbers.segment.count(name) for name in REGIONS])
    # Means over the regions, weighed by their sizes, give the mean over the protein.
    assert sizes @ own.astype(float) / sizes.sum() == pytest.approx(found.pick(["mean"]).vectors[0, 0].astype(float), abs=1e-5)
    assert found.vectors[1, :3].any()
    assert not found.pick(REGIONS).vectors[1].any()


def test_they_are_kept_for_each_sequence_and_cut(monkeypatch):
    model = random_model(FAMILIES[0])
    proteins = [random_protein(30, seed) for seed in range(3)]
    found = token_vectors(model, proteins)
    assert kept_readouts()[NAME] > 0
    monkeypatch.setattr("allo_core.interaction.features.read", lambda *given, **named: pytest.fail("the model ran again"))
    again = token_vectors(model, [Protein("another name", proteins[2].sequence), proteins[0]])
    assert np.array_equal(again.vectors, found.vectors[[2, 0]])
    with pytest.raises(pytest.fail.Exception):
        token_vectors(model, proteins, "regions")
    assert delete_readouts(NAME) == 3
    with pytest.raises(pytest.fail.Exception):
        token_vectors(model, proteins)


def test_other_weights_are_another_file():
    model, other = random_model(FAMILIES[0]), random_model(FAMILIES[0], seed=1)
    other.sha256 = "1" * 64
    one, two = (token_vectors(each, [PROTEIN]).vectors for each in (model, other))
    assert not np.array_equal(one, two)
    assert len(list(vectors_folder().iterdir())) == 2


def test_a_damaged_file_is_made_anew():
    model = random_model(FAMILIES[0])
    found = token_vectors(model, [PROTEIN]).vectors
    (file,) = vectors_folder().iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(token_vectors(model, [PROTEIN]).vectors, found)


def test_what_was_cancelled_goes_on(monkeypatch):
    model, stop, done = random_model(FAMILIES[0]), threading.Event(), []
    proteins = [random_protein(30, seed) for seed in range(4)]

    def progress(number: int, total: int) -> None:
        done.append((number, total))
        if number == 2:
            stop.set()

    with pytest.raises(Cancelled):
        token_vectors(model, proteins, progress=progress, cancel=stop)
    assert done == [(1, 4), (2, 4)]
    assert len(list(vectors_folder().iterdir())) == 2
    passes = []
    from allo_core.interaction import features

    real = features.read
    monkeypatch.setattr(features, "read", lambda *given, **named: (passes.append(1), real(*given, **named)))
    assert token_vectors(model, proteins).vectors.shape == (4, 13, 64)
    assert len(passes) == 2


def test_a_protein_that_is_too_long_is_named():
    with pytest.raises(SequenceError, match="longer has 511 residues"):
        token_vectors(random_model(TINY_BERT), [PROTEIN, Protein("longer", "A" * 511)])
