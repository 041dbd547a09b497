import json
import threading
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from allo_core.errors import AblationError, Cancelled, FoldError
from allo_core.folding import kept_heads
from allo_core.folding import model_fold as module
from allo_core.folding.distance_head import DistanceHead, Distogram
from allo_core.folding.head_card import HEAD, card_of, read_head_card, write_head_card
from allo_core.folding.head_judged import MEASURES, HeadCase
from allo_core.folding.head_settings import HeadSettings
from allo_core.folding.head_weights import CARD, WEIGHTS, HeadRecord, save_head
from allo_core.folding.kept_heads import JUDGED, own_head, shipped_head
from allo_core.folding.kept_refinement import REFINEMENT, RefinementRecord, save_refinement
from allo_core.folding.model_fold import kept_model_fold, model_fold
from allo_core.folding.offers import fold_called, offered_folds
from allo_core.folding.references import ALPHAFOLD, AVERAGE
from allo_core.folding.refinement_settings import RefinementSettings
from allo_core.library.receptors import find_receptor
from allo_core.readouts.kept_readouts import delete_readouts, kept_readouts
from allo_core.trunk.trunk_settings import TrunkSettings
from tests.folding.refinements import moving
from tests.folding.test_distogram_fold import EDGES, distogram
from tests.models.tiny import FAMILIES, random_model
from tests.structure.traces import shipped_trace

WHOLE = find_receptor("ADRB2").protein
PROTEIN = WHOLE.crop(30, 140)
SHA = "0" * 64  # of tiny models
SETTINGS = HeadSettings(features="both", hidden=4, trunk=TrunkSettings(width=8, heads=2, layers=1))
MODEL = random_model(replace(FAMILIES[0], id=SETTINGS.model))
JUDGED_BY = ("AA2AR", "CCR5", "OPSD", "ADA2C", "GP173")


def record(**other):
    told = HeadRecord(
        SETTINGS, SHA, "1" * 64, 3, 4, 3.0, 3.0, 3.1, 3.5, ("ADRB2", "ADRB1"), JUDGED_BY, (), {"torch": "2"}, "AlphaFold: them"
    )
    return replace(told, **other)


def cases(tm=0.8, average=0.9):
    return [
        HeadCase(entry, "A", method, "AF", ALPHAFOLD, "", dict.fromkeys(MEASURES, value))
        for entry in JUDGED_BY
        for method, value in ((HEAD, tm), (AVERAGE, average))
    ]


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    save_head(tmp_path / "head", DistanceHead(SETTINGS, MODEL.spec.width, MODEL.spec.layers * MODEL.spec.heads).state_dict(), record())
    return tmp_path / "head"


