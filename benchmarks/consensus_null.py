"""How often the combined test over a class calls random generic positions significant, with the default model.

    python benchmarks/consensus_null.py [SETS]

SETS (2000) random sets of positions are drawn that are matched to the sodium pocket, and each is tested over all class A receptors as
`python -m allo_core compare --positions "sodium pocket"` does.  Nothing distinguishes them from the draws they are compared with, so a
sound test at the level a rejects them in a share a of the heads.  Heads share the sets, so the standard error comes from the spread over
sets.  Runs the receptors first if they are not kept (a minute on 2 cores).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.attention.draws import draw_sites
from allo_core.family.members import positions_set
from allo_core.family.positions import PositionDraws, universe_of
from allo_core.family.runs import run_set
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.homologues import cluster_weights, homologue_clusters, identities

THRESHOLDS = (0.3, 0.1, 0.0)
LEVELS = (0.05, 0.01)
SETS, DRAWS = 2000, 20_000
SET_SEED, NULL_SEED = 1, 0


def main(sets: int) -> None:
    done = run_set(DEFAULT_MODEL, positions_set("sodium pocket"))
    universe = universe_of(done.asked)
    weights = cluster_weights(homologue_clusters(identities(done.asked.members)))
    random = draw_sites(universe.codes, universe.counts, sets, SET_SEED)
    null = draw_sites(universe.codes, universe.counts, DRAWS, NULL_SEED)
    print(f"{DEFAULT_MODEL}, {len(done.asked.members)} receptors, {len(universe.positions)} positions, {sets} random sets, {DRAWS} draws\n")
    print(f"| threshold | heads | {' | '.join(f'p <= {level:g}' for level in LEVELS)} |\n|{'---|' * (2 + len(LEVELS))}")
    for threshold in THRESHOLDS:
        combined = PositionDraws(universe, done.columns(threshold), weights, DRAWS, NULL_SEED).combined
        combined = combined[combined.any(axis=1)]
        p = p_values(random.weigh(combined), np.sort(null.weigh(combined), axis=1))
        cells = [share(p <= level) for level in LEVELS]
        print(f"| {threshold:g} | {len(combined)} | {' | '.join(cells)} |")


def p_values(observed: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """One-sided p of each random set in each head, shape (heads, sets); ties count against the head, as in the app."""
    tolerance = 18 * float(np.finfo(np.float32).eps)
    below = np.stack([np.searchsorted(row, values * (1 - tolerance)) for row, values in zip(drawn, observed, strict=True)])
    return (1 + drawn.shape[1] - below) / (1 + drawn.shape[1])


def share(rejected: np.ndarray) -> str:
    """Share of heads that reject, and its standard error over sets."""
    each = rejected.mean(axis=0)
    return f"{100 * each.mean():.2f} ± {100 * each.std(ddof=1) / np.sqrt(len(each)):.2f} %"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SETS)
