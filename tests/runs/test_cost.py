"""What a run takes, told before it."""

import pytest

from allo_core.errors import DeviceError
from allo_core.library.receptors import find_receptor
from allo_core.models.devices import DEVICES, available_devices
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.runs.column_reducer import KEPT_THRESHOLDS
from allo_core.runs.column_store import kept_columns
from allo_core.runs.cost import (
    ablation_seconds,
    cost_of,
    cost_of_ablation,
    cost_of_columns,
    cost_of_norms,
    cost_of_probabilities,
    seconds_of,
    speed,
)
from allo_core.runs.extract import extract_attention
from allo_core.runs.extract_columns import extract_columns
from allo_core.runs.extract_norms import extract_weighted
from allo_core.runs.extract_probabilities import extract_probabilities
from allo_core.runs.store import list_runs

SPEC = get_spec(DEFAULT_MODEL)


def test_the_operations_are_those_of_a_transformer():
    """Two for each parameter and token and four for each pair of tokens and number of the state, at 80 % of the peak; 7.5 ns an entry."""
    length, operations = 100, 1e11
    arithmetic = 2 * SPEC.parameters * 102 + 4 * SPEC.layers * SPEC.width * 102**2
    expected = arithmetic / 0.8e11 + 7.5e-9 * SPEC.layers * SPEC.heads * length**2
    assert seconds_of(SPEC, length, operations) == pytest.approx(expected)
    assert seconds_of(SPEC, length, 2 * operations) < expected


def test_a_run_keeps_to_what_was_said_of_the_disk():
    protein = find_receptor("AA2AR").protein
    told = cost_of(SPEC, len(protein), "cpu")
    extract_attention(load_model(DEFAULT_MODEL, device="cpu"), protein)
    (run,) = list_runs()
    assert 0.2 * told.disk < run.bytes <= told.disk
    assert told.memory > 4 * SPEC.parameters


def test_columns_keep_to_it_too_and_every_protein_counts():
    protein = find_receptor("AA2AR").protein
    told = cost_of_columns(SPEC, [len(protein)], "cpu")
    extract_columns(load_model(DEFAULT_MODEL, device="cpu"), protein, KEPT_THRESHOLDS)
    assert 0.2 * told.disk < kept_columns()[1] <= told.disk
    three = cost_of_columns(SPEC, [len(protein)] * 3, "cpu")
    assert three.disk == 3 * told.disk
    assert three.memory == told.memory
    assert three.seconds == pytest.approx(3 * told.seconds)


def test_value_norms_keep_to_it_too():
    protein = find_receptor("AA2AR").protein
    told = cost_of_norms(SPEC, len(protein), "cpu")
    weighted = extract_weighted(load_model(DEFAULT_MODEL, device="cpu"), protein)
    assert 0.5 * told.disk < weighted.norms.nbytes <= told.disk
    assert (told.memory, told.seconds) == (cost_of(SPEC, len(protein), "cpu").memory, cost_of(SPEC, len(protein), "cpu").seconds)


def test_probabilities_keep_to_it_too_and_masked_ones_take_a_pass_for_each_residue():
    protein = find_receptor("AA2AR").protein
    one, all_of_them = (cost_of_probabilities(SPEC, len(protein), masked, "cpu") for masked in (False, True))
    extract_probabilities(load_model(DEFAULT_MODEL, device="cpu"), protein, masked=False)
    (run,) = list_runs()
    assert 0.5 * one.disk < run.bytes <= one.disk
    assert all_of_them.seconds == pytest.approx(412 * one.seconds)
    assert (all_of_them.disk, all_of_them.memory) == (one.disk, one.memory)


def test_what_a_run_took_here_tells_what_masked_passes_take():
    """All of it but 4.5 of the 7.5 ns for each entry of a map."""
    length, operations = 412, speed("cpu", "float32")
    share = 1 - 4.5e-9 * SPEC.layers * SPEC.heads * length**2 / seconds_of(SPEC, length, operations)
    assert 0 < share < 1
    told = cost_of_probabilities(SPEC, length, True, "cpu", run_seconds=0.4)
    assert told.seconds == pytest.approx(412 * 0.4 * share)


def test_removed_heads_take_a_pass_from_their_layer_on():
    one, other = (cost_of_ablation(SPEC, [400, 300], layers, "cpu") for layers in ([0], [0, SPEC.layers // 2]))
    assert other.seconds == pytest.approx(one.seconds * 2.5 / 2)
    assert other.memory == one.memory > cost_of(SPEC, 400, "cpu").memory
    assert one.seconds < 2 * (cost_of(SPEC, 400, "cpu").seconds + cost_of(SPEC, 300, "cpu").seconds)
    run = 0.4
    share = 1 - 4.5e-9 * SPEC.layers * SPEC.heads * 400**2 / run
    assert ablation_seconds(SPEC, 400, 7, [0, SPEC.layers // 2], run) == pytest.approx(7 * 2.5 * share * run)


def test_the_speed_is_measured_once():
    first = cost_of(SPEC, 400, "cpu")
    measured = speed.cache_info().misses
    assert cost_of(SPEC, 400, "cpu") == first
    assert speed.cache_info().misses == measured


def test_a_device_that_is_not_there_is_named():
    absent = next(device for device in DEVICES if device not in available_devices())
    with pytest.raises(DeviceError, match=f"'{absent}' is not available here"):
        cost_of(SPEC, 100, absent)
