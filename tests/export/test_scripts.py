"""The scripts for PyMOL and ChimeraX, read by a small parser of our own and compared with the structure files."""

import io
import re

import numpy as np
import pytest
from biotite.structure.io.pdb import PDBFile

from allo_core.errors import ExportError
from allo_core.export import COLOURED_FILE, chimerax_script, pymol_script
from allo_core.figures.colours import ABSENT, attention_scale, hex_colours
from allo_core.structure.mapping import ResidueId, StructureMap
from tests.structure.structure_files import NAMES, map_of, protein_of, text_of

SCALE = attention_scale("light")
ORANGE, PURPLE = "#E69F00", "#CC79A7"


class PyMOL:
    """What the script does, residues as (chain, number, insertion code)."""

    write = staticmethod(pymol_script)

    def __init__(self, text):
        self.values, self.colours, self.sets, self.set_colours, self.loads = {}, {}, {}, {}, []
        for line in text.split("\n"):
            self.read(line)

    def read(self, line):
        if line.startswith("#") or not line:
            return
        verb, _, rest = line.partition(" ")
        if verb in ("fetch", "load"):
            self.loads.append(rest.split(",")[0])
        elif verb == "alter" and "resi" in rest:
            place, value = re.fullmatch(r"alloscope and (chain \w+ and resi \S+), b=(\S+)", rest).groups()
            (residue,) = self.residues(place)
            self.values[residue] = float(value)
        elif verb == "color" and "resi" in rest:
            colour, place = re.fullmatch(r"0x(\w{6}), alloscope and (chain \w+ and resi \S+)", rest).groups()
            for residue in self.residues(place):
                assert residue not in self.colours
                self.colours[residue] = f"#{colour}"
        elif verb == "select":
            name, more, place = re.fullmatch(r"set_(\w+), (set_\w+ or )?\(alloscope and (chain \w+ and resi \S+)\)", rest).groups()
            assert bool(more) == (name in self.sets)
            self.sets.setdefault(name, []).extend(self.residues(place))
        elif verb == "set_color":
            name, channels = re.fullmatch(r"colour_(\w+), \[(.*)\]", rest).groups()
            self.set_colours[name] = "#" + "".join(f"{round(255 * float(channel)):02X}" for channel in channels.split(","))

    @staticmethod
    def residues(place):
        chain, numbers = re.fullmatch(r"chain (\w+) and resi (\S+)", place).groups()
        for word in numbers.split("+"):
            sign, number, code = re.fullmatch(r"(\\-)?(\d+)([A-Za-z]?)", word).groups()
            yield chain, -int(number) if sign else int(number), code


class ChimeraX:
    """The same for ChimeraX."""

    write = staticmethod(chimerax_script)

    def __init__(self, text):
        self.values, self.colours, self.sets, self.set_colours, self.loads = {}, {}, {}, {}, []
        for line in text.split("\n"):
            self.read(line.split(" "))

    def read(self, words):
        if words[0] == "open":
            self.loads.append(words[1])
        elif words[0] == "setattr":
            assert (words[2:4], words[5:]) == (["residues", "alloscope_value"], ["create", "true"])
            (residue,) = self.residues(words[1])
            self.values[residue] = float(words[4])
        elif words[0] == "color" and ":" in words[1]:
            assert words[3:] == ["target", "c"]
            for residue in self.residues(words[1]):
                assert residue not in self.colours
                self.colours[residue] = words[2]
        elif words[0] == "color" and words[1].startswith("set_"):
            self.set_colours[words[1][4:]] = words[4]
        elif words[0] == "name":
            self.sets[words[1][4:]] = list(self.residues(words[2]))

    @staticmethod
    def residues(spec):
        for chain, attribute, numbers in re.findall(r"#1/(\w+)(?:::number=(-?\d+)|:([-\w,]+))", spec):
            for word in [attribute] if attribute else numbers.split(","):
                number, code = re.fullmatch(r"(-?\d+)([A-Za-z]?)", word).groups()
                yield chain, int(number), code


PROGRAMS = pytest.mark.parametrize("program", [PyMOL, ChimeraX])


