"""Probabilities against fair-esm and, for AntiBERTy, the formula of its package on its own weights; brute force throughout."""

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, SequenceError
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import fill_masked, mutation_scores, pseudo_perplexity, residue_probabilities
from allo_core.models.registry import MODELS
from allo_core.models.tokens import VOCABULARIES, encode
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from tests.models.test_embeddings import HEAVY, LIGHT
from tests.models.tiny import FAMILIES, antiberty_reference, fair_esm_model, random_model, random_protein, save_fair_esm

ESM2 = "esm2_t6_8M_UR50D"
PROTEIN = random_protein(40, seed=3)
families = pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)


@pytest.fixture(scope="module")
def fair_esm():
    return fair_esm_model(MODELS[ESM2], seed=5, sharpness=3.0)


@pytest.fixture
def model(fair_esm, tmp_path, monkeypatch):
    save_fair_esm(fair_esm, tmp_path / f"{ESM2}.pt")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    return load_model(ESM2, device="cpu")


def fair_esm_log_p(reference, ids):
    """log p of the twenty residues at each token."""
    columns = [VOCABULARIES["esm2"].index(letter) for letter in AMINO_ACIDS]
    with torch.inference_mode():
        return torch.log_softmax(reference(ids)["logits"][0][:, columns], dim=-1).numpy()


def test_one_pass_gives_what_fair_esm_gives(model, fair_esm):
    found = residue_probabilities(model, PROTEIN, masked=False)
    expected = fair_esm_log_p(fair_esm, encode("esm2", PROTEIN).ids)[1:-1]
    assert not found.masked
    assert found.letters == AMINO_ACIDS
    np.testing.assert_allclose(found.log_p, expected, atol=1e-4, rtol=0)
    wild_type = expected[np.arange(40), [AMINO_ACIDS.index(letter) for letter in PROTEIN.sequence]]
    np.testing.assert_allclose(mutation_scores(model, PROTEIN, "wild-type"), expected - wild_type[:, None], atol=2e-4, rtol=0)


def test_masked_marginals_are_those_of_a_loop_over_fair_esm(model, fair_esm):
    asked = (0, 7, 19, 30, 39)
    found = residue_probabilities(model, PROTEIN, residues=asked)
    scores = found.log_odds
    ids = encode("esm2", PROTEIN).ids
    for residue in asked:
        masked = ids.clone()
        masked[0, residue + 1] = 32  # fair-esm's <mask>
        expected = fair_esm_log_p(fair_esm, masked)[residue + 1]
        np.testing.assert_allclose(found.log_p[residue], expected, atol=1e-4, rtol=0)
        own = expected[AMINO_ACIDS.index(PROTEIN.sequence[residue])]
        np.testing.assert_allclose(scores[residue], expected - own, atol=2e-4, rtol=0)
        assert found.wild_type[residue] == pytest.approx(np.exp(own), abs=1e-4)
        assert found.entropy[residue] == pytest.approx(-(np.exp(expected) * expected).sum() / np.log(2), abs=1e-4)
        assert found.expected[residue] == AMINO_ACIDS[expected.argmax()]
    others = np.setdiff1d(np.arange(40), asked)
    assert np.isnan(found.log_p[others]).all()
    assert {found.expected[residue] for residue in others} == {"-"}


def test_residues_that_are_masked_together_are_filled_as_fair_esm_fills_them(model, fair_esm):
    hidden = (3, 4, 17)
    found = fill_masked(model, PROTEIN, hidden)
    ids = encode("esm2", PROTEIN).ids.clone()
    ids[:, [index + 1 for index in hidden]] = VOCABULARIES["esm2"].index("<mask>")
    expected = fair_esm_log_p(fair_esm, ids)[1:-1]
    np.testing.assert_allclose(found.log_p[list(hidden)], expected[list(hidden)], atol=1e-4, rtol=0)
    assert np.isnan(np.delete(found.log_p, hidden, axis=0)).all()
    with pytest.raises(IndexError):
        fill_masked(model, PROTEIN, [len(PROTEIN)])


