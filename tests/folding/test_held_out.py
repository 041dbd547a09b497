"""Held out means held out: whatever the judged receptor and its homologues look like, the average that it judges is the same."""

import numpy as np
import pytest

from allo_core.folding.averaging import averaged
from allo_core.folding.held_out import held_out_cases
from allo_core.folding.source_table import SourceTable
from allo_core.library.receptors import receptors
from allo_core.protein.homologues import identities
from allo_core.structure.compare import lddt
from tests.structure.traces import shipped_trace

ENTRIES = ("AA2AR", "ADRB1", "CNR1", "CXCR4", "DRD2", "GP173", "OPSD", "P2Y12")


def table_of(path, moved=""):
    """Each of some receptors in the shape of 8FYN, shaken; one of them, and its homologues, may be torn apart."""
    rng = np.random.default_rng(0)
    trace, numbers = shipped_trace("8FYN"), receptors()["AA2AR"].numbers
    place = {number: trace[k] for k, number in enumerate(numbers.gpcrdb) if number and np.isfinite(trace[k, 0])}
    ca, position, sizes, rows = [], [], [], []
    for entry in ENTRIES:
        library = receptors()[entry].numbers
        index = np.array([k for k, number in enumerate(library.gpcrdb) if number in place])
        points = np.array([place[library.gpcrdb[k]] for k in index]) + rng.normal(scale=0.5, size=(len(index), 3))
        ca.append(points * [1, 1, 3] if entry == moved else points)
        position.append(index + 1)
        sizes.append(len(index))
        rows.append(entry)
    total = sum(sizes)
    np.savez(
        path, receptor=rows, id=[f"1{k}AA" for k in range(len(rows))], kind=["experimental"] * len(rows), state=["active"] * len(rows),
        identity=np.ones(len(rows)), resolution=np.full(len(rows), 2.0), offsets=np.cumsum([0, *sizes]), ca=np.concatenate(ca),
        position=np.concatenate(position), plddt=np.full(total, np.nan),
    )  # fmt: skip
    return SourceTable(path)


def family(cases):
    return {case.receptor: case for case in cases if case.method == "family" and case.asked == "active"}


@pytest.fixture
def cases(tmp_path):
    return held_out_cases(table_of(tmp_path / "table.npz"), "A")


def test_the_judged_receptor_is_in_no_average_that_it_judges(tmp_path):
    """One that is torn apart is judged by the others alone; averaged too, it would have scored higher."""
    table = table_of(tmp_path / "torn.npz", moved="GP173")
    positions = table.positions("A")
    placed = [(one.receptor, one.at(positions)) for one in table.structures]
    reference = dict(placed)["GP173"]
    alone, among = (averaged(positions, placed, without).coordinates.xyz for without in (["GP173"], []))
    held_out = family(held_out_cases(table, "A", above=0.99))["GP173"]
    scores = [lddt(np.where(np.isfinite(reference), xyz, np.nan), reference) for xyz in (alone, among)]
    assert held_out.lddt == pytest.approx(scores[0])
    assert scores[1] > scores[0] + 0.005


def test_homologues_are_left_out_with_it(tmp_path):
    """DRD2 and ADRB1 share more than 30 % of their residues: at that cut a torn ADRB1 does not reach the average that DRD2 judges."""
    table = identities([receptors()[entry] for entry in ENTRIES])
    share = table[ENTRIES.index("DRD2"), ENTRIES.index("ADRB1")]
    assert 0.3 < share < 0.99
    whole = family(held_out_cases(table_of(tmp_path / "a.npz"), "A", above=share - 0.01))
    torn = family(held_out_cases(table_of(tmp_path / "b.npz", moved="ADRB1"), "A", above=share - 0.01))
    kept = family(held_out_cases(table_of(tmp_path / "b.npz", moved="ADRB1"), "A", above=0.99))
    assert torn["DRD2"].tm == pytest.approx(whole["DRD2"].tm)
    assert kept["DRD2"].tm < whole["DRD2"].tm


def test_templates_are_the_nearest_of_their_bin_and_never_the_receptor_itself(cases):
    threaded = [case for case in cases if case.method == "template"]
    assert threaded
    assert all(case.identity < 1 for case in threaded)
    assert all(case.bin is None or case.bin[0] <= case.identity < case.bin[1] for case in threaded)
    nearest = {case.receptor: case.identity for case in threaded if case.bin is None and case.asked == "active"}
    assert all(case.identity <= nearest[case.receptor] for case in threaded if case.asked == "active")


def test_too_few_receptors_are_no_average(tmp_path, cases):
    assert len(family(cases)) == len(ENTRIES)
    assert family(held_out_cases(table_of(tmp_path / "table.npz"), "A", above=0.0)) == {}
