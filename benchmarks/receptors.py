"""How long a set of receptors takes from a question to its verdict, with the column weights of all its members kept.

    python benchmarks/receptors.py [--rounds 3]

Shape of ESM-2 650M (33 layers, 20 heads), made-up column weights kept as the app keeps them: how long it takes does not depend on their
values.  Two questions: the sodium pocket in all class A receptors with generic numbers, and the library's allosteric sites, each
receptor's own.  Verdict: random matched residues, places that hang together, global p and the sentence; then what the tabs take beside it.
Needs no weights and 2 GB; takes some minutes.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.family.consensus import consensus
from allo_core.family.each import q_values_of_each
from allo_core.family.members import ReceptorSet, fitted, library_set, positions_set
from allo_core.family.places import rank_set
from allo_core.family.swap import swap_control
from allo_core.family.verdict import consensus_verdict
from allo_core.models.registry import get_spec

MODEL = "esm2_t33_650M_UR50D"
THRESHOLD = 0.3


class Kept(Sequence):
    """Made-up columns of each receptor, widened when they are asked for."""

    def __init__(self, asked: ReceptorSet, layers: int, heads: int):
        generator = np.random.default_rng(0)
        shapes = [(layers, heads, len(member.protein)) for member in asked.members]
        self._kept = [
            (generator.random(shape, dtype=np.float32) ** 8, generator.integers(0, 4, shape, dtype=np.uint16)) for shape in shapes
        ]

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, at):
        weights, arcs = self._kept[at]
        return Columns(weights.astype(np.float64), arcs.astype(np.int64), THRESHOLD)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    spec = get_spec(MODEL)
    for name, whole in {"sodium pocket, class A": positions_set("sodium pocket"), "own allosteric sites": library_set()}.items():
        asked = fitted(whole, spec)
        columns = Kept(asked, spec.layers, spec.heads)
        print(f"{name}: {len(asked.members)} receptors, {spec.layers * spec.heads} heads; median seconds (largest) of {rounds}")
        taken: dict[str, list[float]] = {}
        for _ in range(rounds):
            start = time.perf_counter()
            found = consensus(asked, columns)
            matched = time.perf_counter()
            consensus_verdict(found, asked.title, places=rank_set(found, columns))
            verdict = time.perf_counter()
            q_values_of_each(asked.members, columns)
            each = time.perf_counter()
            swap_control(found, columns)
            for what, seconds in {
                "question to verdict": verdict - start,
                "random matched residues": matched - start,
                "places that hang together": verdict - matched,
                "beside it: each receptor alone": each - verdict,
                "beside it: sites of other receptors": time.perf_counter() - each,
            }.items():
                taken.setdefault(what, []).append(seconds)
        for what, seconds in taken.items():
            print(f"  {what:36} {median(seconds):.1f} ({max(seconds):.1f})", flush=True)


if __name__ == "__main__":
    main()