@pytest.mark.parametrize(("sequence", "every"), [(HEAVY, 3), (LIGHT, 4)], ids=["heavy", "light"])
def test_the_pseudo_log_likelihood_of_antiberty_is_that_of_its_package(sequence, every):
    """antiberty 0.1.3: the mean over residues of log p, special tokens left out, every third or fourth residue masked in its turn."""
    reference = antiberty_reference()
    residues = torch.arange(0, len(sequence), every)
    ids = encode("bert", sequence).ids.repeat(len(residues), 1)
    places = torch.arange(len(residues))
    ids[places, residues + 1] = VOCABULARIES["bert"].index("[MASK]")
    with torch.no_grad():
        logits = torch.cat([reference(part).predictions for part in ids.split(32)])
    logits[:, :, :5] = -float("inf")
    labels = encode("bert", sequence).ids[0, residues + 1]
    expected = -torch.nn.functional.cross_entropy(logits[places, residues + 1], labels, reduction="mean").item()
    found = pseudo_perplexity(load_model("antiberty", device="cpu"), Protein("chain", sequence), residues.tolist())
    assert -np.log(found) == pytest.approx(expected, abs=1e-4)
    assert 1 < found < 4  # it knows antibodies


@families
def test_probabilities_are_a_distribution_over_the_twenty(spec):
    model = random_model(spec, seed=2)
    for masked in (False, True):
        found = residue_probabilities(model, PROTEIN, masked)
        np.testing.assert_allclose(np.exp(found.log_p.astype(np.float64)).sum(axis=1), 1, atol=1e-6)
        assert ((found.entropy > 0) & (found.entropy <= np.log2(20) + 1e-6)).all()
        scores = found.log_odds
        assert not scores[np.arange(40), [AMINO_ACIDS.index(letter) for letter in PROTEIN.sequence]].any()


@families
@pytest.mark.parametrize("letter", "XBZU")
def test_a_letter_that_is_none_of_the_twenty_has_no_wild_type(spec, letter):
    model, protein = random_model(spec, seed=2), Protein("odd", "MK" + letter + "AVLW")
    scores = mutation_scores(model, protein)
    assert np.isnan(scores[2]).all()
    assert np.isfinite(scores[[0, 1, 3, 4, 5, 6]]).all()
    found = residue_probabilities(model, protein)
    assert np.isfinite(found.log_p).all()  # what is expected there can be asked all the same
    assert np.isnan(found.wild_type[2])
    ordinary = [index for index in range(7) if index != 2]
    assert pseudo_perplexity(model, protein) == pytest.approx(np.exp(-found.log_wild_type[ordinary].mean()))
    assert found.perplexity == pytest.approx(pseudo_perplexity(model, protein))


def test_bad_questions_are_named():
    model = random_model(FAMILIES[0], seed=2)
    with pytest.raises(ValueError, match="no kind 'mutant'"):
        mutation_scores(model, PROTEIN, "mutant")
    with pytest.raises(IndexError, match="residue 40 does not exist; random has 40"):
        residue_probabilities(model, PROTEIN, residues=[3, 40])
    with pytest.raises(IndexError, match="residue -1"):
        pseudo_perplexity(model, PROTEIN, residues=[-1])
    with pytest.raises(SequenceError, match="no residue of the twenty"):
        pseudo_perplexity(model, Protein("unknown", "XXX"))
    with pytest.raises(SequenceError, match="reads at most 510"):
        residue_probabilities(random_model(FAMILIES[2], seed=2), random_protein(511))


def test_progress_and_cancel():
    import threading

    model, seen, cancel = random_model(FAMILIES[0], seed=2), [], threading.Event()

    def progress(done, total):
        seen.append((done, total))
        if done == 3:
            cancel.set()

    with pytest.raises(Cancelled):
        residue_probabilities(model, PROTEIN, progress=progress, cancel=cancel)
    assert seen == [(1, 40), (2, 40), (3, 40)]
