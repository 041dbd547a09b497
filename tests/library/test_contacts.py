"""The contacts that ship, against the structures that ship and the table they were made of."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from allo_core.library import build_contacts
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.library.structures import shipped_structures
from allo_core.protein.contacts import CB_CONTACT
from allo_core.structure.geometry import cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_pair_is_resolved_and_far_along_the_chain():
    for entry, known in known_contacts().items():
        assert (np.diff(known.resolved) > 0).all()
        assert known.resolved[-1] < len(receptors()[entry].protein)
        assert set(known.first) | set(known.second) <= set(known.resolved)
        assert (known.second - known.first).min() >= 6
        contacts = known.map(len(receptors()[entry].protein))
        assert contacts.sum() == 2 * len(known.first)
        assert (contacts == contacts.T).all()


def test_they_are_those_of_the_structure_as_this_app_reads_it():
    """OPSD is known by 1U19 or another entry; whichever it is, nearly all contacts of 1U19 are the same."""
    known, protein = known_contacts()["OPSD"], receptors()["OPSD"].protein
    (shipped,) = shipped_structures("OPSD")
    structure = read_structure(shipped.path)
    cb = cb_positions(structure, map_structure(structure, protein), len(protein))
    near = np.linalg.norm(cb[:, None] - cb[None], axis=2) < CB_CONTACT
    both = np.intersect1d(known.resolved, np.flatnonzero(np.isfinite(cb[:, 0])))
    ours, theirs = (pairs[np.ix_(both, both)][np.triu_indices(len(both), 30)] for pairs in (near, known.map(len(protein))))
    shared = (ours & theirs).sum()
    assert shared / theirs.sum() > (0.999 if known.entry == "1U19" else 0.8)
    assert shared / ours.sum() > (0.999 if known.entry == "1U19" else 0.8)


def test_the_file_that_ships_is_what_the_script_writes(shared, tmp_path, monkeypatch):
    table = shared / "data" / "gpcr_structures_ca_cb.npz"
    if not table.is_file():
        pytest.skip("the structures of the shared data are not at hand")
    rows = [{"entry": entry, "sequence": receptor.protein.sequence} for entry, receptor in receptors().items()]
    assert build_contacts.write_contacts(table, rows, tmp_path) == len(known_contacts())
    monkeypatch.setattr("allo_core.library.contacts.DATA", tmp_path)
    again = known_contacts.__wrapped__()
    for entry, known in known_contacts().items():
        assert again[entry].entry == known.entry
        for name in ("resolved", "first", "second"):
            np.testing.assert_array_equal(getattr(again[entry], name), getattr(known, name))


def test_every_kind_of_file_that_ships_is_installed():
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["*"]
    for path in (REPOSITORY / "allo_core" / "data").rglob("*"):
        assert path.is_dir() or path.suffix in (".py", ".pyc") or any(fnmatch(path.name, pattern) for pattern in patterns), path.name
