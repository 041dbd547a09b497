"""Which state of a model tells what: the table of docs/sequence.md, with folds over receptors and the stricter ones over homology clusters.

    python benchmarks/layer_table.py [--model ID] [--receptors N] [--seed S]

All residues of N receptors (60) of at most 450 residues, drawn with a seed.  Prints Markdown: accuracy out of five folds ± standard error
over the groups that folds keep together.  About a minute on one core for the model that ships.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.errors import AlloScopeError
from allo_core.learning.folds import group_folds
from allo_core.learning.geometry import linear_cka, participation_ratio
from allo_core.learning.probes import class_task, probe
from allo_core.library.receptors import receptors
from allo_core.models.embeddings import embed
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts.layer_baselines import chances
from allo_core.readouts.layer_properties import library_property
from allo_core.readouts.layer_rows import FOLDS
from allo_core.readouts.library_panel import Panel, clusters_of, numbered_receptors

PROPERTIES = ("residue type", "segment", "TM or not")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--receptors", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        every = numbered_receptors()
        drawn = np.sort(np.random.default_rng(options.seed).choice(len(every), min(options.receptors, len(every)), replace=False))
        panel = panel_of_all(tuple(every[at] for at in drawn))
        model = load_model(options.model)
        states = states_of(model, panel)
    except AlloScopeError as error:
        print(error, file=sys.stderr)
        return 2
    known = np.concatenate([library_property("segment").labels[entry] != "" for entry in panel.receptors])
    rows = np.flatnonzero(known)
    groups = {"receptors": panel.receptor_of_rows[rows], "clusters": clusters_of(panel.receptors)[panel.receptor_of_rows][rows]}
    counts = ", ".join(f"{np.unique(group).size} {name}" for name, group in groups.items())
    print(f"{model.spec.label}: {len(rows)} residues, {counts}, seed {options.seed}\n")
    columns = [f"{name}, by {by}" for name in PROPERTIES for by in groups]
    print(f"| state | {' | '.join(columns)} | participation ratio | CKA to last |\n| --- |{' --- |' * (len(columns) + 2)}")
    tasks = [class_task(np.concatenate([library_property(name).labels[entry] for entry in panel.receptors])[rows]) for name in PROPERTIES]
    for number, state in enumerate(states):
        shape = [f"{participation_ratio(state):.0f}", f"{linear_cka(state, states[-1]):.2f}"]
        print(f"| {number} | {' | '.join(scores(state[rows], tasks, groups) + shape)} |")
    for name, features in chances(panel, rows).items():
        print(f"| {name} | {' | '.join(scores(features, tasks, groups))} | | |")
    return 0


def panel_of_all(names):
    """Every residue of some receptors."""
    return Panel(names, tuple(tuple(range(len(receptors()[entry].protein))) for entry in names))


def states_of(model, panel):
    """States [states, residues, width] of all residues of a panel."""
    numbers = range(model.spec.layers + 1)
    found = [embed(model, receptors()[entry].protein, numbers).states for entry in panel.receptors]
    return np.stack([np.concatenate([one[number] for one in found]) for number in numbers])


def scores(features, tasks, groups):
    """Score and error of each task with each kind of groups, in the order of the columns."""
    by = [probe(features, tasks, group_folds(group, FOLDS), group) for group in groups.values()]
    return [f"{one.value:.3f} ± {one.error:.3f}" for each in zip(*by, strict=True) for one in each]


if __name__ == "__main__":
    sys.exit(main())
