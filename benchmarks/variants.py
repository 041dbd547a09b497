"""How much five substitutions of the A2A receptor change the heads of a model, beside random substitutions and other letters.

    python benchmarks/variants.py [RECEPTOR SUBSTITUTION ...] [--model ID] [--random N]

Prints Markdown: the median head's change in bits, over all rows and over those more than five residues away, its percentile among random
substitutions of the same segment and among the other letters at the same residue; heads that follow from the swapped letters, with
shuffled letters behind; and the heads that change most.  Last the same for random substitutions anywhere in the sequence.  About seven
minutes of one CPU core for the model that ships; references are kept, so a second time is quicker.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from allo_core.errors import AlloScopeError
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.readouts.letter_preferences import letter_preferences
from allo_core.readouts.variant import compare_variant
from allo_core.readouts.variant_reference import REFERENCES, variant_reference
from allo_core.readouts.variant_verdict import heads_by_change

# W6.48, the DRY arginine, the sodium site's aspartate, N7.45 and S3.39.
_SUBSTITUTIONS = ("W246A", "R102A", "D52N", "N280A", "S91A")
_SHOWN = 4  # heads


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("receptor", nargs="?", default="AA2AR")
    parser.add_argument("substitutions", nargs="*", default=list(_SUBSTITUTIONS))
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--random", type=int, default=REFERENCES)
    options = parser.parse_args()
    try:
        model, protein = load_model(options.model), find_receptor(options.receptor).protein
        letters = letter_preferences(model, protein)
        print("| variant | median, all rows | rest | random, all | rest | other letters, all | rest | by letters | shuffled | most, rest |")
        print("| --- |" + " --- |" * 9)
        for text in options.substitutions:
            print(_row(model, compare_variant(model, protein, text, letters), options.random), flush=True)
        print(_anywhere(model, protein, options.random))
    except AlloScopeError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _row(model, found, number):
    reference = variant_reference(model, found, number)
    medians = [f"{np.nanmedian(found.change(region)):.4f}" for region in ("all", "rest")]
    ranks = [f"{reference.typical(found, region, which):.0f} %" for which in ("random", "same") for region in ("all", "rest")]
    explained, change = found.explained, found.change("rest")
    heads = [f"{a}.{b} {change[a, b]:.3f}{' (letter)' if explained[a, b] else ''}" for a, b in heads_by_change(found)[:_SHOWN]]
    named = [str(explained.sum()), f"{found.explained_by_chance:.0f}"]
    label = found.substitutions[0].label(found.wild_type)
    return f"| {' | '.join([label, *medians, *ranks, *named, ', '.join(heads)])} |"


def _anywhere(model, protein, number):
    generator = np.random.default_rng(0)
    found = []
    for index in generator.choice(len(protein), number, replace=False):
        new = generator.choice([letter for letter in AMINO_ACIDS if letter != protein.sequence[index]])
        compared = compare_variant(model, protein, f"{protein.label(index)}{new}")
        found.append([np.median(compared.change()), np.nanmedian(compared.change("rest"))])
    (low, low_rest), (middle, middle_rest), (high, high_rest) = np.percentile(found, [5, 50, 95], axis=0)
    return (
        f"\n{number} random substitutions anywhere: all rows {middle:.4f} ({low:.4f} to {high:.4f}), "
        f"rest {middle_rest:.4f} ({low_rest:.4f} to {high_rest:.4f}); median and 5 to 95 %"
    )


if __name__ == "__main__":
    sys.exit(main())
