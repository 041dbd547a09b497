"""What changes in the heads of a model when residues are substituted, or when the protein is replaced by an ortholog.

Both sequences are read once, in float32 (or as the model computes), and compared layer by layer.  A change by itself says little: every
substitution changes attention.  What it has to be compared with is in `variant_reference` and `orthologs`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from allo_core.attention.columns import DEFAULT_THRESHOLD, Columns, check_threshold
from allo_core.attention.letters import LetterUse, follows_from_letters, letter_use
from allo_core.errors import SequenceError
from allo_core.library.nearest import numbers_for
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import check_fits, read
from allo_core.protein.alignment import FEWEST_ALIGNED, align
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.protein.variants import Substitution, read_variant
from allo_core.readouts.variant_pass import PairsReader, wild_maps
from allo_core.runs.extract import meta_of
from allo_core.runs.meta import RunMeta
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float32, Int

__all__ = [
    "MOST_LOST",
    "NEAR",
    "REGIONS",
    "ChangedPair",
    "Region",
    "VariantComparison",
    "compare_variant",
    "laid_on",
    "mean_change",
    "regions_of",
]

Region = Literal["all", "substituted", "near", "rest"]
REGIONS: tuple[Region, ...] = get_args(Region)

NEAR = 5  # residues along the chain
_SHUFFLES = 100
MOST_LOST = 0.2  # of attention, on residues that the other protein lacks; above it no comparison


class ChangedPair(NamedTuple):
    """Attention from one residue (query) to another (key), both 0-based in the wild type, before and after."""

    query: int
    key: int
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class VariantComparison:
    """The heads of a model on a wild type and a variant.

    L residues of the wild type, of which n have a counterpart in the variant; all L of them where nothing is inserted or deleted.

    Parameters
    ----------
    wild_type, variant : Protein
    meta : RunMeta
        Where the numbers come from; of the wild type.
    shared : ndarray, dtype=int, shape=(n, 2)
        Residues that stand for each other, 0-based: of the wild type, of the variant.
    substitutions : tuple of Substitution
        Those of them that differ.
    gapped : bool
        Whether something is inserted or deleted.  Then both maps are cut to the shared residues and the special tokens, and rows divided by
        their sum; else they are compared as they are.
    divergence : ndarray, dtype=float32, shape=(layers, heads, L)
        Jensen-Shannon divergence in bits of each row, over residues and special tokens; NaN where the residue has no counterpart, and for
        heads that lose more than a fifth of their attention.
    lost_share : ndarray, dtype=float32, shape=(layers, heads)
        Share of attention on residues without a counterpart, of the protein in which it is larger.
    before, after : Columns, shape=(layers, heads, n)
        Column weights above the threshold, over the shared residues.
    column_share : ndarray, dtype=float, shape=(layers, heads)
        Which part of the change in the region "rest" is that the substituted residues are looked at more or less.
    received : ndarray, dtype=float, shape=(layers, heads, 2)
        Attention on the substituted residues from a row of "rest", mean before and after.
    letters : ndarray, dtype=float, shape=(layers, heads, 20)
        What residues of each letter of `AMINO_ACIDS` other than the substituted ones receive, 1 for the mean residue; NaN where there is
        none.
    changed : tuple of (ndarray, ndarray)
        Of each layer the pairs that change most, as `pairs` gives them.
    """

    wild_type: Protein
    variant: Protein
    meta: RunMeta
    shared: "Int[np.ndarray, 'n 2']"
    substitutions: tuple[Substitution, ...]
    gapped: bool
    divergence: "Float32[np.ndarray, 'layers heads L']"
    lost_share: "Float[np.ndarray, 'layers heads']"
    before: Columns
    after: Columns
    column_share: "Float[np.ndarray, 'layers heads']"
    received: "Float[np.ndarray, 'layers heads 2']"
    letters: "Float[np.ndarray, 'layers heads 20']"
    changed: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def threshold(self) -> float:
        """Above which attention counts in column weights."""
        return self.before.threshold

    @property
    def identity(self) -> float:
        """Identical residues divided by aligned ones."""
        return 1 - len(self.substitutions) / len(self.shared)

    @property
    def regions(self) -> "dict[Region, Bool[np.ndarray, ' L']]":
        """Which residues of the wild type lie in each region; those without a counterpart in none."""
        whole = regions_of([one.index for one in self.substitutions], len(self.wild_type))
        there = np.zeros(len(self.wild_type), dtype=bool)
        there[self.shared[:, 0]] = True
        return {name: inside & there for name, inside in whole.items()}

    def change(self, region: Region = "all") -> "Float[np.ndarray, 'layers heads']":
        """D_h: the mean divergence of each head over the rows of a region, in bits; NaN where it has none.

        Parameters
        ----------
        region : {"all", "substituted", "near", "rest"}
            "near": within five residues of a substitution along the chain, without the substituted ones; "rest": farther away.
        """
        return mean_change(self.divergence, self.regions[region])

    @property
    def letter_ratio(self) -> "Float[np.ndarray, 'layers heads']":
        """What other residues with the new letters receive, divided by what others with the old ones do; NaN where not known."""
        old, new = self._old_and_new(self.letters)
        return np.divide(new, old, out=np.full(old.shape, np.inf), where=old != 0)

    @property
    def explained(self) -> "Bool[np.ndarray, 'layers heads']":
        """Heads whose change in "rest" follows from the swapped letters alone, by the rule of `follows_from_letters`."""
        return self._explained_by(self.letters)

    @property
    def explained_by_chance(self) -> float:
        """How many heads that rule names on average if the preferences of a head belonged to other letters (100 shuffles)."""
        generator = np.random.default_rng(0)
        shuffles = [generator.permutation(self.letters.shape[-1]) for _ in range(_SHUFFLES)]
        return float(np.mean([self._explained_by(self.letters[..., order]).sum() for order in shuffles]))

    def _explained_by(self, letters: np.ndarray) -> np.ndarray:
        before, after = self.received[..., 0], self.received[..., 1]
        return follows_from_letters(self.change("rest"), self.column_share, before, after, *self._old_and_new(letters))

    def _old_and_new(self, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What other residues with the old and with the new letters receive, summed over the substitutions."""
        known = np.concatenate([letters, np.full((*letters.shape[:-1], 1), np.nan)], axis=-1)  # -1: none of the twenty
        old, new = ([AMINO_ACIDS.find(getattr(one, side)) for one in self.substitutions] for side in ("old", "new"))
        return known[..., old].sum(axis=-1), known[..., new].sum(axis=-1)

    def pairs(self, layer: int, head: int, count: int = 20) -> tuple[ChangedPair, ...]:
        """The pairs of residues between which the attention of one head changes most, by falling change.

        Parameters
        ----------
        layer, head : int
        count : int
            At most 50.
        """
        places, values = self.changed[layer]
        residues = self.shared[:, 0][places[head][:count]]
        rows = zip(residues.tolist(), values[head][:count].tolist(), strict=True)
        return tuple(ChangedPair(query, key, before, after) for (query, key), (before, after) in rows)


