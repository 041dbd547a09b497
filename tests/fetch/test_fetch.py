"""Fetching from a small server on this machine that answers right, slowly, with half of it, or with something else."""

import gzip
import json
import socket
import threading

import pytest

from allo_core.errors import Cancelled, FetchError
from allo_core.fetch import Identifier, Patience, fetch_sequence, fetch_structure, fetched_structure, identify, sequences, structures
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.read import read_structure
from tests.fetch.serving import VARIABLES, routes, send, server

PACKED = shipped_structure("8FYN").path.read_bytes()
PLAIN = gzip.decompress(PACKED)
DRD4_2 = b">sp|P21917-2|DRD4_HUMAN Isoform 2 of D(4) dopamine receptor OS=Homo sapiens OX=9606 GN=DRD4\nMGNRSTADADGLLAGRGP\nAAGASAGASA\n"
PAGE = b"<!DOCTYPE html><html>Please sign in</html>"
# Patience runs out in the test that is about it, and nowhere else, however busy the machine is.
AMPLE = Patience(connect=60, silence=60, whole=60)
BRIEF_SILENCE = Patience(connect=60, silence=0.4, whole=60)
BRIEF_WHOLE = Patience(connect=60, silence=60, whole=0.8)


@pytest.fixture(autouse=True)
def _direct(monkeypatch):
    """No proxy between the test and its server, and nowhere else to go."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(
        "allo_core.fetch.structures.predicted_structures", dict
    )  # the models of these receptors ship; here they are fetched
    for name in VARIABLES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def listed(accession="P21917", *names):
    names = names or (f"AF-{accession}-F1-model_v6.cif",)
    return json.dumps([{"entryId": "x", "cifUrl": f"https://alphafold.ebi.ac.uk/files/{name}"} for name in names]).encode()


def refused(what, match, patience=AMPLE, fetch=None):
    fetch = fetch or (fetch_structure if identify(what).kind != "uniprot" else fetch_sequence)
    with pytest.raises(FetchError, match=match) as error:
        fetch(what, patience)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("P29274", Identifier("uniprot", "P29274", "P29274")),
        (" p21917-2\n", Identifier("uniprot", "P21917-2", "P21917-2")),
        ("A0A024R1R8", Identifier("uniprot", "A0A024R1R8", "A0A024R1R8")),
        ("8fyn", Identifier("pdb", "8FYN")),
        ("pdb_00008fyn", Identifier("pdb", "8FYN")),
        ("af-p29274-f1", Identifier("alphafold", "AF-P29274-F1", "P29274")),
        ("AF-P21917-2-F1", Identifier("alphafold", "AF-P21917-2-F1", "P21917-2")),
    ],
)
def test_identifiers(text, identifier):
    assert identify(text) == identifier


@pytest.mark.parametrize(
    "text", ["", "8FY", "8FYNX", "P2927", "P29274-", "P29274-0", "AF-P29274", "AA2AR", "P29274.fasta", "P29274?x=1", "٣FYN"]
)
def test_what_is_no_identifier(text):
    with pytest.raises(FetchError, match=r"is no identifier; give a UniProt accession \(P29274, P21917-2\), a PDB code"):
        identify(text)


def test_receptors_of_the_library_need_no_network():
    assert fetch_sequence("p29274") == find_receptor("AA2AR").protein


def test_a_sequence_is_fetched_once(monkeypatch):
    with server(monkeypatch, routes({"/uniprotkb/P21917-2.fasta": DRD4_2})) as asked:
        protein = fetch_sequence("P21917-2")
    assert (protein.name, protein.sequence, protein.first) == ("DRD4-2", "MGNRSTADADGLLAGRGPAAGASAGASA", 1)
    assert asked == ["/uniprotkb/P21917-2.fasta"]
    assert fetch_sequence("p21917-2") == protein  # the server is gone


@pytest.mark.parametrize(
    ("accession", "header", "name"),
    [
        ("P02699", "sp|P02699|OPSD_BOVIN Rhodopsin", "OPSD_BOVIN"),
        ("P99999", "sp|P99999|CYC_HUMAN Cytochrome c", "CYC"),
        ("P99999-1", "sp|P99999|CYC_HUMAN Cytochrome c", "CYC-1"),
        ("A0A024R1R8", "tr|A0A024R1R8|A0A024R1R8_HUMAN HCG2014768", "A0A024R1R8"),
    ],
)
def test_names(monkeypatch, accession, header, name):
    with server(monkeypatch, send(200, f">{header}\nMNGTEGPNFY\n".encode())):
        assert fetch_sequence(accession).name == name


def test_a_structure_is_fetched_once(monkeypatch, own_home):
    assert fetched_structure("8FYN") is None
    with server(monkeypatch, routes({"/mirror/download/8FYN.cif.gz": PACKED}), prefix="/mirror/") as asked:
        fetched = fetch_structure("pdb_00008fyn")
    assert asked == ["/mirror/download/8FYN.cif.gz"]
    assert (fetched.name, fetched.source) == ("8FYN", "the PDB")
    assert fetched.path == own_home / "fetched" / "8FYN.cif.gz" == fetched_structure("8FYN")
    assert fetched.path.read_bytes() == PACKED
    assert fetch_structure("8FYN") == fetched  # the server is gone
    assert fetched_structure("8fyn") is None  # one spelling, so that one view has one link
    assert [path.name for path in fetched.path.parent.iterdir()] == ["8FYN.cif.gz"]


@pytest.mark.parametrize("asked_for", ["P21917", "AF-P21917-F1"])
def test_the_newest_alphafold_model_from_the_list(monkeypatch, asked_for):
    names = ("AF-P21917-2-F1-model_v7.cif", "AF-P21917-F1-model_v4.cif", "AF-P21917-F1-model_v6.cif")
    pages = {"/api/prediction/P21917": listed("P21917", *names), "/files/AF-P21917-F1-model_v6.cif": PLAIN}
    with server(monkeypatch, routes(pages)) as asked:
        fetched = fetch_structure(asked_for)
    # the file comes from the mirror too, wherever the list points
    assert asked == list(pages)
    assert (fetched.name, fetched.source) == ("AF-P21917-F1", "the AlphaFold database")
    assert fetched_structure("AF-P21917-F1") == fetched.path
    assert gzip.decompress(fetched.path.read_bytes()) == PLAIN


def test_the_model_of_an_isoform(monkeypatch):
    names = ("AF-P21917-F1-model_v6.cif", "AF-P21917-2-F1-model_v6.cif")
    pages = {"/api/prediction/P21917": listed("P21917", *names), "/files/AF-P21917-2-F1-model_v6.cif": PLAIN}
    with server(monkeypatch, routes(pages)):
        assert fetch_structure("P21917-2").name == "AF-P21917-2-F1"
        refused("AF-P21917-3-F1", "the AlphaFold database has no entry AF-P21917-3-F1; check the identifier, or upload the file")


@pytest.mark.parametrize("url", ["http://evil.example/x.cif", "https://alphafold.ebi.ac.uk/files/../../x", "file:///etc/passwd", 7, None])
def test_addresses_in_an_answer_are_not_followed(monkeypatch, url):
    with server(monkeypatch, routes({"/api/prediction/P21917": json.dumps([{"cifUrl": url}]).encode()})) as asked:
        refused("AF-P21917-F1", "has no entry AF-P21917-F1")
    assert asked == ["/api/prediction/P21917"]


@pytest.mark.parametrize("body", [b"", b"{", b"[1, 2]", b"[" * 100_000, b'"text"', b"7"])
def test_a_list_of_models_that_is_none(monkeypatch, body):
    with server(monkeypatch, send(200, body)):
        refused("AF-P21917-F1", "something that is no list of models|has no entry")


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("P99999", "UniProt has no entry P99999; check the identifier, or paste the sequence"),
        ("9ZZZ", "the PDB has no entry 9ZZZ; check the identifier, or upload the file"),
        ("AF-P99999-F1", "the AlphaFold database has no entry AF-P99999-F1"),
    ],
)
def test_not_found(monkeypatch, status, what, words):
    with server(monkeypatch, send(status, PAGE, Content_Type="text/html")):
        refused(what, words)


def test_other_errors_of_the_server(monkeypatch):
    with server(monkeypatch, send(503, b"<b>busy</b>")):
        assert "Try again, or upload the file" in refused("8FYN", r"from the PDB \(127\.0\.0\.1\): it answered 503 Service Unavailable\.")
    with server(monkeypatch, send(799, b"")):
        refused("P99999", "it answered 799")


@pytest.mark.parametrize("what", ["P99999", "8FYN", "AF-P99999-F1"])
@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_instead_of_data(monkeypatch, own_home, what, content_type):
    with server(monkeypatch, send(200, PAGE, Content_Type=content_type)):
        refused(what, "a web page instead of data")
    assert not (own_home / "fetched").exists()


@pytest.mark.parametrize("length", [None, "none", len(PACKED)])
@pytest.mark.parametrize("what", ["8FYN", "AF-P21917-F1"])
def test_half_a_file(monkeypatch, own_home, what, length):
    """Whether the server says how long it is, ends the connection without saying, or says so and breaks off."""
    half = PACKED[: len(PACKED) // 2] if what == "8FYN" else PLAIN[: PLAIN.index(b"\nATOM") + 2000]
    length = len(PLAIN) if length and what != "8FYN" else length

    def answer(handler):
        if handler.path.startswith("/api/"):
            send(200, listed())(handler)
        else:
            send(200, half, length=length)(handler)

    with server(monkeypatch, answer):
        refused(what, "cut|ended after|broke off")
    assert not (own_home / "fetched").exists()


def test_half_a_sequence(monkeypatch):
    with server(monkeypatch, send(200, DRD4_2[:90], length=len(DRD4_2))):
        refused("P21917-2", "broke off|ended after")


@pytest.mark.parametrize(
    ("when", "patience", "words"),
    [
        ("before the answer", BRIEF_SILENCE, r"it sent nothing for 0\.4 seconds"),
        ("within the answer", BRIEF_SILENCE, r"it sent nothing for 0\.4 seconds"),
        ("a byte now and then", BRIEF_WHOLE, r"not complete after 0\.8 seconds"),
        ("headers now and then", BRIEF_WHOLE, r"not complete after 0\.8 seconds"),
    ],
)
@pytest.mark.parametrize("what", ["P99999", "8FYN"])
def test_slow_server(monkeypatch, when, patience, words, what):
    stop = threading.Event()
    waited_for = []

    def slow(handler):
        if when == "headers now and then":
            while not stop.wait(0.1):
                handler.wfile.write(b"H")
        if when != "before the answer":
            handler.send_response(200)
            handler.send_header("Content-Length", "5000")
            handler.end_headers()
        if when == "a byte now and then":
            while not stop.wait(0.1):
                handler.wfile.write(b">")
        if not stop.wait(30):
            waited_for.append(when)

    with server(monkeypatch, slow):
        refused(what, words, patience)
        assert waited_for == []
        stop.set()


def test_cancel(monkeypatch, own_home):
    stop, cancel = threading.Event(), threading.Event()
    waited_for = []

    def slow(handler):
        cancel.set()
        if not stop.wait(30):
            waited_for.append(handler.path)

    with server(monkeypatch, slow):
        with pytest.raises(Cancelled):
            fetch_structure("8FYN", AMPLE, cancel)
        assert waited_for == []
        stop.set()
    assert not (own_home / "fetched").exists()


@pytest.mark.parametrize("announced", [True, False])
def test_too_large(monkeypatch, announced):
    monkeypatch.setattr(structures, "LARGEST_FILE", 100_000)
    monkeypatch.setattr(sequences, "_MOST_BYTES", 100_000)
    body = b"x" * 200_000
    with server(monkeypatch, send(200, body, length=None if announced else "none")):
        refused("8FYN", r"it sends more than 0\.1 MB")
        refused("P99999", r"it sends more than 0\.1 MB")


def test_an_answer_that_unpacks_to_too_much(monkeypatch):
    monkeypatch.setattr(sequences, "_MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b">" * 50_000_000, 1)
    assert len(bomb) < 1_000_000
    with server(monkeypatch, send(200, bomb, Content_Encoding="gzip")):
        refused("P99999", "it sends more than 1 MB")


def test_an_answer_that_is_packed_although_it_should_not_be(monkeypatch):
    with server(monkeypatch, send(200, gzip.compress(DRD4_2), Content_Encoding="gzip")):
        assert fetch_sequence("P21917-2").name == "DRD4-2"
    with server(monkeypatch, send(200, DRD4_2, Content_Encoding="gzip")):
        refused("P99999", "cannot be decompressed")
    # a server that calls the packed file packed: what is kept is packed all the same
    with server(monkeypatch, send(200, PACKED, Content_Encoding="gzip")):
        assert gzip.decompress(fetch_structure("8FYN").path.read_bytes()) == PLAIN


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "UniProt has no sequence for P99999: the entry was deleted or merged"),
        (DRD4_2, "P99999 is P21917-2 in UniProt today"),
        (b'{"accession": "P99999"}', "no usable sequence"),
        (b"\xff\xfe\x00", "no FASTA text"),
        (b"MNGTEGPNFY", "no FASTA text"),
        (b">sp|P99999|CYC_HUMAN x\n", "no usable sequence"),
        (b">sp|P99999|CYC_HUMAN x\nMNG\n>sp|P99998|CYC_HUMAN x\nMNG\n", "no usable sequence"),
        (b">sp|P99999|<script>_HUMAN x\nMNGTEGPNFY", "no FASTA text"),
    ],
)
def test_wrong_sequences(monkeypatch, own_home, body, words):
    with server(monkeypatch, send(200, body)):
        refused("P99999", words)
    assert not (own_home / "fetched").exists()


@pytest.mark.parametrize("body", [b"", b"data_x\n", b"\x00\x01", DRD4_2, gzip.compress(b"not a structure", mtime=0)])
def test_wrong_structures(monkeypatch, own_home, body):
    with server(monkeypatch, send(200, body)):
        refused("8FYN", "the PDB answered for 8FYN with a file that cannot be used")
    assert not (own_home / "fetched").exists()


def test_another_entry_than_asked_for(monkeypatch):
    content = PLAIN if read_structure(PLAIN, "x").entry else b"data_x\n_entry.id 8FYN\n#\n" + PLAIN.partition(b"\n")[2]
    assert read_structure(content, "x").entry == "8FYN"
    with server(monkeypatch, send(200, content)):
        refused("3SN6", r"answered for 3SN6 with another entry \(8FYN\)")


def test_redirects(monkeypatch):
    def within(handler):
        if "from" in handler.path:
            send(200, DRD4_2)(handler)
        else:
            send(303, b"", Location=f"{handler.path}?from=old")(handler)

    with server(monkeypatch, within) as asked:
        assert fetch_sequence("P21917-2").name == "DRD4-2"
    assert len(asked) == 2
    with server(monkeypatch, lambda handler: send(302, b"", Location=handler.path)(handler)) as asked:
        refused("8FYN", "it redirects without end")
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://127.0.0.1:9/elsewhere", "another server"),
        ("http://evil.example/", "another server .'evil.example'"),
        ("file:///etc/passwd", "another server"),
        ("//evil.example/", "another server"),
        ("http://[", "connection failed"),
    ],
)
def test_redirects_elsewhere_are_not_followed(monkeypatch, location, words):
    with server(monkeypatch, send(302, b"", Location=location)) as asked:
        refused("8FYN", words)
    assert len(asked) == 1


def test_no_network(monkeypatch):
    refused("8FYN", r"it cannot be reached \(is there a network\?\)")


def test_a_name_that_cannot_be_looked_up(monkeypatch):
    def lookup(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setenv("ALLOSCOPE_UNIPROT", "http://nowhere.invalid")
    monkeypatch.setenv("NO_PROXY", "nowhere.invalid")
    refused("P99999", r"\(nowhere\.invalid\): its name cannot be looked up")


@pytest.mark.parametrize("address", ["files.rcsb.org", "ftp://x", "http://", "http://[", "javascript:alert(1)", "/etc"])
def test_a_mirror_that_is_no_address(monkeypatch, address):
    monkeypatch.setenv("ALLOSCOPE_PDB", address)
    refused("8FYN", "ALLOSCOPE_PDB is .* which is no address; give one like https://files.rcsb.org, or unset it")


@pytest.mark.parametrize("damaged", [b"", PAGE, PACKED[:500]])
def test_a_damaged_kept_file_is_fetched_again(monkeypatch, own_home, damaged):
    (own_home / "fetched").mkdir()
    (own_home / "fetched" / "8FYN.cif.gz").write_bytes(damaged)
    (own_home / "fetched" / "P21917-2.fasta").write_bytes(damaged)
    pages = {"/download/8FYN.cif.gz": PACKED, "/uniprotkb/P21917-2.fasta": DRD4_2}
    with server(monkeypatch, routes(pages)) as asked:
        assert fetch_structure("8FYN").path.read_bytes() == PACKED
        assert fetch_sequence("P21917-2").name == "DRD4-2"
    assert asked == list(pages)


def test_a_folder_that_cannot_be_written(monkeypatch, own_home):
    (own_home / "fetched").write_text("a file where the folder should be")
    with server(monkeypatch, routes({"/download/8FYN.cif.gz": PACKED})):
        refused("8FYN", r"8FYN\.cif\.gz could not be kept in")


def test_a_structure_is_no_sequence():
    refused("8FYN", "8FYN names a structure; give a UniProt accession", fetch=fetch_sequence)
