"""Whether `allo_core.folding.refinement` makes a fold better, on receptors of class A that it has not seen.

    python benchmarks/refinement.py SOURCE_FOLDER [--receptors 80] [--epochs 8] [--starts average noisy]

SOURCE_FOLDER holds gpcr_structures_ca_cb.npz.  A fifth of the receptors is held out with all homologues (single linkage above 40 %
identity).  Folds begin as the family average, which is made of the others alone, or are drawn from distances below 20 Å of the AlphaFold
model with 30 % noise; the target is the AlphaFold model at numbered residues with a pLDDT of 70 or more.  Features are the amino acids;
"average-without-letters" has none, so what is gained there is a correction of the whole class.
TM-score and lDDT before and after; differences with 95 % intervals over groups of homologues.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from scipy.spatial.distance import cdist

from allo_core.folding.averaging import PairDistances, averaged
from allo_core.folding.refinement import RefinementCase, learn_refinement, letter_features, refine
from allo_core.folding.refinement_settings import RefinementSettings
from allo_core.folding.scaling import scale_distances
from allo_core.folding.source_table import Placed, SourceTable, average_sources
from allo_core.learning.compare import estimate, group_draws
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import homologue_clusters, identities
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.structure.compare import lddt, tm_score

STARTS = ("average", "average-without-letters", "noisy")
HELD_OUT, NOISE, NEAR = 0.2, 0.3, 20.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--receptors", type=int, default=80)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=STARTS)
    options = parser.parse_args()
    table = SourceTable(options.source / "gpcr_structures_ca_cb.npz")
    positions = table.positions("A")
    models = sorted(average_sources(table.structures, "A", "any"), key=lambda one: one.receptor)
    table_of = identities([receptors()[one.receptor] for one in models])
    held = held_out(homologue_clusters(table_of))
    average = averaged(positions, [(one.receptor, one.at(positions)) for one, out in zip(models, held, strict=True) if not out])
    generator = np.random.default_rng(0)
    seen, unseen = (generator.permutation(np.flatnonzero(which)) for which in (~held, held))
    unseen = np.sort(unseen[: max(options.receptors // 4, 2)])
    seen = np.sort(seen[: options.receptors - len(unseen)])
    weights = group_draws(table_of[np.ix_(unseen, unseen)] > HOMOLOGUE_IDENTITY)[1]
    print(f"{len(seen)} receptors to learn from, {len(unseen)} held out of {held.sum()}", flush=True)
    for name in options.starts:
        cases = {at: case(models[at], average, name) for at in (*seen.tolist(), *unseen.tolist())}
        settings = RefinementSettings(len(AMINO_ACIDS), epochs=options.epochs)
        learnt = learn_refinement(
            [cases[at] for at in seen], settings, lambda done, most, loss: print(f"{done}/{most} {loss:.3f}", flush=True)
        )
        tested = [cases[at] for at in unseen]
        moved = [refine(learnt, one.start, one.features, one.centre, one.spread) for one in tested]
        report(name, tested, moved, weights)


def held_out(clusters: np.ndarray) -> np.ndarray:
    """Mask of the receptors of random clusters that together are at most a fifth of all."""
    held = np.zeros(len(clusters), dtype=bool)
    for cluster in np.random.default_rng(0).permutation(clusters.max() + 1):
        if held.sum() + (clusters == cluster).sum() <= HELD_OUT * len(clusters):
            held |= clusters == cluster
    return held


def case(model: Placed, average: PairDistances, name: str) -> RefinementCase:
    protein, numbers = receptors()[model.receptor].protein, receptors()[model.receptor].numbers
    if numbers is None:
        raise ValueError(f"{model.receptor} has no generic numbers")
    target = np.full((len(protein), 3), np.nan)
    target[model.index] = model.xyz
    features = letter_features(protein)
    if name == "average-without-letters":
        features[:] = 0
    if name != "noisy":
        rows = np.array([average.place.get(number, -1) if number else -1 for number in numbers.gpcrdb])
        outside = rows < 0
        start = np.where(outside[:, None], np.nan, average.coordinates.xyz[rows])
        missing = outside[:, None] | outside
        centre, spread = (np.where(missing, np.nan, values[np.ix_(rows, rows)]) for values in (average.mean, average.sd))
    else:
        true = cdist(target, target)
        upper = np.triu(np.random.default_rng(len(protein)).normal(size=true.shape), 1)
        centre = np.maximum(true * (1 + NOISE * (upper + upper.T)), 2.0)
        centre[~(true < NEAR)] = np.nan
        spread = NOISE * centre
        start = scale_distances(np.nan_to_num(centre), np.where(np.isfinite(centre), 1 / (1 + np.nan_to_num(spread)) ** 2, 0)).xyz
    return RefinementCase(start, target, features, centre.astype(np.float32), spread.astype(np.float32))


def report(name: str, tested: Sequence[RefinementCase], moved: Sequence[np.ndarray], weights: np.ndarray) -> None:
    for measure, score in (("TM-score", tm_score), ("lDDT", lddt)):
        before, after = [], []
        for one, xyz in zip(tested, moved, strict=True):
            known = np.isfinite(one.target[:, :1])
            before.append(score(np.where(known, one.start, np.nan), one.target))
            after.append(score(np.where(known, xyz, np.nan), one.target))
        gain = np.array(after) - before
        found = estimate(gain, weights)
        print(
            f"| {name} | {measure} | {np.mean(before):.3f} | {np.mean(after):.3f} "
            f"| {found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}) | {(gain > 0).sum()} of {len(gain)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
