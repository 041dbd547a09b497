"""What each option of the trunk costs: peak memory and processor time of a forward and a backward pass, beside the plain trunk.

    python benchmarks/trunk.py [--length 340] [--rounds 3]
    python benchmarks/trunk.py --quality 400       # instead: the same short training with each option

Two layers of width 32, 8 aligned sequences where there is a track for them, float32, CPU, one thread, random numbers, no mask.  Memory is
the highest resident memory (VmHWM, Linux) of a process of its own less that before the pass, with every block of 1 MB or more given back
to the system when it is freed, so that it is what the pass holds; a process may have 12 GB.  Time is taken in turns in one process, and
a ratio is the median over turns, so that a busy machine disturbs all alike.  Takes some five minutes on an idle core.
"""

import argparse
import json
import os
import resource
import sys
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MALLOC_MMAP_THRESHOLD_"] = str(1 << 20)  # read by the processes that measure memory
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from _measure import in_fresh_process, processor_seconds

ROWS, MOST = 8, 12_000_000_000
SAVES = 0.95  # a ratio above it saves nothing
# What each option is, and which other one it is meant to be cheaper than.
OPTIONS: dict[str, tuple[dict, str | None]] = {
    "plain": ({}, None),
    "sparse in all layers": ({"sparse": (True, True)}, "plain"),
    "sparse in half of the layers": ({"sparse": (True, False)}, "plain"),
    "reversible": ({"reversible": True}, "plain"),
    "MSA": ({"msa": True}, None),
    "MSA, inter_msa": ({"msa": True, "inter_msa": True}, None),
    "MSA, compression 4": ({"msa": True, "compression": 4}, "MSA"),
    "MSA, reversible": ({"msa": True, "reversible": True}, "MSA"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--length", type=int, default=340)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quality", type=int, metavar="STEPS", help="train a distance head with each option in so many steps instead")
    parser.add_argument("--memory-of", choices=OPTIONS, help="measure this option in this process (asked by the benchmark itself)")
    options = parser.parse_args()
    if options.memory_of:
        print(json.dumps(peak_of(options.memory_of, options.length)))
        return
    if options.quality:
        from _trunk_quality import print_quality  # needs torch, which the process that only asks others does not

        print_quality({name: option for name, (option, _) in OPTIONS.items()}, options.quality)
        return
    memory = {name: in_fresh_process(__file__, "--memory-of", name, "--length", options.length)["megabytes"] for name in OPTIONS}
    seconds = times([name for name in OPTIONS if memory[name] is not None], options.length, options.rounds)
    print(f"L = {options.length}, forward and backward\n")
    print("| option | peak memory, MB | / plain | processor time, s | / plain | saves |\n|---|---|---|---|---|---|")
    for name, (_, instead) in OPTIONS.items():
        if memory[name] is None:
            print(f"| {name} | does not fit in {MOST / 1e9:.0f} GB | | | | not measured |")
            continue
        told = [f"{memory[name]:.0f}", of(memory, name, "plain"), f"{median(seconds[name]):.1f}", of(seconds, name, "plain")]
        print(f"| {name} | {' | '.join(told)} | {verdict(name, instead, memory, seconds)} |")


def peak_of(name: str, length: int) -> dict[str, float | None]:
    """MB that a pass needs beyond what the process has before it; None: more than it may have."""
    work = passes(name)
    work(32)  # what libraries set up once
    resource.setrlimit(resource.RLIMIT_DATA, (MOST, MOST))
    before = _highest_kb()
    try:
        work(length)
    except RuntimeError as error:  # torch has no error of its own for the CPU
        if "alloc" not in str(error):
            raise
        return {"megabytes": None}
    return {"megabytes": (_highest_kb() - before) * 1024 / 1e6}


def times(names: list[str], length: int, rounds: int) -> dict[str, list[float]]:
    """Processor seconds of each option in each turn; every other turn begins at the end."""
    work = {name: passes(name) for name in names}
    for each in work.values():
        each(32)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 else reversed(names):
            seconds[name].append(processor_seconds(lambda name=name: work[name](length)))
    return seconds


def passes(name: str):
    """A function of the length: one forward and one backward pass of a trunk with this option."""
    import torch  # not by the process that only asks others

    from allo_core.trunk.trunk import Trunk
    from allo_core.trunk.trunk_settings import TrunkSettings

    torch.manual_seed(0)
    settings = TrunkSettings(**OPTIONS[name][0])
    trunk = Trunk(settings)

    def work(length: int) -> None:
        pair = torch.randn(1, length, length, settings.width)
        msa = torch.randn(1, ROWS, length, settings.width) if settings.msa else None
        trunk(pair, None, msa).sum().backward()
        trunk.zero_grad()

    return work


def ratio(values: dict, name: str, other: str) -> float:
    """Of one number each, or the median over turns."""
    if isinstance(values[name], list):
        return median(one / another for one, another in zip(values[name], values[other], strict=True))
    return values[name] / values[other]


def of(values: dict, name: str, other: str) -> str:
    return f"{ratio(values, name, other):.2f}" if values.get(other) else "not measured"


def verdict(name: str, instead: str | None, memory: dict, seconds: dict) -> str:
    """What an option saves of the trunk that it is meant to be cheaper than."""
    if instead is None:
        return "not meant to" if name != "plain" else ""
    if memory[instead] is None:
        return f"memory: {instead} does not fit"
    ratios = {"memory": ratio(memory, name, instead), "time": ratio(seconds, name, instead)}
    saved = [f"{what} ({value:.2f} of {instead})" for what, value in ratios.items() if value <= SAVES]
    lost = [f"{what} ({value:.2f} of {instead})" for what, value in ratios.items() if value > SAVES]
    return f"{' and '.join(saved)}; no {' and no '.join(lost)}" if saved and lost else " and ".join(saved) or f"nothing: {', '.join(lost)}"


def _highest_kb() -> int:
    return int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    main()
