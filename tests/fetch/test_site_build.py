"""Sites by one rule, from a small server on this machine and from folders: what comes, what does not, and what is kept of it."""

import gzip
import shutil
import threading
from dataclasses import replace

import pytest

from allo_core.errors import Cancelled, FetchError
from allo_core.fetch import Patience
from allo_core.fetch.site_build import Outcome, build_sites, difference, merged
from allo_core.fetch.site_entries import NotAtHand, entries_in, from_folder, from_network
from allo_core.library.modulators import BoundModulator, bound_modulators
from allo_core.library.receptors import find_receptor, receptors, shipped_sites
from allo_core.library.site import APP, Site
from allo_core.library.site_library import OwnSite
from allo_core.library.structures import shipped_structure
from tests.fetch.serving import VARIABLES, routes, send, server

AMPLE = Patience(connect=60, silence=60, whole=60)
BETA2 = tuple(bound for bound in bound_modulators() if bound.pdb in ("4LDO", "3SN6"))


@pytest.fixture(autouse=True)
def _direct(monkeypatch):
    """No proxy between the test and its server, and nowhere else to go."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in VARIABLES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.fixture
def nothing_ships(monkeypatch):
    """The entries that ship are fetched here like any others; `shipped_structure` goes on to say where they are."""
    monkeypatch.setattr("allo_core.fetch.site_entries._shipped", lambda code: None)


def page(entry):
    """The mmCIF file of a shipped structure, as the PDB would name it."""
    text = gzip.decompress(shipped_structure(entry).path.read_bytes()).decode()
    return gzip.compress(text.encode(), mtime=0)


def serving(*entries):
    return routes({f"/download/{entry}.cif.gz": page(entry) for entry in entries})


def bound(receptor, pdb, ligand, **more):
    row = BoundModulator(receptor, pdb, ligand, "allosteric", "PAM", "", "", "nobody")
    return replace(row, **more)


def residues(outcome):
    (own,) = outcome.sites
    return own.site.residues


def test_entries_are_fetched_once_and_their_contacts_computed(monkeypatch, own_home, nothing_ships):
    with server(monkeypatch, serving("4LDO", "3SN6")) as asked:
        outcomes = {outcome.bound.pdb: outcome for outcome in build_sites(BETA2, from_network(AMPLE))}
    assert asked == ["/download/3SN6.cif.gz", "/download/4LDO.cif.gz"]
    assert residues(outcomes["4LDO"]) == "D113 V114 V117 F193 S203 S207 F289 F290 N293 N312 Y316"
    site = outcomes["4LDO"].sites[0].site
    assert (site.name, site.kind, site.evidence) == ("orthosteric site (adrenaline)", "orthosteric", "ligand contacts")
    assert (site.pdb, site.ligand, site.chain, site.rule, site.compiler) == ("4LDO", "ALE", "A", "contacts", APP)
    assert outcomes["3SN6"].sites[0].site.evidence == "partner contacts"
    assert sorted(path.name for path in (own_home / "fetched").iterdir()) == ["3SN6.cif.gz", "4LDO.cif.gz"]
    again = list(build_sites(BETA2, from_network(AMPLE)))  # the server is gone
    assert {outcome.bound.pdb: outcome for outcome in again} == outcomes


def test_what_ships_needs_no_network():
    assert [outcome.state for outcome in build_sites(BETA2, from_network(AMPLE))] == ["computed", "computed"]


def test_differences_are_against_the_shipped_list_of_that_name():
    outcome = next(iter(build_sites([row for row in BETA2 if row.pdb == "4LDO"], from_network(AMPLE))))
    found = difference(outcome.sites[0])
    assert found.shared == ("D113", "S203", "S207", "N293", "N312")
    assert found.only_shipped == ("S204", "H296", "Y308")
    assert found.only_computed == ("V114", "V117", "F193", "F289", "F290", "Y316")
    listed = next(site for site in shipped_sites("ADRB2") if site.pdb == "4LDO").residues.split()
    assert set(found.shared) | set(found.only_shipped) == set(listed)
    assert difference(OwnSite("ADRB2", Site("new", "allosteric", "", "D113"), "")) is None


def test_an_entry_that_the_pdb_lacks_and_one_that_is_something_else(monkeypatch, nothing_ships):
    wanted = [bound("ADRB2", "9ZZZ", "ALE"), bound("AA2AR", "4LDO", "ALE"), bound("ADRB2", "4LDO", "2CU"), bound("ADRB2", "4LDO", "pep(B)")]
    with server(monkeypatch, serving("4LDO")):
        outcomes = {(o.bound.pdb, o.bound.receptor, o.bound.ligand): o for o in build_sites(wanted, from_network(AMPLE))}
    lacks = outcomes["9ZZZ", "ADRB2", "ALE"]
    assert (lacks.state, "the PDB has no entry 9ZZZ" in lacks.reason) == ("failed", True)
    other = outcomes["4LDO", "AA2AR", "ALE"]
    assert (other.state, "is not a structure of AA2AR" in other.reason) == ("failed", True)
    absent = outcomes["4LDO", "ADRB2", "2CU"]
    assert (absent.state, "has no ligand 2CU" in absent.reason) == ("failed", True)
    assert outcomes["4LDO", "ADRB2", "pep(B)"].sites[0].site.name == "chain B contacts (4LDO)"


def test_a_modulator_that_touches_nothing_of_the_receptor_is_said(shared):
    (outcome,) = build_sites([bound("AA2AR", "5G53", "GDP")], from_folder(shared / "data/structures"))
    assert outcome.state == "no contact"
    assert "no residue of AA2AR within 4 Å of it; the nearest, L110 of chain A, is 23.9 Å away" in outcome.reason
    assert outcome.sites == ()


def test_a_network_that_is_down_is_asked_three_times(monkeypatch, nothing_ships):
    with server(monkeypatch, send(503, b"busy")) as asked:
        wanted = [bound("ADRB2", f"9ZZ{number}", "ALE") for number in range(6)]
        outcomes = list(build_sites(wanted, from_network(AMPLE)))
    assert [outcome.state for outcome in outcomes] == ["failed"] * 3 + ["not at hand"] * 3
    assert len(asked) == 3
    assert "9ZZ3 was not asked for, because 9ZZ0, 9ZZ1, 9ZZ2 did not come" in outcomes[3].reason


def test_what_was_fetched_is_used_though_the_network_is_down(monkeypatch, nothing_ships):
    with server(monkeypatch, serving("4LDO")):
        list(build_sites([row for row in BETA2 if row.pdb == "4LDO"], from_network(AMPLE)))
    wanted = [*(bound("ADRB2", f"1ZZ{number}", "ALE") for number in range(4)), *BETA2]
    with server(monkeypatch, send(503, b"busy")):
        states = {outcome.bound.pdb: outcome.state for outcome in build_sites(wanted, from_network(AMPLE))}
    assert (states["1ZZ3"], states["3SN6"], states["4LDO"]) == ("not at hand", "not at hand", "computed")


def test_a_silent_server_and_cancelling(monkeypatch, own_home, nothing_ships):
    stop, cancel = threading.Event(), threading.Event()

    def slow(handler):
        if "4LDO" in handler.path:
            cancel.set()
            stop.wait(30)
        else:
            serving("3SN6")(handler)

    with server(monkeypatch, slow):
        (outcome,) = build_sites([row for row in BETA2 if row.pdb == "4LDO"], from_network(Patience(60, 0.4, 60)))
        assert "it sent nothing for 0.4 seconds" in outcome.reason
        cancel.clear()
        running = build_sites(BETA2, from_network(AMPLE, cancel))
        assert next(running).bound.pdb == "3SN6"
        with pytest.raises(Cancelled):
            next(running)
        stop.set()
    assert [path.name for path in (own_home / "fetched").iterdir()] == ["3SN6.cif.gz"]  # and the next build begins with it


def test_files_of_a_folder_by_their_codes(tmp_path):
    for name in ("pdb4ldo.ent.gz", "4LDO.cif.gz", "3sn6.pdb", "pdb_00001u19.cif", "notes.txt", "4LDO_refined.cif", "12ab3.cif"):
        (tmp_path / name).write_bytes(b"x")
    assert {code: path.name for code, path in entries_in(tmp_path).items()} == {
        "4LDO": "4LDO.cif.gz",
        "3SN6": "3sn6.pdb",
        "1U19": "pdb_00001u19.cif",
    }


def test_a_folder_that_is_none_or_holds_nothing(tmp_path):
    with pytest.raises(FetchError, match="cannot be read as a folder"):
        from_folder(tmp_path / "missing")
    with pytest.raises(FetchError, match="holds no structure file that is named by its PDB code"):
        from_folder(tmp_path)


def test_a_folder_is_used_without_a_network(tmp_path, shared, nothing_ships):
    shutil.copy(shipped_structure("4LDO").path, tmp_path / "4ldo.cif.gz")
    (tmp_path / "3SN6.cif").write_bytes(b"data_x\n")
    shutil.copy(shared / "data/structures/8FYN.pdb.gz", tmp_path / "4EIY.pdb.gz")
    wanted = [*BETA2, bound("AA2AR", "4EIY", "NA"), bound("ACM2", "4MQT", "2CU")]
    outcomes = {outcome.bound.pdb: outcome for outcome in build_sites(wanted, from_folder(tmp_path))}
    assert {code: outcome.state for code, outcome in outcomes.items()} == {
        "4LDO": "computed",
        "3SN6": "failed",
        "4EIY": "failed",
        "4MQT": "not at hand",
    }
    assert "has no atoms" in outcomes["3SN6"].reason
    assert "4EIY.pdb.gz says that it is 8FYN" in outcomes["4EIY"].reason
    with pytest.raises(NotAtHand, match=f"4MQT is neither in {tmp_path} nor at hand otherwise"):
        from_folder(tmp_path)("4MQT")


def test_several_places_are_several_sites_and_a_shipped_list_says_which_is_meant(shared, monkeypatch):
    """8FYN has three cholesterols at two places of AA2AR."""
    folder = from_folder(shared / "data/structures")
    (outcome,) = build_sites([bound("AA2AR", "8FYN", "CLR", modulator="cholesterol")], folder)
    assert [own.site.name for own in outcome.sites] == [
        "cholesterol contacts (8FYN), place 1 of 2",
        "cholesterol contacts (8FYN), place 2 of 2",
    ]
    assert "2 copies side by side: CLR 2403, chain A, CLR 2404, chain A" in outcome.sites[1].site.note
    second = outcome.sites[1].site.residues
    listed = Site("cholesterol groove", "allosteric", "neighbourhood", " ".join(second.split()[3:7]), pdb="8FYN", ligand="CLR")
    monkeypatch.setattr("allo_core.fetch.site_build.shipped_sites", lambda entry: (listed,))
    (outcome,) = build_sites([bound("AA2AR", "8FYN", "CLR")], folder)
    (own,) = outcome.sites
    assert (own.site.name, own.site.residues) == ("cholesterol groove", second)
    assert "1 more of CLR elsewhere on the receptor, which the shipped list does not mean" in own.site.note


def test_copies_species_and_mutations_are_noted(shared):
    folder = from_folder(shared / "data/structures")
    wanted = [bound("AA2AR", "5G53", "NEC"), bound("OPSD", "1U19", "RET", note="of the retina"), bound("AA2AR", "8FYN", "ZMA")]
    notes = {outcome.bound.pdb: outcome.sites[0].site.note for outcome in build_sites(wanted, folder)}
    assert notes["5G53"] == "chain B has 16 residues in contact, 16 of them the same"
    assert notes["1U19"].startswith("of the retina; chain B has")
    assert "receptor of Bos taurus in the structure" in notes["1U19"]
    assert notes["8FYN"] == ""
    (outcome,) = build_sites([bound("AA2AR", "8FYN", "NA")], folder)
    assert find_receptor("AA2AR").protein.label(79) == "I80"
    assert "I80" in residues(outcome)


def test_residues_that_the_structure_shows_otherwise_are_noted(shared):
    """4LDO was crystallised with N187E, beside a sodium ion, and with C265A, beside the nanobody."""
    folder = from_folder(shared / "data/structures")
    ion, nanobody = build_sites([bound("ADRB2", "4LDO", "NA"), bound("ADRB2", "4LDO", "pep(B)")], folder)
    assert (residues(ion), ion.sites[0].site.note) == ("N103 C184 N187 C190", "in the structure N187 is E")
    assert nanobody.sites[0].site.note == "in the structure C265 is A"
    assert "C265" in residues(nanobody).split()


def test_a_build_replaces_what_it_answers_and_leaves_the_rest():
    def own(receptor, pdb, ligand, text):
        return OwnSite(receptor, Site(f"{ligand} contacts ({pdb})", "allosteric", "ligand contacts", text, pdb=pdb, ligand=ligand), "")

    before = [own("GRM5", "4OO9", "2U8", "G624"), own("GRM5", "5CGC", "51D", "I625"), own("ADRB2", "6N48", "KBY", "D113")]
    outcomes = [
        Outcome(bound("GRM5", "4OO9", "2U8"), "computed", (own("GRM5", "4OO9", "2U8", "I651"),)),
        Outcome(bound("GRM5", "5CGC", "51D"), "no contact", reason="far away"),
        Outcome(bound("ADRB2", "6N48", "KBY"), "failed", reason="no network"),
        Outcome(bound("ADRB2", "6OBA", "M3J"), "not at hand", reason="nowhere"),
    ]
    after = merged(before, outcomes)
    assert [(one.receptor, one.site.pdb, one.site.residues) for one in after] == [("ADRB2", "6N48", "D113"), ("GRM5", "4OO9", "I651")]


def test_every_entry_of_the_list_is_of_a_receptor_and_names_a_ligand():
    from allo_core.structure.modulator import Modulator

    rows = bound_modulators()
    assert len(rows) == len({(row.receptor, row.pdb, row.ligand) for row in rows}) == 94
    for row in rows:
        assert row.receptor in receptors()
        assert Modulator.parse(row.ligand).name
    assert {site.ligand for entry in receptors() for site in shipped_sites(entry)} <= {row.ligand for row in rows}
