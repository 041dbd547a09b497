from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import StructureError
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import ResidueId, map_structure
from allo_core.structure.read import read_structure
from tests.structure.structure_files import (
    LETTERS,
    chain_lines,
    map_of,
    pdb_of,
    plain_residues,
    protein_of,
    random_sequence,
    structure_of,
    text_of,
)

ENTRIES = ("3VG9", "5G53", "8FYN", "4LDO", "3SN6", "1U19")
RECEPTOR_CHAIN = {"3VG9": "A", "5G53": "B", "8FYN": "A", "4LDO": "A", "3SN6": "R", "1U19": "A"}
ACCESSIONS = {"P29274", "P07550", "P02699"}


def observed(entry):
    """(number, letter) of each residue of the receptor's chain that has a CA, in file order; read without biotite."""
    chain, found = RECEPTOR_CHAIN[entry], []
    for line in text_of(entry).split("\n"):
        if line.startswith("ATOM"):
            fields = line.split() if entry == "1U19" else []
            atom, residue, its_chain, number = (
                (fields[3], fields[22], fields[23], fields[21]) if fields else (line[12:16].strip(), line[17:20], line[21], line[22:26])
            )
            if atom == "CA" and its_chain == chain:
                found.append((int(number), LETTERS[residue]))
    return found


def cross_references(entry):
    """(first and last author number, UniProt number of the first, of the last) of the receptor's ranges, as the file states them."""
    if entry == "1U19":
        text = text_of(entry)
        start = text.index("_struct_ref_seq.pdbx_auth_seq_align_end")
        rows = [row.split() for row in text[start : text.index("\n#", start)].split("\n")[1:]]
        return [(int(r[13]), int(r[14]), int(r[9]), int(r[11])) for r in rows if r[3] == RECEPTOR_CHAIN[entry] and r[8] in ACCESSIONS]
    rows = [line for line in text_of(entry).split("\n") if line.startswith("DBREF ")]
    own = [line for line in rows if line[12] == RECEPTOR_CHAIN[entry] and line[33:41].strip() in ACCESSIONS]
    return [(int(line[14:18]), int(line[20:24]), int(line[55:60]), int(line[62:67])) for line in own]


def expected_numbers(entry):
    """Author number -> UniProt number of the observed residues, from the file's cross-references.

    A range that does not count along (8FYN: 1106 to 316 is 218 to 316; 4LDO: 1029 to 1263 is 29 to 235) is counted from its first
    residue upwards, and, where its numbers fall, from its last one downwards.
    """
    expected = {}
    for first, last, uniprot_first, uniprot_last in cross_references(entry):
        for number, _ in observed(entry):
            if first <= number <= last:
                expected[number] = number - first + uniprot_first
            elif first > last and number == first:
                expected[number] = uniprot_first
            elif first > last and uniprot_last - (last - number) > uniprot_first and number <= last:
                expected[number] = uniprot_last - (last - number)
    return expected


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_residue_agrees_with_the_files_cross_references(entry):
    mapping, protein = map_of(entry), protein_of(entry)
    found = {residue.number: protein.number(index) for residue, index in mapping.index_of.items()}
    expected = expected_numbers(entry)
    assert mapping.chain == RECEPTOR_CHAIN[entry]
    assert len(expected) > 250
    assert found == expected
    assert mapping.aligned == len(expected)


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_alignment_alone_finds_the_same(entry):
    """Without the cross-references only 8FYN's L1106, the last residue of BRIL in the place of G218, is left out."""
    mapping = map_structure(replace(structure_of(entry), references=()), protein_of(entry))
    missing = set(expected_numbers(entry)) - {residue.number for residue in mapping.index_of}
    assert missing == ({1106} if entry == "8FYN" else set())
    assert all(map_of(entry).index_of[residue] == index for residue, index in mapping.index_of.items())


@pytest.mark.parametrize("entry", ENTRIES)
def test_author_numbering_rule_over_the_whole_chain(entry):
    offset = 1000 if entry == "4LDO" else 0
    others = [(residue.number, index + 1) for residue, index in map_of(entry).index_of.items() if residue.number != index + 1 + offset]
    assert others == ([(1106, 218)] if entry == "8FYN" else [])
    assert len(map_of(entry).index_of) > 280


