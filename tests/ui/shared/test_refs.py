"""Which kind a name is of, and that links hold the names as they are."""

import pytest

from allo_core.protein.sequence import Protein
from allo_core.ui.shared import inputs
from allo_core.ui.shared.refs import ProteinRef, StructureRef, input_kind

DIGITS = "0123456789abcdef0123"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("8FYN", "entry"),
        ("6DDF", "entry"),
        ("af-p29274-f1", "entry"),  # identifiers are kept in capitals; this spelling names nothing that was fetched
        ("AF-P29274-F1", "alphafold"),
        ("AF-P21917-2-F1", "alphafold"),
        (f"structure-{DIGITS}", "upload"),
        (f"table-{DIGITS}", "upload"),  # no structure, which `kept_structure` says
        (f"structure-{DIGITS}0", "entry"),
        (f"structure-{DIGITS.upper()}", "entry"),
        ("../../etc/passwd", "entry"),
        ("fold-family-active", "fold"),
        ("fold-nonsense", "fold"),  # which `fold_called` says
    ],
)
def test_kinds_of_structures(text, kind):
    ref = StructureRef.parse(text)
    assert (ref.kind, ref.id) == (kind, text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("AA2AR", "receptor"), ("P29274", "receptor"), (f"sequence-{DIGITS}", "kept"), (f"sequence-{DIGITS[1:]}", "receptor")],
)
def test_kinds_of_proteins(text, kind):
    ref = ProteinRef.parse(text)
    assert (ref.kind, ref.id) == (kind, text)


def test_the_model_of_an_accession():
    assert StructureRef.model_of("P29274") == StructureRef.parse("AF-P29274-F1")


def test_keys_of_what_was_kept():
    keys = {
        "sequence": inputs.keep_protein(Protein("mine", "MPIMGSS")),
        "structure": inputs.keep_structure(b"ATOM", "mine.pdb"),
        "table": inputs.keep_table(b"receptor,residues\n", "mine.csv"),
        "folder": inputs.keep_folder("/tmp/mine"),
        "frozen": inputs.keep_frozen(b"{}", "mine.json"),
    }
    assert {kind: input_kind(key) for kind, key in keys.items()} == {kind: kind for kind in keys}
    assert input_kind("AA2AR") is None
    assert ProteinRef.parse(keys["sequence"]).kind == "kept"
    assert StructureRef.parse(keys["structure"]).kind == "upload"
