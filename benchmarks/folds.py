"""What distances are worth as a fold: TM-score and lDDT of what `scale_distances` makes of them, and what it costs.

Usage: benchmarks/folds.py [--structures 3SN6 8FYN 1U19] [--weights] [--cost]

From the CA of structures that ship: all distances or those below a cutoff, exact or with noise, contacts alone, and made-up distograms
(normal, of a spread that grows with the distance, about a distance that is off by as much).  Each stands beside the TM-score of its mirror
image, and all beside other receptors and chance: all distances, each exchanged with one of two other residues as far apart along the chain.
"chosen": the hand that was chosen fits better than its mirror image.  With --weights other weights of distograms, with --cost time and
memory.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _measure import Peak
from scipy.spatial.distance import cdist
from scipy.stats import norm

from allo_core.folding.distogram import beyond_last_edge, distogram_distances
from allo_core.folding.scaling import scale_distances
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.compare import lddt, tm_score
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

NOISE = 0.1
CONTACT, CONTACT_DISTANCE = 8.0, 6.0  # Å; about the mean distance of two residues that touch
FALSE = (0.05, 0.2, 0.5)  # shares of contacts at least three apart along the chain that are moved to two other residues
FARTHEST = (20, 40, 60)  # Å: last edges of distograms, whose bins are half an Å wide
SPREAD = (0.5, 0.1)  # Å, and share of the distance


class Given(NamedTuple):
    """Distances and weights that a fold is drawn from."""

    name: str
    distances: np.ndarray
    weights: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--structures", nargs="+", default=["3SN6", "8FYN", "1U19"])
    parser.add_argument("--weights", action="store_true")
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_args()
    if options.cost:
        cost()
        return
    for entry in options.structures:
        xyz = trace(entry)
        for given in weighings(xyz) if options.weights else known(xyz):
            print(f"{entry} {given.name:<36}", judged(given, xyz), flush=True)
        for other in options.structures:
            if shipped_structure(other).receptor != shipped_structure(entry).receptor:
                print(f"{entry} {'another receptor: ' + other:<36}", likeness(other, entry), flush=True)


def trace(entry: str) -> np.ndarray:
    """CA of a structure that ships, by place in the sequence, shape (L, 3); NaN where it shows no residue."""
    shipped = shipped_structure(entry)
    structure, protein = read_structure(shipped.path), find_receptor(shipped.receptor).protein
    return ca_positions(structure, map_structure(structure, protein), len(protein))


def likeness(other: str, entry: str) -> str:
    """How alike two receptors are, over the generic numbers that both show."""
    mobile, fixed = numbered(other), numbered(entry)
    shared = [name for name in fixed if name in mobile]
    model, reference = (np.array([places[name] for name in shared]) for places in (mobile, fixed))
    both = np.isfinite(model + reference).all(axis=1)
    return f"TM {tm_score(model[both], reference[both]):.3f} lDDT {lddt(model[both], reference[both]):.3f} of {both.sum()} residues"


def numbered(entry: str) -> dict[str, np.ndarray]:
    """CA by generic number."""
    numbers = find_receptor(shipped_structure(entry).receptor).numbers
    return {name: place for name, place in zip(numbers.gpcrdb, trace(entry), strict=True) if name} if numbers else {}


def known(xyz: np.ndarray) -> Iterator[Given]:
    """What may be known of the distances of a structure, and chance."""
    true = cdist(xyz, xyz)
    there = np.isfinite(true).astype(float)
    noisy = true * (1 + NOISE * noise(len(true)))
    yield Given("all, exact", true, there)
    yield Given("all, 10 % noise", noisy, there)
    yield Given("below 20 Å, exact", true, there * (true < 20))
    yield Given("below 20 Å, 10 % noise", noisy, there * (true < 20))
    yield Given("below 8 Å, exact", true, there * (true < 8))
    yield Given("contacts below 8 Å alone, as 6 Å", np.where(true < CONTACT, CONTACT_DISTANCE, 0), there * (true < CONTACT))
    for share in FALSE:
        touching = with_false(true, share)
        yield Given(f"contacts, {share:.0%} of them false", np.where(touching, CONTACT_DISTANCE, 0), touching.astype(float))
    for farthest in FARTHEST:
        centre, _, weights = distogram_distances(*distogram(true, farthest))
        yield Given(f"distogram to {farthest} Å", centre, weights * there)
    yield Given("chance: exchanged along the chain", exchanged(true), there)


def weighings(xyz: np.ndarray) -> Iterator[Given]:
    """Other weights for the same distograms; P is the probability that the distance is within the bins."""
    true = cdist(xyz, xyz)
    there = np.isfinite(true).astype(float)
    for farthest in FARTHEST:
        probabilities, edges = distogram(true, farthest)
        centre, spread, weights = distogram_distances(probabilities, edges)
        within = 1 - beyond_last_edge(probabilities, edges)
        spread = np.where(np.isfinite(spread) & (spread > 0), spread, 1)
        rules = {
            "chosen": weights,
            "P / (1 + spread)²": within / (1 + spread) ** 2,
            "P / spread²": within / spread**2,
            "P / spread² above 0.5": within * (within > 0.5) / spread**2,
            "P / (1 + spread)² above 0.9": within * (within > 0.9) / (1 + spread) ** 2,
            "centre below the last bin": (np.nan_to_num(centre) < edges[-2] - 0.5) / (1 + spread),
        }
        for name, rule in rules.items():
            yield Given(f"to {farthest} Å, {name}", centre, rule * there * np.isfinite(centre))


def with_false(true: np.ndarray, share: float) -> np.ndarray:
    """Which residues touch, where a share of the contacts is moved to residues that do not, shape (L, L)."""
    generator, touching = np.random.default_rng(0), true < CONTACT
    contacts, others = (np.argwhere(np.triu(pairs, 3)) for pairs in (touching, true >= CONTACT))
    number = round(share * len(contacts))
    for pairs, touch in ((contacts, False), (others, True)):
        first, second = generator.permutation(pairs)[:number].T
        touching[first, second] = touching[second, first] = touch
    return touching


def distogram(true: np.ndarray, farthest: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities over bins from 2 Å and "farther", of distances that are off by as much as they say, shape (L, L, K), and edges."""
    edges = np.append(np.arange(2, farthest + 0.1, 0.5), np.inf)
    distances = np.nan_to_num(true)[..., None]
    spread = SPREAD[0] + SPREAD[1] * distances
    below = norm.cdf(edges, np.abs(distances + spread * noise(len(true))[..., None]), spread)
    below[..., 0] = 0  # what is nearer counts to the first bin
    return np.diff(below, axis=-1), edges


