"""The averages and templates that ship, against the table they were made of and the structures that ship."""

import re
from pathlib import Path

import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding import build, shipped
from allo_core.folding.averaging import averaged
from allo_core.folding.shipped import FOLDS, STATES, class_average, class_counts, templates
from allo_core.folding.source_table import Placed, SourceTable, best_of_each
from allo_core.library.receptors import DATA, receptors
from allo_core.structure.compare import rmsd
from tests.structure.traces import SHIPPED, shipped_trace


@pytest.fixture
def table(shared: Path) -> SourceTable:
    path = shared / "data" / "gpcr_structures_ca_cb.npz"
    if not path.is_file():
        pytest.skip("the structures of the shared data are not at hand")
    return SourceTable(path)


def test_the_file_is_small_and_says_whose_it_is():
    assert (DATA / FOLDS).stat().st_size < 1_200_000
    licence = str(np.load(DATA / FOLDS, allow_pickle=False)["licence"])
    assert "CC0" in licence
    assert "CC BY 4.0" in licence
    assert "AlphaFold" in licence
    assert "changed" in licence


def test_every_class_with_five_receptors_has_an_average():
    assert {key for key, count in class_counts().items() if count >= shipped.FEWEST_RECEPTORS} == {
        (receptor_class, state)
        for receptor_class, state in class_counts()
        if f"average {receptor_class} {state} mean" in np.load(DATA / FOLDS, allow_pickle=False)
    }
    for state in STATES:
        average = class_average("A", state)
        assert len(average.receptors) == class_counts()["A", state]
        assert average.coordinates.hand == "right"
        known = np.isfinite(average.mean)
        assert (known == known.T).all()
        assert (average.mean[known] >= 0).all()
        assert (average.sd[known] >= 0).all()


def test_a_class_without_average_is_refused_with_the_number_there_is():
    with pytest.raises(FoldError, match=r"class B in the inactive state: 1 of its receptors .* and 5 are needed; .*: active, any"):
        class_average("B", "inactive")
    with pytest.raises(FoldError, match="class Unclassified: 1 of its receptors"):
        class_average("Unclassified", "any")


def test_templates_lie_on_numbered_residues_of_their_receptors():
    library = receptors()
    assert len({one.receptor for one in templates()}) == 81
    for one in templates():
        numbers = library[one.receptor].numbers
        assert numbers is not None
        assert numbers.receptor_class == one.receptor_class
        assert (np.diff(one.index) > 0).all()
        assert all(numbers.gpcrdb[index] for index in one.index)
        assert np.isfinite(one.xyz).all()
        assert len(one.xyz) == len(one.index)
    assert len({(one.receptor, one.state) for one in templates()}) == len(templates())


def test_a_template_is_the_structure_it_names():
    known = [one for one in templates() if one.entry in SHIPPED]
    assert known
    for one in known:
        assert rmsd(one.xyz, shipped_trace(one.entry)[one.index]) < 0.01


def test_the_file_that_ships_is_what_the_script_writes(table, tmp_path, monkeypatch):
    averages, experiments = build.write_shipped_folds(table, tmp_path)
    assert experiments == len(templates())
    assert averages == sum(count >= shipped.FEWEST_RECEPTORS for count in class_counts().values())
    again, ours = (np.load(folder / FOLDS, allow_pickle=False) for folder in (tmp_path, DATA))
    assert again.files == ours.files
    for name in ours.files:
        np.testing.assert_array_equal(again[name], ours[name], err_msg=name)


def test_an_average_comes_back_as_it_was_written(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    points = [rng.normal(scale=20, size=(6, 3)) for _ in range(4)]
    points[0][5] = points[1][5] = np.nan
    average = averaged(tuple("abcdef"), [(name, xyz) for name, xyz in zip("WXYZ", points, strict=True)])
    one = Placed("AA2AR", "1ABC", "A", "active", True, 1.0, float("nan"), np.array([3, 5]), points[2][:2])
    shipped.write_folds(tmp_path / FOLDS, {("A", "any"): average}, {("A", "any"): 4, ("A", "active"): 2}, [build.template_of(one)])
    monkeypatch.setattr("allo_core.folding.shipped.DATA", tmp_path)
    for function in ("_file", "class_average", "templates", "class_counts"):
        monkeypatch.setattr(f"allo_core.folding.shipped.{function}", getattr(shipped, function).__wrapped__)
    read = shipped.class_average("A", "any")
    np.testing.assert_allclose(read.mean, average.mean, atol=0.051)
    np.testing.assert_allclose(read.sd, average.sd, atol=0.051)
    assert np.isnan(read.mean[0, 5])
    assert read.positions == average.positions
    assert read.receptors == ("W", "X", "Y", "Z")
    (template,) = shipped.templates()
    assert (template.receptor, template.entry, template.state) == ("AA2AR", "1ABC", "active")
    assert np.isnan(template.resolution)
    assert rmsd(np.vstack([template.xyz, [[0, 0, 0]]]), np.vstack([one.xyz - one.xyz.mean(axis=0), [[0, 0, 0]]])) < 0.01
    with pytest.raises(FoldError, match=re.escape("in the active state: 2 of its receptors")):
        shipped.class_average("A", "active")


def test_the_best_structure_shows_most_residues_then_has_the_best_resolution():
    def placed(entry, state, residues, resolution, experimental=True):
        return Placed("AA2AR", entry, "A", state, experimental, 1.0, resolution, np.arange(residues), np.zeros((residues, 3)))

    structures = [
        placed("AF", "active", 90, float("nan"), experimental=False),
        placed("2BBB", "active", 50, float("nan")),
        placed("2AAA", "active", 50, 2.5),
        placed("1AAA", "active", 40, 1.5),
        placed("3AAA", "inactive", 10, 3.0),
    ]
    assert [one.entry for one in best_of_each(structures)] == ["2AAA", "3AAA"]
