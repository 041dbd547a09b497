"""How often a coupling between two places passes where nothing couples them: matched null, and rank among pairs of places like the two.

    python benchmarks/coupling_null.py [--receptors AA2AR ADRB2] [--pairs 40] [--size 10] [--model alloscope_gpcr_8m]

Pairs are made by other rules than those of the test (`allo_core/attention/pairs_like.py`): the nearest residues of two random ones, and two
random stretches of the chain, each *far* (no residue of the one set within four of the other along the chain) or *near* (some are, none is
in both).  "any" is the share of pairs for which at least one head has q < 0.05; its standard error counts overlapping pairs as independent,
so it is too small.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _sites import rates, runs_of

from allo_core.analysis.answer import answer
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.control import LEVEL
from allo_core.attention.head_card import LOCAL
from allo_core.runs.maps import AttentionMaps

THRESHOLDS = (0.3, 0.1, 0.0)
TRIES = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--receptors", nargs="+", default=["AA2AR", "ADRB2"])
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--size", type=int, default=10)
    parser.add_argument("--model", default="alloscope_gpcr_8m")
    options = parser.parse_args()
    for entry, subject, positions, maps in runs_of(options.receptors, options.model):
        for kind, pairs in pairs_of(positions, options.size, options.pairs).items():
            for threshold in THRESHOLDS:
                print(f"{entry} {threshold:g} {kind:<14}", level(maps, pairs, subject, threshold), flush=True)


def level(maps: AttentionMaps, pairs: list[tuple[np.ndarray, np.ndarray]], subject: Subject, threshold: float) -> str:
    """p <= 0.05 over heads and pairs, pairs for which a head passes, and the most heads that do, by both tests, and asymmetry."""
    found: dict[str, list] = {"matched": [], "pairs": [], "asymmetry": []}
    whole = []
    for one, other in pairs:
        told = answer(Question(subject, tuple(one.tolist()), tuple(other.tolist()), "AB", threshold, "matched"), maps)
        rank, back = told.pockets, told.asymmetry
        if isinstance(rank, str) or back is None or not rank.tested.any():
            continue
        tested = rank.tested
        frame = told.scores.frame
        found["matched"].append((np.nanmean(frame["p_value"] <= LEVEL), (frame["q_value"] < LEVEL).sum()))
        found["pairs"].append((np.mean(rank.p_value[tested] <= LEVEL), len(rank.passing)))
        found["asymmetry"].append((np.mean(back.p_value[tested] <= LEVEL), len(back.passing)))
        whole.append(rank.global_p <= LEVEL)
    return rates(found, whole, "pairs")


def pairs_of(positions: np.ndarray, size: int, count: int) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """At most `count` pairs of each kind, 0-based."""
    generator = np.random.default_rng(17)
    known = np.flatnonzero(np.isfinite(positions[:, 0]))
    apart = np.linalg.norm(positions[known][:, None] - positions[known][None], axis=-1)
    compact = [np.sort(known[np.argsort(row)[:size]]) for row in apart]
    stretches = [np.arange(start, start + size) for start in range(len(positions) - size + 1)]
    made = {}
    for name, places in (("pockets", compact), ("stretches", stretches)):
        kinds = {f"{name}, far": [], f"{name}, near": []}
        for _ in range(TRIES):
            one, other = (places[at] for at in generator.choice(len(places), 2, replace=False))
            if np.intersect1d(one, other).size:
                continue
            near = (np.abs(one[:, None] - other) <= LOCAL).any()
            wanted = kinds[f"{name}, near" if near else f"{name}, far"]
            if len(wanted) < count:
                wanted.append((one, other))
        made |= kinds
    return made


if __name__ == "__main__":
    main()
