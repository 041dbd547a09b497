"""Contact maps: the published regression against fair-esm, chosen heads against a search by hand, the family's map against counting."""

import json
import threading

import numpy as np
import pytest
import torch

from allo_core.attention.contacts import apc, precision_at
from allo_core.errors import Cancelled, SequenceError
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.language_model import load_model
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities, identities_to
from allo_core.protein.sequence import Protein
from allo_core.readouts import contact_heads
from allo_core.readouts.contact_heads import HEADS, choose_heads, head_precisions
from allo_core.readouts.contacts import contact_map, predict_contacts
from allo_core.readouts.family_contacts import family_contacts
from allo_core.readouts.known import others_than, panel, unrelated
from allo_core.storage.home import home
from tests.models.tiny import FAMILIES, capture_all, fair_esm_model, random_model, random_protein, save_fair_esm

ESM2 = "esm2_t6_8M_UR50D"
AA2AR = receptors()["AA2AR"]


@pytest.fixture
def three(monkeypatch):
    """Three receptors to choose heads on."""
    names = panel()[:3]
    monkeypatch.setattr(contact_heads, "panel", lambda: names)
    return names


def test_with_a_regression_it_is_fair_esms(tmp_path, monkeypatch):
    reference = fair_esm_model(MODELS[ESM2], seed=21, sharpness=3.0)
    with torch.no_grad():
        reference.contact_head.regression.weight.normal_(std=2.0, generator=torch.Generator().manual_seed(0))
    save_fair_esm(reference, tmp_path / f"{ESM2}.pt")
    torch.save(
        {"model": {f"contact_head.{name}": value for name, value in reference.contact_head.state_dict().items()}},
        tmp_path / f"{ESM2}-contact-regression.pt",
    )
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    protein = random_protein(60)
    found = predict_contacts(load_model(ESM2, device="cpu"), protein)
    with torch.inference_mode():
        expected = reference.predict_contacts(encode("esm2", protein).ids)[0]
    assert (found.kind, found.heads) == ("probability", None)
    np.testing.assert_allclose(found.scores, expected.numpy(), atol=1e-5, rtol=0)


def test_without_one_the_best_heads_on_other_receptors_are_averaged(three):
    model, protein = random_model(FAMILIES[0], seed=4), random_protein(50)
    found = predict_contacts(model, protein)
    precision = []
    for entry in three:
        receptor, known = receptors()[entry], known_contacts()[entry]
        maps = capture_all(model.module, encode("esm2", receptor.protein).ids)[:, :, 1:-1, 1:-1].numpy()
        pairs = [(i, j) for i in known.resolved for j in known.resolved if j - i >= 6]
        touching = set(zip(known.first.tolist(), known.second.tolist(), strict=True))
        contact = np.array([pair in touching for pair in pairs])
        first, second = np.array(pairs).T
        corrected = apc(maps)
        precision.append([[precision_at(head[first, second], contact, len(known.resolved)) for head in layer] for layer in corrected])
    mean = np.mean(precision, axis=0)
    order = sorted(np.ndindex(mean.shape), key=lambda head: -mean[head])[:HEADS]
    assert found.kind == "score"
    assert found.heads.receptors == three
    assert found.heads.precision == pytest.approx(mean[tuple(np.array(order).T)].mean())
    assert sorted(mean[head] for head in found.heads.heads) == pytest.approx(sorted(mean[head] for head in order))
    own = apc(capture_all(model.module, encode("esm2", protein).ids)[:, :, 1:-1, 1:-1].numpy())
    far = np.triu_indices(50, 6)
    expected = np.mean([(own[head] - own[head][far].mean()) / own[head][far].std() for head in found.heads.heads], axis=0)
    np.testing.assert_allclose(found.scores, expected, atol=1e-4)
    np.testing.assert_array_equal(contact_map(model, protein), found.scores)


