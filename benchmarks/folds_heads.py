"""What do the heads know? The fold that attention holds, beside chance and the family average, and without the best heads.

    python benchmarks/folds_heads.py [--model alloscope_gpcr_8m] [--receptors NPBW2] [--all]

Receptors that the shipped model has not seen (NPBW2; --all: every one with an AlphaFold model that ships and at most 510 residues), judged
by that model's CA at numbered residues.  The best L or 1.5 L pairs at least six residues apart, by the mean of the five APC-corrected heads
with the highest contact precision on other receptors or by the published contact regression where the model has one, are taken as 6 Å,
neighbours in the chain as 3.8 Å.
Chance: as many pairs at the same separations.  "Without": the same after the five best heads, or five random ones, are gone; the five best
that remain then count.  Precision is the share of these pairs with CA below 8 Å.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.attention.contacts import SEPARATIONS, apc
from allo_core.folding.family_average import family_average
from allo_core.folding.fold import fold_numbers
from allo_core.folding.scaling import CA_BOND, scale_distances
from allo_core.library.predicted import predicted_structure
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.readouts.contact_heads import HEADS, HeadPrecisions, choose_heads, head_precisions, scaled
from allo_core.readouts.contacts import predict_contacts
from allo_core.structure.compare import lddt, tm_score
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from allo_core.training.split import held_out

LONGEST = 510
CONTACT, CONTACT_DISTANCE = 8.0, 6.0  # Å
SEEDS = 3


class Maps(Reader):
    """The APC-corrected map of each head, in standard deviations of a pair, [layers * heads, L, L] in `found`."""

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self) -> None:
        self.found: list[np.ndarray] = []

    def layer(self, layer: Layer) -> None:
        self.found += [scaled(apc(one.cpu().numpy())) for one in layer.tokens.cut(layer.attention, 1, 2)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--receptors", nargs="+", default=["NPBW2"])
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    names = [name for name in sorted(held_out(receptors())) if usable(name) and (options.all or name in options.receptors)]
    if not names:
        parser.error("none of these receptors is held out, has an AlphaFold model that ships and at most 510 residues")
    model = load_model(options.model)
    precisions = head_precisions(model)
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for name in names:
        protein = receptors()[name].protein
        truth = reference(name, protein)
        for row, xyz, precision in folds(model, precisions, protein, truth):
            model_xyz = np.where(np.isfinite(truth[:, :1]), xyz, np.nan)
            rows.setdefault(row, []).append((tm_score(model_xyz, truth), lddt(model_xyz, truth), precision))
            print(name, row, *(f"{value:.3f}" for value in rows[row][-1]), flush=True)
    print(f"\n{len(names)} receptors: {', '.join(names)}\n\n| pairs | TM-score | lDDT | pairs that touch |\n|---|---|---|---|")
    for row, values in rows.items():
        tm, local, precision = np.mean(values, axis=0)
        span = f"{min(one[0] for one in values):.2f}-{max(one[0] for one in values):.2f}"
        print(f"| {row} | {tm:.3f} ({span}) | {local:.3f} | {'' if np.isnan(precision) else f'{precision:.0%}'} |")


def usable(name: str) -> bool:
    one = receptors()[name]
    return one.numbers is not None and predicted_structure(name) is not None and len(one.protein) <= LONGEST


def reference(name: str, protein: Protein) -> np.ndarray:
    """CA of the AlphaFold model at numbered residues, shape (L, 3)."""
    shipped = predicted_structure(name)
    if shipped is None:
        raise ValueError(f"no AlphaFold model of {name} ships")
    structure = read_structure(shipped.path)
    numbered = np.array([bool(number) for number in fold_numbers(protein).gpcrdb])
    return np.where(numbered[:, None], ca_positions(structure, map_structure(structure, protein), len(protein)), np.nan)


def folds(
    model: ProteinLanguageModel, precisions: HeadPrecisions, protein: Protein, truth: np.ndarray
) -> Iterator[tuple[str, np.ndarray, float]]:
    """Name of the row, CA, precision of its pairs."""
    length = len(protein)
    yield "family average", family_average(protein).xyz, float("nan")
    reader = Maps()
    read(model, protein, [reader])
    count = len(reader.found)
    chosen = choose_heads(precisions, protein, fold_numbers(protein), count).heads
    order = [layer * model.spec.heads + head for layer, head in chosen]  # all heads, the best first
    best = np.mean([reader.found[at] for at in order[:HEADS]], axis=0)
    sources = {"best heads": best}
    if model.contact_regression is not None:  # otherwise the contact map is the mean of these heads
        sources["contact map"] = predict_contacts(model, protein).scores
    for name, scores in sources.items():
        for factor in (1, 1.5):
            pairs = best_pairs(scores, round(factor * length))
            yield f"{name}, {factor:g} L", *drawn(pairs, truth)
            if factor == 1:
                yield f"{name}, {factor:g} L, chance", *drawn(shuffled(pairs, length), truth)
    without = np.mean([reader.found[at] for at in order[HEADS : 2 * HEADS]], axis=0)
    yield "without the best heads, 1 L", *drawn(best_pairs(without, length), truth)
    for seed in range(SEEDS):
        gone = set(np.random.default_rng(seed).choice(count, HEADS, replace=False).tolist())
        left = [at for at in order if at not in gone][:HEADS]
        yield "without random heads, 1 L", *drawn(best_pairs(np.mean([reader.found[at] for at in left], axis=0), length), truth)


def best_pairs(scores: np.ndarray, number: int) -> np.ndarray:
    """The pairs with the highest scores, shape (number, 2)."""
    first, second = np.triu_indices(len(scores), SEPARATIONS[0])
    top = np.argsort(-scores[first, second], kind="stable")[:number]
    return np.stack([first[top], second[top]], axis=1)


def shuffled(pairs: np.ndarray, length: int) -> np.ndarray:
    """As many different pairs at the same separations, anywhere in the chain."""
    generator, found = np.random.default_rng(0), []
    separations, counts = np.unique(pairs[:, 1] - pairs[:, 0], return_counts=True)
    for separation, count in zip(separations.tolist(), counts.tolist(), strict=True):
        first = generator.choice(length - separation, count, replace=False)
        found.append(np.stack([first, first + separation], axis=1))
    return np.concatenate(found)


def drawn(pairs: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """The fold in which these pairs touch, shape (L, 3), and the share of the pairs with known places that do."""
    distances = np.zeros((len(truth), len(truth)))
    bonds = np.arange(len(truth) - 1)
    distances[bonds, bonds + 1] = CA_BOND
    distances[pairs[:, 0], pairs[:, 1]] = CONTACT_DISTANCE
    distances += distances.T
    apart = np.linalg.norm(truth[pairs[:, 0]] - truth[pairs[:, 1]], axis=1)
    known = apart[np.isfinite(apart)]
    return scale_distances(distances, (distances > 0).astype(float)).xyz, float((known < CONTACT).mean())


if __name__ == "__main__":
    main()
