"""Write the averages and templates that ship, and how good they are, from the collected structures.

    python -m allo_core.folding.build SOURCE_FOLDER

SOURCE_FOLDER holds gpcr_structures_ca_cb.npz (`allo_core.folding.source_table`): wwPDB entries (CC0), models of the AlphaFold Protein
Structure Database (CC BY 4.0), states of GPCRdb (CC BY 4.0).  What is written to allo_core/data/: folds.npz.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from allo_core.folding.averaging import PairDistances, averaged
from allo_core.folding.shipped import ANY, FEWEST_RECEPTORS, FOLDS, STATES, AverageState, Template, write_folds
from allo_core.folding.source_table import Placed, SourceTable, best_of_each
from allo_core.library.receptors import DATA

__all__ = ["average_sources", "template_of", "write_shipped_folds"]

_SOURCE = "gpcr_structures_ca_cb.npz"


def average_sources(structures: Sequence[Placed], receptor_class: str, state: AverageState) -> list[Placed]:
    """What an average is made of: the experiments in a state, or, for any state, the AlphaFold models, whose state is not labelled."""
    of_class = [one for one in structures if one.receptor_class == receptor_class]
    return [one for one in of_class if (not one.experimental if state == ANY else one.experimental and one.state == state)]


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


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    table = SourceTable(parser.parse_args().source / _SOURCE)
    averages, experiments = write_shipped_folds(table, DATA)
    print(f"{FOLDS}: {averages} averages, {experiments} templates")


if __name__ == "__main__":
    main()
