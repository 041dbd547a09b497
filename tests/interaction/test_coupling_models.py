"""The models that ship say what their cards say, and what they say of their own training receptors is not passed off as a prediction."""

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction import coupling_models
from allo_core.interaction.coupling_models import RANKED_BY, SHIPPED, nearest_studied, predict_coupling, shipped_models
from allo_core.interaction.coupling_scores import compare_couplings
from allo_core.interaction.coupling_table import coupling_pairs, families, studied
from allo_core.interaction.features import token_vectors
from allo_core.interaction.kept_model import check_language_model
from allo_core.interaction.splits import by_protein
from allo_core.library.receptors import receptors
from allo_core.models.language_model import load_model
from allo_core.protein.sequence import Protein
from tests.models.tiny import random_protein

MOST_BYTES = 4_000_000


@pytest.fixture(scope="module")
def model():
    return load_model("alloscope_gpcr_8m", "cpu")


def vectors_of(model, protein):
    proteins = (protein, *(family.partner for family in families()))
    return {cut: token_vectors(model, proteins, cut) for cut in ("published", "regions")}


def test_what_ships_is_small_and_fits_the_language_model_that_ships(model):
    for shipped in shipped_models():
        check_language_model(shipped.card, model.spec.id, model.sha256)
        assert shipped.card.licence.startswith("GtoPdb")
        assert (shipped.card.pairs, shipped.card.positives) == (1004, 385)
    assert all(path.stat().st_size < MOST_BYTES for path in SHIPPED.values())


def test_the_better_one_comes_first():
    areas = [shipped.card.comparison[0].measure(RANKED_BY) for shipped in shipped_models()]
    assert areas == sorted(areas, reverse=True)


def test_what_cards_say_of_left_out_receptors_gives_the_numbers_of_the_comparison():
    # Areas within folds need the folds; the share of receptors whose likeliest family is reported does not.
    pairs = coupling_pairs()
    for shipped in shipped_models():
        assert set(shipped.card.out_of_fold) == set(studied())
        found = [shipped.card.out_of_fold[entry][family.partner.name] for entry in studied() for family in families()]
        scored = compare_couplings({"own": np.array(found)}, by_protein(pairs, 5, side="A"), np.arange(251))
        assert scored.scores[0].top.value == pytest.approx(shipped.card.comparison[0].measure("top family"), abs=1e-4)


def test_a_training_receptor_is_told_and_what_was_said_without_it(model):
    protein = receptors()["ADRB2"].protein
    found = predict_coupling(Protein("mine", protein.sequence), vectors_of(model, protein))
    assert [one.key for one in found] == [shipped.key for shipped in shipped_models()]
    for one, shipped in zip(found, shipped_models(), strict=True):
        assert (one.known, one.identity) == ("ADRB2", 1.0)
        own = shipped.card.out_of_fold["ADRB2"]
        assert one.out_of_fold == tuple(own[family.partner.name] for family in families())
        assert all(0 < value < 1 for value in one.probabilities)
        assert 1 <= one.rank <= one.methods == len(shipped.card.comparison)


def test_a_homologue_is_named_and_a_stranger_is_not(model):
    near = receptors()["ADRB2"].protein.sequence
    other = Protein("other", near[:100] + "A" + near[101:])
    identity, name = nearest_studied(other)
    assert name == "ADRB2"
    assert 0.9 < identity < 1
    stranger = random_protein(200)
    (one, *_) = predict_coupling(stranger, vectors_of(model, stranger))
    assert (one.known, one.identity, one.out_of_fold) == ("", 0.0, None)


def test_a_missing_cut_is_named():
    with pytest.raises(PairError, match="cut by regions"):
        predict_coupling(receptors()["ADRB2"].protein, {})


def test_a_missing_file_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(coupling_models, "SHIPPED", {name: tmp_path / path.name for name, path in SHIPPED.items()})
    shipped_models.cache_clear()
    with pytest.raises(PairError, match="There is no model"):
        shipped_models()
    shipped_models.cache_clear()
