"""What averages and templates are worth on receptors that they have not seen, beside AlphaFold models and the receptor's other state.

    python benchmarks/folds_family.py SOURCE_FOLDER [--above 0.4]

SOURCE_FOLDER holds gpcr_structures_ca_cb.npz.  Each receptor and state is judged by its experiment with most numbered residues, at numbered
residues alone.  An average is made without the judged receptor and all that share more than `--above` of their residues with it (1: without
the receptor alone); a template is the nearest other receptor, whatever its identity.  Means, with 95 % intervals from 2,000 resamples of
groups of homologues (single linkage above 40 % identity); a receptor with several states counts as the mean of them.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.folding.held_out import Case, held_out_cases
from allo_core.folding.source_table import SourceTable
from allo_core.learning.compare import estimate, group_draws
from allo_core.library.families import family_of_name
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities

# Row -> which cases.
ROWS: dict[str, Callable[[Case], bool]] = {
    "AlphaFold model": lambda case: case.method == "alphafold",
    "average, any state (AlphaFold models)": lambda case: case.method == "family" and case.asked == "any",
    "average of the same state (experiments)": lambda case: case.method == "family" and case.asked == case.state,
    "average of the other state": lambda case: case.method == "family" and case.asked not in (case.state, "any"),
    "nearest template, any state": lambda case: threaded(case) and case.asked == "any",
    "nearest template of the same state": lambda case: threaded(case) and case.asked == case.state,
    "nearest template of the other state": lambda case: threaded(case) and case.asked not in (case.state, "any"),
    "own structure in the other state": lambda case: case.method == "other state",
}
BY_FAMILY = tuple(ROWS)[:3] + tuple(ROWS)[5:6]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--above", type=float, default=HOMOLOGUE_IDENTITY)
    options = parser.parse_args()
    table = SourceTable(options.source / "gpcr_structures_ca_cb.npz")
    for receptor_class in "ABC":
        cases = [case for case in held_out_cases(table, receptor_class, options.above) if case.state in ("active", "inactive")]
        by_class(receptor_class, cases)
        if receptor_class == "A":
            for state in ("active", "inactive"):
                by_class(f"A, {state} experiments", [case for case in cases if case.state == state])
            by_family(cases)


def threaded(case: Case) -> bool:
    """Whether the template is the nearest of all other receptors."""
    return case.method == "template" and case.bin is None


def by_class(name: str, cases: Sequence[Case]) -> None:
    print(f"\nClass {name}\n\n| fold | receptors | TM-score | lDDT | placed |\n|---|---|---|---|---|")
    for row, chosen in ROWS.items():
        found = [case for case in cases if chosen(case)]
        if found:
            entries = sorted({case.receptor for case in found})
            weights = group_draws(identities([receptors()[entry] for entry in entries]) > HOMOLOGUE_IDENTITY)[1]
            tm, lddt, drawn = (estimate(mean_of_each(found, entries, measure), weights) for measure in ("tm", "lddt", "drawn"))
            print(f"| {row} | {len(entries)} | {interval(tm)} | {interval(lddt)} | {drawn.value:.0%} |", flush=True)


def by_family(cases: Sequence[Case]) -> None:
    """Means of the ligand families of class A, TM-score and lDDT; no interval, since most have one or two receptors."""
    families: dict[str, list[str]] = {}
    for entry in sorted({case.receptor for case in cases}):
        families.setdefault(family_of_name(receptors()[entry].name) or "orphans and others", []).append(entry)
    print(f"\n| family (TM-score / lDDT) | receptors | {' | '.join(BY_FAMILY)} |\n|---|---|{'---|' * len(BY_FAMILY)}")
    for family, entries in sorted(families.items()):
        cells = []
        for row in BY_FAMILY:
            found = [case for case in cases if ROWS[row](case) and case.receptor in entries]
            known = sorted({case.receptor for case in found})
            both = [mean_of_each(found, known, measure).mean() for measure in ("tm", "lddt")] if known else []
            cells.append(" / ".join(f"{value:.2f}" for value in both) or "not tested")
        print(f"| {family} | {len(entries)} | {' | '.join(cells)} |")


def mean_of_each(cases: Sequence[Case], entries: Sequence[str], measure: str) -> np.ndarray:
    """Mean over the states of each receptor, shape (receptors,)."""
    return np.array([np.mean([getattr(case, measure) for case in cases if case.receptor == entry]) for entry in entries])


def interval(found) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    main()
