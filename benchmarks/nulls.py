"""How often each null calls random sites significant, with the attention of a real model on AA2AR.

    python benchmarks/nulls.py [SITES [MODEL]]

For each kind of site SITES (200) random sites are drawn that are matched to it: as many residues from each stratum (segment x tertile of
family conservation).  Nothing distinguishes such a site from its matched draws, so a sound test at the 5 % level rejects it in 5 % of the
heads.

Heads counted: those that the app tests, with at least 10 arcs and a spread of the weight over matched sites; neither depends on the
single site.  Heads share the sites, so the standard error comes from the spread of the share over sites.  p is that of the app, in which
ties count against the head.  "ties split" is the same p with ties counted for a random share of themselves, so that it is uniform where
the null is right, however few arcs there are.  "pass" is the number of heads with q < 0.05 for a random site, on average: what the page
would report though there is nothing to find.  Takes ten seconds with 200 sites and AntiBERTy, the model of
docs/nulls.md.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.draws import RandomSites, draw_sites
from allo_core.attention.nulls import FEWEST_ARCS, benjamini_hochberg, encode_strata, moments
from allo_core.library.receptors import find_receptor
from allo_core.library.sites import site_indices
from allo_core.models.language_model import load_model
from allo_core.runs.extract import extract_attention

RECEPTOR = "AA2AR"
THRESHOLDS = (0.3, 0.1, 0.05, 0.0)
SITES = 200
MODEL = "antiberty"
DRAWS = 20_000
LEVEL = 0.05
SITE_SEED, NULL_SEED, TIE_SEED = 1, 0, 2
SIZE = 16  # residues of the kinds of sites made here, as many as in the sodium pocket


class Rejected(NamedTuple):
    """What happens to random sites under one null.

    Share of heads with p <= 0.05 and its standard error over sites, as the app counts ties and with ties split; mean number of heads with
    q < 0.05.
    """

    share: float
    error: float
    share_split: float
    error_split: float
    passing: float


def main(sites: int, model: str) -> None:
    receptor = find_receptor(RECEPTOR)
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        maps = extract_attention(load_model(model, device="cpu"), receptor.protein)
        columns = {threshold: maps.columns(threshold) for threshold in THRESHOLDS}
    codes = encode_strata(receptor.numbers.strata(), len(receptor.protein))
    print(f"{model} on {RECEPTOR}: heads with p <= {LEVEL:g} for {sites} random matched sites, {DRAWS} draws a null\n")
    titles = ["matched", "uniform", "matched, ties split", "uniform, ties split", "matched: pass", "uniform: pass"]
    print(" | ".join(["| sites matched to", "residues", "threshold", "heads", *titles]), "|\n|" + "---|" * (len(titles) + 4))
    for name, site in kinds_of_sites(receptor).items():
        for threshold in THRESHOLDS:
            heads, matched, uniform = measure(columns[threshold], np.array(site), codes, sites)
            cells = [percent(matched.share, matched.error), percent(uniform.share, uniform.error)]
            cells += [percent(matched.share_split, matched.error_split), percent(uniform.share_split, uniform.error_split)]
            cells += [f"{null.passing:.2f}" for null in (matched, uniform)]
            print(f"| {name} | {len(site)} | {threshold:g} | {heads} | {' | '.join(cells)} |")


def percent(share: float, error: float) -> str:
    return f"{100 * share:.1f} ± {100 * error:.2f} %"


def kinds_of_sites(receptor) -> dict[str, tuple[int, ...]]:
    """Name -> 0-based residues that random sites are matched to."""
    numbers = receptor.numbers
    conservation = np.nan_to_num(numbers.family_conservation, nan=-1.0)
    kinds = {"sodium pocket": next(s for s in receptor.sites if s.name == "sodium pocket")}
    kinds["G protein interface"] = next(s for s in receptor.sites if s.name == "G protein interface")
    made = {
        f"the {SIZE} most conserved": np.argsort(-conservation, kind="stable")[:SIZE],
        f"{SIZE} residues of TM3": np.flatnonzero(np.array(numbers.segment) == "TM3")[:SIZE],
    }
    known = {name: site_indices(site, receptor.protein, numbers) for name, site in kinds.items()}
    return known | {name: tuple(indices.tolist()) for name, indices in made.items()}


def measure(columns: Columns, site: np.ndarray, codes: np.ndarray, sites: int) -> tuple[int, Rejected, Rejected]:
    """Heads counted, and how often the matched and the uniform null reject random sites matched to `site`."""
    length = len(codes)
    weights, n_arcs = columns.weights.reshape(-1, length), columns.arcs.reshape(-1, length).sum(axis=1)
    counts = np.bincount(codes[site], minlength=codes.max() + 1)
    counted = (n_arcs >= FEWEST_ARCS) & (moments(weights, codes, counts)[1] > 0)
    weights = weights[counted]
    random_sites = draw_sites(codes, counts, sites, SITE_SEED)
    matched = draw_sites(codes, counts, DRAWS, NULL_SEED)
    uniform = draw_sites(np.zeros_like(codes), np.array([len(site)]), DRAWS, NULL_SEED)
    return len(weights), *(rejected(weights, random_sites, null) for null in (matched, uniform))


def rejected(weights: np.ndarray, random_sites: RandomSites, null: RandomSites) -> Rejected:
    observed, drawn = random_sites.weigh(weights), np.sort(null.weigh(weights), axis=1)
    # Sums of float32 weights: what differs by rounding only is a tie, as in allo_core.attention.nulls.
    tolerance = (null.members.shape[1] + 2) * float(np.finfo(np.float32).eps)
    at_least = drawn.shape[1] - _below(drawn, observed * (1 - tolerance), "left")
    above = drawn.shape[1] - _below(drawn, observed * (1 + tolerance), "right")
    part = np.random.default_rng(TIE_SEED).random(observed.shape)
    p = (1 + at_least) / (1 + drawn.shape[1])
    p_split = (above + part * (1 + at_least - above)) / (1 + drawn.shape[1])
    shares = ((values <= LEVEL).mean(axis=0) for values in (p, p_split))
    passing = (benjamini_hochberg(p) < LEVEL).sum(axis=0).mean()
    return Rejected(*(number for share in shares for number in _mean_and_error(share)), float(passing))


def _below(drawn: np.ndarray, bar: np.ndarray, side: str) -> np.ndarray:
    return np.stack([np.searchsorted(row, values, side) for row, values in zip(drawn, bar, strict=True)])


def _mean_and_error(shares: np.ndarray) -> tuple[float, float]:
    """Mean over sites and its standard error."""
    return float(shares.mean()), float(shares.std(ddof=1) / np.sqrt(len(shares)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SITES, sys.argv[2] if len(sys.argv) > 2 else MODEL)
