"""Folds that distance heads read from a language model, on receptors that they have not learnt from, beside what they have to beat.

    python benchmarks/folds_head.py HEAD_FOLDER... [--only AA2AR CCR5] [--card] [--rules]

Each folder was written by `python -m allo_core train-distances`.  Tables: means with 95 % intervals from 2,000 resamples of groups of
homologues, by AlphaFold models (residues with a pLDDT of 70 or more) and by the experiments that ship, at numbered residues and over all
that are drawn, the paired difference to the family average without homologues, and by ligand family.  --card writes what the app shows
(judged.json) beside each head.  --rules compares the rules by which residues are drawn and distances weighed.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding import distogram_fold
from allo_core.folding.distance_head import Distogram, predict_distogram
from allo_core.folding.distogram import DistogramDistances, distogram_distances
from allo_core.folding.distogram_fold import Places
from allo_core.folding.family_average import family_average
from allo_core.folding.head_card import HEAD, card_of, write_head_card
from allo_core.folding.head_data import stretched
from allo_core.folding.head_features import head_inputs
from allo_core.folding.head_judged import CONTACT, HeadCase, HeadRow, cases_of, family_rows, rows_of
from allo_core.folding.head_refinement import refined_places
from allo_core.folding.kept_heads import JUDGED, HeadFiles, own_head
from allo_core.folding.references import AVERAGE, Prediction
from allo_core.folding.scaling import scale_distances
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel, load_model

COLUMNS = ("tm", "lddt", "gdt_ts", "placed", "error", "hand")
WHOLE = ("lddt_all", "placed_all", "lddt_loops")
CONTACTS = tuple(f"contacts {apart} {share}" for apart in ("6", "24") for share in ("L/5", "L/2", "random"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("heads", type=Path, nargs="+")
    parser.add_argument("--only", nargs="+", metavar="ENTRY", help="of the held-out receptors these alone")
    parser.add_argument("--card", action="store_true")
    parser.add_argument("--rules", action="store_true")
    options = parser.parse_args()
    for folder in options.heads:
        files = own_head(folder, judged=False)
        entries = [entry for entry in files.record.held_out if options.only is None or entry in options.only]
        print(
            f"\n## {folder.name}: {files.record.settings.features}, step {files.record.step}, {len(entries)} held-out receptors\n",
            flush=True,
        )
        predict, moved = predictor(files), refiner(files)
        if options.rules:
            rules(predict, entries)
            continue
        cases = [case for entry in entries for case in timed(entry, predict, moved)]
        tables(cases)
        if options.card:
            write_head_card(folder / JUDGED, card_of(files.record, files.sha256, cases))


def refiner(files: HeadFiles) -> Callable[[str, Places, Distogram], Places]:
    """The places of a receptor as the refinement of a head moves them, where it has one."""
    refinement = files.load_refinement()
    if refinement is None:
        return lambda entry, places, found: places
    return lambda entry, places, found: refined_places(refinement, receptors()[entry].protein, places, found)


def predictor(files: HeadFiles) -> Callable[[str], Distogram]:
    """The distances of a receptor as a head gives them."""
    network, model, settings = files.load(), language_model(files.record.settings.model), files.record.settings

    def predict(entry: str) -> Distogram:
        inputs = head_inputs(model, receptors()[entry].protein, settings)
        if settings.shuffled:  # what the model says of the next longer held-out receptor, as in training
            by_length = sorted(files.record.held_out, key=lambda one: (len(receptors()[one].protein), one))
            other = by_length[(by_length.index(entry) + 1) % len(by_length)]
            inputs = stretched(head_inputs(model, receptors()[other].protein, settings), inputs.index)
        return predict_distogram(network, inputs)

    return predict


@cache
def language_model(name: str) -> ProteinLanguageModel:
    return load_model(name, "cpu")


def timed(entry: str, predict: Callable[[str], Distogram], moved: Callable[[str, Places, Distogram], Places]) -> list[HeadCase]:
    """The cases of a receptor; a fold that cannot be drawn has no place for any residue."""
    start = time.perf_counter()
    found, length = predict(entry), len(receptors()[entry].protein)
    contacts = np.full((length, length), np.nan)
    inside = found.edges[1:] <= CONTACT
    contacts[np.ix_(found.index, found.index)] = found.cb[..., inside].sum(axis=-1)
    try:
        places = distogram_fold.places_from_distogram(receptors()[entry].protein, found.ca, found.edges, found.index)
        xyz = moved(entry, places, found).xyz
    except FoldError as error:
        print(f"{entry}: {error}")
        xyz = np.full((length, 3), np.nan)
    drawn = time.perf_counter() - start
    cases = cases_of(entry, [Prediction(HEAD, xyz, contacts)])
    for case in cases:
        if case.method in (HEAD, AVERAGE):
            told = " ".join(f"{name} {case.measures[name]:.2f}" for name in (*COLUMNS, *WHOLE))
            print(f"{entry:6} {case.reference:14} {case.method[:14]:14} {told}  ({drawn:.0f} s)", flush=True)
    return cases


def tables(cases: Sequence[HeadCase]) -> None:
    for columns in (COLUMNS, WHOLE, CONTACTS):
        print(f"\n| method | by | receptors | {' | '.join(columns)} |\n|---|---|---|{'---|' * len(columns)}")
        for row in rows_of(cases):
            print(f"| {row.method} | {row.kind}s | {row.receptors} | {' | '.join(cells(row, columns))} |", flush=True)
    print("\n| difference to the family average | by | TM-score | lDDT | error, Å |\n|---|---|---|---|---|")
    for row in rows_of(cases):
        if row.gains:
            gains = " | ".join(interval(row.gains[name]) for name in ("tm", "lddt", "error"))
            print(f"| {row.method} | {row.kind}s | {gains} |")
    print("\n| family | method | by | receptors | TM-score | lDDT |\n|---|---|---|---|---|---|")
    for family, rows in family_rows(cases).items():
        for row in rows:
            if row.method in (HEAD, AVERAGE):
                both = " | ".join(f"{row.measures[name].value:.3f}" if name in row.measures else "not tested" for name in ("tm", "lddt"))
                print(f"| {family} | {row.method} | {row.kind}s | {row.receptors} | {both} |")


def cells(row: HeadRow, columns: Sequence[str]) -> list[str]:
    return [interval(row.measures[name]) if name in row.measures else "" for name in columns]


def interval(found) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def rules(predict: Callable[[str], Distogram], entries: Sequence[str]) -> None:
    """Medians over receptors, by their AlphaFold models, of each rule of weights and of residues that are drawn."""
    told: dict[str, list[list[float]]] = {}
    for entry in entries:
        found = predict(entry)
        distances = distogram_fold.learnt(distogram_distances(found.ca, found.edges))
        for name, weights, drawn in weighings(distances):
            if drawn.sum() < 50:
                continue
            kept, xyz = np.ix_(drawn, drawn), np.full((len(receptors()[entry].protein), 3), np.nan)
            breaks = np.flatnonzero(np.diff(found.index[drawn]) > 1).tolist()
            witness = family_average(receptors()[entry].protein).xyz[found.index[drawn]]
            drawing = scale_distances(np.nan_to_num(distances.centre[kept]), weights[kept], breaks, reference_xyz=witness)
            xyz[found.index[drawn]] = drawing.xyz
            for case in cases_of(entry, [Prediction(HEAD, xyz)]):
                if case.method == HEAD and case.reference.startswith("AF-"):
                    told.setdefault(name, []).append([case.measures[one] for one in (*COLUMNS, *WHOLE)])
        print(f"after {entry}", flush=True)
        for name, rows in told.items():
            values = " ".join(f"{one} {value:.3f}" for one, value in zip((*COLUMNS, *WHOLE), np.nanmedian(rows, axis=0), strict=True))
            print(f"{name:28} {len(rows):3} {values}", flush=True)


def weighings(found: DistogramDistances) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, weights [n, n] and the residues [n] that are drawn."""
    known = found.weights > 0
    spread = np.where(known, found.spread, 1)
    drawn, every = distogram_fold.tied(found), np.asarray(known.any(axis=1))
    yield "as the app does", found.weights, drawn
    yield "every residue", found.weights, every
    yield "1 / (1 + spread)²", known / (1 + spread) ** 2, drawn
    yield "1 / spread", known / spread, drawn
    yield "1 / spread³", known / spread**3, drawn
    yield "1 / spread⁴", known / spread**4, drawn
    yield "centre below 20 Å", np.where(np.nan_to_num(found.centre) < 20, found.weights, 0), drawn
    for loosest in (2.0, 3.0, 5.0):
        yield f"median spread below {loosest:g} Å", found.weights, distogram_fold.tied(found, loosest)


if __name__ == "__main__":
    main()