def names_in(entry):
    """Residue name by (chain, number, insertion code), read from the file without the code under test."""
    atoms = PDBFile.read(io.StringIO(text_of(entry))).get_structure(model=1)
    keys = zip(atoms.chain_id.tolist(), atoms.res_id.tolist(), atoms.ins_code.tolist(), strict=True)
    return dict(zip(keys, atoms.res_name.tolist(), strict=True))


def made_map(*residues, chain="A"):
    return StructureMap(chain, 1.0, len(residues), tuple(residues), ())


def written(program, mapping, values=None, entry="4LDO", sets=None, title="", ceiling=1.0, scale=SCALE, pairs=()):
    values = np.zeros(len(mapping.residues)) if values is None else values
    return program.write(entry, mapping, values, ceiling, scale, sets or {}, title, pairs=pairs)


@PROGRAMS
def test_adrb2_in_4ldo_is_uniprot_plus_1000(program):
    mapping, protein, names = map_of("4LDO"), protein_of("4LDO"), names_in("4LDO")
    values = np.random.default_rng(1).random(len(protein))
    sets = {"A": ([protein.index(number) for number in (79, 113, 318)], ORANGE), "B": ([protein.index(131)], PURPLE)}
    script = program(program.write("4LDO", mapping, values, 0.8, SCALE, sets, "ADRB2"))
    assert script.loads == ["4LDO"]
    assert script.sets == {"A": [("A", 1079, ""), ("A", 1113, ""), ("A", 1318, "")], "B": [("A", 1131, "")]}
    assert [names[residue] for residue in script.sets["A"] + script.sets["B"]] == ["ASP", "ASP", "ASN", "ARG"]
    assert script.set_colours == {"A": ORANGE, "B": PURPLE}
    assert len(script.values) == mapping.aligned > 250
    engineered = {index for index, _, _ in mapping.substitutions}
    for (chain, number, code), value in script.values.items():
        index = protein.index(number - 1000)
        assert (chain, code) == ("A", "")
        assert value == pytest.approx(values[index], rel=1e-5)
        assert index in engineered or names[chain, number, code] == NAMES[protein.sequence[index]]
        assert script.colours[chain, number, code].lower() == hex_colours(values[index : index + 1], 0.8, SCALE)[0]
    assert len(script.colours) == len(script.values)
    assert len(engineered) < 15


@PROGRAMS
def test_aa2ar_in_8fyn_jumps_at_the_fusion(program):
    mapping, protein, names = map_of("8FYN"), protein_of("8FYN"), names_in("8FYN")
    values = np.arange(len(protein)) / len(protein)
    sites = [protein.index(number) for number in (52, 91, 218, 219, 280)]
    script = program(program.write("8FYN", mapping, values, 1.0, SCALE, {"A": (sites, ORANGE)}, "AA2AR"))
    assert script.sets["A"] == [("A", number, "") for number in (52, 91, 1106, 219, 280)]
    # The file refers its residue 1106 to UniProt 218, though it is leucine there and glycine in the wild type.
    assert (protein.label(217), (217, "G", "L") in mapping.substitutions) == ("G218", True)
    assert [names[residue] for residue in script.sets["A"]] == ["ASP", "SER", "LEU", "GLU", "ASN"]
    assert script.values["A", 1106, ""] == pytest.approx(217 / 412, rel=1e-5)
    fusion = [key for key in names if key[0] == "A" and 1000 < key[1] < 1106]
    assert len(fusion) == 90
    assert not set(fusion) & (set(script.values) | set(script.colours))
    assert set(script.values) == {tuple(residue) for residue in mapping.residues if residue is not None}


@PROGRAMS
def test_negative_numbers_insertion_codes_and_zero(program):
    residues = [ResidueId("A", -12, ""), ResidueId("A", -1, "B"), ResidueId("A", 0, ""), ResidueId("A", 7, ""), ResidueId("A", 7, "A")]
    script = program(written(program, made_map(*residues), np.arange(5.0), sets={"A": (range(5), ORANGE)}, ceiling=4.0))
    assert set(script.sets["A"]) == {tuple(residue) for residue in residues}
    assert script.values == {tuple(residue): float(index) for index, residue in enumerate(residues)}


def test_signs_as_each_program_reads_them():
    mapping = made_map(ResidueId("A", -12, ""), ResidueId("A", 0, ""))
    assert "resi \\-12+0" in written(PyMOL, mapping)
    # In some versions ChimeraX takes the number in :0 for no number.
    assert "#1/A:-12#1/A::number=0 " in written(ChimeraX, mapping)


