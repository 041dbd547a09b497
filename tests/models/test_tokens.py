import importlib.util
from pathlib import Path

import esm
import pytest
import torch
from transformers import EsmcTokenizer

from allo_core.errors import SequenceError
from allo_core.models.registry import MODELS
from allo_core.models.tokens import VOCABULARIES, encode, unusual_letters
from allo_core.protein.sequence import AMINO_ACIDS, LETTERS, Protein


def test_esm2_equals_fair_esm():
    alphabet = esm.data.Alphabet.from_architecture("ESM-1b")
    assert list(VOCABULARIES["esm2"]) == alphabet.all_toks
    _, _, expected = alphabet.get_batch_converter()([("x", LETTERS)])
    assert encode("esm2", LETTERS).ids.tolist() == expected.tolist()


def test_esmc_equals_transformers():
    assert encode("esmc", LETTERS).ids.tolist() == [EsmcTokenizer()(LETTERS)["input_ids"]]


@pytest.mark.skipif(importlib.util.find_spec("antiberty") is None, reason="the package antiberty is not installed")
def test_antiberty_equals_its_vocabulary_file():
    folder = Path(importlib.util.find_spec("antiberty").origin).parent / "trained_models"
    vocabulary = (folder / "vocab.txt").read_text().split()
    assert list(VOCABULARIES["bert"]) == vocabulary
    expected = [vocabulary.index(token) for token in ("[CLS]", *AMINO_ACIDS, "[UNK]", "[SEP]")]
    assert encode("bert", AMINO_ACIDS + "U").ids.tolist() == [expected]


@pytest.mark.parametrize("family", VOCABULARIES)
def test_residue_i_is_token_i_plus_one(family):
    tokens = encode(family, "MKW")
    assert tokens.ids.shape == (1, 5)
    assert tokens.span == slice(1, 4)
    assert [VOCABULARIES[family][number] for number in tokens.ids[0, tokens.span]] == ["M", "K", "W"]


@pytest.mark.parametrize("family", VOCABULARIES)
def test_one_chain_is_cut_without_a_copy(family):
    tokens = encode(family, Protein("A", "MKWY"))
    assert (tokens.name, len(tokens)) == ("A", 6)
    assert tokens.chains.tolist() == [-1, 0, 0, 0, 0, -1]
    assert tokens.residues.tolist() == [False, True, True, True, True, False]
    assert tokens.positions.tolist() == [1, 2, 3, 4]
    values = torch.randn(3, 6, 6)
    cut = tokens.cut(values, -2, -1)
    assert torch.equal(cut, values[:, 1:5, 1:5])
    assert cut.data_ptr() == values[:, 1:5, 1:5].data_ptr()


@pytest.mark.parametrize("family", VOCABULARIES)
def test_two_chains_have_one_start_and_one_end(family):
    pair = [Protein("A", "MKW"), Protein("B", "AC")]
    tokens = encode(family, pair)
    assert tokens.name == "A + B"
    between = len(tokens) - 2 - 5
    assert tokens.chains.tolist() == [-1, 0, 0, 0, *[-1] * between, 1, 1, -1]
    names = [VOCABULARIES[family][number] for number in tokens.ids[0]]
    assert [names[at] for at in tokens.positions] == list("MKWAC")
    assert names[4 : 4 + between] == {"esm2": ["G"] * 25, "esmc": ["|"], "bert": ["[SEP]"]}[family]
    assert names.count(names[0]) == 1
    values = torch.randn(2, len(tokens), 4)
    at = [1, 2, 3, len(tokens) - 3, len(tokens) - 2]
    assert torch.equal(tokens.cut(values, 1), values[:, at])
    with pytest.raises(ValueError, match="2 chains are no single stretch"):
        _ = tokens.span


def test_chains_are_joined_as_the_families_own_tokenisers_read_them():
    assert encode("esm2", ["MKW", "AC"]).ids.tolist() == encode("esm2", "MKW" + "G" * 25 + "AC").ids.tolist()
    assert encode("esmc", ["MKW", "AC"]).ids.tolist() == [EsmcTokenizer()("MKW|AC")["input_ids"]]


def test_no_chain():
    with pytest.raises(SequenceError, match="give at least one"):
        encode("esm2", [])


@pytest.mark.parametrize(("family", "mask"), [("esm2", "<mask>"), ("esmc", "<mask>"), ("bert", "[MASK]")])
def test_residues_are_masked_through_all_chains(family, mask):
    tokens = encode(family, ["MKW", "AC"])
    masked = tokens.masked([0, 3])
    hidden = masked.ids[0] == VOCABULARIES[family].index(mask)
    assert hidden.nonzero()[:, 0].tolist() == [1, len(tokens) - 3]
    assert torch.equal(masked.ids[0, ~hidden], tokens.ids[0, ~hidden])
    assert torch.equal(masked.chains, tokens.chains)
    assert tokens.ids[0, 1] == VOCABULARIES[family].index("M")


def test_unusual_letters_are_told_in_uniprot_numbers():
    protein = Protein("x", "AUAAX", first=44)
    assert unusual_letters(MODELS["antiberty"], protein) == "2 residues (U45, X48) are read by AntiBERTy as unknown."
    sentence = unusual_letters(MODELS["esm2_t6_8M_UR50D"], protein)
    assert sentence.startswith("2 residues (U45, X48) are read by ESM-2 8M as tokens of their own (U: selenocysteine, X: any residue)")
    one = unusual_letters(MODELS["esmc_300m"], Protein("x", "AB"))
    assert one.startswith("1 residue (B2) is read by ESM-C 300M as a token of its own (B: Asp or Asn)")
    assert "..." in unusual_letters(MODELS["antiberty"], Protein("x", "X" * 9))
    assert unusual_letters(MODELS["antiberty"], Protein("x", AMINO_ACIDS)) is None


def test_residues_that_do_not_exist_cannot_be_masked():
    tokens = encode("esm2", "MPI")
    for residue in (-1, 3):
        with pytest.raises(IndexError, match=f"residue {residue} does not exist; .* has 3"):
            tokens.masked([residue])


def test_a_chain_without_residues_is_refused():
    with pytest.raises(SequenceError, match="Chain 2 has no residues"):
        encode("esm2", ["MPI", ""])
