"""What the shipped models say of one receptor, and which stretches say so: sums that have to come out."""

import numpy as np
import pytest
from scipy.special import logit

from allo_core.errors import PairError
from allo_core.interaction.coupling_answer import answer_coupling, coupling_model, family_rates
from allo_core.interaction.coupling_models import shipped_models
from allo_core.interaction.coupling_sentences import coupling_sentence, shown_probabilities, stretch_sentence
from allo_core.interaction.coupling_table import coupling_pairs, families, reported
from allo_core.interaction.coupling_worth import worth_sentence
from allo_core.interaction.cuts import REGIONS, SEGMENTS
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.protein.sequence import Protein


@pytest.fixture(scope="module")
def model():
    return load_model(coupling_model(), "cpu")


@pytest.fixture(scope="module")
def answer(model):
    return answer_coupling(model, find_receptor("AA2AR").protein)


def test_stretches_of_the_linear_model_add_up(answer):
    """What the stretches add is how far the log odds lie from those of the mean receptor."""
    linear = next(one.model for one in shipped_models() if one.key == "linear")
    said = next(one for one in answer.predictions if one.key == "linear")
    stretches = answer.stretches["linear"]
    assert stretches.names == REGIONS
    own = np.nansum(stretches.values, axis=1)
    lacking = np.isnan(stretches.values[0])
    # A region that the receptor lacks is zeros, which is not the mean either.
    of_lacking = -(linear.weights.astype(float)[:, lacking] * linear.mean[lacking]).sum(axis=(1, 2))
    assert own + of_lacking + linear.logits(linear.mean) == pytest.approx(logit(np.array(said.probabilities)), abs=1e-4)


def test_gradients_add_up_and_attention_is_shared_out(answer):
    assert (answer.gaps < 0.01).all()
    assert answer.stretches["gradients"].names == SEGMENTS
    assert answer.gradients[:, :10] == pytest.approx(answer.stretches["gradients"].values)
    assert answer.received.tokens.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert answer.maps.shape == (len(families()), 2, 20, 20)
    assert answer.maps.sum(axis=-1) == pytest.approx(1, abs=1e-5)
    assert answer.maps.mean(axis=2).mean(axis=1) == pytest.approx(answer.received.tokens, abs=1e-5)
    assert answer.stretches["attention"].chance == 1 / 20


def test_residues_of_stretches_lie_where_their_names_say(answer):
    stretches = answer.stretches["linear"]
    helix = stretches.residues[REGIONS.index("TM3")]
    assert answer.protein.index(102) in helix  # R3.50
    assert sorted(np.concatenate(answer.stretches["gradients"].residues)) == list(range(412))


def test_of_a_receptor_that_was_learnt_from_the_left_out_number_is_shown(answer):
    for one in answer.predictions:
        assert one.known == "AA2AR"
        assert shown_probabilities(one, "AA2AR") == one.out_of_fold
        assert shown_probabilities(one, "another") == one.probabilities
    best, amps = answer.predictions
    sentence = coupling_sentence(answer, "Gs", reported("AA2AR"))
    assert sentence.startswith("Gs is reported of AA2AR. ")
    assert f"rank {best.rank} of {best.methods}, gives {best.out_of_fold[0]:.2f} without having learnt from it" in sentence
    assert f"{amps.name}, rank {amps.rank}, {amps.out_of_fold[0]:.2f}" in sentence
    assert f"Of all studied receptors {family_rates()[0]:.0%} couple to Gs." in sentence
    assert "G12/13 is not reported, which is less than" in coupling_sentence(answer, "G12/13", reported("AA2AR"))
    assert coupling_sentence(answer, "Gs", None).startswith("No G protein family is reported of AA2AR.")


def test_a_stretch_is_said_with_its_sign_and_rank_or_beside_chance(answer):
    linear = answer.stretches["linear"]
    best = int(np.nanargmax(linear.values[0]))
    assert f"speaks for Gs: {linear.values[0, best]:+.2f}, the 1st of" in stretch_sentence(linear, 0, best, "x", "Gs")
    attention = answer.stretches["attention"]
    assert stretch_sentence(attention, 0, 0, "1 of 10", "Gs").endswith("of the attention; 0.050 by chance.")


def test_rates_are_those_of_the_table():
    labels = coupling_pairs().labels.reshape(-1, 4)
    assert family_rates().tolist() == pytest.approx([80 / 251, 159 / 251, 120 / 251, 26 / 251])
    assert labels.sum() == 385


def test_what_is_not_told_from_chance_is_said_first():
    sentence = worth_sentence(shipped_models()[0].card)
    assert sentence.startswith("Not told from chance")
    assert "ESM2_AMPS" in sentence.split(".")[0]
    assert "not told apart from sequence identity, which needs no model" in sentence
    assert "Four partners are four classifiers" in sentence


def test_what_is_no_receptor_is_refused(model):
    with pytest.raises(PairError, match="mine is like no receptor of the library"):
        answer_coupling(model, Protein("mine", "MKV" * 60))
