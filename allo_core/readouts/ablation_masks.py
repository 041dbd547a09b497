"""Which residues are masked while heads are removed: the same for every head, as many in every pass over a sequence."""

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from allo_core.errors import AblationError
from allo_core.protein.sequence import AMINO_ACIDS, Protein

__all__ = ["SHARE", "MaskedInput", "masked_inputs"]

SHARE = 0.15  # of the residues of a sequence, as in the training of these models (Devlin et al. 2019)
SETS = 2  # of a sequence among several
_SEED = 0


class MaskedInput(NamedTuple):
    """A protein and the residues (0-based, ascending) that are masked together."""

    protein: Protein
    residues: tuple[int, ...]


def masked_inputs(proteins: Sequence[Protein]) -> tuple[MaskedInput, ...]:
    """The passes that the loss is measured on.

    Of several proteins two disjoint sets each, drawn by the sequence alone; of a single one as many sets as it takes to mask every residue,
    because a few marked residues have to be among them.  Letters that are none of the twenty are never masked.  All sets of a sequence are
    of one size, because ESM-2 rescales its embedding by the share of masks (transformers, EsmEmbeddings, token_dropout).

    Raises
    ------
    AblationError
        A protein is too short for two sets.
    """
    return tuple(MaskedInput(protein, residues) for protein in proteins for residues in _sets(protein, len(proteins) == 1))


def _sets(protein: Protein, all_of_them: bool) -> Iterable[tuple[int, ...]]:
    letters = [index for index, letter in enumerate(protein.sequence) if letter in AMINO_ACIDS]
    size = round(SHARE * len(protein))
    if size < 1 or len(letters) < SETS * size:
        raise AblationError(f"{protein.name} has {len(letters)} residues of the twenty; give a protein of at least 7 to mask some of them.")
    order = np.random.default_rng([_SEED, zlib.crc32(protein.sequence.encode())]).permutation(letters)
    number = -(-len(order) // size) if all_of_them else SETS
    # The last set is as large as the others: some residues are then masked twice.
    starts = [min(k * size, len(order) - size) for k in range(number)]
    return [tuple(np.sort(order[start : start + size]).tolist()) for start in starts]
