from dataclasses import replace

import pytest

from allo_core.folding.build import expectations
from allo_core.folding.calibration import Expectation, calibrated, expected, write_calibration
from allo_core.folding.family_average import family_average
from allo_core.folding.held_out import IDENTITY_BINS, ITSELF, Case, held_out_cases
from allo_core.folding.ranges import Range, range_of
from allo_core.folding.source_table import SourceTable
from allo_core.folding.template import thread
from allo_core.library.receptors import find_receptor


def case(receptor, tm, method="template", asked="active", state="active", limits=IDENTITY_BINS[0], entry="1ABC"):
    return Case(receptor, entry, "A", state, method, asked, 0.2, limits, 1.0, tm, tm - 0.1)


def test_what_ships_is_in_order():
    for one in calibrated():
        assert (one.tm is None) == (one.receptors < 5)
        if one.tm is not None and one.lddt is not None:
            assert 0.5 < one.tm.low <= one.tm.median <= one.tm.high <= 1
            assert 0.5 < one.lddt.low <= one.lddt.median <= one.lddt.high <= 1
    assert len({(one.origin, one.receptor_class, one.state, one.lowest) for one in calibrated()}) == len(calibrated())


def test_what_ships_is_what_the_script_makes(shared):
    """Of the smaller classes; all of them take minutes."""
    path = shared / "data" / "gpcr_structures_ca_cb.npz"
    if not path.is_file():
        pytest.skip("the structures of the shared data are not at hand")
    table = SourceTable(path)
    for receptor_class in "BC":
        rows = {(one.origin, one.state, one.lowest): one for one in calibrated() if one.receptor_class == receptor_class}
        again = {(one.origin, one.state, one.lowest): one for one in expectations(held_out_cases(table, receptor_class))}
        assert again.keys() == rows.keys()
        for key, one in again.items():
            assert (one.receptors, one.tm is None) == (rows[key].receptors, rows[key].tm is None)
            if one.tm is not None:
                assert one.tm.median == pytest.approx(rows[key].tm.median, abs=0.002)
                assert one.lddt.low == pytest.approx(rows[key].lddt.low, abs=0.002)


def test_closer_templates_are_expected_to_be_better():
    rows = {one.lowest: one for one in calibrated() if (one.origin, one.receptor_class, one.state) == ("template", "A", "active")}
    assert rows[0.5].lddt.median > rows[0.4].lddt.median > rows[0.0].lddt.median
    assert rows[1.0].lddt.median > rows[0.65].lddt.median


def test_the_row_of_a_fold():
    protein = find_receptor("ADRB2").protein
    itself, other = thread(protein, "active"), thread(protein, "active", ["ADRB2"])
    assert expected(itself).lowest == 1
    assert "another structure of their own" in expected(itself).sentence
    assert expected(other).lowest <= other.identity < expected(other).highest
    assert expected(replace(other, identity=0.3)).lowest == 0.3
    average = expected(family_average(protein, "inactive"))
    assert (average.origin, average.state) == ("family", "inactive")
    assert "without the receptor and its homologues (above 40% identity)" in average.sentence


def test_what_was_not_tested_is_said_and_is_no_number():
    found = expected(family_average(find_receptor("TA2R1").protein))
    assert found.tm is None
    assert "not tested" in found.sentence
    few = expected(family_average(find_receptor("GRM5").protein))
    assert few.tm is None
    assert "of 4 receptors of class C" in few.sentence


def test_ranges_need_five_receptors_not_five_structures():
    assert range_of([0.1] * 9, 4) is None
    assert range_of([0.1, 0.2, 0.3, 0.4, 0.5], 5) == Range(0.14, 0.3, 0.46)


def test_a_fold_for_a_state_is_judged_by_that_state_one_for_any_by_all():
    cases = [case(f"R{k}", 0.5 + k / 100) for k in range(5)]
    cases += [case("R0", 0.9, state="inactive"), case("R0", 0.1, limits=None), case("R1", 0.2, method="alphafold", limits=None)]
    cases += [case("R0", 0.7, asked="any", state="intermediate"), case("R0", 0.99, limits=ITSELF, asked="any")]
    rows = {(one.state, one.lowest): one for one in expectations(cases)}
    assert set(rows) == {("active", 0.0), ("any", 0.0), ("any", 1.0)}
    assert rows["active", 0.0].receptors == 5
    assert rows["active", 0.0].tm == Range(0.504, 0.52, 0.536)
    assert rows["any", 0.0].tm is None


def test_the_file_comes_back_as_it_was_written(tmp_path, monkeypatch):
    rows = (
        Expectation("family", "A", "any", 0.0, 0.0, 9, Range(0.1, 0.2, 0.3), Range(0.4, 0.5, 0.6)),
        Expectation("template", "C", "active", 0.3, 0.4, 2, None, None),
    )
    write_calibration(tmp_path / "fold_calibration.json", rows)
    monkeypatch.setattr("allo_core.folding.calibration.DATA", tmp_path)
    assert calibrated.__wrapped__() == rows


@pytest.mark.parametrize(("lowest", "highest"), [*IDENTITY_BINS])
def test_every_identity_has_a_row(lowest, highest):
    fold = replace(thread(find_receptor("ADRB2").protein, "active", ["ADRB2"]), identity=lowest)
    assert (expected(fold).lowest, expected(fold).highest) == (lowest, highest)
