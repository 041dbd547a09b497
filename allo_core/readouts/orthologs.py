"""How far heads differ between two proteins as alike as a wild type and its ortholog: the distance that is expected at that identity.

No table of it ships, since it depends on the model: it is worked out over other pairs, two passes each.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import SequenceError
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.protein.alignment import aligned_identity
from allo_core.protein.homologues import identities
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.readouts.variant import Region, VariantComparison, compare_variant, laid_on
from allo_core.readouts.variant_reference import percentiles
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["PAIRS", "WINDOW", "OrthologExpectation", "ortholog_expectation"]

PAIRS = 30
WINDOW = 0.05  # of identity, on either side
_MOST_OTHERS = 60  # each pair of them is aligned, which takes some 10 ms


@dataclass(frozen=True, eq=False)
class OrthologExpectation:
    """What the heads of other pairs differ by.

    Parameters
    ----------
    pairs : tuple of (str, str), length n
        Names of the proteins of each pair; no protein is in two.
    identities : tuple of float, length n
        By the alignment in which they were compared.
    changes : ndarray, dtype=float32, shape=(n, layers, heads)
        D_h over all shared rows, in bits; NaN for heads that lose more than a fifth of their attention.
    window : (float, float)
        Identities between which pairs were taken.
    """

    pairs: tuple[tuple[str, str], ...]
    identities: tuple[float, ...]
    changes: "Float32[np.ndarray, 'n layers heads']"
    window: tuple[float, float]

    def percentile(self, comparison: VariantComparison, region: Region = "all") -> "np.ndarray":
        """The percentile of each head's change among these pairs, shape=(layers, heads); NaN where there is none.

        Parameters
        ----------
        comparison : VariantComparison
        region : {"all"}
            Pairs as far from each other as orthologs have hardly a row far from a difference.

        Raises
        ------
        ValueError
            Another region.
        """
        if region != "all":
            raise ValueError(f"other pairs were compared over all rows, not over {region!r}")
        return percentiles(comparison.change(), self.changes)

    def typical(self, comparison: VariantComparison) -> float:
        """The percentile of the median head's change among the median heads of these pairs; NaN where there is no pair."""
        if not self.pairs:
            return float("nan")
        medians = np.nanmedian(self.changes.reshape(len(self.pairs), -1), axis=1)
        return float(percentiles(np.array([np.nanmedian(comparison.change())]), medians[:, None])[0])


@dataclass(frozen=True)
class _Member:
    """A protein that may stand in a pair, see `Kin`."""

    protein: Protein
    numbers: ResidueNumbers | None = field(compare=False)

    @property
    def kin(self) -> str:
        return self.protein.sequence


def ortholog_expectation(
    model: ProteinLanguageModel,
    comparison: VariantComparison,
    others: Sequence[Protein] = (),
    number: int = PAIRS,
    window: float = WINDOW,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> OrthologExpectation:
    """The change of each head over other pairs of proteins of about the same identity, two passes a pair.

    The pairs are of library receptors of the same class (of all, where the class of the wild type is not known) or of the proteins that are
    given; neither the wild type nor the variant is among them, nor a protein more than twice as long.  Library receptors are human: their
    pairs are paralogs, which differ otherwise than orthologs, and above 85 % identity there are few; orthologs of other receptors, given
    as ``others``, are the better comparison.

    Parameters
    ----------
    comparison : VariantComparison
    others : sequence of Protein
        Further proteins, as of a FASTA file; at most 60.  Where there are any, pairs of them come first.
    number : int
        Pairs at most.
    window : float
        How far the identity of a pair may be from that of the comparison, from above 0 to 1.
    seed : int
        Of the order in which pairs are taken.
    progress : callable(done, pairs), optional
    cancel : CancelEvent, optional

    Returns
    -------
    OrthologExpectation
        Of no pair, if there is none so alike.

    Raises
    ------
    SequenceError
        A window that is not possible, or too many proteins.
    DeviceError, StoreError, Cancelled
    """
    if not 0 < window <= 1:
        raise SequenceError(f"A window of {window:g} around the identity is not possible; give more than 0 and at most 1.")
    if len(others) > _MOST_OTHERS:
        raise SequenceError(f"{len(others)} further sequences are too many to align all pairs; give at most {_MOST_OTHERS}.")
    least, most = comparison.identity - window, comparison.identity + window
    asked = {comparison.wild_type.sequence, comparison.variant.sequence}
    names: list[tuple[str, str]] = []
    found: list[VariantComparison] = []
    used: set[str] = set()
    numbers = numbers_for(comparison.wild_type)
    longest = 2 * max(len(comparison.wild_type), len(comparison.variant))
    library, table = _library(None if numbers is None else numbers.receptor_class)
    given = tuple(_Member(one, numbers_for(one)) for one in others)
    candidates = (_candidates(*group, least, most, seed) for group in ((given, identities(given)), (library, table)))
    for one, other in itertools.chain.from_iterable(candidates):
        if len(found) == number:
            break
        pair = {one.sequence, other.sequence}
        if len(pair) < 2 or pair & (used | asked) or max(len(one), len(other)) > longest:
            continue
        try:
            shared, _ = laid_on(one, other)
            # The table counts generic positions, and the loops between them are less alike.
            if not least <= aligned_identity(one.sequence, other.sequence, shared) <= most:
                continue
            found.append(compare_variant(model, one, other, cancel=cancel))
        except SequenceError:
            continue  # too little in common, as would be refused of the variant
        names.append((one.name, other.name))
        used |= pair
        if progress is not None:
            progress(len(found), number)
    shape = (0, model.spec.layers, model.spec.heads)
    changes = np.stack([one.change() for one in found]).astype(np.float32) if found else np.empty(shape, dtype=np.float32)
    return OrthologExpectation(tuple(names), tuple(one.identity for one in found), changes, (least, most))


def _candidates(
    members: tuple[_Member, ...], table: "np.ndarray", least: float, most: float, seed: int
) -> Iterator[tuple[Protein, Protein]]:
    """Pairs of about this identity in random order."""
    first, second = np.nonzero(np.triu((table >= least) & (table <= most), 1))
    for k in np.random.default_rng(seed).permutation(len(first)):
        yield members[first[k]].protein, members[second[k]].protein


@cache
def _library(receptor_class: str | None) -> "tuple[tuple[_Member, ...], np.ndarray]":
    """Receptors with generic numbers (of one class), and the identity of each pair at them."""
    known = [one for one in receptors().values() if one.numbers is not None and receptor_class in (None, one.receptor_class)]
    members = tuple(_Member(one.protein, one.numbers) for one in known)
    return members, identities(members)