@pytest.mark.parametrize("entry", ENTRIES)
def test_letters_and_substitutions(entry):
    protein, mapping = protein_of(entry), map_of(entry)
    uniprot, letters = expected_numbers(entry), dict(observed(entry))
    expected = {(uniprot[n] - 1, protein.sequence[uniprot[n] - 1], letter) for n, letter in letters.items() if n in uniprot}
    expected = {(index, wild, letter) for index, wild, letter in expected if wild != letter}
    assert set(mapping.substitutions) == expected
    assert mapping.identity == pytest.approx(1 - len(expected) / mapping.aligned, abs=1e-12)
    for residue, index in mapping.index_of.items():
        assert letters[residue.number] == protein.sequence[index] or (index, protein.sequence[index], letters[residue.number]) in expected


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry != "1U19"])
def test_substitutions_are_the_mutations_the_file_declares(entry):
    shown, declared = expected_numbers(entry), set()
    for line in text_of(entry).split("\n"):
        if line.startswith("SEQADV") and line[16] == RECEPTOR_CHAIN[entry] and line[24:28] != "    " and line[43:48].strip():
            number = int(line[18:22])
            if number in shown and line[28:38].strip() in ACCESSIONS:
                declared.add((int(line[43:48]) - 1, LETTERS[line[39:42]], LETTERS[line[12:15]]))
    assert set(map_of(entry).substitutions) == declared


@pytest.mark.parametrize(
    ("entry", "number", "letter", "residue"),
    [
        ("3VG9", 52, "D", ("A", 52, "")),
        ("5G53", 52, "D", ("B", 52, "")),
        ("8FYN", 52, "D", ("A", 52, "")),
        ("8FYN", 218, "G", ("A", 1106, "")),
        ("8FYN", 219, "E", ("A", 219, "")),
        ("4LDO", 79, "D", ("A", 1079, "")),
        ("3SN6", 79, "D", ("R", 79, "")),
        ("1U19", 83, "D", ("A", 83, "")),
        ("1U19", 296, "K", ("A", 296, "")),
    ],
)
def test_known_residues(entry, number, letter, residue):
    assert protein_of(entry).sequence[number - 1] == letter
    assert map_of(entry).residues[number - 1] == ResidueId(*residue)
    assert map_of(entry).index_of[ResidueId(*residue)] == number - 1


def test_rhodopsin_lists_the_substitutions_between_cow_and_human():
    mapping = map_of("1U19")
    assert (15, "A", "K") in mapping.substitutions
    assert len(mapping.substitutions) == 23
    assert mapping.identity == pytest.approx(325 / 348)


def test_fusion_proteins_are_not_mapped():
    for entry, foreign in [("8FYN", range(1001, 1106)), ("3SN6", range(987, 1162)), ("4LDO", range(852, 1029))]:
        assert not any(residue.number in foreign for residue in map_of(entry).index_of)
        present = [number for number, _ in observed(entry) if number in foreign]
        assert len(present) > 80


def test_a_cropped_protein_with_its_own_numbers_maps_to_the_same_residues():
    whole, protein = map_of("8FYN"), protein_of("8FYN")
    cropped = map_structure(structure_of("8FYN"), protein.crop(40, 300))
    assert cropped.residues == whole.residues[39:300]
    renumbered = map_structure(structure_of("8FYN"), Protein(protein.name, protein.sequence, 7001))
    assert renumbered == whole


def test_wrong_protein_is_refused_with_both_numbers():
    with pytest.raises(
        StructureError, match=r"3SN6 is not a structure of AA2AR: its best chain, \w, has \d+ aligned residues with \d+% identity"
    ):
        map_structure(structure_of("3SN6"), protein_of("8FYN"))
    with pytest.raises(StructureError, match="50 with 50% are needed"):
        map_structure(structure_of("3SN6"), Protein("random", random_sequence(400, seed=5)))
    short = Protein("short", protein_of("3SN6").sequence[50:90])
    with pytest.raises(StructureError, match="has 40 aligned residues with 100% identity"):
        map_structure(structure_of("3SN6"), short)


def test_no_protein_chain():
    sugar = [line.replace("ATOM  ", "HETATM") for line in chain_lines([("NAG", 1, "", False)])]
    with pytest.raises(StructureError, match="no protein chain"):
        map_structure(read_structure(pdb_of(sugar), "sugar.pdb"), protein_of("8FYN"))


# ---- synthetic chains: every residue's place is known by construction

SEQUENCE = random_sequence(220, seed=11)
PROTEIN = Protein("made up", SEQUENCE)


