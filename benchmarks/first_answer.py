"""How long the first look takes: load a model that comes with the app, run it on a receptor, score its heads.

    python benchmarks/first_answer.py [REPEATS]

Each repeat is a process of its own with an empty cache folder, so that nothing is kept from the one before.  Imports are not counted; they
are printed beside the rest.  Prints the median and the ratio to AntiBERTy, whose weights come with its package.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ("alloscope_gpcr_8m", "antiberty")
RECEPTOR, SITE = "AA2AR", "sodium pocket"
REPEATS = 5
PARTS = ("imports", "load", "run", "score")


def main(repeats: int) -> None:
    medians = {}
    for model in MODELS:
        times = [_in_a_new_process(model) for _ in range(repeats)]
        medians[model] = {part: statistics.median(time[part] for time in times) for part in PARTS}
    print(f"{RECEPTOR}, {SITE}, CPU, median of {repeats} processes, seconds\n")
    print(f"| model | {' | '.join(PARTS)} | load + run + score | / {MODELS[-1]} |\n|{'---|' * (len(PARTS) + 3)}")
    whole = {model: sum(times[part] for part in PARTS[1:]) for model, times in medians.items()}
    for model, times in medians.items():
        cells = [f"{times[part]:.2f}" for part in PARTS] + [f"{whole[model]:.2f}", f"{whole[model] / whole[MODELS[-1]]:.2f}"]
        print(f"| {model} | {' | '.join(cells)} |")


def _in_a_new_process(model: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as home:
        environment = {**os.environ, "ALLOSCOPE_HOME": home}
        done = subprocess.run(
            [sys.executable, __file__, "--one", model], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
    return json.loads(done.stdout)


def _measure(model: str) -> dict[str, float]:
    """Seconds of each part, in this process."""
    from time import perf_counter

    marks = [perf_counter()]
    import pandas  # noqa: F401
    import torch
    import transformers.models.bert.modeling_bert
    import transformers.models.esm.modeling_esm  # noqa: F401

    sys.path.insert(0, str(ROOT))
    from allo_core.attention.scores import score_heads
    from allo_core.library.receptors import find_receptor
    from allo_core.library.sites import site_indices
    from allo_core.models.language_model import load_model
    from allo_core.runs.extract import extract_attention

    torch.zeros(1)
    receptor = find_receptor(RECEPTOR)
    site = next(site for site in receptor.sites if site.name == SITE)
    indices = site_indices(site, receptor.protein, receptor.numbers)
    marks.append(perf_counter())
    loaded = load_model(model, device="cpu")
    marks.append(perf_counter())
    maps = extract_attention(loaded, receptor.protein)
    marks.append(perf_counter())
    columns, strata = maps.columns(0.3), receptor.numbers.strata()
    if score_heads(columns, indices, "matched", strata).control is None:
        raise RuntimeError("the matched null has a control")
    marks.append(perf_counter())
    return dict(zip(PARTS, (b - a for a, b in itertools.pairwise(marks)), strict=True))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(_measure(sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS)
