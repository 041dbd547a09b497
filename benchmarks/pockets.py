"""How often heads pass for places where nothing is marked, and how much of what is planted is found: matched null, and rank among places.

    python benchmarks/pockets.py [--receptors AA2AR ADRB2 OPSD] [--sites 60] [--size 12] [--power] [--model alloscope_gpcr_8m]

Sites are made by other rules than the pockets of the test (`allo_core/attention/pockets.py`): *compact*, the nearest residues of a random
one; *elongated*, four times as long as wide; *spread*, at least three residues apart along the chain; *stretch*, neighbours along the
chain; *scattered*, random residues matched to a compact site; *ligand*, residues near the ligands of other receptors of the class (their
allosteric and orthosteric sites in the library), carried over by generic number.  Compact sites and those near ligands that share more than
30 % with a library site of the receptor itself are left out.  "any" is the share of sites for which at least one head has q < 0.05; its
standard error counts overlapping sites as independent, so it is too small.

With --power the weights of five random heads are multiplied on the site, and the share of these heads with q < 0.05 is printed.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _sites import rates, runs_of, sites_of

from allo_core.analysis.subject import Subject
from allo_core.attention.columns import Columns
from allo_core.attention.control import LEVEL
from allo_core.attention.nulls import encode_strata
from allo_core.attention.scores import score_heads
from allo_core.attention.site_rank import rank_site

THRESHOLDS = (0.3, 0.1, 0.0)
FACTORS = (1.5, 2.0, 3.0)
PLANTED = 5  # heads


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--receptors", nargs="+", default=["AA2AR", "ADRB2", "OPSD"])
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--size", type=int, default=12)
    parser.add_argument("--power", action="store_true")
    parser.add_argument("--model", default="alloscope_gpcr_8m")
    options = parser.parse_args()
    for entry, subject, positions, maps in runs_of(options.receptors, options.model):
        sites = sites_of(positions, subject, options.size, options.sites)
        for threshold in THRESHOLDS:
            columns = maps.columns(threshold)
            measure = power if options.power else level
            for kind, members in sites.items():
                print(f"{entry} {threshold:g} {kind:<10}", measure(columns, members, subject, positions), flush=True)


def level(columns: Columns, sites: list[np.ndarray], subject: Subject, positions: np.ndarray) -> str:
    """p <= 0.05 over heads and sites, sites for which a head passes, and the most heads that do, by both tests."""
    strata = subject.numbers.strata()
    codes = encode_strata(strata, len(subject.protein))
    found: dict[str, list] = {"matched": [], "places": []}
    whole = []
    for site in sites:
        frame = score_heads(columns, site.tolist(), "matched", strata).frame
        found["matched"].append((np.nanmean(frame["p_value"] <= LEVEL), (frame["q_value"] < LEVEL).sum()))
        rank = rank_site(columns, site, codes, positions)
        found["places"].append((np.mean(rank.p_value[rank.tested] <= LEVEL), len(rank.passing)))
        whole.append(rank.global_p <= LEVEL)
    return rates(found, whole, "sites")


def power(columns: Columns, sites: list[np.ndarray], subject: Subject, positions: np.ndarray) -> str:
    """Share of planted heads that pass, by both tests, for each factor."""
    strata = subject.numbers.strata()
    codes = encode_strata(strata, len(subject.protein))
    layers, heads, length = columns.weights.shape
    words = []
    for factor in FACTORS:
        hits = {"matched": [], "places": []}
        for count, site in enumerate(sites):
            chosen = np.random.default_rng(count).choice(layers * heads, PLANTED, replace=False)
            weights = columns.weights.reshape(-1, length).copy()
            weights[np.ix_(chosen, site)] *= factor
            planted = Columns(weights.reshape(columns.weights.shape), columns.arcs, columns.threshold)
            q = score_heads(planted, site.tolist(), "matched", strata).frame["q_value"].to_numpy()
            hits["matched"].append((q[chosen] < LEVEL).mean())
            hits["places"].append(np.isin(chosen, rank_site(planted, site, codes, positions).passing).mean())
        words.append(f"x{factor:g} matched {np.mean(hits['matched']):.0%} places {np.mean(hits['places']):.0%}")
    return "; ".join(words)


if __name__ == "__main__":
    main()