def places_of(residues, protein=PROTEIN, chain="A"):
    """Map a made-up chain and return {(number, insertion code): index}."""
    mapping = map_structure(read_structure(pdb_of(chain_lines(residues, chain)), "made up"), protein)
    return {(residue.number, residue.insertion): index for residue, index in mapping.index_of.items()}


def test_insertion_codes():
    numbers = [(index + 1, "") for index in range(100)] + [(100, "A"), (100, "B"), (100, "C")]
    numbers += [(number, "") for number in range(101, 218)]
    residues = [(SEQUENCE[i], *numbers[i], False) for i in range(220)]
    assert places_of(residues) == {numbers[i]: i for i in range(220)}


def test_residues_inserted_beside_the_sequence_get_no_place():
    residues = plain_residues(SEQUENCE)
    inserted = [(letter, 100, code, False) for letter, code in zip("WPHC", "ABCD", strict=True)]
    assert places_of(residues[:100] + inserted + residues[100:]) == {(i + 1, ""): i for i in range(220)}


@pytest.mark.parametrize("renumbered", [False, True])
def test_residues_beside_a_missing_loop_do_not_slide_across_it(renumbered):
    """The residue before the loop equals the loop's last one, the residue after it the loop's first one."""
    sequence = SEQUENCE[:90] + "KE" + SEQUENCE[92:110] + "KE" + SEQUENCE[112:]
    # shown up to the first K, and again from the second E on
    missing = range(91, 111)
    residues = plain_residues(sequence, missing=missing)
    if renumbered:
        residues = [(letter, count, code, gap) for count, (letter, _, code, gap) in enumerate(residues, 1)]
    shown = [i for i in range(220) if i not in missing]
    found = places_of(residues, Protein("made up", sequence))
    assert list(found.values()) == shown


def test_numbers_tell_where_a_short_stretch_between_two_loops_belongs():
    repeat = "AKRQ"
    sequence = SEQUENCE[:80] + repeat * 6 + SEQUENCE[104:]
    for copy in range(1, 5):
        missing = [i for i in range(80, 104) if not 80 + 4 * copy <= i < 84 + 4 * copy]
        found = places_of(plain_residues(sequence, first=301, missing=missing), Protein("made up", sequence))
        assert found == {(i + 301, ""): i for i in range(220) if i not in missing}


def test_an_engineered_deletion_whose_ends_are_bonded():
    residues = [(letter, number, code, False) for letter, number, code, _ in plain_residues(SEQUENCE, missing=range(100, 130))]
    assert places_of(residues) == {(i + 1, ""): i for i in range(220) if not 100 <= i < 130}


def test_mutations_are_listed():
    rng = np.random.default_rng(2)
    mutated = sorted(rng.choice(np.arange(3, 217), 30, replace=False).tolist())
    letters = list(SEQUENCE)
    for index in mutated:
        letters[index] = "A" if SEQUENCE[index] != "A" else "W"
    mapping = map_structure(read_structure(pdb_of(chain_lines(plain_residues("".join(letters)))), "x"), PROTEIN)
    assert mapping.substitutions == tuple((index, SEQUENCE[index], letters[index]) for index in mutated)
    assert mapping.identity == pytest.approx(190 / 220)
    assert mapping.aligned == 220


def test_modified_residues_count_as_their_parent():
    residues = plain_residues(SEQUENCE)
    at = SEQUENCE.index("M", 20), SEQUENCE.index("S", 20), SEQUENCE.index("H", 20)
    for index, name in zip(at, ("MSE", "SEP", "HSD"), strict=True):
        residues[index] = (name, *residues[index][1:])
    mapping = map_structure(read_structure(pdb_of(chain_lines(residues)), "x"), PROTEIN)
    assert mapping.aligned == 220
    assert mapping.substitutions == ()


