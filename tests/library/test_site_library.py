"""The sites that a machine has computed itself: they count at once, in every place, and a damaged file leaves the shipped lists."""

import json

import pytest

from allo_core.batch.task_scores import ScoreSettings
from allo_core.batch.tasks import read_settings
from allo_core.errors import LibraryError
from allo_core.family.members import library_set
from allo_core.library.receptors import (
    find_receptor,
    own_site_library,
    receptors,
    shipped_sites,
    site_library_problem,
)
from allo_core.library.site import APP, RULES, Site, describe_site
from allo_core.library.site_library import (
    OwnSite,
    SiteLibrary,
    forget_site_library,
    in_place_of,
    site_library_path,
    site_library_state,
    write_site_library,
)
from allo_core.library.sites import find_site, is_site_name, own_lists, sites_of
from allo_core.prediction.examples import site_examples
from allo_core.ui.protein.view import offered_sites

WHEN = "2026-01-01T00:00:00+00:00"


def own(receptor, name, residues, pdb="9ABC", kind="allosteric"):
    return OwnSite(receptor, Site(name, kind, "ligand contacts", residues, "PAM", "", pdb, "XYZ", "contacts", APP), "0" * 64)


def write(*sites):
    write_site_library(SiteLibrary(sites, WHEN))


def test_computed_sites_take_the_place_of_shipped_lists_and_forgetting_brings_them_back():
    shipped = [site.name for site in find_receptor("AA2AR").sites]
    write(own("AA2AR", "Na+ contacts (4EIY)", "D52 T88 S91"), own("AA2AR", "XYZ contacts (9ABC)", "F168"), own("GPR88", "new", "S10"))
    sites = find_receptor("AA2AR").sites
    assert [site.name for site in sites] == [*shipped, "XYZ contacts (9ABC)"]
    assert find_site(find_receptor("AA2AR"), "na+ CONTACTS (4eiy)").residues == "D52 T88 S91"
    assert [site.name for site in find_receptor("GPR88").sites][-1] == "new"
    assert own_site_library().created == WHEN
    assert shipped_sites("AA2AR")[0].residues == "D52 S91 N280"  # what ships is still known, to be compared with
    assert forget_site_library()
    assert [site.name for site in find_receptor("AA2AR").sites] == shipped
    assert own_site_library() is None
    assert not forget_site_library()


def test_whatever_depends_on_sites_follows_at_once():
    """Explore's choice, the receptors of the library's set, and what the predictor would learn from."""

    def seen():
        members = {member.name: member.sites for member in library_set("allosteric").members}
        learnt = {example.name: example.residues for example in site_examples()}
        return offered_sites("AA2AR")["Na+ contacts (4EIY)"], members["AA2AR"], learnt["AA2AR"], members.get("GPR88")

    assert seen() == ((51, 90, 279), (51, 90, 279), (51, 90, 279), None)
    write(own("AA2AR", "Na+ contacts (4EIY)", "D52 T88", "4EIY"), own("GPR88", "new", "S10"))
    assert seen() == ((51, 87), (51, 87), (51, 87), (9,))
    write(own("AA2AR", "Na+ contacts (4EIY)", "D52", "4EIY"))
    assert seen() == ((51,), (51,), (51,), None)
    forget_site_library()
    assert seen() == ((51, 90, 279), (51, 90, 279), (51, 90, 279), None)


def test_the_state_of_the_file_changes_with_it():
    states = [site_library_state()]
    write(own("AA2AR", "a", "D52"))
    states.append(site_library_state())
    write(own("AA2AR", "b", "D52"))  # as many bytes
    states.append(site_library_state())
    assert states[0] is None
    assert len(set(states)) == 3
    before = receptors()
    assert receptors() is before  # nothing is read again


def test_the_example_of_a_receptor_of_the_whole_library():
    """The sodium pocket of the class stays where it is, and receptors without own sites are the same objects as before."""
    before = receptors()
    write(own("AA2AR", "new", "D52"))
    after = receptors()
    assert after["ADRB2"] is before["ADRB2"]
    assert after["AA2AR"].sites[0].name == "sodium pocket"
    assert after["AA2AR"].numbers is before["AA2AR"].numbers
    assert "sodium pocket" in sites_of(find_receptor("AA2AR").protein)


