"""The same benchmark in two checkouts, in turn, so that a machine whose speed drifts disturbs both alike.

    python benchmarks/alternately.py OTHER_CHECKOUT [--rounds 5] -- attention.py
    python benchmarks/alternately.py OTHER_CHECKOUT -- batch.py --speed-only

Each checkout runs its own file of this name, with this Python.  Every number that the benchmark prints is taken as often as there are
rounds; for each line its medians in this checkout and in the other one are printed, and their ratio.
"""

import argparse
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("command", nargs="+", help="the benchmark's file name and its options")
    options = parser.parse_args()
    checkouts = {"this": ROOT, "other": options.other.resolve()}
    lines: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(options.rounds):
        order = list(checkouts) if turn % 2 else list(reversed(checkouts))
        for name in order:
            for label, numbers in measured(checkouts[name], options.command):
                lines[label][name].append(numbers)
    for label, found in lines.items():
        if {len(numbers) for name in checkouts for numbers in found[name]} == {label.count("#")}:
            print(label)
            for this, other in zip(*(zip(*found[name], strict=True) for name in checkouts), strict=True):
                mine, theirs = median(this), median(other)
                print(f"    {mine:10.4g} {theirs:10.4g}   ratio {mine / theirs if theirs else float('nan'):.3f}")


def measured(checkout: Path, command: list[str]) -> list[tuple[str, list[float]]]:
    """Each line that the benchmark prints: its text with # for each number, and the numbers."""
    script, *options = command
    done = subprocess.run(
        [sys.executable, str(checkout / "benchmarks" / script), *options], cwd=checkout, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{script} failed in {checkout}:\n{done.stderr[-2000:]}")
    return [
        (_NUMBER.sub("#", line).strip(), [float(number.replace(",", "")) for number in _NUMBER.findall(line)])
        for line in done.stdout.splitlines()
        if _NUMBER.search(line)
    ]


if __name__ == "__main__":
    main()
