"""The own share of states: against the dependence it is made of, kept, stopped, and beside untrained weights."""

from threading import Event

import numpy as np
import pytest

from allo_core.errors import Cancelled
from allo_core.library.receptors import receptors
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts import own_share as module
from allo_core.readouts.kept_readouts import layers_folder
from allo_core.readouts.own_share import kept_own_share, own_share, own_share_receptors

NAMES = ("CCR5", "OPSD")


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Two receptors, two residues, one probe."""
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "panel_receptors", lambda: NAMES)
    monkeypatch.setattr(module, "_RESIDUES", 2)
    monkeypatch.setattr(module, "_PROBES", 1)


def test_shares_of_sampled_residues_are_kept_receptor_by_receptor(monkeypatch):
    model, steps = load_model(DEFAULT_MODEL), []
    assert kept_own_share(DEFAULT_MODEL) is None
    cancel = Event()

    def progress(done: int, total: int) -> None:
        steps.append((done, total))
        if done == 1:
            cancel.set()

    with pytest.raises(Cancelled):
        own_share(model, progress, cancel)
    assert len(list(layers_folder().iterdir())) == 1
    found = own_share(model, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert found.receptors == NAMES
    assert found.shares.shape == found.firsts.shape == found.untrained.shape == (2, 7)
    np.testing.assert_allclose(found.shares[:, 0], 1)  # the embedding is its own
    assert ((found.shares > 0) & (found.shares <= 1)).all()
    np.testing.assert_allclose(found.even, [1 / (len(receptors()[name].protein) + 2) for name in NAMES])
    assert (found.interval[0] <= found.shares.mean(axis=0) + 1e-12).all()
    assert (found.shares[:, -1] < 0.5).all()
    monkeypatch.setattr(module, "embedding_dependence", lambda *_: pytest.fail("it is kept"))
    again = kept_own_share(DEFAULT_MODEL)
    for name in ("shares", "firsts", "untrained"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert f"{found.shares[:, -1].mean():.1%}" in again.sentence
    assert "with untrained weights" in again.sentence
    for file in list(layers_folder().iterdir())[:4]:
        file.write_bytes(b"damaged")
    assert kept_own_share(DEFAULT_MODEL) is None


def test_a_share_is_that_of_one_residue_of_all_tokens(monkeypatch):
    """Of made up sizes: the own one 3 of 3 + (tokens - 1)."""
    sizes = {}

    def made(model, protein, residues, probes, seed, cancel):
        found = np.ones((7, len(residues), len(protein) + 2), dtype=np.float32)
        found[:, np.arange(len(residues)), np.array(residues) + 1] = 3
        found[4, :, 0] = 9  # the first special token has more
        sizes[protein.name] = len(protein) + 2
        return found

    monkeypatch.setattr(module, "embedding_dependence", made)
    found = own_share(load_model(DEFAULT_MODEL))
    tokens = np.array(list(sizes.values()))
    np.testing.assert_allclose(found.shares[:, 1], 3 / (tokens + 2))
    np.testing.assert_allclose(found.shares[:, 4], 3 / (tokens + 10))
    assert found.firsts[:, 1].tolist() == [1, 1]
    assert found.firsts[:, 4].tolist() == [0, 0]


def test_the_sample_is_the_same_each_time_and_fits_the_model(monkeypatch):
    monkeypatch.undo()
    from allo_core.models.registry import MODELS

    names = own_share_receptors(MODELS["antiberty"])
    assert names == own_share_receptors(MODELS["antiberty"])
    assert len(set(names)) == module.RECEPTORS
    assert all(len(receptors()[name].protein) <= 510 for name in names)
