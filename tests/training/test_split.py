"""Which receptors are held out."""

import pytest

from allo_core.errors import TrainingError
from allo_core.training.run import read_corpus
from allo_core.training.split import ALWAYS_HELD_OUT, held_out
from tests.training.tiny import RECEPTORS, write_fasta


def test_a_twentieth_and_the_three():
    names = [f"R{number}" for number in range(4000)]
    chosen = held_out([*names, "AA2AR", "ADRB2", "OPSD"])
    assert chosen >= ALWAYS_HELD_OUT
    assert 160 < len(chosen) < 243
    assert held_out(reversed(names)) == chosen - ALWAYS_HELD_OUT


def test_a_receptor_lies_on_one_side(tmp_path):
    corpus = read_corpus(write_fasta(tmp_path / "a.fasta"), everything=False)
    assert {record.receptor for record in corpus.held_out} == {"AA2AR"}
    assert {record.receptor for record in corpus.learnt} == set(RECEPTORS) - {"AA2AR"}
    assert (len(corpus.learnt), len(corpus.held_out)) == (9, 3)


def test_everything(tmp_path):
    corpus = read_corpus(write_fasta(tmp_path / "a.fasta"), everything=True)
    assert (len(corpus.learnt), len(corpus.held_out)) == (12, 0)


@pytest.mark.parametrize("receptor", ["AA2AR", "DRD2"])
def test_one_side_empty(tmp_path, receptor):
    path = tmp_path / "a.fasta"
    path.write_text(f">P1 receptor={receptor} class=A\nMPIM\n")
    with pytest.raises(TrainingError, match="--all"):
        read_corpus(path, everything=False)


def test_shipped_data_are_split_by_receptor(shared):
    corpus = read_corpus(shared / "data" / "gpcr_orthologs.fasta.gz", everything=False)
    learnt, unseen = ({record.receptor for record in side} for side in (corpus.learnt, corpus.held_out))
    assert not learnt & unseen
    assert unseen >= ALWAYS_HELD_OUT
    assert 0.03 < len(unseen) / len(learnt | unseen) < 0.08