@pytest.fixture(autouse=True)
def passes(monkeypatch, tmp_path):
    """A tiny model, a head that gives the distances of 3SN6, and how often it was asked."""
    found, place = [], shipped_trace("3SN6")[29:140]

    def predict(head, inputs, progress, cancel):
        found.append(inputs)
        if cancel is not None and cancel.is_set():
            raise Cancelled
        if progress is not None:
            progress(1, 1)
        probabilities = distogram(place[inputs.index])
        return Distogram(inputs.index, probabilities, probabilities, EDGES)

    monkeypatch.setenv("ALLOSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("allo_core.models.language_model.load_model", lambda name, device: MODEL)
    monkeypatch.setattr("allo_core.folding.distance_head.predict_distogram", predict)
    monkeypatch.setattr(kept_heads, "DATA", tmp_path / "data")
    return found


def shipped(folder, tmp_path):
    (tmp_path / "data").mkdir()
    for name, target in ((WEIGHTS, "distances_both.safetensors"), (CARD, "distances_both.json"), (JUDGED, "distances_both_judged.json")):
        if (folder / name).is_file():
            (tmp_path / "data" / target).write_bytes((folder / name).read_bytes())


def test_it_is_computed_once_and_kept(folder, passes):
    steps = []
    head = own_head(folder)
    fold = model_fold(PROTEIN, head=head, progress=lambda what, done, most: steps.append(what))
    assert {"Reading distances", "Drawing the fold"} == set(steps)
    assert fold.origin == "model"
    assert fold.name == "from AlloScope GPCR 8M"
    assert (
        "the last states and the attention of AlloScope GPCR 8M, learnt from AlphaFold models of 2 receptors, ADRB2 itself" in fold.method
    )
    assert "AlphaFold: them (changed" in fold.attribution
    assert fold.sources == ("ADRB2", "ADRB1")
    again = model_fold(PROTEIN, head=head)
    assert len(passes) == 1
    np.testing.assert_array_equal(again.xyz, fold.xyz)
    np.testing.assert_array_equal(again.confidence, fold.confidence)
    assert again.method == fold.method
    assert kept_readouts()["folds that were computed"] > 500
    assert delete_readouts("folds that were computed") == 1
    model_fold(PROTEIN, head=head)
    assert len(passes) == 2


def test_removed_heads_are_another_fold_and_reach_the_model(folder, passes):
    head = own_head(folder)
    model_fold(PROTEIN, head=head)
    fold = model_fold(PROTEIN, head=head, removed_heads=((1, 2),))
    assert fold.name == "from AlloScope GPCR 8M without heads 1.2"
    assert fold.expectation is not None
    assert fold.expectation.tm is None, "the card is of the head with all attention heads"
    column = 1 * MODEL.spec.heads + 2
    assert len(np.unique(passes[1].maps[:, column])) == 1
    assert len(np.unique(passes[0].maps[:, column])) > 1
    assert not np.array_equal(passes[0].states, passes[1].states)
    with pytest.raises(AblationError, match=r"no head 9\.9"):
        model_fold(PROTEIN, head=head, removed_heads=((9, 9),))


def test_a_refinement_beside_the_head_moves_its_folds_and_is_said(folder, passes):
    plain = model_fold(PROTEIN, head=own_head(folder))
    write_head_card(folder / JUDGED, card_of(record(), own_head(folder).sha256, cases()))
    refinement = moving(RefinementSettings(20, width=4, layers=1, nearest=4), 0.5)
    save_refinement(folder, refinement, RefinementRecord(refinement.settings, own_head(folder).sha256, 2, 0, None, None, 0))
    with pytest.raises(FoldError, match="judge the head again"):
        own_head(folder)
    head = own_head(folder, judged=False)
    fold = model_fold(PROTEIN, head=head)
    assert len(passes) == 2, "another fold than that without the refinement"
    assert "drawn by multidimensional scaling and moved by a small equivariant network; no side chains" in fold.method
    assert "equivariant" not in plain.method
    np.testing.assert_array_equal(fold.drawn, plain.drawn)
    assert np.nanmax(np.abs(fold.xyz - plain.xyz)) > 0.01
    write_head_card(folder / JUDGED, card_of(record(), head.sha256, cases()))
    assert own_head(folder).card is not None
    save_refinement(folder, refinement, RefinementRecord(refinement.settings, "e" * 64, 2, 0, None, None, 0))
    with pytest.raises(FoldError, match=r"refinement\.json is of folds of another head than head\.safetensors; remove it"):
        own_head(folder, judged=False)
    (folder / REFINEMENT).unlink()
    with pytest.raises(FoldError, match=r"refinement\.safetensors cannot be read: No such file"):
        own_head(folder, judged=False)


def test_another_model_or_other_weights_are_refused_by_name(folder, passes):
    with pytest.raises(FoldError, match="learnt with alloscope_gpcr_8m, not with esm2_t6_8M_UR50D"):
        model_fold(PROTEIN, "esm2_t6_8M_UR50D", own_head(folder))
    save_head(folder, own_head(folder).load().state_dict(), record(model_sha256="f" * 64))
    with pytest.raises(FoldError, match="learnt with other weights of AlloScope GPCR 8M"):
        model_fold(PROTEIN, head=own_head(folder))
    assert not passes


def test_a_cancelled_fold_is_not_kept(folder):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        model_fold(PROTEIN, head=own_head(folder), cancel=stop)
    assert kept_readouts() == {}


def test_what_is_offered_is_only_what_was_computed(folder, tmp_path, passes):
    with pytest.raises(FoldError, match="No distance head 'both' ships with this copy"):
        model_fold(PROTEIN)
    assert kept_model_fold(PROTEIN) is None
    write_head_card(folder / JUDGED, card_of(record(), own_head(folder).sha256, cases()))
    shipped(folder, tmp_path)
    assert kept_model_fold(PROTEIN) is None
    assert "fold-model-any" not in offered_folds(PROTEIN)
    with pytest.raises(FoldError, match=r"has not been computed on this machine.*--from model"):
        fold_called("fold-model-any", PROTEIN)
    made = model_fold(PROTEIN)
    assert len(passes) == 1
    kept = kept_model_fold(PROTEIN)
    assert kept is not None
    np.testing.assert_array_equal(kept.xyz, made.xyz)
    said = offered_folds(PROTEIN)["fold-model-any"]
    assert said == "from AlloScope GPCR 8M · CA trace, worse than the family average, expected TM-score 0.80, lDDT 0.80"
    assert fold_called("fold-model-any", PROTEIN).origin == "model"


def test_the_card_says_what_to_expect_of_a_class(folder):
    card = card_of(record(), own_head(folder).sha256, cases(0.9, 0.8))
    write_head_card(folder / JUDGED, card)
    head = own_head(folder)
    assert head.card == read_head_card(folder / JUDGED) == card
    fold = model_fold(PROTEIN, head=head)
    assert fold.expectation is not None
    assert fold.expectation.lost == ()
    assert fold.expectation.receptors == 5
    assert "while it may have learnt from their homologues, against AlphaFold models" in fold.expectation.sentence
    assert "CC BY 4.0" in card.licence
    with pytest.raises(FoldError, match="has learnt from AA2AR, which cannot judge it"):
        card_of(record(learnt=("AA2AR",)), "", cases())


def test_files_that_are_none_are_refused(folder, tmp_path):
    with pytest.raises(FoldError, match="holds no distance head"):
        own_head(tmp_path / "nothing")
    card = card_of(record(), "e" * 64, cases())
    write_head_card(folder / JUDGED, card)
    with pytest.raises(FoldError, match="is that of another head than"):
        own_head(folder)
    (folder / JUDGED).write_text(json.dumps(asdict(card) | {"format": 99}))
    with pytest.raises(FoldError, match="was written in format 99"):
        own_head(folder)
    (folder / JUDGED).write_text("{")
    with pytest.raises(FoldError, match="cannot be read"):
        own_head(folder)
    (folder / JUDGED).unlink()
    (folder / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(FoldError, match=r"holds no distance head: .*\(head\.safetensors\)"):
        own_head(folder).load()


def test_a_damaged_fold_is_computed_anew(folder, passes):
    model_fold(PROTEIN, head=own_head(folder))
    (path,) = module.folds_folder().iterdir()
    path.write_bytes(path.read_bytes()[:100])
    model_fold(PROTEIN, head=own_head(folder))
    assert len(passes) == 2


def test_kept_folds_are_looked_for_without_torch():
    import subprocess
    import sys

    script = (
        "import sys; from allo_core.folding.model_fold import kept_model_fold; from allo_core.library.receptors import find_receptor; "
        "kept_model_fold(find_receptor('ADRB2').protein); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_nothing_ships_is_said(tmp_path):
    with pytest.raises(FoldError, match="train-distances and name its folder with --head"):
        shipped_head("attention")
