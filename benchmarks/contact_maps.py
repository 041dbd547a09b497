"""How many of the best pairs of a contact map touch: a model's own map, the family's mean map, separation alone, and chance.

    python benchmarks/contact_maps.py [--model ID ...] [--receptors N] [--heads N ...]

One receptor of each cluster of homologues with a known structure (at most 510 residues).  The heads are chosen, and the baselines are
made, on receptors that are no homologues of the one that is asked.  Prints Markdown: means over receptors, behind ± half of a 95 % interval
over them.  About a minute on 2 CPU cores for the model that ships.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.attention.contacts import PARTS, SEPARATIONS, precisions_among
from allo_core.errors import AlloScopeError
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts.contact_heads import HEADS
from allo_core.readouts.contacts import predict_contacts
from allo_core.readouts.family_contacts import family_contacts
from allo_core.readouts.known import unrelated
from allo_core.readouts.separation_contacts import separation_contacts


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", action="append")
    parser.add_argument("--receptors", type=int, default=None, help="only the first N")
    parser.add_argument("--heads", type=int, nargs="*", default=[HEADS], help="how many heads are chosen, where there is no regression")
    options = parser.parse_args()
    try:
        chosen = unrelated()[: options.receptors]
        rows = {}
        for model_id in options.model or [DEFAULT_MODEL, "antiberty"]:
            model = load_model(model_id)
            for count in options.heads if model.contact_regression is None else [0]:
                name = f"{model.spec.label}, {count} heads" if count else model.spec.label
                maps = ((entry, predict_contacts(model, receptors()[entry].protein, count=count).scores) for entry in chosen)
                rows[name] = [_precisions(entry, scores) for entry, scores in maps]
        rows["separation alone"] = [_precisions(entry, _separation(entry)) for entry in chosen]
        rows["family"] = [_precisions(entry, _family(entry)) for entry in chosen]
    except AlloScopeError as error:
        print(error, file=sys.stderr)
        return 2
    heads = " | ".join(f"≥ {separation}, {part}" for separation in SEPARATIONS for part in PARTS)
    print(f"{len(chosen)} receptors\n\n| map | {heads} |\n| --- |{' --- |' * 9}")
    print(f"| random pairs | {' | '.join(_mean([[one.random for one in found] for found in rows['family']], 3))} |")
    for name, found in rows.items():
        print(f"| {name} | {' | '.join(_mean([[value for one in each for value in one.values] for each in found]))} |")
    return 0


def _precisions(entry, scores):
    known = known_contacts()[entry]
    return precisions_among(scores, known.resolved, known.map(len(scores)))


def _family(entry):
    receptor = receptors()[entry]
    found = family_contacts(receptor.protein, receptor.numbers)
    return np.full((len(receptor.protein),) * 2, np.nan) if found is None else found.scores


def _separation(entry):
    receptor = receptors()[entry]
    return separation_contacts(receptor.protein, receptor.numbers)


def _mean(values, times=1):
    table = np.repeat(np.array(values, dtype=float), times, axis=1)
    count = np.isfinite(table).sum(axis=0)
    half = 1.96 * np.nanstd(table, axis=0, ddof=1) / np.sqrt(count)
    return [f"{mean:.3f} ± {error:.3f}" for mean, error in zip(np.nanmean(table, axis=0), half, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
