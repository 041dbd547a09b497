"""What a model expects of a whole protein, in sentences, beside what is known without a model."""

import numpy as np

from allo_core.library.composition import background_perplexity, residue_shares
from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import AMINO_ACIDS

__all__ = ["expectation_sentence", "share_expected"]


def share_expected(found: ResidueProbabilities) -> tuple[float, float]:
    """At which share of the residues the likeliest one is the one that is there, and at which one guess for all would be right.

    Both among residues of the twenty; NaN where there are none.
    """
    pairs = [(there, guess) for there, guess in zip(found.protein.sequence, found.expected, strict=True) if there in AMINO_ACIDS]
    if not pairs:
        return float("nan"), float("nan")
    commonest = AMINO_ACIDS[int(np.argmax(residue_shares()))]
    return float(np.mean([there == guess for there, guess in pairs])), float(np.mean([there == commonest for there, _ in pairs]))


def expectation_sentence(found: ResidueProbabilities) -> str:
    """What the model expects, the baseline beside it; of one pass what it is good for."""
    right, chance = share_expected(found)
    if np.isnan(right):
        return f"{found.protein.name} has no residue of the twenty, so there is nothing to compare with."
    known = background_perplexity(found.protein.sequence)
    commonest = AMINO_ACIDS[int(np.argmax(residue_shares()))]
    if not found.masked:
        return (
            "One pass, in which the model sees the residue that it is asked for: good for ranking substitutions, no probabilities. "
            f"It names the residue that is there at {right:.0%} of positions, because it sees it."
        )
    share = f"The likeliest residue is the one that is there at {right:.0%} of positions ({commonest} everywhere: {chance:.0%})."
    baseline = f"{known:.1f} from how common residues are in receptors"
    if found.perplexity >= known:
        return f"The model is no better than a guess: pseudo-perplexity {found.perplexity:.2f}, and {baseline}. {share}"
    return f"Pseudo-perplexity {found.perplexity:.2f} (1: certain of each; {baseline}). {share}"
