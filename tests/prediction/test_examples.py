"""Which receptors and residues a predictor learns from."""

import json

import numpy as np

from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import DATA, find_receptor, receptors
from allo_core.prediction import examples as module
from allo_core.prediction.examples import EVIDENCE, LONGEST, listed_sites, orthosteric_site, site_examples
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein

EXAMPLES = {example.name: example for example in site_examples()}


def test_every_listed_allosteric_residue_is_an_example_and_nothing_else():
    files = [DATA / name for name in ("sites_asd.json", "sites.json")]
    rows = [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))]
    listed: dict[str, set[str]] = {}
    for row in rows:
        if row["kind"] == "allosteric":
            listed.setdefault(row["receptor"], set()).update(row["residues"].split())
    assert {name: {example.protein.label(i) for i in example.residues} for name, example in EXAMPLES.items()} == listed
    assert len(EXAMPLES) == 16


def test_the_sodium_pocket_of_the_class_is_no_evidence_for_a_receptor():
    assert {site.name for site in find_receptor("AA2AR").sites} > {site.name for site in listed_sites(find_receptor("AA2AR"))}
    assert EXAMPLES["AA2AR"].labels.sum() == 3
    assert listed_sites(find_receptor("ADRB2")) == ()  # it has the pocket, and an orthosteric and a transducer site


def test_evidence_is_kept():
    assert {name for name, example in EXAMPLES.items() if "ligand contacts" in example.sites} == {
        *("AA2AR", "ACM2", "CCR5", "GRM1", "GRM5", "OPRD")
    }
    for example in EXAMPLES.values():
        assert set(example.sites) <= set(EVIDENCE)
        assert sum(map(len, example.sites.values())) == example.labels.sum() > 0


def test_long_receptors_are_read_by_their_domain_in_their_own_numbers():
    assert {name for name, example in EXAMPLES.items() if example.protein.first > 1} == {"GRM1", "GRM5", "SMO"}
    for name, example in EXAMPLES.items():
        whole = receptors()[name].protein
        assert len(example.protein) <= LONGEST
        assert whole.sequence[example.protein.first - 1 :].startswith(example.protein.sequence)
        assert len(example.numbers) == len(example.protein)


def test_a_long_receptor_whose_domain_lacks_a_site_residue_is_read_whole(monkeypatch):
    sites = listed_sites(find_receptor("GRM1"))
    first = min(parse_residues(" ".join(site.residues for site in sites), find_receptor("GRM1").protein)) + 1  # its UniProt number
    monkeypatch.setattr(module, "seven_tm_domain", lambda protein, numbers: protein.crop(first + 1, len(protein)))
    assert len(module._part_to_read(find_receptor("GRM1"), sites)) == 1194
    monkeypatch.setattr(module, "seven_tm_domain", lambda protein, numbers: protein.crop(first, len(protein)))
    assert module._part_to_read(find_receptor("GRM1"), sites).first == first
    monkeypatch.setattr(module, "seven_tm_domain", lambda protein, numbers: None)
    assert len(module._part_to_read(find_receptor("GRM1"), sites)) == 1194


def test_the_orthosteric_site_is_the_listed_one_else_that_of_class_a_else_none():
    def labels(name):
        protein = EXAMPLES[name].protein
        return [protein.label(index) for index in EXAMPLES[name].orthosteric.residues]

    assert labels("AA2AR") == ["F168", "E169", "N253", "S277", "H278"]
    assert EXAMPLES["AA2AR"].orthosteric.source == "listed for AA2AR"
    # 3.32, 3.33, 3.36, 6.48, 6.51, 6.52, 6.55, 7.35, 7.39, 7.43; GPCRdb calls the last three 7x34, 7x38 and 7x42.
    assert labels("ACM2") == "D103 Y104 S107 W400 Y403 N404 V407 W422 Y426 Y430".split()
    assert EXAMPLES["ACM2"].orthosteric.source == "the ligand positions of class A"
    assert [name for name, example in EXAMPLES.items() if example.orthosteric is None] == ["GLP1R", "GRM1", "GRM5", "SMO"]


def test_a_part_that_lacks_the_orthosteric_site_has_none():
    whole = find_receptor("ACM2").protein
    start = whole.crop(1, 120)  # holds three of the ten positions
    assert numbers_for(start) is not None
    assert orthosteric_site(start, numbers_for(start)) is None
    assert orthosteric_site(Protein("other", "MKWVTFISLLFLFSSAYS" * 3), None) is None
    # The part of AA2AR behind F168 lacks two of its five residues: the positions of the class step in.
    part = find_receptor("AA2AR").protein.crop(175, 412)
    assert orthosteric_site(part, numbers_for(part)).source == "the ligand positions of class A"


def test_labels_are_those_of_all_sites():
    example = EXAMPLES["CCR5"]
    assert np.flatnonzero(example.labels).tolist() == list(example.residues)
    assert example.labels.shape == (352,)