def compare_variant(
    model: ProteinLanguageModel,
    wild_type: Protein,
    variant: Protein | str,
    letters: LetterUse | None = None,
    threshold: float = DEFAULT_THRESHOLD,
    cancel: CancelEvent | None = None,
) -> VariantComparison:
    """Compare the heads of a model on two proteins: one pass over each.

    Parameters
    ----------
    variant : Protein or str
        Substitutions such as ``"W246A R102A"`` or ``"6x48A"``; or another sequence, which is laid on the wild type by its best local
        alignment unless it is as long and that alignment has no gap.
    letters : LetterUse, optional
        What the heads look at in other proteins, as from `letter_preferences`; by default the wild type's other residues alone tell which
        letters a head prefers.
    threshold : float
        Above which attention counts in column weights, from 0 to 0.95.
    cancel : CancelEvent, optional

    Raises
    ------
    ResidueError
        A text that names no substitutions of this protein.
    SequenceError
        Nothing differs, fewer than 100 residues can be aligned, more than a fifth of the attention is on residues that only one protein
        has, or one is too long for the model.
    ScoreError, DeviceError, StoreError
        An impossible threshold; too little memory; no room for the maps of the wild type.
    Cancelled
    """
    threshold = check_threshold(threshold)
    if isinstance(variant, str):
        variant = read_variant(variant, wild_type, numbers_for(wild_type)).protein
    shared, gapped = laid_on(wild_type, variant)
    for protein in (wild_type, variant):
        check_fits(model, protein)
    own, other = (shared[:, side] if gapped else None for side in (0, 1))
    letters_of = ((i, wild_type.sequence[i], variant.sequence[j]) for i, j in shared.tolist())
    substitutions = tuple(Substitution(*one) for one in letters_of if one[1] != one[2])
    differ = np.flatnonzero(np.isin(shared[:, 0], [one.index for one in substitutions]))
    rest = regions_of([one.index for one in substitutions], len(wild_type))["rest"][shared[:, 0]]
    with wild_maps(model, wild_type, own, cancel=cancel) as wild:
        reader = PairsReader(wild, other, threshold, differ, rest)
        read(model, variant, [reader], cancel=cancel)
        lost = np.maximum(wild.lost, reader.lost)
    if lost.mean() > MOST_LOST:
        raise SequenceError(
            f"{lost.mean():.0%} of the attention is on residues that {wild_type.name} and {variant.name} do not share "
            f"(at most {MOST_LOST:.0%}), so their heads are not compared; give a closer sequence."
        )
    divergence = np.full((*lost.shape, len(wild_type)), np.nan, dtype=np.float32)
    divergence[:, :, shared[:, 0]] = np.where(lost[..., None] <= MOST_LOST, np.stack(reader.divergence), np.nan)
    at_substituted = np.stack(reader.at_substituted)
    change = mean_change(divergence[:, :, shared[:, 0]], rest)
    return VariantComparison(
        wild_type,
        variant,
        meta_of(model, wild_type),
        shared,
        substitutions,
        gapped,
        divergence,
        lost,
        _stacked(reader.before),
        _stacked(reader.weights),
        np.minimum(np.divide(at_substituted[..., 0], change, out=np.full(change.shape, np.nan), where=change > 0), 1),
        at_substituted[..., 1:],
        _letters(np.stack(reader.sums), wild_type, shared[:, 0], substitutions, letters),
        tuple(reader.pairs),
    )