@PROGRAMS
def test_what_is_missing_is_left_out_and_counted(program):
    mapping = made_map(ResidueId("A", 1, ""), None, ResidueId("A", 3, ""), None, ResidueId("A", 5, ""))
    text = written(program, mapping, np.array([0.5, 0.5, np.nan, np.nan, np.inf]), sets={"A": ([0, 1], ORANGE), "B": ([3], PURPLE)})
    script = program(text)
    assert script.values == {("A", 1, ""): 0.5}
    assert script.colours["A", 3, ""] == script.colours["A", 5, ""] == ABSENT
    assert set(script.colours) == {("A", 1, ""), ("A", 3, ""), ("A", 5, "")}
    assert script.sets == {"A": [("A", 1, "")]}
    assert "2 of 5 residues" in text
    assert "# set A: 1 residues, 1 more" in text
    assert "# set B: 0 residues, 1 more" in text


@PROGRAMS
def test_long_sets_and_set_a_on_top(program):
    residues = [ResidueId("A", number, "") for number in range(1, 401)]
    text = written(program, made_map(*residues), sets={"A": (range(400), ORANGE), "B": (range(0, 400, 2), PURPLE)})
    script = program(text)
    assert script.sets["A"] == [tuple(residue) for residue in residues]
    assert len(script.sets["B"]) == 200
    assert list(script.sets) == ["B", "A"]  # the later one covers the other
    if program is PyMOL:
        assert max(len(line) for line in text.split("\n")) < 1000


@PROGRAMS
def test_a_structure_without_an_entry_is_loaded_from_beside_the_script(program):
    assert program(written(program, made_map(ResidueId("A", 1, "")), entry=COLOURED_FILE)).loads == [COLOURED_FILE]


HOSTILE = [
    "x\nquit",
    "x; quit",
    "x\rquit",
    "x\u2028quit",
    "x\\",
    "\npython\nimport os\npython end",
    "x' \" ` $(quit) [quit]",
    "x\x00\x1b[31m",
    "@evil.pml",
    "cmd.do('quit')|!quit",
]


@PROGRAMS
@pytest.mark.parametrize("title", HOSTILE)
def test_no_title_is_a_command(program, title):
    mapping = made_map(ResidueId("A", 1, ""))
    harmless, hostile = written(program, mapping, title="x").splitlines(), written(program, mapping, title=title).splitlines()
    assert len(hostile) == len(harmless)
    changed = [line for line, other in zip(hostile, harmless, strict=True) if line != other]
    (line,) = changed
    assert re.fullmatch(r"# AlloScope: [A-Za-z0-9 .,:()%+<>=/?_-]*", line)
    assert len(written(program, mapping, title=title * 500)) < 2000


@PROGRAMS
@pytest.mark.parametrize("text", [*HOSTILE, "", "A B", "ABCDE", "A\n", "Å", "A-C", "*", "A,B"])
def test_no_chain_is_a_command(program, text):
    with pytest.raises(ExportError) as error:
        written(program, made_map(ResidueId(text, 1, ""), chain=text))
    assert len(str(error.value).splitlines()) == 1


@PROGRAMS
@pytest.mark.parametrize("text", [*HOSTILE, "", "4LD", "4LDOX", "ALDO", "4LDO\n", "/etc/passwd", "other.cif", "../structure_coloured.cif"])
def test_no_entry_is_a_command(program, text):
    with pytest.raises(ExportError) as error:
        written(program, made_map(ResidueId("A", 1, "")), entry=text)
    assert len(str(error.value).splitlines()) == 1


@PROGRAMS
@pytest.mark.parametrize("text", [*HOSTILE, "red", "#E69F0", "#E69F00\n", ""])
def test_no_colour_is_a_command(program, text):
    mapping = made_map(ResidueId("A", 1, ""))
    with pytest.raises(ExportError):
        written(program, mapping, sets={"A": ([0], text)})
    with pytest.raises(ExportError):
        written(program, mapping, scale=(text, "#FFFFFF"))


@PROGRAMS
@pytest.mark.parametrize("text", [*HOSTILE, "", "a b"])
def test_no_name_of_a_set_is_a_command(program, text):
    with pytest.raises(ExportError):
        written(program, made_map(ResidueId("A", 1, "")), sets={text: ([0], ORANGE)})


