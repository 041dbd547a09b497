import numpy as np
import pytest

from allo_core.folding.family_average import family_average
from allo_core.library.receptors import find_receptor
from tests.terminal.commands import run

PROTEIN = find_receptor("ADRB2").protein


@pytest.fixture
def asked(monkeypatch):
    """Which heads were removed, in the order of the folds."""
    from dataclasses import replace

    found = []

    def fold(protein, model_id, head, device, removed, progress, cancel=None):
        found.append(removed)
        names = {0: "all heads"}.get(len(removed), f"without {removed}")
        return replace(family_average(protein), origin="model", name=names, xyz=family_average(protein).xyz + np.array([len(found), 0, 0]))

    for place in ("model_fold", "removed_folds"):
        monkeypatch.setattr(f"allo_core.folding.{place}.model_fold", fold)
    monkeypatch.setattr("allo_core.folding.kept_heads.shipped_head", lambda: None)
    return found


def test_a_fold_is_judged_beside_the_average(asked, capsys, tmp_path):
    code, out, _ = run("fold", "ADRB2", "--from", "model", "--judge", "3SN6", "--pdb", tmp_path / "a.pdb", capsys=capsys)
    assert code == 0
    assert asked == [()]
    assert [line.split("  ")[0] for line in out.splitlines()[-2:]] == ["all heads", "family average of class A (any state)"]
    assert (tmp_path / "a.pdb").is_file()


def test_without_heads_it_stands_beside_all_heads_and_random_ones(asked, capsys):
    code, out, _ = run("fold", "ADRB2", "--from", "model", "--without-heads", "3.6,4.1", "--judge", "3SN6", capsys=capsys)
    assert code == 0
    assert asked[:3] == [((3, 6), (4, 1)), (), ((3, 6), (4, 1))]  # the second time it is kept
    assert len(asked) == 6
    for heads in asked[3:]:
        assert len(set(heads)) == 2
        assert not {(3, 6), (4, 1)} & set(heads)
    assert len(set(asked)) == 5
    assert sum("without" in line and "0." in line for line in out.splitlines()) >= 4


def test_more_heads_than_are_left_cannot_be_drawn_at_random(asked, capsys):
    heads = ",".join(f"{layer}.{head}" for layer in range(6) for head in range(11))
    code, _, err = run("fold", "ADRB2", "--from", "model", "--without-heads", heads, "--judge", "3SN6", capsys=capsys)
    assert code == 2
    assert "fewer than the 66 removed ones; remove fewer" in err