def noise(length: int) -> np.ndarray:
    """Normal numbers, the same in both directions of a pair, shape (L, L)."""
    upper = np.triu(np.random.default_rng(0).normal(size=(length, length)), 1)
    return upper + upper.T


def exchanged(true: np.ndarray) -> np.ndarray:
    """Each distance exchanged with one of a pair as far apart along the chain, shape (L, L)."""
    generator, other = np.random.default_rng(0), np.full_like(true, np.nan)
    np.fill_diagonal(other, 0)
    for separation in range(1, len(true)):
        first = np.arange(len(true) - separation)
        first = first[np.isfinite(true[first, first + separation])]
        other[first, first + separation] = other[first + separation, first] = generator.permutation(true[first, first + separation])
    return other


def judged(given: Given, xyz: np.ndarray) -> str:
    start = time.perf_counter()
    fold = scale_distances(given.distances, given.weights)
    seconds = time.perf_counter() - start
    score, mirror = tm_score(fold.xyz, xyz), tm_score(fold.xyz * [-1.0, 1.0, 1.0], xyz)
    hand = fold.handedness
    return (
        f"TM {score:.3f} (mirror {mirror:.3f}) lDDT {lddt(fold.xyz, xyz):.3f}  hand {fold.hand}, {hand.share:.2f} against"
        f" {hand.mirror_share:.2f}, {'chosen' if score > mirror else 'NOT chosen'}  {seconds:.1f} s, {fold.steps} steps"
    )


def cost() -> None:
    """Time and memory for coils of several lengths."""
    for length in (100, 400, 1500):
        xyz = coil(length)
        true = cdist(xyz, xyz)
        for cutoff in (np.inf, 20.0, 8.0):
            start = time.perf_counter()
            with Peak() as peak:
                fold = scale_distances(true, (true < cutoff).astype(float))
            seconds = time.perf_counter() - start
            words = "all" if np.isinf(cutoff) else f"below {cutoff:g} Å"
            print(f"{length:5d} residues, {words:<11} {seconds:5.1f} s, {fold.steps:4d} steps, {peak.megabytes:4.0f} MB more", flush=True)


def coil(length: int) -> np.ndarray:
    """A chain with bonds of 3.8 Å that stays together, shape (L, 3)."""
    generator, points = np.random.default_rng(0), np.zeros((length, 3))
    for at in range(1, length):
        step = generator.normal(size=3) - points[at - 1] * 0.03
        points[at] = points[at - 1] + 3.8 * step / np.linalg.norm(step)
    return points


if __name__ == "__main__":
    main()
