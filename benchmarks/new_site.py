"""How long it takes from a new site to its scores and verdict: pocket null, beside the matched null.

    python benchmarks/new_site.py [--rounds 8]

Shape of ESM-2 650M (33 layers, 20 heads) on AA2AR (L = 412), made-up column weights: how long it takes does not depend on their values.
Each round asks about a site of a size for which no pockets were grown yet, about one residue more, and about another site of
that size; the seconds of both nulls are taken in turn.  Needs no weights and a few minutes.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.analysis.answer import answer_from_columns
from allo_core.analysis.places import places_of
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.analysis.verdict import plain_verdict, set_phrases
from allo_core.attention.columns import Columns
from allo_core.library.receptors import find_receptor

LAYERS, HEADS = 33, 20
SMALLEST = 5
STEP = 4  # sizes that share one growing of pockets (`allo_core/attention/pockets.py`)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    rounds = parser.parse_args().rounds
    subject = Subject.of(find_receptor("AA2AR").protein)
    places = places_of(subject)
    assert places is not None, "its structure ships"
    shape = (LAYERS, HEADS, len(subject.protein))
    columns = Columns(np.random.default_rng(0).random(shape) ** 8, np.full(shape, 3), 0.3)
    known = np.flatnonzero(np.isfinite(places.positions[:, 0]))
    apart = np.linalg.norm(places.positions[known][:, None] - places.positions[known], axis=-1)
    generator = np.random.default_rng(1)
    taken: dict[str, dict[str, list[float]]] = {}
    for step in range(rounds):
        size = SMALLEST + STEP * step
        first, other = (known[np.argsort(apart[start])] for start in generator.choice(len(known), 2, replace=False))
        asked = {"new size": first[:size], "one residue more": first[: size + 1], "another site of that size": other[: size + 1]}
        for what, site in asked.items():
            for null in ("pocket", "matched"):
                question = Question(subject, tuple(map(int, np.sort(site))), null=null)
                start = time.perf_counter()
                answered = answer_from_columns(question, columns)
                plain_verdict(answered, set_phrases(question.sets, {}), wait=null == "matched")
                taken.setdefault(what, {}).setdefault(null, []).append(time.perf_counter() - start)
    print(f"{LAYERS * HEADS} heads, L = {shape[-1]}, {rounds} rounds: median seconds (largest), and the ratio of the medians")
    for what, both in taken.items():
        pocket, matched = both["pocket"], both["matched"]
        print(
            f"{what:<26} pocket {median(pocket):.2f} ({max(pocket):.2f}), matched {median(matched):.2f} ({max(matched):.2f}), "
            f"ratio {median(pocket) / median(matched):.2f}",
            flush=True,
        )
    every = [seconds for both in taken.values() for seconds in both["pocket"]]
    print(f"all, pocket null: median {median(every):.2f} s")


if __name__ == "__main__":
    main()
