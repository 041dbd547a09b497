"""`pairs agree` prints the verdict first, the correlations beside the control, and what of each method lies on known positions."""

import argparse

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction import features, method_importance, splits
from allo_core.interaction.features import cut_tokens
from allo_core.interaction.pairs import TokenVectors
from allo_core.terminal.pairs_agree import add_agree


def run(*arguments: str) -> None:
    parser = argparse.ArgumentParser()
    add_agree(parser.add_subparsers())
    options = parser.parse_args(["agree", *arguments])
    options.run(options)


def test_too_few_seeds():
    with pytest.raises(PairError, match="at least 3 seeds"):
        run("--seeds", "2")


def test_what_is_printed(monkeypatch, capsys):
    """With importance drawn at random: no method agrees with another, and none points at known positions."""
    asked = []

    def drawn(inputs, rows, architecture, settings, groups, seeds, shuffled, progress):
        train, choosing, explained = rows
        assert not set(inputs.pairs.first[explained]) & set(inputs.pairs.first[np.concatenate([train, choosing])])
        assert (inputs.pairs.labels[explained] == 1).all()
        assert len(set(inputs.pairs.first[explained])) == len(explained)
        asked.append(shuffled)
        return np.random.default_rng(int(shuffled)).random((5, len(seeds), len(explained), architecture.tokens))

    monkeypatch.setattr(method_importance, "importance_over_seeds", drawn)
    monkeypatch.setattr(splits, "protein_clusters", lambda proteins: np.arange(len(proteins)) // 3)
    empty = lambda model, proteins, cut, progress: TokenVectors(cut_tokens(cut), np.zeros((len(proteins), 13, 320), dtype=np.float32))  # noqa: E731
    monkeypatch.setattr(features, "token_vectors", empty)
    run("--seeds", "3", "--receptors", "12")
    said = capsys.readouterr().out
    assert asked == [False, True]
    assert "12 receptors of other clusters are explained" in said
    assert "all tokens: The methods do not agree" in said
    assert "the receptor's tokens alone: The methods do not agree" in said
    assert said.count("G protein contacts: ") == 5
