import pytest

from allo_core.library.structures import shipped_structure
from allo_core.structure.read import read_structure
from tests.terminal.commands import run


def test_the_method_comes_first_then_what_to_expect(capsys):
    code, out, _ = run("fold", "GP173", "--from", "template", capsys=capsys)
    assert code == 0
    assert out.startswith("GP173 at the CA positions that the experimental structure ")
    assert "24% identical residues" in out
    assert "Expected TM-score 0.8" in out


def test_judged_beside_the_family_average_the_loser_first(capsys, tmp_path):
    arguments = ["ADRB2", "--from", "template", "--state", "active", "--without-itself", "--judge", "3SN6"]
    code, out, _ = run("fold", *arguments, "--pdb", tmp_path / "a.pdb", "--cif", tmp_path / "a.cif", capsys=capsys)
    assert code == 0
    lines = out.splitlines()
    worse = next(k for k, line in enumerate(lines) if "worse than the family average by TM-score" in line)
    assert lines[worse + 1].startswith("Judged by 3SN6, chain R, at its 261 residues")
    assert lines[-2].startswith("threaded on ADRB1 ")
    assert lines[-1].startswith("family average of class A (active)")
    for name in ("a.pdb", "a.cif"):
        assert read_structure(tmp_path / name).trace


def test_a_structure_that_is_in_the_fold_is_said_to_be(capsys):
    _, out, _ = run("fold", "ADRB2", "--from", "template", "--state", "active", "--judge", "3SN6", capsys=capsys)
    assert "3SN6 is the template itself, so this judges nothing" in out
    _, out, _ = run("fold", "ADRB2", "--state", "active", "--judge", shipped_structure("3SN6").path, capsys=capsys)
    assert "Structures of ADRB2 itself are in this fold" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ADRB2", "--from", "magic"], "--from 'magic' is not one of: family, template."),
        (["ADRB2", "--state", "open"], "--state 'open' is not one of: active, inactive"),
        (["ADRB2", "--without-itself"], "add --from template"),
        (["GLR", "--state", "inactive"], "no average fold of class B in the inactive state"),
        (["DRD3"], "DRD3 has no generic numbers"),
        (["TA2R1", "--from", "template"], "No receptor of class T"),
        (["ADRB2", "--judge", "nothing.pdb"], "nothing.pdb: no such file."),
        (["AA2AR", "--judge", "3SN6"], "3SN6 is not a structure of AA2AR"),
        (["ADRB2", "--pdb", "/nowhere/a.pdb"], "the folder does not exist"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, said, capsys):
    code, out, err = run("fold", *arguments, capsys=capsys)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
