"""Which residues a model must guess, and what it sees in their place."""

from dataclasses import dataclass

import numpy as np

from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.training.sampling import TOKEN_NUMBERS

__all__ = ["NOT_ASKED", "MaskedCrop", "mask_crop"]

# Of BERT (Devlin et al. 2019, section 3.1), also of ESM-2 (Lin et al. 2023, supplement A.2.1): 15 %, of these 80 % masked, 10 % random.
_SHARE, _MASKED, _MASKED_OR_RANDOM = 0.15, 0.8, 0.9
# Target of a token that is not asked for; what torch's cross_entropy leaves out.
NOT_ASKED = -100
_STANDARD = np.array(sorted(TOKEN_NUMBERS[letter] for letter in AMINO_ACIDS))


@dataclass(frozen=True)
class MaskedCrop:
    """What the model sees of one crop and what it must say.

    Parameters
    ----------
    inputs : ndarray, dtype=int64, shape=(T,)
    targets : ndarray, dtype=int64, shape=(T,)
        The true token where the model is asked, else ``NOT_ASKED``.
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)


def mask_crop(tokens: np.ndarray, rng: np.random.Generator) -> MaskedCrop:
    """Ask for 15 % of the standard residues of a crop, at least one (none only where the crop has no standard residue).

    Of these 80 % are seen as <mask>, 10 % as a random standard residue, 10 % as they are.
    """
    standard = np.flatnonzero(np.isin(tokens, _STANDARD))
    count = min(len(standard), max(1, round(_SHARE * len(standard))))
    asked = rng.permutation(standard)[:count]
    targets = np.full_like(tokens, NOT_ASKED)
    targets[asked] = tokens[asked]
    fate = rng.random(count)
    inputs = tokens.copy()
    inputs[asked[fate < _MASKED]] = TOKEN_NUMBERS["<mask>"]
    changed = asked[(fate >= _MASKED) & (fate < _MASKED_OR_RANDOM)]
    inputs[changed] = rng.choice(_STANDARD, len(changed))
    return MaskedCrop(inputs, targets)
