"""What probabilities and embeddings cost: time of the probabilities that an attention run leaves, of masked passes, memory of all states.

    python benchmarks/sequence_costs.py [--rounds 25]

Probabilities and masked passes: the model that ships, AA2AR, in turns in one process.  Memory: `embed` of all states at the shape of ESM-2
650M with random weights, L = 1022, in a process of its own.  Needs Linux and 4 GB of memory; takes a few minutes.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from _measure import Peak, in_fresh_process, processor_seconds
from attention import LONG, protein
from reading import sharpened_model

from allo_core.library.receptors import find_receptor
from allo_core.models.embeddings import embed
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.probabilities import ProbabilitiesReader, residue_probabilities
from allo_core.models.readers import AttentionReader
from allo_core.models.reading import read
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.models.tokens import encode
from allo_core.runs.cost import cost_of_probabilities
from allo_core.runs.extract import keep_run, meta_of
from allo_core.runs.store import delete_run
from allo_core.runs.writer import RunReader, RunWriter

_MASKED = 8  # residues a round
RECEPTOR = find_receptor("AA2AR").protein


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        times = measure_times(load_model(DEFAULT_MODEL, device="cpu"), options.rounds)
        memory = in_fresh_process(__file__, "memory")
    ratio = median(kept / alone for kept, alone in zip(times["kept"], times["alone"], strict=True))
    gain = median(one / all_heads for one, all_heads in zip(times["masked"], times["all heads"], strict=True))
    run, masked = median(times["kept"]), median(times["masked"]) / _MASKED
    said = cost_of_probabilities(load_model(DEFAULT_MODEL).spec, len(RECEPTOR), True, run_seconds=run).seconds
    rows = [
        ("processor time of a run that keeps probabilities / of one that does not", f"{ratio:.3f}", "<= 1.1"),
        ("    seconds of each", f"{run:.3f} {median(times['alone']):.3f}", ""),
        ("processor seconds of one masked pass, of all of them", f"{masked:.3f} {masked * len(RECEPTOR):.0f}", ""),
        ("    all of them, as told from the run before they start", f"{said:.0f}", ""),
        ("    of them / of passes that hold the maps of all heads at once", f"{gain:.3f}", ""),
        (f"MB above the loaded model, {memory['states']} states, L = {LONG}", f"{memory['megabytes']:.0f}", "<= 250"),
        ("    of which the states are", f"{memory['kept']:.0f}", ""),
    ]
    width = max(len(row[0]) for row in rows)
    for what, value, limit in rows:
        print(f"{what:<{width}}  {value:<14} {limit}")


def measure_times(model: ProteinLanguageModel, rounds: int) -> dict[str, list[float]]:
    """Processor seconds of each turn: a run with and without probabilities, and some masked passes."""
    steps: dict[str, Callable[[], object]] = {
        "kept": lambda: delete_run(keep_run(model, RECEPTOR).meta.key),
        "alone": lambda: attention_alone(model),
        "masked": lambda: residue_probabilities(model, RECEPTOR, True, range(_MASKED)),
        "all heads": lambda: masked_with_maps(model),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name in steps if turn % 2 else reversed(steps):  # neither is always the first
            seconds = processor_seconds(steps[name])
            if turn:  # the first round warms up
                times[name].append(seconds)
    return times


def attention_alone(model: ProteinLanguageModel) -> None:
    """One attention run as it was kept before probabilities were; it is deleted again."""
    with RunWriter(meta_of(model, RECEPTOR)) as writer:
        read(model, RECEPTOR, [RunReader(writer)])
        maps = writer.commit()
    delete_run(maps.meta.key)


def masked_with_maps(model: ProteinLanguageModel) -> None:
    """The same masked passes with somebody who wants the maps, as all passes were once worked out."""
    tokens, maps = encode(model.spec.family, RECEPTOR), AttentionReader(lambda layer, attention: None)
    for residue in range(_MASKED):
        read(model, tokens.masked([residue]), [ProbabilitiesReader(), maps])


def measure_memory() -> dict[str, float]:
    model = sharpened_model()
    states = range(model.spec.layers + 1)
    embed(model, protein(0, 32), states)  # what libraries set up once
    with Peak() as peak:
        found = embed(model, protein(1, LONG), states)
    kept = sum(state.nbytes for state in found.states.values())
    return {"megabytes": peak.megabytes, "kept": kept / 1e6, "states": len(found.states)}


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        print(json.dumps(measure_memory()))
    else:
        main()
