"""How often heads pass over class A for positions where nothing is marked: matched positions, and rank among places of positions.

    python benchmarks/set_places.py [--sites 60] [--size 12] [--entries 280] [--model alloscope_gpcr_8m] [--device cpu]

The sites are those of `benchmarks/pockets.py`, as generic positions: compact, elongated, spread, stretch and scattered ones of one
receptor, and residues near the ligands of the others.  The model runs once over the receptors, then each set of positions is asked of all.
With --timing the time that a new question takes is printed instead: the consensus, and the comparison with places.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _sites import rates, sites_of

from allo_core.analysis.places import places_of
from allo_core.analysis.subject import Subject
from allo_core.attention.control import LEVEL
from allo_core.errors import AlloScopeError
from allo_core.family.consensus import consensus
from allo_core.family.members import positions_set
from allo_core.family.places import rank_set
from allo_core.family.runs import run_set
from allo_core.library.receptors import find_receptor, receptors

THRESHOLDS = (0.3, 0.1, 0.0)
SUBJECT = "ADRB2"  # whose structure the sites are made on
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--size", type=int, default=12)
    parser.add_argument("--entries", type=int, default=280, help="receptors of class A, the first by name")
    parser.add_argument("--model", default="alloscope_gpcr_8m")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--timing", action="store_true")
    options = parser.parse_args()
    entries = [entry for entry, receptor in sorted(receptors().items()) if receptor.receptor_class == "A" and receptor.numbers is not None]
    asked = positions_set("2x50", entries=entries[: options.entries])
    done = run_set(options.model, asked, THRESHOLDS, options.device)
    ran = [member.name for member in done.asked.members]
    for threshold in THRESHOLDS:
        columns = dict(zip(ran, done.columns(threshold), strict=True))
        if options.timing:
            for _ in range(ROUNDS):
                timed("sodium pocket", ran, columns, threshold)
            continue
        for kind, sites in positions_of(options.size, options.sites).items():
            print(f"class A {threshold:g} {kind:<10}", level(sites, ran, columns), flush=True)


def timed(text: str, ran: list[str], columns: dict, threshold: float) -> None:
    """Print how long a question takes whose receptors have all been run."""
    start = time.perf_counter()
    asked = positions_set(text, entries=ran)
    chosen = [columns[member.name] for member in asked.members]
    found = consensus(asked, chosen)
    middle = time.perf_counter()
    rank_set(found, chosen)
    end = time.perf_counter()
    print(f"threshold {threshold:g}, {len(chosen)} receptors: consensus {middle - start:.1f} s, places {end - middle:.1f} s", flush=True)


def positions_of(size: int, count: int) -> dict[str, list[str]]:
    """Sets of generic positions of each kind, in the words of `positions_set`."""
    subject = find_receptor(SUBJECT)
    assert subject.numbers is not None, "it has generic numbers"
    of = Subject.of(subject.protein)
    places = places_of(of)
    assert places is not None, "its structure ships"
    numbered = np.array([number is not None for number in subject.numbers.gpcrdb])
    positions = np.where(numbered[:, None], places.positions, np.nan)
    found: dict[str, list[str]] = {}
    for kind, sites in sites_of(positions, of, size, count).items():
        named = [[subject.numbers.gpcrdb[at] for at in site] for site in sites]
        found[kind] = [" ".join(number for number in site if number) for site in named if all(site)]
    return found


def level(sites: list[str], ran: list[str], columns: dict) -> str:
    """p <= 0.05 over heads and sets, sets for which a head passes, and the most heads that do, by both tests."""
    found: dict[str, list] = {"matched": [], "places": []}
    whole = []
    for text in sites:
        try:
            asked = positions_set(text, entries=ran)
        except AlloScopeError:
            continue
        if len(asked.members) < len(ran) / 2:
            continue
        chosen = [columns[member.name] for member in asked.members]
        over = consensus(asked, chosen)
        told = rank_set(over, chosen)
        if isinstance(told, str) or not told.rank.tested.any():
            continue
        frame, rank = over.frame, told.rank
        found["matched"].append((np.nanmean(frame["p_value"] <= LEVEL), (frame["q_value"] < LEVEL).sum()))
        found["places"].append((np.mean(rank.p_value[rank.tested] <= LEVEL), len(rank.passing)))
        whole.append(rank.global_p <= LEVEL)
    if not whole:
        return "no such set is in half of the receptors"
    return rates(found, whole, "sets")


if __name__ == "__main__":
    main()
