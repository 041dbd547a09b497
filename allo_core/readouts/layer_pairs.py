"""Pairs of residues that touch or do not, as rows of a comparison of layers; what a probe is given of them by states and by attention."""

import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.contacts import SEPARATIONS, apc, far_pairs
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.models.registry import ModelSpec
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.readouts.family_contacts import family_contacts
from allo_core.readouts.layer_rows import LabelledRows
from allo_core.readouts.library_panel import MOST_BYTES
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float32, Integer

__all__ = ["MOST_IN_PAIRS", "PairRows", "drawn_pairs", "most_pairs"]

MOST_IN_PAIRS = 160  # residues of a receptor among which pairs are drawn
_SEED = 0
_BINS = np.array([6, 9, 12, 18, 24, 36, 48, 72, 96, 144, 192, 288])  # residues apart along the chain


@dataclass(frozen=True, eq=False)
class PairRows(LabelledRows):
    """Pairs of residues of the panel, half of them in contact, the others as far apart along the chain.

    Parameters
    ----------
    most : int
        Pairs of one receptor.
    """

    most: int

    @cached_property
    def _pairs(self) -> "tuple[Integer[np.ndarray, ' n'], Integer[np.ndarray, ' n'], Integer[np.ndarray, ' n'], Bool[np.ndarray, ' n']]":
        """Of all pairs the place of the receptor, both residues, and whether they touch."""
        found = []
        for at, (entry, residues) in enumerate(zip(self.panel.receptors, self.panel.residues, strict=True)):
            first, second, touching = drawn_pairs(entry, residues, self.most)
            found.append((np.full(len(first), at), first, second, touching))
        receptor, first, second, touching = (np.concatenate(part) for part in zip(*found, strict=True))
        return receptor, first, second, touching

    @property
    def _receptors_of_all(self) -> np.ndarray:
        return self._pairs[0]

    @cached_property
    def _all_labels(self) -> np.ndarray:
        return np.where(self._pairs[3], "contact", "none")

    @property
    def types(self) -> np.ndarray:
        """The two residue types of each pair, such as "AL", in alphabetical order."""
        letters = [receptors()[entry].protein.sequence for entry in self.panel.receptors]
        kinds = ["".join(sorted((letters[at][i], letters[at][j]))) for at, i, j in zip(*self._pairs[:3], strict=True)]
        return np.array(kinds)[self.rows]

    @property
    def attention_passes(self) -> int:
        return len(self.panel.receptors)

    @property
    def adds_layers(self) -> bool:
        return True

    @cached_property
    def _rows_of_pairs(self) -> "tuple[Integer[np.ndarray, ' n'], Integer[np.ndarray, ' n']]":
        """Where both residues of each pair stand among the rows of the panel."""
        begins = np.cumsum([0, *map(len, self.panel.residues)])
        places = [{index: int(begin) + at for at, index in enumerate(own)} for begin, own in zip(begins, self.panel.residues, strict=False)]
        receptor, first, second, _ = self._pairs
        both = [[places[at][int(index)] for at, index in zip(receptor, ends, strict=True)] for ends in (first, second)]
        return np.array(both[0])[self.rows], np.array(both[1])[self.rows]

    def features(self, state: "Float[np.ndarray, 'rows width']") -> "Float32[np.ndarray, 'n d']":
        """Product and absolute difference of the two vectors, each number standardised over the panel before.

        Vig et al. (2021) give a linear probe the product and the difference, and take the mean over both orders of the pair: the difference
        then cancels.  Its size does not.
        """
        deviation = state.std(axis=0, dtype=np.float64)
        scaled = ((state - state.mean(axis=0, dtype=np.float64)) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
        first, second = (scaled[rows] for rows in self._rows_of_pairs)
        return np.concatenate([first * second, np.abs(first - second)], axis=1)

    def chances(self) -> "dict[str, Float[np.ndarray, 'n d']]":
        """How far apart they are, their types, in how many other receptors the two positions touch, or nothing."""
        receptor, first, second, _ = (part[self.rows] for part in self._pairs)
        apart = np.searchsorted(_BINS, second - first, side="right")[:, None] == np.arange(1, len(_BINS) + 1)
        kinds = np.unique(self.types, return_inverse=True)[1]
        letters = [receptors()[entry].protein.sequence for entry in self.panel.receptors]
        either = np.array(
            [
                [letters[at][i] == one for one in AMINO_ACIDS] + [letters[at][j] == one for one in AMINO_ACIDS]
                for at, i, j in zip(receptor, first, second, strict=True)
            ]
        )
        alone = either[:, : len(AMINO_ACIDS)] | either[:, len(AMINO_ACIDS) :]
        together = kinds[:, None] == np.arange(kinds.max() + 1)
        return {
            "separation": apart.astype(float),
            "residue types": np.concatenate([alone, together], axis=1).astype(float),
            "family's contacts": self._in_family(receptor, first, second),
            "chance": np.zeros((len(self.rows), 1)),
        }

    def _in_family(self, receptor: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """The share of other receptors of the class in which the two positions touch (0 where none is known), and whether one is known."""
        found = np.zeros((len(receptor), 2))
        for at, entry in enumerate(self.panel.receptors):
            own = np.flatnonzero(receptor == at)
            family = family_contacts(receptors()[entry].protein, receptors()[entry].numbers)
            if family is not None and len(own):
                share = family.scores[first[own], second[own]]
                found[own] = np.stack([np.nan_to_num(share), np.isfinite(share)], axis=1)
        return found

    def from_attention(
        self, model: ProteinLanguageModel, step: Callable[[], None], cancel: CancelEvent | None = None
    ) -> "Float32[np.ndarray, 'layers n heads']":
        """What each head gives to each pair, symmetrised and APC-corrected; a pass for each receptor, parameters and errors as `read`."""
        found = np.zeros((model.spec.layers, len(self.rows), model.spec.heads), dtype=np.float32)
        for at, entry in enumerate(self.panel.receptors):
            own, first, second = self._pairs_of(at)
            reader = _PairReader(first, second)
            read(model, receptors()[entry].protein, [reader], cancel=cancel)
            found[:, own] = np.stack(reader.layers)
            step()
        return found

    def _pairs_of(self, at: int) -> "tuple[Integer[np.ndarray, ' n'], Integer[np.ndarray, ' n'], Integer[np.ndarray, ' n']]":
        """Of one receptor of the panel: where its pairs stand among the rows, and their residues."""
        receptor, first, second, _ = (part[self.rows] for part in self._pairs)
        own = np.flatnonzero(receptor == at)
        return own, first[own], second[own]


def drawn_pairs(
    entry: str, residues: tuple[int, ...], most: int
) -> "tuple[Integer[np.ndarray, ' n'], Integer[np.ndarray, ' n'], Bool[np.ndarray, ' n']]":
    """Pairs of some residues of a receptor that touch, and for each one that does not and is as far apart along the chain.

    Parameters
    ----------
    entry : str
        A receptor with `known_contacts`.
    residues : tuple of int
        0-based, resolved, ascending.
    most : int
        Of more pairs so many are drawn, the same each time.

    Returns
    -------
    first, second, touching : ndarray, shape=(n,)
        At least six residues apart.  A contact without a partner at its distance along the chain is left out.
    """
    rng = np.random.default_rng([_SEED, zlib.crc32(receptors()[entry].protein.sequence.encode())])
    first, second = far_pairs(np.array(residues, dtype=np.int64), SEPARATIONS[0])
    touching = known_contacts()[entry].map(len(receptors()[entry].protein))[first, second]
    apart: dict[int, list[int]] = defaultdict(list)
    for pair in rng.permutation(np.flatnonzero(~touching)):
        apart[int(second[pair] - first[pair])].append(int(pair))
    chosen = []
    for pair in rng.permutation(np.flatnonzero(touching)):
        if len(chosen) + 2 > most:
            break
        if like := apart[int(second[pair] - first[pair])]:
            chosen += [int(pair), like.pop()]
    taken = np.sort(np.array(chosen, dtype=np.int64))
    return first[taken], second[taken], touching[taken]


def most_pairs(spec: ModelSpec, count: int) -> int:
    """How many pairs of each of ``count`` receptors may be taken, so that the features of all states fit into a gigabyte."""
    return max(2, MOST_BYTES // (4 * (spec.layers + 1) * 2 * spec.width * max(count, 1)))


class _PairReader(Reader):
    """Keeps the symmetrised, APC-corrected attention of every head at some pairs: [pairs, heads] of each layer."""

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, first: np.ndarray, second: np.ndarray):
        self._pairs = first, second
        self.layers: list[np.ndarray] = []

    def layer(self, layer: Layer) -> None:
        heads = [apc(one.cpu().numpy())[self._pairs] for one in layer.tokens.cut(layer.attention, 1, 2)]
        self.layers.append(np.stack(heads, axis=1))
