"""What the attention heads know of a fold, as a distance head reads it that is given attention alone; and what is lost without some.

    python benchmarks/folds_heads_removed.py [--receptors AA2AR CCR5 ...] [--remove 5 20] [--seeds 2]

Of receptors that neither distance head has learnt from, judged by their AlphaFold models at numbered residues: the fold by the head that
ships and reads states and attention; by the one that reads attention alone; by this one without the k attention heads that it weighs most,
and without as many random others, which are silenced in the pass and of whose maps it is told nothing; and by the maps of the next
receptor in the list (chance: any receptor's attention).  Beside them the family average.  The order of heads is that of the weights of the
distance head, which has seen none of the receptors.  Takes one or two minutes for a receptor.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.folding.distance_head import DistanceHead, predict_distogram
from allo_core.folding.distogram_fold import places_from_distogram
from allo_core.folding.family_average import family_average
from allo_core.folding.head_data import places_of, stretched
from allo_core.folding.head_features import HeadInputs, head_inputs
from allo_core.folding.kept_heads import HeadFiles, shipped_head
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.structure.compare import lddt, tm_score

RECEPTORS = ("AA2AR", "ADRB2", "CCR5", "ADA2C")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--receptors", nargs="+", default=RECEPTORS)
    parser.add_argument("--remove", nargs="+", type=int, default=[5, 20])
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    both, attention = shipped_head("both"), shipped_head("attention")
    if seen := sorted(set(options.receptors) & {*both.record.learnt, *attention.record.learnt}):
        raise SystemExit(f"The distance heads have learnt from {seen[0]}; choose among {', '.join(attention.record.held_out)}.")
    model = load_model(attention.record.settings.model)
    network = attention.load()
    order = heads_by_weight(network, model)
    found: dict[str, list[tuple[float, float]]] = {}
    for at, entry in enumerate(options.receptors):
        other = options.receptors[(at + 1) % len(options.receptors)]
        found.setdefault("family average", []).append(judged(entry, family_average(receptors()[entry].protein).xyz))
        found.setdefault("states and attention", []).append(folded(both, both.load(), model, entry))
        found.setdefault("attention alone", []).append(folded(attention, network, model, entry))
        for count in options.remove:
            found.setdefault(f"without the {count} heads of the largest weight", []).append(
                folded(attention, network, model, entry, tuple(sorted(order[:count])))
            )
            for seed in range(options.seeds):
                draw = np.random.default_rng(seed).permutation(len(order))[:count]
                found.setdefault(f"without {count} random heads", []).append(
                    folded(attention, network, model, entry, tuple(sorted(order[place] for place in draw)))
                )
        found.setdefault("attention of another receptor", []).append(of_another(attention, network, model, entry, other))
        print(f"{entry} done", file=sys.stderr, flush=True)
    print(f"heads of the largest weight: {', '.join(f'{layer}.{head}' for layer, head in order[: max(options.remove)])}\n")
    print(f"| fold, {len(options.receptors)} receptors | TM-score | lDDT | lowest and highest lDDT |\n|---|---|---|---|")
    for name, numbers in found.items():
        tm, local = np.array(numbers).T
        print(f"| {name} | {tm.mean():.3f} | {local.mean():.3f} | {local.min():.3f}, {local.max():.3f} |")


def heads_by_weight(network: DistanceHead, model: ProteinLanguageModel) -> list[tuple[int, int]]:
    """All attention heads, the one with the longest column of weights first; the maps all have one standard deviation."""
    weights = network.attention.weight.detach().norm(dim=0).numpy()
    return [divmod(int(at), model.spec.heads) for at in np.argsort(-weights)]


def folded(
    files: HeadFiles, network: DistanceHead, model: ProteinLanguageModel, entry: str, removed: tuple[tuple[int, int], ...] = ()
) -> tuple[float, float]:
    protein = receptors()[entry].protein
    return drawn(network, entry, head_inputs(model, protein, files.record.settings, removed_heads=removed))


def of_another(files: HeadFiles, network: DistanceHead, model: ProteinLanguageModel, entry: str, other: str) -> tuple[float, float]:
    """The fold by the maps of another receptor, laid on the residues from the first one on."""
    own = head_inputs(model, receptors()[entry].protein, files.record.settings)
    given = head_inputs(model, receptors()[other].protein, files.record.settings)
    return drawn(network, entry, stretched(given, own.index))


def drawn(network: DistanceHead, entry: str, inputs: HeadInputs) -> tuple[float, float]:
    distogram = predict_distogram(network, inputs)
    return judged(entry, places_from_distogram(receptors()[entry].protein, distogram.ca, distogram.edges, distogram.index).xyz)


def judged(entry: str, xyz: np.ndarray) -> tuple[float, float]:
    """TM-score and lDDT at numbered residues of the AlphaFold model with a pLDDT of 70 or more."""
    places, numbers = places_of(entry), receptors()[entry].numbers
    assert numbers is not None
    reference = np.full_like(xyz, np.nan)
    reference[places.index] = np.where(places.weights[:, None] > 0, places.ca, np.nan)
    numbered = np.array([bool(number) for number in numbers.gpcrdb])[:, None]
    reference = np.where(numbered, reference, np.nan)
    model = np.where(np.isfinite(reference), xyz, np.nan)
    return tm_score(model, reference), lddt(model, reference)


if __name__ == "__main__":
    main()
