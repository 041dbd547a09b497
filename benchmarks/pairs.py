"""Models of pairs: time of an epoch and of a question, memory with few and with many pairs, and how models compare in time.

    python benchmarks/pairs.py [--width 320 --pairs 800]

Vectors are random: time and memory do not depend on what they say. An epoch is one over all pairs, with the settings of `pairs train`.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.interaction.architectures import Architecture, build, published, smaller, tokens_for
from allo_core.interaction.cuts import SEGMENTS
from allo_core.interaction.learn import learn, predict_logits
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.protein.sequence import Protein
from benchmarks._measure import Peak, in_fresh_process

_PROTEINS = 255
_EPOCHS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--pairs", type=int, default=800)
    parser.add_argument("--memory", type=int, metavar="PAIRS", help="memory of an epoch of so many pairs alone")
    options = parser.parse_args()
    width = options.width
    if options.memory is not None:
        print(json.dumps({"megabytes": memory(smaller("amps", width, marks=True), options.memory)}))
        return
    models = {
        "mean of the segments": smaller("mean", width),
        "ESM2_DPM": published("dpm", width),
        "ESM2_GRU, 2 layers": smaller("gru", width),
        "ESM2_AMPS, 1 layer": smaller("amps", width, layers=1, marks=True),
        "ESM2_AMPS, 2 layers (pairs train)": smaller("amps", width, marks=True),
        "ESM2_AMPS as published, 6 layers": published("amps", width),
    }
    seconds = {name: timed(name, model, options.pairs) for name, model in models.items()}
    usual = seconds["ESM2_AMPS, 2 layers (pairs train)"]
    print("times of an epoch, over that of pairs train: " + ", ".join(f"{name} {one / usual:.2f}" for name, one in seconds.items()))
    counts = (options.pairs, 10 * options.pairs)
    few, many = (in_fresh_process(__file__, "--width", width, "--memory", count)["megabytes"] for count in counts)
    print(f"memory of an epoch: {few:.0f} MB with {counts[0]:,} pairs, {many:.0f} MB with {counts[1]:,} ({many / few:.2f} times)")


def timed(name: str, model: Architecture, count: int) -> float:
    """Seconds of an epoch, and what a question takes."""
    inputs, rows = random_inputs(model, count), np.arange(count)
    settings = LearningSettings(epochs=1)
    learn(inputs, rows, rows[:64], model, settings)  # what torch does once
    start = time.perf_counter()
    learn(inputs, rows, rows[:64], model, replace(settings, epochs=_EPOCHS))
    epoch = (time.perf_counter() - start) / _EPOCHS
    module = build(model, 0)
    start = time.perf_counter()
    predict_logits(module, inputs, rows[:4])
    asked = time.perf_counter() - start
    parameters = sum(values.numel() for values in module.parameters())
    print(f"{name}: {parameters:,} parameters, {epoch:.2f} s an epoch of {count:,} pairs, {asked * 1000:.1f} ms for 4 pairs")
    return epoch


def memory(model: Architecture, count: int) -> float:
    """MB above the start, at most, while one epoch is learnt."""
    inputs, rows = random_inputs(model, count), np.arange(count)
    with Peak() as peak:
        learn(inputs, rows, rows[:64], model, LearningSettings(epochs=1))
    return peak.megabytes


def random_inputs(model: Architecture, count: int) -> PairInputs:
    rng = np.random.default_rng(0)
    names = ("mean", *SEGMENTS)
    tokens = TokenVectors(names, rng.normal(size=(_PROTEINS, len(names), model.width)).astype(np.float32)).pick(tokens_for(model.kind))
    members = tuple(Protein(f"p{number}", "A") for number in range(_PROTEINS))
    first, second = rng.integers(0, _PROTEINS, (2, count))
    pairs = PairSet(members, first, second, rng.integers(0, 2, count))
    return PairInputs(pairs, tokens, tokens)


if __name__ == "__main__":
    main()
