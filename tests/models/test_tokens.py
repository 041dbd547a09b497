import importlib.util
from pathlib import Path

import esm
import pytest
from transformers import EsmcTokenizer

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


def test_unusual_letters_are_told_in_uniprot_numbers():
    protein = Protein("x", "AUAAX", first=44)
    assert unusual_letters(MODELS["antiberty"], protein) == "2 residues (U45, X48) are read by AntiBERTy as unknown."
    sentence = unusual_letters(MODELS["esm2_t6_8M_UR50D"], protein)
    assert sentence.startswith("2 residues (U45, X48) are read by ESM-2 8M as tokens of their own (U: selenocysteine, X: any residue)")
    one = unusual_letters(MODELS["esmc_300m"], Protein("x", "AB"))
    assert one.startswith("1 residue (B2) is read by ESM-C 300M as a token of its own (B: Asp or Asn)")
    assert "..." in unusual_letters(MODELS["antiberty"], Protein("x", "X" * 9))
    assert unusual_letters(MODELS["antiberty"], Protein("x", AMINO_ACIDS)) is None
