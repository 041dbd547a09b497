"""Write the averages and templates that ship, and how good they are, from the collected structures.

    python -m allo_core.folding.build SOURCE_FOLDER

SOURCE_FOLDER holds gpcr_structures_ca_cb.npz (`allo_core.folding.source_table`): wwPDB entries (CC0), models of the AlphaFold Protein
Structure Database (CC BY 4.0), states of GPCRdb (CC BY 4.0).  What is written to allo_core/data/: folds.npz and
fold_calibration.json; the second takes three minutes, since averages are made again without each receptor that judges.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from allo_core.folding.averaging import PairDistances, averaged
from allo_core.folding.calibration import CALIBRATION, Expectation, write_calibration
from allo_core.folding.held_out import Case, held_out_cases
from allo_core.folding.ranges import range_of
from allo_core.folding.shipped import ANY, FEWEST_RECEPTORS, FOLDS, STATES, AverageState, Template, write_folds
from allo_core.folding.source_table import Placed, SourceTable, average_sources, best_of_each
from allo_core.library.receptors import DATA

__all__ = ["expectations", "template_of", "write_shipped_folds"]

_SOURCE = "gpcr_structures_ca_cb.npz"


def template_of(one: Placed) -> Template:
    """An experiment as it ships."""
    return Template(one.receptor, one.entry, one.receptor_class, one.state, one.identity, one.resolution, one.index, one.xyz)


def write_shipped_folds(table: SourceTable, target: Path) -> tuple[int, int]:
    """Write folds.npz; returns how many averages and templates it holds.

    Parameters
    ----------
    table : SourceTable
    target : Path
        The folder of the file.
    """
    averages: dict[tuple[str, AverageState], PairDistances] = {}
    counts: dict[tuple[str, AverageState], int] = {}
    for receptor_class in sorted({one.receptor_class for one in table.structures}):
        positions = table.positions(receptor_class)
        for state in STATES:
            sources = average_sources(table.structures, receptor_class, state)
            counts[receptor_class, state] = len({one.receptor for one in sources})
            if counts[receptor_class, state] >= FEWEST_RECEPTORS:
                averages[receptor_class, state] = averaged(positions, [(one.receptor, one.at(positions)) for one in sources])
    experiments = [template_of(one) for one in best_of_each(table.structures)]
    write_folds(target / FOLDS, averages, counts, experiments)
    return len(averages), len(experiments)


def expectations(cases: Sequence[Case]) -> tuple[Expectation, ...]:
    """What can be expected of each method, class, state and bin of identities that has a case.

    A fold that was asked for in a state is judged by the experiments in it, one for any state by all experiments.

    Parameters
    ----------
    cases : sequence of Case
        Of one class or more.
    """
    groups: dict[tuple[str, str, str, tuple[float, float]], list[Case]] = {}
    for case in cases:
        of_fold = case.method == "family" or (case.method == "template" and case.bin is not None)
        if of_fold and case.asked in (ANY, case.state):
            groups.setdefault((case.method, case.receptor_class, case.asked, case.bin or (0.0, 0.0)), []).append(case)
    return tuple(
        _expectation(method, receptor_class, asked, limits, group)
        for (method, receptor_class, asked, limits), group in sorted(groups.items())
    )


def _expectation(method: str, receptor_class: str, asked: str, limits: tuple[float, float], group: Sequence[Case]) -> Expectation:
    count = len({case.receptor for case in group})
    tm, lddt = (range_of([getattr(case, measure) for case in group], count) for measure in ("tm", "lddt"))
    return Expectation(method, receptor_class, asked, *limits, count, tm, lddt)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    table = SourceTable(parser.parse_args().source / _SOURCE)
    averages, experiments = write_shipped_folds(table, DATA)
    print(f"{FOLDS}: {averages} averages, {experiments} templates", flush=True)
    classes = sorted({one.receptor_class for one in table.structures if one.experimental})
    cases = [case for receptor_class in classes for case in held_out_cases(table, receptor_class)]
    rows = expectations(cases)
    write_calibration(DATA / CALIBRATION, rows)
    print(f"{CALIBRATION}: {len(rows)} rows, {len(cases)} cases")


if __name__ == "__main__":
    main()
