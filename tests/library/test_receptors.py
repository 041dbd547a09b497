import csv
import gzip

import numpy as np
import pytest

from allo_core.errors import LibraryError, ResidueError
from allo_core.library.nearest import numbers_for, seven_tm_domain
from allo_core.library.receptors import SODIUM_POCKET, find_receptor, receptors
from allo_core.library.sites import find_site, site_indices
from allo_core.library.structures import shipped_structure, shipped_structures
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein
from allo_core.structure.read import read_structure


def test_every_receptor_of_the_source_is_there(shared):
    with (shared / "data/gpcr_receptors.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(receptors()) == 402
    for row in rows:
        receptor = receptors()[row["receptor"]]
        assert (receptor.accession, receptor.name, receptor.receptor_class) == (row["uniprot"], row["name"], row["class"])
        assert receptor.protein.sequence == row["sequence"]


def test_every_residue_number_of_the_source_is_there(shared):
    seen = 0
    with gzip.open(shared / "data/gpcr_residue_numbers.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            receptor, index = receptors()[row["receptor"]], int(row["position"]) - 1
            numbers = receptor.numbers
            if numbers is None:  # the source has segments of six receptors, but no number at all
                assert row["generic_number"] == ""
                continue
            assert numbers.gpcrdb[index] == row["generic_number"]
            assert numbers.segment[index] == ("" if row["segment"] == "-" else row["segment"])
            if row["conservation_percent"]:
                assert abs(numbers.ortholog_conservation[index] - float(row["conservation_percent"]) / 100) <= 0.0051
            seen += 1
    assert seen > 200_000


def test_family_conservation_is_the_share_of_the_commonest_residue():
    at_250 = [
        r.protein.sequence[r.numbers.gpcrdb.index("2x50")]
        for r in receptors().values()
        if r.receptor_class == "A" and r.numbers is not None and "2x50" in r.numbers.gpcrdb
    ]
    share = max(at_250.count(letter) for letter in set(at_250)) / len(at_250)
    assert find_receptor("AA2AR").numbers.family_conservation[51] == pytest.approx(share, abs=1e-4)
    assert np.isnan(find_receptor("AA2AR").numbers.family_conservation[411])


@pytest.mark.parametrize("text", ["AA2AR", " aa2ar ", "P29274", "AA2AR_HUMAN"])
def test_receptors_are_found(text):
    assert find_receptor(text).entry == "AA2AR"


@pytest.mark.parametrize(
    ("text", "words"), [("AA2BRR", "near it: AA2BR"), ("muscarinic", "near it: ACM"), ("", "is not among"), ("../etc", "is not among")]
)
def test_unknown_receptors_are_refused_with_the_nearest(text, words):
    with pytest.raises(LibraryError, match=words):
        find_receptor(text)


def test_sites_fit_their_receptors():
    sites = [(receptor, site) for receptor in receptors().values() for site in receptor.sites]
    named = [site for _, site in sites if site.name != "sodium pocket"]
    assert len(named) == 20
    assert {site.kind for site in named} == {"allosteric", "orthosteric", "transducer"}
    assert sum(site.name == "sodium pocket" for _, site in sites) == 280
    for receptor, site in sites:
        assert parse_residues(site.residues, receptor.protein, receptor.numbers), site


def test_sodium_pocket_of_a2a():
    receptor = find_receptor("AA2AR")
    indices = parse_residues(find_site(receptor, "Sodium Pocket").residues, receptor.protein, receptor.numbers)
    assert [receptor.numbers.gpcrdb[i] for i in indices] == sorted(SODIUM_POCKET, key=lambda n: receptor.numbers.gpcrdb.index(n))
    assert {"D52", "S91", "W246", "N280", "N284"} <= {receptor.protein.label(i) for i in indices}
    with pytest.raises(LibraryError, match="AA2AR has no site 'nonsense'"):
        find_site(receptor, "nonsense")


def test_class_a_shortcut_is_not_offered_elsewhere():
    assert all(r.receptor_class == "A" for r in receptors().values() if any(s.name == "sodium pocket" for s in r.sites))
    assert find_receptor("GRM5").numbers.receptor_class == "C"


def test_receptors_whose_sources_disagree_have_no_numbers():
    assert sum(receptor.numbers is None for receptor in receptors().values()) == 16
    assert find_receptor("NPY42").numbers is None
    assert find_receptor("DRD3").numbers is None


def test_numbers_of_a_sequence_outside_the_library():
    receptor = find_receptor("ADRB2")
    sequence = receptor.protein.sequence
    mutant = sequence[:78] + "A" + sequence[79:]
    construct = Protein("construct", "GSDYKDDDDK" + mutant[20:230] + mutant[262:365])
    numbers = numbers_for(construct)
    assert numbers.receptor == "ADRB2"
    assert 0.98 < numbers.identity < 1
    for number in ("1x50", "3x50", "5x50", "6x50", "7x50"):
        assert construct.sequence[numbers.gpcrdb.index(number)] == sequence[receptor.numbers.gpcrdb.index(number)]
        assert construct.sequence[numbers.gpcrdb.index(number) - 3 :][:7] == sequence[receptor.numbers.gpcrdb.index(number) - 3 :][:7]
    assert construct.sequence[numbers.gpcrdb.index("2x50")] == "A"
    assert numbers.gpcrdb[:10] == ("",) * 10


def test_numbers_of_a_part_of_a_library_sequence_are_its_own():
    receptor = find_receptor("GRM5")
    domain = seven_tm_domain(receptor.protein, receptor.numbers)
    assert domain.sequence in receptor.protein.sequence
    assert receptor.protein.sequence[domain.first - 1 :].startswith(domain.sequence)
    assert len(domain) < 510
    numbers = numbers_for(domain)
    assert numbers.identity == 1
    index = numbers.gpcrdb.index("3x50")
    assert domain.label(index) == receptor.protein.label(receptor.numbers.gpcrdb.index("3x50"))


def test_seven_tm_domain_of_all_long_receptors_starts_30_before_tm1():
    for receptor in receptors().values():
        domain = seven_tm_domain(receptor.protein, receptor.numbers)
        if receptor.numbers is None or not {"TM1", "TM7"} <= set(receptor.numbers.segment):
            assert domain is None
            continue
        first = receptor.numbers.segment.index("TM1") + 1
        assert domain.first == max(first - 30, 1), receptor.entry


@pytest.mark.parametrize("sequence", ["MKTAYIAKQR" * 20, "ACDEFGHIKLMNPQRSTVWY" * 8, "M"])
def test_an_unrelated_sequence_has_no_numbers(sequence):
    assert numbers_for(Protein("x", sequence)) is None


def test_a_paralogue_below_90_percent_has_no_numbers_of_another():
    assert numbers_for(find_receptor("DRD3").protein) is None


def test_shipped_structures():
    assert [s.entry for s in shipped_structures("ADRB2")] == ["4LDO", "3SN6"]
    assert shipped_structure("8fyn").receptor == "AA2AR"
    assert shipped_structure("1U19").path.is_file()
    with pytest.raises(LibraryError, match="8FYN, 4LDO, 3SN6, 1U19"):
        shipped_structure("9ZZZ")


def test_what_is_known_of_shipped_structures():
    known = {entry: shipped_structure(entry) for entry in ("8FYN", "4LDO", "3SN6", "1U19")}
    assert {entry: s.state for entry, s in known.items()} == {"8FYN": "inactive", "4LDO": "active", "3SN6": "active", "1U19": "inactive"}
    assert {entry: s.fusion for entry, s in known.items()} == {"8FYN": "BRIL", "4LDO": "T4 lysozyme", "3SN6": "T4 lysozyme", "1U19": ""}
    assert {entry: s.species for entry, s in known.items() if s.species != "human"} == {"1U19": "bovine"}
    for structure in known.values():
        assert structure.state in structure.description
        assert not structure.fusion or structure.fusion in structure.description
        chains = set(read_structure(structure.path).atoms.chain_id.tolist())
        assert chains - {structure.chain} == set(structure.partners)
        assert hash(structure) == hash(shipped_structure(structure.entry))


def test_fusions_and_partners_are_those_of_the_entries_own_headers(shared):
    words = {"BRIL": ("CYTOCHROME B562",), "T4 lysozyme": ("LYSOZYME", "LYSIS"), "Gs": ("G(S)",), "nanobody": ("CAMELID ANTIBODY",)}
    checked = 0
    for structure in (*shipped_structures("AA2AR"), *shipped_structures("ADRB2")):
        molecules = read_structure(shared / "data/structures" / f"{structure.entry}.pdb.gz").molecules
        for chain, name in ({structure.chain: structure.fusion} | structure.partners).items():
            header = molecules[chain].replace("ENDOLYSIN", "LYSOZYME")  # endolysin is the lysozyme of phage T4
            assert any(word in header for word in words[name]), (structure.entry, name, header)
            checked += 1
    assert checked == 6


def test_partner_names_of_a_shipped_structure_are_the_usual_ones():
    known = shipped_structure("3SN6")
    structure = read_structure(known.path)
    assert structure.molecules == {}
    assert known.described(structure).molecules == {"A": "Gs", "B": "Gs"}
    assert structure.molecules == {}


def test_a_receptor_with_numbers_is_preferred_among_equal_sequences():
    """NPY4R and NPY42 have the same sequence; the source numbers only one."""
    assert find_receptor("NPY42").protein.sequence == find_receptor("NPY4R").protein.sequence
    assert numbers_for(find_receptor("NPY4R").protein).receptor == "NPY4R"
    assert numbers_for(find_receptor("NPY42").protein).receptor == "NPY4R"


def test_every_numbered_receptor_has_its_own_numbers():
    for receptor in receptors().values():
        if receptor.numbers is not None:
            numbers = numbers_for(receptor.protein)
            assert receptors()[numbers.receptor].protein.sequence == receptor.protein.sequence
            assert any(numbers.gpcrdb)


def test_sites_of_a_construct_are_found_by_alignment():
    receptor = find_receptor("AA2AR")
    tagged = Protein("tagged", "MKTIIALSYI" + receptor.protein.sequence[1:320])
    numbers = numbers_for(tagged)
    site = find_site(receptor, "orthosteric site (adenosine)")
    indices = site_indices(site, tagged, numbers)
    assert [tagged.label(index) for index in indices] == ["F177", "E178", "N262", "S286", "H287"]
    with pytest.raises(ResidueError, match="H278 of AA2AR is not in part"):
        site_indices(site, part := Protein("part", receptor.protein.sequence[:270]), numbers_for(part))
