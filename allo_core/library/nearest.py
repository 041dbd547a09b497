"""Generic numbers for any sequence: its own, or those of the nearest receptor of the library."""

from collections import Counter
from functools import cache, lru_cache

from allo_core.library.receptors import receptors
from allo_core.protein.alignment import FEWEST_ALIGNED, align, aligned_identity
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["NEAREST_IDENTITY", "numbers_for", "seven_tm_domain"]

NEAREST_IDENTITY = 0.9  # numbers are taken from a library receptor at this identity or more
_WORD = 5  # residues in a word of the search for the nearest receptor
_FLANK = 30  # residues kept on either side of the seven helices


@lru_cache(maxsize=64)
def numbers_for(protein: Protein, least: float = NEAREST_IDENTITY) -> ResidueNumbers | None:
    """Generic numbers for any sequence: its own, or those of the nearest library receptor at an identity of ``least`` or more.

    ``numbers.receptor`` and ``numbers.identity`` say where they come from.  None where no receptor is near enough.
    """
    for whole, numbers in _numbered().values():
        start = whole.find(protein.sequence)
        if whole == protein.sequence or (start >= 0 and len(protein) >= FEWEST_ALIGNED):
            return numbers.crop(start, start + len(protein))
    candidates = [_aligned(protein.sequence, entry) for entry in _nearest(protein.sequence)]
    pairs, identity, entry = max(candidates, key=lambda item: (item[1] >= least, len(item[0])), default=({}, 0.0, ""))
    if identity < least or len(pairs) < FEWEST_ALIGNED:
        return None
    _, numbers = _numbered()[entry]
    return numbers.take([pairs.get(index) for index in range(len(protein))], identity)


def seven_tm_domain(protein: Protein, numbers: ResidueNumbers | None) -> Protein | None:
    """The domain from 30 residues before TM1 to 30 behind H8 (TM7 where there is no H8), in UniProt numbering."""
    if numbers is None:
        return None
    first = [index for index, name in enumerate(numbers.segment) if name == "TM1"]
    last = [index for index, name in enumerate(numbers.segment) if name in ("TM7", "H8")]
    if not first or not last:
        return None
    start, stop = max(first[0] - _FLANK, 0), min(last[-1] + _FLANK, len(protein) - 1)
    return protein.crop(protein.number(start), protein.number(stop))


@cache
def _numbered() -> dict[str, tuple[str, ResidueNumbers]]:
    """Sequence and numbers of every receptor that has numbers."""
    return {entry: (receptor.protein.sequence, receptor.numbers) for entry, receptor in receptors().items() if receptor.numbers is not None}


@cache
def _words() -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for entry, (sequence, _) in _numbered().items():
        for word in {sequence[i : i + _WORD] for i in range(len(sequence) - _WORD + 1)}:
            index.setdefault(word, []).append(entry)
    return index


def _nearest(sequence: str, most: int = 3) -> list[str]:
    votes = Counter(entry for i in range(len(sequence) - _WORD + 1) for entry in _words().get(sequence[i : i + _WORD], ()))
    return [entry for entry, _ in votes.most_common(most)]


def _aligned(sequence: str, entry: str) -> tuple[dict[int, int], float, str]:
    """Local alignment with a receptor: index -> index there, share of identical residues, the entry."""
    other, _ = _numbered()[entry]
    _, pairs = align(sequence, other)
    return dict(pairs.tolist()), aligned_identity(sequence, other, pairs), entry
