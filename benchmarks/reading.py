"""Three readers at once (a kept attention run, the hidden states of all layers, the logits) against the attention run alone.

    python benchmarks/reading.py

ESM-2 650M shape (33 layers, 20 heads, width 1280), random weights, float32, CPU, L = 412: in turns in one process, so that a busy machine
disturbs both.  Needs 4 GB of memory and 1 GB of disk; takes a few minutes.
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from _measure import processor_seconds
from attention import MODEL, SHARPNESS, SHORT, protein

from allo_core.models.language_model import ProteinLanguageModel, random_module
from allo_core.models.readers import LogitsReader, StatesReader
from allo_core.models.reading import Reader, read
from allo_core.models.registry import get_spec
from allo_core.models.weights import locate
from allo_core.runs.extract import meta_of
from allo_core.runs.store import delete_run
from allo_core.runs.writer import RunReader, RunWriter

REPEATS = 7


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        alone, together, bare = measure(sharpened_model())
    ratios = [three / one for one, three in zip(alone, together, strict=True)]
    rows = [
        (f"processor time of three readers / the attention run alone, L = {SHORT}", f"{median(ratios):.3f}", "<= 1.05"),
        ("    each pair", " ".join(f"{ratio:.3f}" for ratio in ratios), ""),
        ("    seconds of three readers, of the attention run", f"{median(together):.2f} {median(alone):.2f}", ""),
        ("    seconds of the hidden states and the logits without the run", f"{median(bare):.2f}", ""),
    ]
    width = max(len(row[0]) for row in rows)
    for what, value, limit in rows:
        print(f"{what:<{width}}  {value:<22} {limit}")


def measure(model: ProteinLanguageModel) -> tuple[list[float], list[float], list[float]]:
    """Processor seconds of each turn: the run alone, three readers, the two readers without the run."""
    kept_run(model, 0, 32, [])  # what libraries set up once
    alone, together, bare = [], [], []
    for seed in range(1, REPEATS + 1):
        steps = [
            (alone, lambda seed=seed: kept_run(model, seed, SHORT, [])),
            (together, lambda seed=seed: kept_run(model, seed, SHORT, others(model))),
        ]
        for times, step in steps if seed % 2 else reversed(steps):  # neither is always the first
            times.append(processor_seconds(step))
        bare.append(processor_seconds(lambda seed=seed: read(model, protein(seed, SHORT), others(model))))
    return alone, together, bare


def others(model: ProteinLanguageModel) -> list[Reader]:
    return [StatesReader(range(model.spec.layers + 1)), LogitsReader()]


def kept_run(model: ProteinLanguageModel, seed: int, length: int, readers: list[Reader]) -> None:
    """One attention run as it is kept, read along by others; it is deleted again."""
    chain = protein(seed, length)
    with RunWriter(meta_of(model, chain)) as writer:
        read(model, chain, [RunReader(writer), *readers])
        maps = writer.commit()
    delete_run(maps.meta.key)


def sharpened_model() -> ProteinLanguageModel:
    spec = get_spec(MODEL)
    module = random_module(spec, 0).requires_grad_(False)
    for name, parameter in module.named_parameters():
        if name.endswith(("query.weight", "key.weight")):
            parameter.mul_(SHARPNESS[SHORT])
    return ProteinLanguageModel(spec, module, "float32", locate(spec), f"random, sharpness {SHARPNESS[SHORT]}")


if __name__ == "__main__":
    main()