def test_the_choice_is_kept_and_a_damaged_file_is_made_anew(three):
    model, passes = random_model(FAMILIES[0], seed=4), []
    first = head_precisions(model, lambda done, total: passes.append((done, total)))
    assert passes == [(1, 3), (2, 3), (3, 3)]
    assert head_precisions(model, lambda *_: pytest.fail("it was kept")) == first
    (kept,) = (home() / "contact_heads").iterdir()
    for damage in ("{", json.dumps({"format": 0}), json.dumps({"format": 1, "receptors": 3})):
        kept.write_text(damage)
        assert head_precisions(model) == first


def test_cancelled_nothing_is_kept(three):
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        head_precisions(random_model(FAMILIES[0], seed=4), lambda *_: cancel.set(), cancel)
    assert not (home() / "contact_heads").exists()


def test_heads_are_not_chosen_on_homologues_of_the_protein(three):
    precisions = head_precisions(random_model(FAMILIES[0], seed=4))
    own = receptors()[three[1]]
    assert choose_heads(precisions, own.protein, own.numbers).receptors == (three[0], three[2])


def test_too_long_is_said_before_heads_are_chosen():
    with pytest.raises(SequenceError, match="reads at most 510"):
        predict_contacts(random_model(FAMILIES[2], seed=4), random_protein(511))


@pytest.mark.parametrize("length", [1, 5, 7])
def test_a_short_chain_has_a_map(three, length):
    found = contact_map(random_model(FAMILIES[0], seed=4), random_protein(length))
    assert found.shape == (length, length)
    assert np.isfinite(found).all()


def test_the_panel_is_of_unrelated_receptors():
    members = [receptors()[entry] for entry in unrelated()]
    table = identities(members)
    assert (table[np.triu_indices(len(members), 1)] <= HOMOLOGUE_IDENTITY).all()
    assert len(panel()) == 16
    assert set(panel()) <= set(unrelated()) <= set(known_contacts())
    np.testing.assert_array_equal(identities_to(members[3], members), table[3])


def test_homologues_of_a_protein_are_left_out():
    among = ("AA1R", "AA2AR", "ADRB2", "OPSD")
    assert others_than(AA2AR.protein, AA2AR.numbers, among) == ("ADRB2", "OPSD")
    pasted = Protein("pasted", AA2AR.protein.sequence[3:300])
    assert "AA2AR" not in others_than(pasted, None, among)


def test_the_familys_map_is_the_share_of_other_receptors():
    found = family_contacts(AA2AR.protein, AA2AR.numbers)
    assert not {"AA1R", "AA2AR"} & set(found.receptors)
    assert {receptors()[entry].receptor_class for entry in found.receptors} == {"A"}
    place = {number: index for index, number in enumerate(AA2AR.numbers.gpcrdb) if number}
    for one, other in (("3x50", "6x30"), ("2x50", "7x49"), ("1x50", "5x50")):
        touching = together = 0
        for entry in found.receptors:
            known, numbers = known_contacts()[entry], receptors()[entry].numbers.gpcrdb
            pair = [index for index in known.resolved if numbers[index] in (one, other)]
            together += len(pair) == 2
            touching += tuple(pair) in set(zip(known.first.tolist(), known.second.tolist(), strict=True))
        assert together > 30
        assert found.scores[place[one], place[other]] == pytest.approx(touching / together)
    np.testing.assert_array_equal(found.scores, found.scores.T)
    unnumbered = [index for index, number in enumerate(AA2AR.numbers.gpcrdb) if not number]
    assert np.isnan(found.scores[unnumbered]).all()


def test_without_numbers_or_relatives_there_is_no_family_map():
    assert family_contacts(random_protein(300), None) is None
    frizzled = next(receptor for receptor in receptors().values() if receptor.receptor_class == "F" and receptor.entry in known_contacts())
    assert family_contacts(frizzled.protein, frizzled.numbers) is None  # its class has no other structure