def test_the_chain_with_most_identical_residues_wins_and_the_first_among_equals():
    whole = plain_residues(SEQUENCE)
    mutated = [("A" if i % 5 == 0 else letter, *rest) for i, (letter, *rest) in enumerate(whole)]
    chains = [chain_lines(mutated, "A"), chain_lines(whole[:150], "B", y=30), chain_lines(whole, "C", y=60), chain_lines(whole, "D", y=90)]
    other = [chain_lines(plain_residues(random_sequence(200, seed=s)), chr(69 + s), y=120 + 30 * s) for s in range(4)]
    mapping = map_structure(read_structure(pdb_of(*other, *chains), "x"), PROTEIN)
    assert mapping.chain == "C"
    assert mapping.identity == 1.0


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("numbering", ["UniProt + 1000 and 1 for the fusion", "fusion from 1001", "counted through"])
def test_random_fusions_loops_and_mutations(seed, numbering):
    """A fusion protein replaces a loop or stands at the N-terminus; other loops are missing; some residues are mutated.

    Every residue of the receptor must be found.  Where the numbers do not tell the fusion from the receptor, a residue of it that equals
    the one it replaces cannot be told apart: such residues directly at the junctions are allowed.
    """
    rng = np.random.default_rng(seed)
    fusion, at_start = random_sequence(110, seed=1000 + seed), seed % 3 == 0
    start = 30 if at_start else int(rng.integers(70, 140))
    replaced = range(start) if at_start else range(start, start + int(rng.integers(3, 16)))
    missing = {i for first in (rng.integers(160, 175), rng.integers(185, 200)) for i in range(first, first + int(rng.integers(2, 9)))}
    letters = {i: SEQUENCE[i] for i in range(220) if i not in replaced and i not in missing}
    inner = [i for i in letters if all(k in letters for k in (i - 2, i - 1, i + 1, i + 2))]
    for index in rng.choice(inner, 8, replace=False):
        letters[int(index)] = rng.choice(list("ACDEFGHIKLMNPQRSTVWY"))
    if numbering == "UniProt + 1000 and 1 for the fusion":
        offset, fusion_first = 1001, 1
    else:
        offset, fusion_first = 1, 1001
    residues, last = [], None
    for index in range(220):
        if index == (replaced[-1] if at_start else replaced[0]):
            residues += [(letter, fusion_first + k, "", False) for k, letter in enumerate(fusion)]
            last = replaced[-1]
        if index in letters:
            residues.append((letters[index], index + offset, "", last is not None and index - last > 1 and index - 1 not in replaced))
            last = index
    names = list(letters)
    if numbering == "counted through":
        residues = [(letter, count, "", gap) for count, (letter, _, _, gap) in enumerate(residues, 1)]
    found = places_of(residues)
    first_fusion = 0 if at_start else sum(i < start for i in names)
    own = [k for k in range(len(residues)) if not first_fusion <= k < first_fusion + len(fusion)]
    truth = {(residues[k][1], ""): index for k, index in zip(own, names, strict=True)}
    assert {key: place for key, place in found.items() if key in truth} == truth
    extra = {key: place for key, place in found.items() if key not in truth}
    if numbering == "counted through":
        edges = {residues[k][1] for k in (*range(first_fusion, first_fusion + 4), *range(first_fusion + 106, first_fusion + 110))}
        assert all(number in edges for number, _ in extra)
    else:
        assert extra == {}


def test_a_chain_too_long_to_align_is_refused():
    structure = read_structure(pdb_of(chain_lines(plain_residues(SEQUENCE))), "x")
    atoms = structure.atoms[np.tile(np.arange(len(structure.atoms)), 46)]
    atoms.res_id = np.repeat(np.arange(1, 220 * 46 + 1), 4)
    with pytest.raises(StructureError, match="Chain A of x has 10120 residues, and 10000 can be aligned"):
        map_structure(replace(structure, atoms=atoms), PROTEIN)


def test_a_file_with_two_copies_offers_both():
    structure, protein = structure_of("5G53"), protein_of("5G53")
    first = map_structure(structure, protein)
    assert (first.chain, first.copies) == ("B", ("A", "B"))  # which shows more of it
    second = map_structure(structure, protein, "A")
    assert (second.chain, second.copies) == ("A", ("A", "B"))
    assert {residue.chain for residue in second.residues if residue is not None} == {"A"}
    assert second.aligned < first.aligned
    assert map_structure(structure_of("3SN6"), protein_of("3SN6")).copies == ("R",)


def test_a_chain_that_is_not_the_receptor_is_refused_by_name():
    with pytest.raises(StructureError, match=r"5G53 is not a structure of .*: its chain C has 0 aligned residues"):
        map_structure(structure_of("5G53"), protein_of("5G53"), "C")
    with pytest.raises(StructureError, match=r"5G53 has no protein chain 'Q'; there is: A, B, C, D\."):
        map_structure(structure_of("5G53"), protein_of("5G53"), "Q")
