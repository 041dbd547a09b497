"""Text made to hurt: headers, sequences, identifiers and URL parameters."""

import itertools
import json

import pytest

from allo_core.errors import AlloScopeError, FetchError, LibraryError, SequenceError, StoreError
from allo_core.fetch import fetch_sequence, fetch_structure, fetched_structure
from allo_core.fetch.kept import kept_file
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein, parse_protein
from allo_core.ui.explore import address
from allo_core.ui.explore import view as state
from allo_core.ui.shared import inputs

MARKUP = (
    "<script>alert(1)</script>",
    "\"><img/src=x/onerror='x'>",
    "{{7*7}}{%raw%}",
    "${jndi:x}$(id)`id`",
    "%s%n{0}{__class__}",
    "a|b|c;d&e",
    "[x](javascript:alert(1))",
    "\u202eevil\u2066",
    "\x00\x07\x1b[31m",
)
PATHS = (
    "../../etc/passwd",
    "P29274/../x",
    "8FYN/../../x",
    "P29274\x00",
    "8FYN\x00.cif",
    "/etc/passwd",
    "C:\\x",
    "..",
    ".",
    "",
    "sequence-../x",
    "%2e%2e%2f",
)
LONG = 1_000_000
SEQUENCE = "MPIMGSSVYITVELAIAVLA"


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch):
    """Whoever is asked after all, the test shows it: nothing listens there."""
    for name in ("ALLOSCOPE_UNIPROT", "ALLOSCOPE_PDB", "ALLOSCOPE_ALPHAFOLD"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def message_of(error) -> str:
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 600
    return message


@pytest.mark.parametrize("text", MARKUP)
def test_headers_are_names_and_nothing_else(text):
    protein = parse_protein(f">{text} more\n{SEQUENCE}\n")
    assert protein.sequence == SEQUENCE
    assert protein.name.isprintable()
    assert 0 < len(protein.name) <= 80
    assert protein.name == "".join(letter for letter in text if letter.isprintable())


def test_a_header_of_one_megabyte():
    assert len(parse_protein(f">{'x' * LONG}\n{SEQUENCE}").name) == 80
    assert parse_protein(f">{' ' * LONG}x{' y' * LONG}\n{SEQUENCE}").name == "x"
    assert parse_protein(f">{chr(7) * LONG}\n{SEQUENCE}").name == "unnamed sequence"


@pytest.mark.parametrize("text", ["A" * LONG, f">x\n{SEQUENCE * 50_000}", "MKLV\n" * 250_000])
def test_a_million_residues_are_refused(text):
    with pytest.raises(SequenceError, match=r"has 1,000,000 residues, and 10,000 can be read; paste one domain of it|nucleotide") as error:
        parse_protein(text)
    message_of(error)


def test_the_longest_receptor_is_far_from_the_limit():
    assert len(parse_protein(SEQUENCE * 500)) == 10_000
    with pytest.raises(SequenceError, match=r"has 10,001 residues"):
        Protein("x", SEQUENCE * 500 + "A")


@pytest.mark.parametrize(
    "text",
    [
        "\x00" * 5_000_000,
        "{}<>\n" * 1_000_000,
        ">\n" * 500_000,
        ">x\nMK\n" * 200_000,
        "1234567890" * 500_000,
        "🧬" * 1_000_000,
        " \n\t" * 1_000_000,
        json.dumps({"a": [1] * 1000}) * 1000,
    ],
)
def test_megabytes_of_nonsense(text):
    with pytest.raises(SequenceError) as error:
        parse_protein(text)
    message_of(error)


def test_what_was_kept_as_one_thing_is_read_as_no_other(own_home):
    """A link could otherwise open the text of an upload as a folder."""
    kept = {
        inputs.kept_protein: inputs.keep_protein(Protein("x", "MKTV")),
        inputs.kept_structure: inputs.keep_structure(b"/etc", "x"),
        inputs.kept_table: inputs.keep_table(b"/etc", "x"),
        inputs.kept_folder: inputs.keep_folder("/etc"),
    }
    for own, read in itertools.product(kept, kept):
        if own is read:
            read(kept[own])
        else:
            with pytest.raises(StoreError, match="is not the key of a kept input"):
                read(kept[own])


@pytest.mark.parametrize("text", [*MARKUP, *PATHS, "x" * LONG, "P29274" * 100_000, "8" * LONG])
def test_hostile_identifiers_reach_neither_disk_nor_network(text, own_home):
    """Each is refused for what it is; a request would end in "cannot be reached"."""
    for fetch in (fetch_sequence, fetch_structure):
        with pytest.raises(FetchError, match="is no identifier") as error:
            fetch(text)
        message_of(error)
    assert fetched_structure(text) is None
    for kept in (inputs.kept_protein, inputs.kept_structure):
        with pytest.raises(StoreError, match="is not the key of a kept input") as error:
            kept(text)
        message_of(error)
    with pytest.raises(LibraryError, match="does not ship with the app") as error:
        shipped_structure(text)
    message_of(error)
    with pytest.raises(LibraryError, match="is not among") as error:
        find_receptor(text)
    message_of(error)
    with pytest.raises(AlloScopeError) as error:
        inputs.structure_file(text)
    message_of(error)
    inputs.forget(text)
    assert list(own_home.rglob("*")) == []


def test_files_beside_the_cache_are_out_of_reach(own_home):
    """Files that a separator would lead to are there, and are neither read nor deleted."""
    (own_home / "fetched").mkdir()
    (own_home / "inputs").mkdir()
    for name in ("x.cif.gz", "x.fasta", "x.json", "x.bin", "x.name"):
        (own_home / name).write_text("secret")
    assert fetched_structure("../x") is None
    for read in (inputs.kept_protein, inputs.kept_structure, inputs.structure_file, fetch_sequence, fetch_structure):
        with pytest.raises(AlloScopeError):
            read("../x")
    inputs.forget("../x")
    assert len(list(own_home.glob("x.*"))) == 5
    assert kept_file("8FYN.cif.gz").parent == own_home / "fetched"


@pytest.mark.parametrize("name", [*MARKUP, *PATHS, "n" * LONG])
def test_hostile_names_of_kept_inputs(name, own_home):
    upload = inputs.keep_structure(b"ATOM", name)
    path, shown = inputs.kept_structure(upload)
    assert path.parent == own_home / "inputs"
    assert len(shown) <= 80
    protein = Protein(name[:80], SEQUENCE)
    assert inputs.kept_protein(inputs.keep_protein(protein)) == protein
    assert {file.parent for file in own_home.rglob("*") if file.is_file()} == {own_home / "inputs"}


@pytest.mark.parametrize("text", [*MARKUP, *PATHS[:-4], "x" * 100_000, "9" * 100_000, "nan", "1e999", "-1", "D52," * 10 + "Z9"])
@pytest.mark.parametrize(
    "name", ["protein", *sorted(address.to_query(state.starting_view())), "threshold", "head", "null", "score", "model", "device"]
)
def test_hostile_url_parameters_are_ignored_with_a_notice(name, text):
    """One notice for each, short and printable, and the view is the one without the parameter."""
    view, notices = address.from_query({name: text})
    if (name, text) in {("sites", ""), ("structure", "")}:  # nothing marked, no structure
        return
    assert view == state.starting_view()
    assert len(notices) == 1
    assert notices[0].isprintable()
    assert len(notices[0]) < 600


def test_url_parameters_with_hostile_names():
    view, notices = address.from_query({text: text for text in (*MARKUP, "x" * 100_000)})
    assert view == state.starting_view()
    assert all(notice.isprintable() and len(notice) < 600 for notice in notices)


@pytest.mark.parametrize("text", [*MARKUP, "9" * LONG, "-" * LONG, "a" + " " * LONG + "-b", "1-" * 100_000, "x50 " * 100_000])
def test_hostile_residue_lists(text):
    receptor = find_receptor("AA2AR")
    with pytest.raises(AlloScopeError) as error:
        parse_residues(text, receptor.protein, numbers_for(receptor.protein))
    message_of(error)
