"""One pair: every method beside its chance level, and learning that leaves the homologues of a receptor out."""

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction import coupling_baselines, pair_explanation
from allo_core.interaction.architectures import build
from allo_core.interaction.coupling_table import coupling_pairs
from allo_core.interaction.kept_model import KeptModel, training_mean
from allo_core.interaction.learn import predict_logits
from allo_core.interaction.pair_explanation import explain_pair, rows_without_homologues
from allo_core.interaction.splits import by_cluster
from allo_core.library.receptors import find_receptor
from tests.interaction.planted import planted, small_model
from tests.interaction.test_kept_model import card


def kept(kind="amps") -> KeptModel:
    inputs = planted(kind)
    return KeptModel(card(), build(small_model(kind), 3).eval(), training_mean(inputs, np.arange(len(inputs.pairs))))


def test_one_pair():
    inputs = planted().subset(np.array([5]))
    found = explain_pair(kept(), inputs, ("attention", "gradients"))
    assert found.probability == pytest.approx(1 / (1 + np.exp(-predict_logits(kept().model, inputs, np.array([0]))[0])))
    assert list(found.importance) == ["attention received", "attention rollout", "gradients (logit)"]
    assert found.importance["attention received"].sum() == pytest.approx(1)
    assert found.chances == {"attention received": 0.05, "attention rollout": 0.05, "gradients (logit)": 0}
    blocks, gradients = found.sentences
    assert blocks.startswith("This model cannot tell A from B")
    assert "Gradients sum to" in gradients


def test_only_what_is_asked():
    inputs = planted().subset(np.array([5]))
    assert list(explain_pair(kept(), inputs, ("gradients",)).importance) == ["gradients (logit)"]
    whole = planted("dpm").subset(np.array([5]))
    with pytest.raises(PairError, match="dpm has no attention"):
        explain_pair(kept("dpm"), whole, ("attention",))
    assert explain_pair(kept("dpm"), whole, ("gradients",)).names == ("A mean", "B mean")


def test_homologues_are_left_out(monkeypatch):
    """With clusters by the first two letters of the name instead of alignments, which take half a minute."""
    pairs = coupling_pairs()
    names = [protein.name[:2] for protein in pairs.proteins]
    clusters = np.unique(names, return_inverse=True)[1]
    monkeypatch.setattr(pair_explanation, "coupling_split", lambda: by_cluster(pairs, clusters, side="A"))
    train, choosing = rows_without_homologues(find_receptor("ADRB2").protein)
    place = [protein.name for protein in pairs.proteins].index("ADRB2")
    used = np.concatenate([train, choosing])
    assert clusters[place] not in set(clusters[pairs.first[used]])
    assert not set(train) & set(choosing)
    assert not set(clusters[pairs.first[train]]) & set(clusters[pairs.first[choosing]])
    other, _ = rows_without_homologues(coupling_baselines.coupling_pairs().proteins[-1])  # a G protein has no homologue among receptors
    assert len(other)
