"""On which receptors and residues of the library the layers of a model are compared: one receptor of each cluster of homologues."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import LayerError
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import Receptor, find_receptor, receptors
from allo_core.library.structures import shipped_receptors
from allo_core.models.registry import ModelSpec
from allo_core.protein.homologues import homologue_clusters, identities

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = [
    "LONGEST",
    "MOST_BYTES",
    "MOST_RESIDUES",
    "Panel",
    "chosen_receptors",
    "clusters_of",
    "means_panel",
    "numbered_receptors",
    "panel_of",
    "panel_receptors",
]

# Residues of a receptor: long ends would be most of what is asked, and AntiBERTy, the shortest of all models, reads 510.
LONGEST = 450
MOST_RESIDUES = 64  # that are drawn of a receptor
MOST_BYTES = 1_000_000_000  # of kept states; of large models fewer residues are drawn
_SEED = 0


@dataclass(frozen=True)
class Panel:
    """Some residues of some receptors of the library.

    Parameters
    ----------
    receptors : tuple of str
        Entry names.
    residues : tuple of tuple of int
        0-based residues of each, ascending; of a panel of `means` all of them.
    means : bool
        Whether what counts of each receptor is the mean over its residues.
    """

    receptors: tuple[str, ...]
    residues: tuple[tuple[int, ...], ...]
    means: bool = False

    @property
    def rows(self) -> int:
        """Vectors that there are of a state."""
        return len(self.receptors) if self.means else sum(map(len, self.residues))

    @property
    def receptor_of_rows(self) -> "Integer[np.ndarray, ' rows']":
        """Place of the receptor of each row among `receptors`."""
        return np.repeat(np.arange(len(self.receptors)), 1 if self.means else [len(own) for own in self.residues])

    def bytes_of(self, spec: ModelSpec) -> int:
        """What the states of a model at these residues take on the disk."""
        return 4 * (spec.layers + 1) * spec.width * self.rows

    @cached_property
    def sha256(self) -> str:
        """The same for the same residues of the same sequences."""
        sequences = [receptors()[entry].protein.sequence for entry in self.receptors]
        return hashlib.sha256(repr((sequences, self.residues, self.means)).encode()).hexdigest()


@cache
def panel_receptors() -> tuple[str, ...]:
    """One receptor with generic numbers of each cluster of homologues, at most `LONGEST` residues long.

    Of a cluster the one whose structure ships, else one with known contacts, else the shortest.
    """
    names = numbered_receptors()
    clusters = clusters_of(names)

    def rank(at: int) -> tuple:
        entry = names[at]
        return entry not in shipped_receptors(), entry not in known_contacts(), len(receptors()[entry].protein), entry

    firsts = {int(clusters[at]): names[at] for at in sorted(range(len(names)), key=rank, reverse=True)}
    return tuple(sorted(firsts.values()))


@cache
def numbered_receptors(longest: int = LONGEST) -> tuple[str, ...]:
    """The receptors with generic numbers that are at most so long."""
    return tuple(entry for entry, one in receptors().items() if one.numbers is not None and len(one.protein) <= longest)


def chosen_receptors(names: Sequence[str]) -> tuple[str, ...]:
    """Entry names of the library, each once, in the order of the library.

    Raises
    ------
    LibraryError
        An unknown name.
    LayerError
        None is named.
    """
    found = {find_receptor(name).entry for name in names}
    if not found:
        raise LayerError("No receptor was named; name some of the library, such as AA2AR.")
    return tuple(entry for entry in receptors() if entry in found)


@lru_cache(maxsize=16)
def clusters_of(names: tuple[str, ...]) -> "Integer[np.ndarray, ' receptors']":
    """Number of the cluster of homologues of each receptor (single linkage above 40 % identity)."""
    members: list[Receptor] = [receptors()[entry] for entry in names]
    return homologue_clusters(identities(members))


@lru_cache(maxsize=16)
def panel_of(spec: ModelSpec, names: tuple[str, ...], among: tuple[tuple[int, ...], ...] | None = None, most: int | None = None) -> Panel:
    """Residues of some receptors, the same each time; fewer of each where a model's states would take more than a gigabyte.

    Parameters
    ----------
    names : tuple of str
        Entry names.
    among : tuple of tuple of int, optional
        The residues of each that may be taken: all of them, if there is room; by default `MOST_RESIDUES` of all are drawn.
    most : int, optional
        How many of those in ``among`` are drawn at most.

    Raises
    ------
    LayerError
        A receptor is longer than the model reads.
    """
    check_lengths(spec, names)
    room = max(MOST_BYTES // (4 * (spec.layers + 1) * spec.width * len(names)), 1)
    if among is None:
        everything = (range(len(receptors()[entry].protein)) for entry in names)
        among, most = tuple(map(tuple, everything)), MOST_RESIDUES
    room = room if most is None else min(room, most)
    return Panel(names, tuple(_drawn(entry, own, room) for entry, own in zip(names, among, strict=True)))


def means_panel(spec: ModelSpec, names: tuple[str, ...]) -> Panel:
    """The mean vectors of some receptors; LayerError if one is longer than the model reads."""
    check_lengths(spec, names)
    return Panel(names, tuple(tuple(range(len(receptors()[entry].protein))) for entry in names), means=True)


def check_lengths(spec: ModelSpec, names: Sequence[str]) -> None:
    """LayerError, which names the first receptor that is longer than the model reads."""
    for entry in names:
        length = len(receptors()[entry].protein)
        if spec.longest is not None and length > spec.longest:
            raise LayerError(f"{entry} has {length} residues, {spec.label} reads at most {spec.longest}; leave it out.")


def _drawn(entry: str, among: tuple[int, ...], most: int) -> tuple[int, ...]:
    """At most so many residues of a receptor, whatever other receptors there are."""
    rng = np.random.default_rng([_SEED, zlib.crc32(receptors()[entry].protein.sequence.encode())])
    return tuple(np.sort(rng.permutation(among)[:most]).tolist())