@PROGRAMS
@pytest.mark.parametrize("code", ["1", ";", "\n", "AB", "-"])
def test_insertion_codes_are_letters(program, code):
    with pytest.raises(ExportError):
        written(program, made_map(ResidueId("A", 1, code)))


@PROGRAMS
@pytest.mark.parametrize("ceiling", [0.0, -1.0, np.nan, np.inf])
def test_a_scale_has_an_end(program, ceiling):
    with pytest.raises(ExportError):
        written(program, made_map(ResidueId("A", 1, "")), ceiling=ceiling)


PAIRS = ((0, 2, 0.9), (1, 3, 0.45), (0, 4, 0.3))
PAIRED = made_map(ResidueId("A", 10, ""), ResidueId("A", -2, ""), ResidueId("A", 12, "B"), ResidueId("A", 13, ""), None)


def test_pairs_are_distances_of_pymol():
    """Between CA atoms, thicker for more attention, without labels; a pair with an end that is not there is left out and counted."""
    lines = written(PyMOL, PAIRED, pairs=PAIRS).split("\n")
    ends = "alloscope and chain A and resi {} and name CA"
    assert [line for line in lines if line.startswith("distance ")] == [
        f"distance pair_1, {ends.format('10')}, {ends.format('12B')}",
        f"distance pair_2, {ends.format(chr(92) + '-2')}, {ends.format('13')}",
    ]
    radii = [float(line.split(", ")[1]) for line in lines if line.startswith("set dash_radius")]
    assert radii == pytest.approx([0.45, 0.285])
    assert "group strongest_pairs, pair_1 pair_2" in lines
    assert "hide labels, strongest_pairs" in lines
    assert "# 2 of 3 strongest pairs; the others have an end that the structure does not show" in lines


def test_pairs_are_pseudobonds_of_chimerax():
    lines = [line for line in written(ChimeraX, PAIRED, pairs=PAIRS).split("\n") if line.startswith("pbond")]
    assert lines == [
        'pbond #1/A:10@CA #1/A:12B@CA color #30363D radius 0.450 dashes 0 name "strongest pairs"',
        'pbond #1/A:-2@CA #1/A:13@CA color #30363D radius 0.285 dashes 0 name "strongest pairs"',
    ]


@pytest.mark.parametrize(("lines", "radius", "named"), [("path", "0.450", "3 steps of the path"), ("contacts", "0.120", "3 contacts")])
def test_a_path_and_contacts_are_lines_of_one_object(lines, radius, named):
    pairs = [(one, other, 1.0) for one, other, _ in PAIRS]
    text = pymol_script("4LDO", PAIRED, np.zeros(5), 1.0, SCALE, {}, "", 0.0, pairs, lines)
    ends = "alloscope and chain A and resi {} and name CA"
    written = text.split("\n")
    assert [line for line in written if line.startswith("distance ")] == [
        f"distance {lines}, {ends.format('10')}, {ends.format('12B')}",
        f"distance {lines}, {ends.format(chr(92) + '-2')}, {ends.format('13')}",
    ]
    assert f"set dash_radius, {radius}, {lines}" in written
    assert f"# 2 of {named}; the others have an end that the structure does not show" in written
    assert "strongest" not in text
    text = chimerax_script("4LDO", PAIRED, np.zeros(5), 1.0, SCALE, {}, "", 0.0, pairs, lines)
    bonds = [line for line in text.split("\n") if line.startswith("pbond")]
    assert bonds == [
        f'pbond #1/A:10@CA #1/A:12B@CA color #30363D radius {radius} dashes 0 name "{lines}"',
        f'pbond #1/A:-2@CA #1/A:13@CA color #30363D radius {radius} dashes 0 name "{lines}"',
    ]
    assert "distance" not in pymol_script("4LDO", PAIRED, np.zeros(5), 1.0, SCALE, {}, "", 0.0, [(0, 4, 1.0)], lines)


@PROGRAMS
def test_without_pairs_and_sets_scripts_say_nothing_of_them(program):
    text = written(program, PAIRED, sets={"A": ((0, 1), ORANGE), "B": ((), PURPLE)})
    assert "pair" not in text
    assert "set B" not in text
