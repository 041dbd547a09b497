import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import norm

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.calibration import expected
from allo_core.folding.distogram import distogram_distances
from allo_core.folding.distogram_fold import FoldMaker, confidence_of, fold_from_distogram, places_from_distogram, tied
from allo_core.folding.head_worth import ModelExpectation
from allo_core.folding.judged import judge
from allo_core.folding.trace import trace_cif, trace_pdb
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein
from allo_core.structure.compare import lddt, tm_score
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.structure.traces import mirrored, shipped_trace

EDGES = np.append(np.arange(2, 50.1, 1.0), np.inf)
PROTEIN = find_receptor("ADRB2").protein
MAKER = FoldMaker("from a test", "CA distances that a test made up", "", (), ModelExpectation("A", 0, "", "", None, None, None, None))


def distogram(xyz, spread: float | np.ndarray = 0.5, edges=EDGES):
    """Normal about the distances; flat where there is no place; [n, n, K]."""
    true = cdist(xyz, xyz)
    below = norm.cdf(edges, np.nan_to_num(true)[..., None], np.broadcast_to(spread, true.shape)[..., None])
    below[..., 0] = 0
    probabilities = np.diff(below, axis=-1)
    probabilities[~np.isfinite(true)] = 1 / (len(edges) - 1)
    return probabilities


@pytest.fixture(scope="module")
def fold():
    return fold_from_distogram(PROTEIN, distogram(shipped_trace("3SN6")), EDGES, MAKER)


def test_the_fold_is_that_of_the_distances_and_the_rest_is_not_drawn(fold):
    reference = shipped_trace("3SN6")
    known = np.isfinite(reference[:, 0])
    assert fold.drawn.sum() > 0.95 * known.sum()
    assert not fold.drawn[~known].any()
    shown = np.where(fold.drawn[:, None], reference, np.nan)
    assert tm_score(fold.xyz, shown) > 0.98
    assert lddt(fold.xyz, shown) > 0.97
    assert (np.isfinite(fold.confidence) == fold.drawn).all()
    assert (fold.origin, fold.receptor_class, fold.receptor, fold.state) == ("model", "A", "ADRB2", None)
    assert fold.method.startswith("CA distances that a test made up, drawn by")
    assert "Hand right" in fold.method
    assert "TM-score on the reference 0.9" in fold.method, "the average of the class is the second witness"


@pytest.mark.parametrize("write", [trace_cif, trace_pdb])
def test_its_files_read_back_and_map_at_identity_1(fold, write):
    text = write(fold)
    structure = read_structure(text.encode(), "fold")
    assert structure.trace
    mapping = map_structure(structure, PROTEIN)
    assert (mapping.identity, mapping.aligned) == (1, fold.drawn.sum())
    said = " ".join(text.replace("REMARK   6", "").split())
    assert "as the model's distances are spread" in said
    assert "How good it is was not tested" in said


def test_pairs_that_a_head_does_not_learn_are_not_read(fold):
    probabilities = distogram(shipped_trace("3SN6"))
    rows = np.arange(len(probabilities))
    probabilities[np.abs(rows[:, None] - rows) < 3] = np.eye(len(EDGES) - 1)[30]
    again = fold_from_distogram(PROTEIN, probabilities, EDGES, MAKER)
    np.testing.assert_allclose(again.xyz, fold.xyz)


def test_a_part_is_drawn_where_it_stands_and_gaps_are_no_bonds(fold):
    index = np.r_[40:150, 200:330]
    part = fold_from_distogram(PROTEIN, distogram(shipped_trace("3SN6"))[np.ix_(index, index)], EDGES, MAKER, index)
    assert set(np.flatnonzero(part.drawn)) <= set(index)
    assert tm_score(part.xyz, np.where(part.drawn[:, None], fold.xyz, np.nan)) > 0.97


def test_a_sequence_without_numbers_is_drawn_and_judged_by_all_residues():
    helices = shipped_trace("3SN6")[30:170]
    helices = helices[np.isfinite(helices[:, 0])]
    protein = Protein("mine", ("ACDEFGHIKLMNPQRSTVWY" * 10)[: len(helices)])
    fold = fold_from_distogram(protein, distogram(mirrored(helices)), EDGES, MAKER)
    assert (fold.receptor_class, fold.receptor) == ("", "")
    assert tm_score(fold.xyz, np.where(fold.drawn[:, None], helices, np.nan)) > 0.95, "helices choose the hand without a witness"
    assert "reference" not in fold.method
    found = judge(fold, helices)
    assert (found.residues, found.numbered) == (len(helices), False)
    assert "without generic numbers" not in expected(fold).sentence
    with pytest.raises(FoldError, match=r"shows 40 residues of mine, and 50"):
        judge(fold, np.where(np.arange(len(helices))[:, None] < 40, helices, np.nan))


def test_loose_residues_are_told_by_distances_to_others_than_their_neighbours():
    xyz = shipped_trace("3SN6")[np.isfinite(shipped_trace("3SN6")[:, 0])]
    spread = np.full((len(xyz), len(xyz)), 0.5)
    far = np.abs(np.arange(len(xyz))[:, None] - np.arange(len(xyz))) >= 6
    spread[:20] = np.where(far[:20], 8, spread[:20])
    spread = np.maximum(spread, spread.T)
    found = distogram_distances(distogram(xyz, spread), EDGES)
    assert not tied(found)[:20].any()
    assert tied(found)[30:].mean() > 0.95
    confidence = confidence_of(found)
    assert confidence[:20].max() < confidence[30:].min()
    assert 0.5 < np.median(confidence[30:]) < 0.7


def test_what_cannot_be_drawn_is_refused(fold):
    probabilities = distogram(shipped_trace("3SN6"))
    with pytest.raises(FoldError, match="distances are of 100 residues, 413 of the 413 of ADRB2"):
        fold_from_distogram(PROTEIN, probabilities[:100, :100], EDGES, MAKER)
    flat = np.full_like(probabilities, 1 / (len(EDGES) - 1))
    with pytest.raises(FoldError, match="The fold by these distances places 0 residues of ADRB2, and 50 are needed"):
        fold_from_distogram(PROTEIN, flat, EDGES, MAKER)
    with pytest.raises(FoldError, match="these are no probabilities"):
        fold_from_distogram(PROTEIN, np.log(probabilities + 1e-9), EDGES, MAKER)


def test_cancel():
    class Stop:
        def is_set(self):
            return True

    with pytest.raises(Cancelled):
        places_from_distogram(PROTEIN, distogram(shipped_trace("3SN6")), EDGES, cancel=Stop())
