import sys

import pytest

from allo_core.folding import esmfold_memory
from allo_core.library.structures import shipped_structure
from allo_core.models import download
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS
from allo_core.structure.read import read_structure
from tests.models.tiny_esmfold import TINY_ESMFOLD, random_esmfold, save_esmfold
from tests.terminal.commands import run


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    """No weights of the machine."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def tiny(monkeypatch, own_home, no_cache):
    """A small ESMFold where the app's own downloads lie."""
    monkeypatch.setitem(FOLDING_MODELS, ESMFOLD, TINY_ESMFOLD)
    return save_esmfold(random_esmfold(), own_home / "weights" / ESMFOLD)


def test_esmfold_writes_all_atoms_and_is_judged_beside_the_average(tiny, capsys, tmp_path):
    arguments = ["OPSD", "--from", "esmfold", "--device", "cpu", "--chunk", "64", "--judge", "1U19"]
    code, out, err = run("fold", *arguments, "--pdb", tmp_path / "a.pdb", "--cif", tmp_path / "a.cif", capsys=capsys)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("OPSD folded by ESMFold from its sequence alone")
    assert "was not tested here" in lines[1]
    assert lines[2].startswith("ESMFold: Lin et al. 2023")
    assert lines[3] == "It is worse than the family average by TM-score and lDDT."
    assert [line.split("  ")[0] for line in lines[-2:]] == ["ESMFold", "family average of class A (any state)"]
    assert "348 residues on the CPU: that takes minutes to hours" in err
    for name in ("a.pdb", "a.cif"):
        structure = read_structure(tmp_path / name)
        assert not structure.trace
        assert len(structure.atoms) > 2500
    _, again, err = run("fold", *arguments[:5], capsys=capsys)
    assert again.splitlines()[0] == lines[0]
    assert "minutes to hours" not in err, "it was kept"


def test_what_esmfold_needs_is_said_before_it_is_fetched(monkeypatch, no_cache, capsys):
    monkeypatch.setattr(download, "_fetch", lambda *_: pytest.fail("it was fetched"))
    monkeypatch.setattr(esmfold_memory, "available_memory", lambda device: 8_000_000_000)
    code, _, err = run("fold", "ADRB2", "--from", "esmfold", "--device", "cpu", capsys=capsys)
    assert code == 2
    assert "ESMFold needs about 15.4 GB for 413 residues, cpu has 8.0 GB free; use a shorter stretch of the sequence, a fold by" in err


def test_the_models_name_it_apart(no_cache, capsys, own_home):
    _, out, _ = run("models", capsys=capsys)
    said = [line for line in out.splitlines() if line.startswith(ESMFOLD)]
    assert said == ["esmfold_v1: folds a sequence (fold --from esmfold), no heads to look at; download, 8.44 GB; MIT"]


def test_relaxing_needs_its_extra(tiny, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "openmm", None)
    code, out, err = run("fold", "ADRB2", "--from", "esmfold", "--relax", "--pdb", tmp_path / "a.pdb", capsys=capsys)
    assert (code, out) == (2, "")
    assert err == "alloscope: Relaxing a structure needs OpenMM and PDBFixer: pip install '.[relax]'.\n"


def test_a_relaxed_fold_is_written(tiny, monkeypatch, capsys, tmp_path):
    """The network is random, so its atoms lie on one another; the file that is relaxed is the one of the fold."""
    from allo_core.folding import relax

    given = []
    (tmp_path / "mine.fasta").write_text(">mine\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n")
    monkeypatch.setattr(relax, "require_openmm", lambda: None)
    monkeypatch.setattr(relax, "relax", lambda text: given.append(text) or relax.Relaxed("relaxed\n", 2000.0, -100.0, 0.1))
    arguments = [tmp_path / "mine.fasta", "--from", "esmfold", "--device", "cpu", "--relax", "--pdb", tmp_path / "a.pdb"]
    code, out, _ = run("fold", *arguments, capsys=capsys)
    assert code == 0
    assert (tmp_path / "a.pdb").read_text() == "relaxed\n"
    assert given[0].startswith("TITLE     mine, ESMFold")
    assert "from 2,000 to -100 kcal/mol, CA moved by 0.10 Å" in out


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
        (["ADRB2", "--from", "magic"], "--from 'magic' is not one of: family, template, model, esmfold."),
        (["ADRB2", "--state", "open"], "--state 'open' is not one of: active, inactive"),
        (["ADRB2", "--without-itself"], "add --from template"),
        (["GLR", "--state", "inactive"], "no average fold of class B in the inactive state"),
        (["DRD3"], "DRD3 has no generic numbers"),
        (["TA2R1", "--from", "template"], "No receptor of class T"),
        (["ADRB2", "--judge", "nothing.pdb"], "nothing.pdb: no such file."),
        (["AA2AR", "--judge", "3SN6"], "3SN6 is not a structure of AA2AR"),
        (["ADRB2", "--pdb", "/nowhere/a.pdb"], "the folder does not exist"),
        (["ADRB2", "--relax"], "--relax belongs to ESMFold; add --from esmfold."),
        (["ADRB2", "--chunk", "64"], "--chunk belongs to ESMFold"),
        (["ADRB2", "--device", "cpu"], "add --from model or --from esmfold"),
        (["ADRB2", "--without-heads", "3.6"], "--without-heads belongs to the fold of a language model; add --from model."),
        (["ADRB2", "--from", "esmfold", "--head", "here"], "--head belongs to the fold of a language model"),
        (["ADRB2", "--from", "model", "--state", "active"], "A language model says nothing of a state"),
        (["ADRB2", "--from", "model", "--without-heads", "9.9"], "There is no head 9.9"),
        (["ADRB2", "--from", "model", "--model", "magic"], "magic"),
        (["ADRB2", "--from", "model", "--head", "/nowhere"], "/nowhere holds no distance head"),
        (["ADRB2", "--from", "esmfold", "--state", "active"], "leave --state out"),
        (["ADRB2", "--from", "esmfold", "--without-itself"], "add --from template"),
        (["ADRB2", "--from", "esmfold", "--relax"], "give --pdb and no --cif"),
        (["ADRB2", "--from", "esmfold", "--chunk", "0"], "A chunk of 0 rows cannot be computed"),
        (["ADRB2", "--from", "esmfold", "--device", "tpu"], "The device 'tpu' is not available here"),
        (["DRD3", "--from", "esmfold", "--judge", "3PBL.pdb"], "3PBL.pdb: no such file."),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, said, capsys):
    code, out, err = run("fold", *arguments, capsys=capsys)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
