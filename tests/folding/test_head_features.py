from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from allo_core.attention.contacts import apc
from allo_core.errors import Cancelled, FoldError
from allo_core.folding.aligned_rows import library_rows
from allo_core.folding.head_data import learnable
from allo_core.folding.head_features import (
    MOST_RESIDUES,
    HeadInputs,
    check_size,
    decoded,
    encoded,
    features_size,
    head_inputs,
    kept_head_inputs,
    region_of,
)
from allo_core.folding.head_settings import HeadSettings
from allo_core.library.receptors import receptors
from allo_core.models.registry import MODELS, get_spec
from allo_core.readouts.kept_readouts import delete_readouts, distances_folder, kept_readouts
from tests.models.tiny import FAMILIES, attention_of, random_model, random_protein

SETTINGS = HeadSettings()
LENGTH = 30


@pytest.fixture(scope="module")
def model():
    return random_model(FAMILIES[0])


def test_a_byte_holds_a_map_within_the_stated_error():
    values = np.random.default_rng(0).standard_t(2, (3, 60, 60)).astype(np.float32)
    z = (values - values.mean(axis=(1, 2), keepdims=True)) / values.std(axis=(1, 2), keepdims=True)
    error = np.abs(np.sinh(decoded(encoded(values))) - z)
    inside = (z > -10) & (z < 72)
    assert inside.mean() > 0.999
    assert (error <= np.sqrt(1 + z**2) / 63)[inside].all()
    assert error[inside].max() > 0  # it is a byte


def test_a_map_without_differences_says_nothing():
    assert (decoded(encoded(np.full((5, 5), 0.2, dtype=np.float32))) == 0).all()


def test_the_pairs_are_found_in_both_directions():
    inputs = HeadInputs(
        np.arange(4), np.zeros((4, 0), dtype=np.float16), np.arange(10, dtype=np.uint8)[:, None], np.zeros((0, 4), dtype=np.int64)
    )
    square = np.zeros((4, 4), dtype=np.uint8)
    square[np.triu_indices(4)] = np.arange(10)
    square = np.maximum(square, square.T)
    rows, columns = np.array([3, 0, 2]), np.array([1, 2])
    assert (inputs.between(rows, columns)[..., 0] == decoded(square)[np.ix_(rows, columns)]).all()


def test_what_is_read_is_the_corrected_attention_and_the_last_state(model):
    protein = random_protein(LENGTH)
    index = np.array([2, 3, 4, 10, 11, 29])
    inputs = head_inputs(model, protein, SETTINGS, index)
    maps = []
    attention_of(model, protein, lambda _, attention: maps.append(attention[:, 1:-1, 1:-1].numpy().copy()))
    corrected = apc(np.concatenate(maps))[:, index][:, :, index]
    found = inputs.between(np.arange(6), np.arange(6))
    assert found.shape == (6, 6, model.spec.layers * model.spec.heads)
    assert (np.moveaxis(found, 2, 0) == decoded(encoded(corrected))).all()
    assert inputs.states.shape == (6, model.spec.width)


def test_a_removed_head_says_nothing_and_changes_what_comes_behind(model):
    protein = random_protein(LENGTH)
    whole, without = head_inputs(model, protein, SETTINGS), head_inputs(model, protein, SETTINGS, removed_heads=((1, 2),))
    silent = model.spec.heads + 2
    assert (decoded(without.maps[:, silent]) == 0).all()
    assert (whole.maps[:, silent] != without.maps[:, silent]).any()
    assert (whole.maps[:, : model.spec.heads] == without.maps[:, : model.spec.heads]).all()
    assert (whole.states != without.states).any()


@pytest.mark.parametrize(("features", "states", "heads"), [("states", True, False), ("attention", False, True), ("position", False, False)])
def test_only_what_is_asked_for_is_read(model, features, states, heads):
    inputs = head_inputs(model, random_protein(LENGTH), replace(SETTINGS, features=features))
    assert inputs.states.shape == (LENGTH, model.spec.width * states)
    assert inputs.maps.shape == (LENGTH * (LENGTH + 1) // 2, model.spec.layers * model.spec.heads * heads)


def test_aligned_sequences_are_those_of_other_receptors_at_the_same_residues(model):
    settings = replace(SETTINGS, features="position", msa_rows=3, trunk=replace(SETTINGS.trunk, msa=True))
    protein = receptors()["AA2AR"].protein
    inputs = head_inputs(model, protein, settings)
    assert (inputs.rows == library_rows(protein, 3)[:, inputs.index]).all()
    with pytest.raises(FoldError, match="no generic numbers"):
        head_inputs(model, random_protein(LENGTH), settings)


def test_features_are_kept_listed_and_deleted(model):
    proteins = [(random_protein(LENGTH, seed), np.arange(seed, LENGTH)) for seed in range(2)]
    told = []
    first = kept_head_inputs(model, proteins, SETTINGS, lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
    again = kept_head_inputs(model, proteins, SETTINGS)
    direct = head_inputs(model, proteins[1][0], SETTINGS, proteins[1][1])
    for one in (first[1], again[1]):
        assert (one.maps == direct.maps).all()
        assert (one.states == direct.states).all()
    assert kept_readouts() == {"features for distances": features_size(model.spec, [LENGTH, LENGTH - 1], SETTINGS)}
    assert delete_readouts("features for distances") == 4
    assert not kept_readouts()


def test_a_damaged_file_is_made_again(model):
    proteins = [(random_protein(LENGTH), np.arange(LENGTH))]
    before = np.array(kept_head_inputs(model, proteins, SETTINGS)[0].maps)
    (file,) = distances_folder().glob("*.maps")
    file.write_bytes(b"cut")
    assert (kept_head_inputs(model, proteins, SETTINGS)[0].maps == before).all()


def test_the_features_of_all_receptors_take_what_is_said():
    sizes = [len(region_of(len(one.protein), one.numbers)) for one in (receptors()[name] for name in learnable())]
    assert f"{features_size(MODELS['esm2_t6_8M_UR50D'], sizes, SETTINGS) / 1e9:.1f}" == "2.1"
    large = get_spec("esm2_t33_650M_UR50D")
    with pytest.raises(
        FoldError, match=r"660 heads .* over 318 receptors takes 11\.2 GB on disk, and 3\.0 GB are allowed; use --features states"
    ):
        check_size(large, sizes, SETTINGS)
    check_size(large, sizes, replace(SETTINGS, features="states"))


def test_the_region_is_what_is_numbered_with_a_margin_and_at_most_400():
    for name in learnable():
        one = receptors()[name]
        index = region_of(len(one.protein), one.numbers)
        numbered = {k for k, number in enumerate(one.numbers.gpcrdb) if number}
        assert numbered <= set(index.tolist())
        assert (np.diff(index) > 0).all()
        assert len(index) <= MOST_RESIDUES
    assert region_of(20, None).tolist() == list(range(20))
    with pytest.raises(FoldError, match="401 residues without generic numbers is too long"):
        region_of(401, None)


def test_cancelled_before_anything_is_made(model):
    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        kept_head_inputs(model, [(random_protein(LENGTH), np.arange(LENGTH))], SETTINGS, cancel=cancel)
    assert not kept_readouts()
