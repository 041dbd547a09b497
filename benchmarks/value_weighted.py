"""What value-weighted attention changes: the sodium pocket of two receptors by attention and by value-weighted attention.

    python benchmarks/value_weighted.py [--receptors AA2AR ADRB2] [--model ...]

Prints the two tables of docs/value-weighted.md; threshold 0 for both, matched null.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from scipy.stats import spearmanr

from allo_core.analysis.answer import Answer, answer
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.head import Head
from allo_core.attention.site_rank import SiteRank
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.runs.extract_norms import run_weighted
from allo_core.runs.weighted import WeightedMaps

SITE = "sodium pocket"
_TOP = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--receptors", nargs="+", default=["AA2AR", "ADRB2"])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        report(options)


def report(options: argparse.Namespace) -> None:
    """Run the model and print both tables."""
    print(f"{get_spec(options.model).label}, {SITE}, threshold 0, matched null\n")
    runs = {entry: run_weighted(options.model, find_receptor(entry).protein)[0] for entry in options.receptors}
    answers = {entry: both(entry, weighted) for entry, weighted in runs.items()}
    print("| receptor | counted | heads that pass | smallest q | pass among pockets | heads with p <= 0.05 | global p |")
    print("|---|---|---|---|---|---|---|")
    for entry, pair in answers.items():
        for name, found in zip(("attention", "value-weighted"), pair, strict=True):
            print(f"| {entry} | {name} | {passing(found)} | {found.scores.frame['q_value'].min():.2g} | {places(found)} |")
    print(
        f"\n| receptor | Spearman of SNR over heads | top {_TOP} shared | received and norm, within a head | largest norm over smallest |"
    )
    print("|---|---|---|---|---|")
    for entry, pair in answers.items():
        print(f"| {entry} | {alike(*pair)} | {within(runs[entry])} |")


def both(entry: str, weighted: WeightedMaps) -> tuple[Answer, Answer]:
    """The answers by attention and by value-weighted attention."""
    subject = Subject.of(find_receptor(entry).protein)
    plain, value = (
        Question(subject, subject.sites[SITE], threshold=0.0, null="matched", weighting=weighting) for weighting in ("attention", "value")
    )
    return answer(plain, weighted.attention), answer(value, weighted)


def passing(found: Answer) -> str:
    heads = [Head(int(row.layer), int(row.head)).text for row in found.scores.passing().itertuples()]
    return f"{len(heads)}: {', '.join(heads)}" if heads else "0"


def places(found: Answer) -> str:
    rank = found.pockets
    if not isinstance(rank, SiteRank):
        return f"{rank} | | "
    return f"{len(rank.passing)} | {rank.n_low} | {rank.global_p:.2g}"


def alike(plain: Answer, value: Answer) -> str:
    first, second = plain.scores.frame["snr"], value.scores.frame["snr"]
    defined = first.notna() & second.notna()
    shared = len(set(first.nlargest(_TOP).index) & set(second.nlargest(_TOP).index))
    return f"{spearmanr(first[defined], second[defined]).statistic:.2f} ({defined.sum()} heads) | {shared}"


def within(weighted: WeightedMaps) -> str:
    """Median over heads: rank correlation of attention received and value norm over residues, and the range of the norms."""
    received, norms = weighted.attention.columns(0.0).weights, weighted.norms.norms()
    length = received.shape[-1]
    pairs = zip(received.reshape(-1, length), norms.reshape(-1, length), strict=True)
    correlations = [spearmanr(column, norm).statistic for column, norm in pairs]
    return f"{np.median(correlations):+.2f} | {np.median(norms.max(axis=-1) / norms.min(axis=-1)):.1f}"


if __name__ == "__main__":
    main()