def test_in_the_place_of_a_list_and_behind_the_others():
    a, b, c = (Site(name, "allosteric", "", "D52") for name in "abc")
    new = Site("b", "allosteric", "", "S91")
    assert in_place_of((a, b), (c, new)) == (a, new, c)
    assert in_place_of((), (c,)) == (c,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged"),
        (b"{", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[1, 2]", "no format"),
        (b"[" * 100_000, "is damaged"),
        (json.dumps({"format": 2}).encode(), "was written in format 2, this version reads 1; build it again"),
        (json.dumps({"format": 1, "sites": [], "created": ""}).encode(), "'alloscope' is missing"),
        (json.dumps({"format": 1, "sites": 7, "created": "", "alloscope": ""}).encode(), "is damaged"),
    ],
)
def test_a_damaged_file_leaves_the_shipped_lists_and_says_what_to_do(content, words):
    site_library_path().write_bytes(content)
    assert find_receptor("AA2AR").sites[1:] == shipped_sites("AA2AR")
    assert own_site_library() is None
    assert words in site_library_problem()
    assert "python -m allo_core sites forget" in site_library_problem()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (own("AA2AR", "a", "D53"), "'D53' is no residue of AA2AR"),
        (own("AA2AR", "a", "D9999999"), "is no residue of AA2AR"),
        (own("AA2AR", "a", "D52-D55"), "is no residue of AA2AR"),
        (own("AA2AR", "a", "D0"), "is no residue of AA2AR"),
        (own("AA2AR", "a", "2x50"), "is no residue of AA2AR"),
        (own("AA2AR", "a", " "), "'a' of AA2AR has no residue"),
        (own("NOBODY", "a", "D52"), "'NOBODY' is no receptor of the library"),
    ],
)
def test_sites_that_do_not_fit_the_receptors_are_refused(one, words):
    write(one)
    assert words in site_library_problem()
    assert all(site.name != "a" for site in find_receptor("AA2AR").sites)


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(LibraryError, match="could not be kept in"):
        write(own("AA2AR", "a", "D52"))
    assert site_library_state() is None


def test_a_file_that_cannot_be_deleted():
    site_library_path().mkdir()
    with pytest.raises(LibraryError, match="could not be deleted"):
        forget_site_library()
    assert "is damaged" in site_library_problem()


def test_names_and_what_they_mean_here():
    assert is_site_name(" Sodium Pocket ")
    assert not is_site_name("new")
    assert own_lists("Na+ contacts (4EIY)") == ""
    write(own("AA2AR", "New", "D52"), own("ADRB2", "new", "D113"))
    first = own_lists("new")
    assert is_site_name("NEW")
    assert len(first) == 64
    assert own_lists("sodium pocket") == ""
    write(own("AA2AR", "New", "D52"), own("ADRB2", "new", "D113"), own("AA2AR", "other", "S91"))
    assert own_lists("New") == first  # of that name alone
    write(own("AA2AR", "New", "D52 S91"), own("ADRB2", "new", "D113"))
    assert own_lists("new") != first


def test_a_batch_does_not_mix_lists_of_one_name():

    name = "orthosteric site (adenosine)"
    shipped = ScoreSettings.choose("alloscope_gpcr_8m", sites=name)
    assert shipped.site_lists == ""
    write(own("AA2AR", name, "D52 T88"))
    computed = ScoreSettings.choose("alloscope_gpcr_8m", sites=name)
    assert computed.site_lists == own_lists(name) != ""
    assert "sites of this name that the machine has computed itself" in computed.difference(shipped)
    assert read_settings(json.loads(json.dumps(computed.to_json()))) == computed
    assert "site_lists" not in shipped.to_json()  # as a batch of before has it
    assert read_settings(shipped.to_json()) == shipped


def test_a_worker_with_other_lists_refuses(tmp_path):
    from allo_core.batch.worker import Worker

    name = "orthosteric site (adenosine)"
    settings = ScoreSettings.choose("alloscope_gpcr_8m", sites=name)
    write(own("AA2AR", name, "D52 T88"))
    worker = Worker(settings, str(tmp_path), 1, "cpu", 1)
    assert "are not those that the batch was begun with; put the same sites.json into its ALLOSCOPE_HOME" in worker.refusal


def test_every_list_says_entry_ligand_rule_and_compiler():
    for entry, receptor in receptors().items():
        for site in receptor.sites:
            said = describe_site(site)
            assert RULES[site.rule] in said
            assert f"compiled by {site.compiler}" in said
            if site.rule != "positions":
                assert f"PDB {site.pdb}, {site.modulator} (" in said, (entry, site)
                assert "structure: PubMed " in said or f"the publication that wwPDB entry {site.pdb} names" in said


def test_labels_in_words():
    site = own("AA2AR", "a", "D52").site
    assert describe_site(site) == "PDB 9ABC, XYZ; residues with a heavy atom within 4 Å of the modulator; compiled by AlloScope."
    gs = next(site for site in shipped_sites("ADRB2") if site.pdb == "3SN6")
    assert describe_site(gs).startswith(
        "PDB 3SN6, Gs (chains A, B); residues as published with the attention analysis; compiled by jdlg-42/"
    )