def regions_of(substituted: "list[int]", length: int) -> "dict[Region, Bool[np.ndarray, ' L']]":
    """The rows of each region for substitutions at some residues (0-based) of a protein; all of them "rest" without any."""
    index = np.arange(length)
    distance = np.abs(index[:, None] - np.array(substituted, dtype=np.int64)).min(axis=1, initial=length)
    return {
        "all": np.ones(length, dtype=bool),
        "substituted": distance == 0,
        "near": (distance > 0) & (distance <= NEAR),
        "rest": distance > NEAR,
    }


def mean_change(divergence: "Float[np.ndarray, '*heads L']", rows: "Bool[np.ndarray, ' L']") -> "Float[np.ndarray, '*heads']":
    """The mean over some rows in float64; NaN where there are none."""
    if not rows.any():
        return np.full(divergence.shape[:-1], np.nan)
    return divergence[..., rows].mean(axis=-1, dtype=np.float64)


def laid_on(wild_type: Protein, variant: Protein) -> "tuple[Int[np.ndarray, 'n 2'], bool]":
    """Residues that stand for each other, ndarray, dtype=int, shape=(n, 2), and whether something is inserted or deleted.

    Raises
    ------
    SequenceError
        The same sequence twice, or fewer than 100 aligned residues.
    """
    if wild_type.sequence == variant.sequence:
        raise SequenceError(f"{variant.name} has the sequence of {wild_type.name}, so there is nothing to compare; give another one.")
    _, pairs = align(wild_type.sequence, variant.sequence)
    if len(wild_type) == len(variant) and (pairs[:, 0] == pairs[:, 1]).all():
        return np.repeat(np.arange(len(wild_type))[:, None], 2, axis=1), False
    if len(pairs) < FEWEST_ALIGNED:
        raise SequenceError(
            f"Only {len(pairs)} residues of {wild_type.name} and {variant.name} can be aligned (at least {FEWEST_ALIGNED}); "
            "give a closer sequence."
        )
    return pairs, True


def _letters(
    sums: np.ndarray, protein: Protein, residues: np.ndarray, substitutions: tuple[Substitution, ...], others: LetterUse | None
) -> np.ndarray:
    """What the residues that are not substituted receive from each head, mean over those of each letter, with other proteins'."""
    codes = np.array([AMINO_ACIDS.find(letter) for letter in protein.sequence])
    codes[[one.index for one in substitutions]] = -1
    use = letter_use(sums, codes[residues], len(AMINO_ACIDS))
    return (use if others is None else use.with_more(others)).mean


def _stacked(layers: list[Columns]) -> Columns:
    return Columns(np.stack([one.weights for one in layers]), np.stack([one.arcs for one in layers]), layers[0].threshold)
