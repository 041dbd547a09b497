"""A model over a set: progress, failures, going on after a stop, shuffled sequences."""

import threading
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import Cancelled, DeviceError
from allo_core.family import runs
from allo_core.family.members import library_set, positions_set
from allo_core.family.runs import RECEPTOR, kept_set, run_set, shuffled
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.homologues import identities
from allo_core.runs import extract_columns
from allo_core.runs.column_store import columns_folder

THRESHOLDS = (0.0, 0.3)


@pytest.fixture(scope="module")
def asked():
    return positions_set("sodium pocket", entries=["AA2AR", "ADRB2", "OPRD"])


@pytest.fixture(scope="module")
def load():
    """`load_model` that gives the same model again."""
    model = load_model(DEFAULT_MODEL, device="cpu")
    return lambda *wanted: model


def test_progress_and_results_in_order(load, asked):
    told = []
    done = run_set(DEFAULT_MODEL, asked, THRESHOLDS, report=lambda *now: told.append(now), load=load)
    assert [now for now in told if now[0] == RECEPTOR] == [(RECEPTOR, at, 3) for at in range(4)]
    assert told[0][0] == "Loading AlloScope GPCR 8M"
    assert [run.meta.protein_name for run in done.runs] == ["AA2AR", "ADRB2", "OPRD"]
    assert done.asked == asked
    assert [each.weights.shape[-1] for each in done.columns(0.3)] == [len(member.protein) for member in asked.members]


def test_a_stopped_set_goes_on_where_it_was(load, asked, monkeypatch):
    cancel = threading.Event()

    def stop_at_the_second(stage, done, total):
        if (stage, done) == (RECEPTOR, 1):
            cancel.set()

    with pytest.raises(Cancelled):
        run_set(DEFAULT_MODEL, asked, THRESHOLDS, report=stop_at_the_second, cancel=cancel, load=load)
    assert len(list(columns_folder().iterdir())) == 1
    read, model = [], load()
    reading = extract_columns.read

    def spy(asked, protein, *rest, **options):
        assert asked is model
        read.append(protein.name)
        reading(asked, protein, *rest, **options)

    monkeypatch.setattr(extract_columns, "read", spy)
    done = run_set(DEFAULT_MODEL, asked, THRESHOLDS, load=load)
    assert read == ["ADRB2", "OPRD"]
    assert len(done.runs) == 3
    again = run_set(DEFAULT_MODEL, asked, THRESHOLDS, load=None)  # all kept: the model is not loaded
    assert [run.meta for run in again.runs] == [run.meta for run in done.runs]


def test_a_receptor_that_fails_is_listed_and_not_fatal(load, asked, monkeypatch):
    extract = runs.extract_columns

    def sometimes(model, protein, *rest):
        if protein.name == "ADRB2":
            raise DeviceError("out of memory")
        return extract(model, protein, *rest)

    monkeypatch.setattr(runs, "extract_columns", sometimes)
    done = run_set(DEFAULT_MODEL, asked, THRESHOLDS, load=load)
    assert [member.name for member in done.asked.members] == ["AA2AR", "OPRD"]
    assert [(row.where, row.reason) for row in done.asked.refused] == [("ADRB2", "out of memory")]
    with pytest.raises(DeviceError, match="out of memory"):
        run_set(DEFAULT_MODEL, replace(asked, members=asked.members[1:2]), THRESHOLDS, load=load)


def test_long_receptors_are_read_by_their_helices():
    whole = library_set()
    long = replace(whole, members=tuple(member for member in whole.members if member.name == "GRM5"))
    done = run_set(DEFAULT_MODEL, long, THRESHOLDS)
    assert "7TM domain" in done.asked.members[0].note
    assert len(done.runs[0].meta.sequence) < 400


def test_members_without_a_run_are_listed(load, asked):
    run_set(DEFAULT_MODEL, replace(asked, members=asked.members[:2]), THRESHOLDS, load=load)
    done, missing = kept_set(DEFAULT_MODEL, asked, THRESHOLDS)
    assert (len(done.runs), missing) == (2, 1)
    assert [(row.where, row.reason) for row in done.asked.refused] == [("OPRD", "was not run, or its run failed")]


def test_shuffled_keeps_composition_places_and_numbers(asked):
    mixed = shuffled(asked)
    for before, after in zip(asked.members, mixed.members, strict=True):
        assert before.protein.sequence != after.protein.sequence
        assert Counter(before.protein.sequence) == Counter(after.protein.sequence)
        assert (after.sites, after.numbers, after.protein.first) == (before.sites, before.numbers, before.protein.first)
        same = np.mean([a == b for a, b in zip(before.protein.sequence, after.protein.sequence, strict=True)])
        assert same < 0.15
    np.testing.assert_array_equal(identities(mixed.members), identities(asked.members))  # homologues stay homologues
    assert shuffled(asked) == mixed
    assert shuffled(asked, seed=1) != mixed
