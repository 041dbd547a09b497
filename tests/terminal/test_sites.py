"""Sites in a terminal: built from what is at hand, listed, forgotten."""

import json

import pytest

from allo_core.fetch import site_entries
from allo_core.library.receptors import find_receptor
from allo_core.library.site_library import site_library_path
from tests.fetch.serving import VARIABLES, routes, server
from tests.fetch.test_site_build import page
from tests.terminal.commands import run


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in VARIABLES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def test_build_from_what_ships_then_list_then_forget(capsys):
    code, out, err = run("sites", "build", "--only", "ADRB2", capsys=capsys)
    assert code == 0
    assert "4LDO ALE, ADRB2: 11 residues, chain A" in err
    assert "ADRB2 orthosteric site (adrenaline) (4LDO ALE), in place of a list of 8:" in out
    assert "in both                     5  D113 S203 S207 N293 N312" in out
    assert "only in the shipped list    3  S204 H296 Y308" in out
    assert "only computed               6  V114 V117 F193 F289 F290 Y316" in out
    assert "5 modulators: 2 computed, 0 no contact, 0 not at hand, 3 failed." in out
    assert "not computed: ADRB2 5X7D 8VS: 5X7D could not be fetched from the PDB" in out
    assert "The site predictor keeps the lists that it was fitted to and is not fitted anew" in out
    assert find_receptor("ADRB2").sites[1].residues.startswith("D113 V114")

    code, out, err = run("sites", "list", "--only", "ADRB2", "CCR9", capsys=capsys)
    assert (code, err) == (0, "")
    assert "PDB 4LDO, chain A, adrenaline (ALE); residues with a heavy atom within 4 Å of the modulator; compiled by AlloScope" in out
    assert "PDB 5LWE, vercirnon (79K); all residues within 7 Å of the modulator; compiled by PLM_Allosteric_Classification" in out
    assert "2 receptors have the sodium pocket" in out
    assert "Of the sites that count here 2 were computed on this machine" in out

    assert run("sites", "forget", capsys=capsys)[1] == "The shipped lists count again.\n"
    assert run("sites", "forget", capsys=capsys)[1] == "This machine has no sites of its own; the shipped lists count.\n"
    assert "4 by the rule 'residues as published with the attention analysis'" in run("sites", "list", capsys=capsys)[1]


def test_build_from_a_server_and_again_without_it(capsys, monkeypatch):
    monkeypatch.setattr(site_entries, "_shipped", lambda code: None)
    with server(monkeypatch, routes({"/download/4LDO.cif.gz": page("4LDO")})) as asked:
        code, out, _ = run("sites", "build", "--only", "ADRB2", capsys=capsys)
    assert code == 0
    assert len(asked) == 5
    assert "5 modulators: 1 computed, 0 no contact, 0 not at hand, 4 failed." in out
    kept = site_library_path().read_bytes()
    code, out, _ = run("sites", "build", "--only", "ADRB2", capsys=capsys)  # the server is gone: the entry is here, and so is the site
    assert "1 computed" in out
    assert site_library_path().read_bytes() == kept


def test_build_from_a_folder(capsys, shared):
    code, out, err = run("sites", "build", "--from", shared / "data/structures", capsys=capsys)
    assert code == 0
    assert "94 modulators: 3 computed, 0 no contact, 91 not at hand, 0 failed." in out
    assert "Computed: 3 sites of 2 receptors, 3 in place of a shipped list." in out
    assert "AA2AR G protein interface (5G53 pep(C,D)), in place of a list of 5:" in out
    assert "not at hand: 2YDO, 4EIY, 4MBS" in out
    assert err.count("\n") == 3


def test_nothing_at_hand_keeps_what_was_there(capsys, tmp_path):
    (tmp_path / "1abc.cif").write_text("data_x")
    code, out, _ = run("sites", "build", "--only", "GRM5", "--from", tmp_path, capsys=capsys)
    assert code == 0
    assert "Kept: no site; the shipped lists count." in out
    assert not site_library_path().exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "--only", "AA2BRR"), "'AA2BRR' is not among the 402 receptors"),
        (("build", "--only", "OPSD"), "No entry with a modulator is listed for OPSD; there are entries of AA2AR, ACM1"),
        (("build", "--from", "/nowhere"), "/nowhere cannot be read as a folder"),
        (("list", "--only", "x"), "is not among the 402 receptors"),
        ((), "the following arguments are required: action"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, words):
    code, out, err = run("sites", *arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_cancelling_leaves_the_sites_as_they_were(capsys, monkeypatch):
    run("sites", "build", "--only", "ADRB2", capsys=capsys)
    before = site_library_path().read_bytes()

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("allo_core.fetch.site_build.modulator_contacts", stop)
    code, _, err = run("sites", "build", "--only", "ADRB2", capsys=capsys)
    assert code == 130
    assert "cancelled; entries that were fetched are kept, the sites of this machine are as they were" in err
    assert site_library_path().read_bytes() == before


def test_a_damaged_library_is_said_and_built_anew(capsys):
    site_library_path().write_text("{")
    code, out, err = run("sites", "list", "--only", "ADRB2", capsys=capsys)
    assert code == 0
    assert "is damaged" in err
    assert "Until then the shipped lists count." in err
    assert "These are the shipped lists" in out
    code, out, err = run("sites", "build", "--only", "ADRB2", capsys=capsys)
    assert code == 0
    assert json.loads(site_library_path().read_text())["format"] == 1
