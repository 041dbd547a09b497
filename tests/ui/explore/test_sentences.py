from dataclasses import replace

import pytest

from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein
from allo_core.ui.explore.sentences import model_sentence, structure_sentence
from allo_core.ui.shared.structures import load_structure

A2A = find_receptor("AA2AR").protein


@pytest.mark.parametrize(
    ("protein", "sentence"),
    [
        (A2A, "M read UniProt P29274, 412 residues, wild type."),
        (A2A.crop(10, 320), "M read residues 10 to 320 of UniProt P29274, wild type."),
        (
            Protein("mine", A2A.sequence[:51] + "N" + A2A.sequence[52:]),
            "M read mine, 412 residues, like UniProt P29274 with this mutation: D52N.",
        ),
        (
            Protein("short", A2A.sequence[:150] + A2A.sequence[160:]),
            "M read short, 402 residues, like UniProt P29274 without mutations; 10 of its residues missing.",
        ),
        (
            Protein("tagged", A2A.sequence + "GGHHHHHHHH"),
            "M read tagged, 422 residues, like UniProt P29274 without mutations; 10 that it does not have.",
        ),
        (Protein("x", "MKTAYIAKQRQISFVKSHFSRQ"), "M read x, 22 residues."),
        (find_receptor("DRD3").protein, "M read UniProt P35462, 400 residues, wild type."),
    ],
)
def test_what_the_model_read(protein, sentence):
    assert model_sentence("M", protein) == sentence


@pytest.mark.parametrize(
    ("receptor", "entry", "words"),
    [
        ("AA2AR", "8FYN", "Structure 8FYN is a BRIL fusion with this mutation: G218L (the entry counts L1106 as G218)."),
        ("ADRB2", "4LDO", "Structure 4LDO is a T4 lysozyme fusion with these mutations: "),
        ("ADRB2", "3SN6", "Structure 3SN6 is a T4 lysozyme fusion with these mutations: M96T, M98T, N187E."),
        ("OPSD", "1U19", "Structure 1U19 is of another species (bovine), which differs from the sequence at "),
    ],
)
def test_what_the_structure_is(receptor, entry, words):
    protein = find_receptor(receptor).protein
    sentence = structure_sentence(load_structure(entry, protein), protein)
    assert sentence.startswith(words)
    assert sentence.endswith("The model never saw this structure or its state.")


def test_an_alphafold_model_is_called_a_prediction():
    loaded = replace(load_structure("8FYN", A2A), key="AF-P29274-F1", name="AF-P29274-F1")
    assert "is an AlphaFold prediction, not an experiment, with this mutation: G218L" in structure_sentence(loaded, A2A)


def test_a_change_of_the_sequence_is_no_mutation_of_the_structure():
    mutant = Protein("mine", A2A.sequence[:51] + "A" + A2A.sequence[52:])
    sentence = structure_sentence(load_structure("8FYN", mutant), mutant)
    assert sentence.startswith("Structure 8FYN differs from the sequence that the model read at A52D, G218L.")
