"""What one pass is worth beside masking each residue in its turn: perplexity, rank correlation of mutation scores, the likeliest residue.

    python benchmarks/masked_or_not.py [--model ID] [--every N] [RECEPTOR ...]

Every Nth residue (5) of AA2AR and OPSD.  Prints Markdown.  About 45 s on two CPU cores for the model that ships.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from scipy.stats import spearmanr

from allo_core.errors import AlloScopeError
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import residue_probabilities
from allo_core.models.registry import DEFAULT_MODEL


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("receptors", nargs="*", default=["AA2AR", "OPSD"])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--every", type=int, default=5)
    options = parser.parse_args()
    print("| receptor | residues | perplexity, masked | one pass | scores, rho | entropy, rho | likeliest right, masked | one pass |")
    print("| --- |" + " --- |" * 7)
    try:
        model = load_model(options.model)
        for entry in options.receptors:
            print(_row(model, find_receptor(entry).protein, options.every))
    except AlloScopeError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _row(model, protein, every):
    asked = list(range(0, len(protein), every))
    masked, once = (residue_probabilities(model, protein, kind, asked) for kind in (True, False))
    other = np.array([[letter != protein.sequence[index] for letter in masked.letters] for index in asked])
    scores = spearmanr(masked.log_odds[asked][other], once.log_odds[asked][other]).statistic
    entropy = spearmanr(masked.entropy[asked], once.entropy[asked]).statistic
    right = [np.mean([found.expected[index] == protein.sequence[index] for index in asked]) for found in (masked, once)]
    numbers = f"{masked.perplexity:.2f} | {once.perplexity:.2f} | {scores:.2f} | {entropy:.2f} | {right[0]:.0%} | {right[1]:.0%}"
    return f"| {protein.name} | {len(asked)} | {numbers} |"


if __name__ == "__main__":
    sys.exit(main())
