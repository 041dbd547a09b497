"""What other substitutions do to the same heads: random ones elsewhere, and the other letters at the same residues.

Every substitution changes attention, most where it sits and most in the heads that look at letters.  So a change is given as a percentile
among such references, each of which is a pass of its own; it is no p value, since the references were not drawn to test anything.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.attention.letters import SMALLEST_CHANGE
from allo_core.errors import ScoreError
from allo_core.library.nearest import numbers_for
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import read
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.protein.variants import Substitution, variant_of
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import variants_folder
from allo_core.readouts.site_change import SiteChange
from allo_core.readouts.variant import REGIONS, Region, VariantComparison, mean_change, regions_of
from allo_core.readouts.variant_pass import DifferenceReader, WildMaps, wild_maps
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32

__all__ = ["REFERENCES", "RandomOrSame", "Reference", "VariantReference", "percentiles", "variant_reference"]

RandomOrSame = Literal["random", "same"]
REFERENCES = 100  # random substitutions
_FORMAT = 1
_SITE_UNIT = 1e-4  # of attention on a site, a sum of up to L numbers
_TRIES = 50  # draws for each that is wanted, before all are taken for drawn


@dataclass(frozen=True, eq=False)
class Reference:
    """Some substitutions and what they do.

    Parameters
    ----------
    substitutions : tuple of tuple of Substitution, length n
    changes : ndarray, dtype=float32, shape=(n, 4, layers, heads)
        D_h of each in each of `REGIONS`, which are those of its own residues.
    weights : ndarray, dtype=float32, shape=(n, layers, heads, L)
        Column weights above the threshold of the comparison.
    """

    substitutions: tuple[tuple[Substitution, ...], ...]
    changes: "Float32[np.ndarray, 'n 4 layers heads']"
    weights: "Float32[np.ndarray, 'n layers heads L']"

    def __len__(self) -> int:
        return len(self.substitutions)

    def change(self, region: Region = "all") -> "Float32[np.ndarray, 'n layers heads']":
        """D_h of each substitution in a region."""
        return self.changes[:, REGIONS.index(region)]


@dataclass(frozen=True, eq=False)
class VariantReference:
    """Both references of one variant.

    Parameters
    ----------
    random : Reference
        As many random residues, each of the segment of the one it stands for where segments are known, to random other letters.
    same : Reference
        The same residues to other letters: all of them for one substitution, a sample for several.
    within : {"segment", "sequence"}
        From where random residues were drawn.
    seed : int
    """

    random: Reference
    same: Reference
    within: Literal["segment", "sequence"]
    seed: int

    def of(self, which: RandomOrSame) -> Reference:
        """One of the two."""
        return self.random if which == "random" else self.same

    def percentile(
        self, comparison: VariantComparison, region: Region = "all", which: RandomOrSame = "random"
    ) -> "Float[np.ndarray, 'layers heads']":
        """The percentile of each head's change among those of a reference; NaN where there is none."""
        return percentiles(comparison.change(region), self.of(which).change(region))

    def typical(self, comparison: VariantComparison, region: Region = "all", which: RandomOrSame = "random") -> float:
        """The percentile of the median head's change among the median heads of a reference; NaN where there is none."""
        heads = (-1, comparison.lost_share.size)
        own = np.median(comparison.change(region).reshape(heads), axis=1)
        return float(percentiles(own, np.median(self.of(which).change(region).reshape(heads), axis=1)[:, None])[0])

    def site_percentile(
        self, comparison: VariantComparison, site: SiteChange, which: RandomOrSame = "random"
    ) -> "Float[np.ndarray, 'layers heads']":
        """The percentile of how much w_S changes, up or down, among those of a reference; NaN where there is none."""
        reference = self.of(which)
        own = comparison.before.weights[..., list(site.sites)].astype(np.float32).sum(axis=-1)
        others = reference.weights[..., list(site.sites)].sum(axis=-1) - own
        return percentiles(np.abs(site.change), np.abs(others), _SITE_UNIT)


def percentiles(
    values: "Float[np.ndarray, '...']", references: "Float[np.ndarray, 'n ...']", unit: float = SMALLEST_CHANGE
) -> "Float[np.ndarray, '...']":
    """Share of the references that lie below each value, in percent; ties count half (scipy's percentileofscore, "mean").

    Values that agree in whole units are equal, since what lies below is rounding of float32; NaN where there is no reference or no value.
    """
    own, references = (np.round(given.astype(np.float64) / unit) for given in (values, references))
    known = np.isfinite(references) & np.isfinite(own)
    count = known.sum(axis=0)
    below = (known & (references < own)).sum(axis=0) + 0.5 * (known & (references == own)).sum(axis=0)
    return np.divide(100 * below, count, out=np.full(own.shape, np.nan), where=count > 0)


def variant_reference(
    model: ProteinLanguageModel,
    comparison: VariantComparison,
    number: int = REFERENCES,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> VariantReference:
    """The references of a variant, a pass for each substitution; kept on this machine.

    Parameters
    ----------
    model : ProteinLanguageModel
        That of the comparison.
    comparison : VariantComparison
        Of substitutions.
    number : int
        Random substitutions, and for a variant of several also those at the same residues; 0 for no reference at all.
    seed : int
    progress : callable(done, passes), optional
    cancel : CancelEvent, optional

    Raises
    ------
    ScoreError
        The comparison has gaps, or is of another model; a number below 0.
    DeviceError, StoreError, Cancelled
    """
    if comparison.gapped:
        raise ScoreError(f"{comparison.variant.name} has insertions or deletions, which no substitution has; compare it with other pairs.")
    if model.sha256 != comparison.meta.weights_sha256:
        raise ScoreError(f"The comparison was made with other weights than those of {model.spec.label}; give the model that made it.")
    if number < 0:
        raise ScoreError(f"{number} random substitutions are not possible; give 0 or more.")
    protein, own = comparison.wild_type, comparison.substitutions
    numbers = numbers_for(protein)
    segments = None if numbers is None else numbers.segment
    generator = np.random.default_rng(seed)
    wanted = (
        list(itertools.islice(_random(protein, own, segments, generator, number), number)),
        list(itertools.islice(_same(own, generator, number), number if len(own) > 1 or not number else None)),
    )
    facts = (comparison.meta.key, model.spec.id, comparison.threshold, [tuple(one) for one in own], segments, seed, number)
    path = variants_folder() / f"{key_of('reference', _FORMAT, *facts)}.npz"
    shape = (model.spec.layers, model.spec.heads)
    count = sum(map(len, wanted))
    like = {"changes": ("float32", (count, len(REGIONS), *shape)), "weights": ("float32", (count, *shape, len(protein)))}
    kept = read_arrays(path, like)
    if kept is None:
        kept = _computed(model, protein, [*wanted[0], *wanted[1]], comparison.threshold, like, progress, cancel)
        keep_arrays(path, kept)
    cut = len(wanted[0])
    return VariantReference(
        Reference(tuple(wanted[0]), kept["changes"][:cut], kept["weights"][:cut]),
        Reference(tuple(wanted[1]), kept["changes"][cut:], kept["weights"][cut:]),
        "sequence" if segments is None else "segment",
        seed,
    )


def _computed(model, protein: Protein, wanted: list, threshold: float, like: dict, progress, cancel) -> dict[str, np.ndarray]:
    """Changes and column weights of each substitution, in the shapes that are given."""
    found = {name: np.empty(shape, dtype=dtype) for name, (dtype, shape) in like.items()}
    if not wanted:
        return found
    with wild_maps(model, protein, cancel=cancel) as wild:
        for done, substitutions in enumerate(wanted):
            found["changes"][done], found["weights"][done] = _pass(model, protein, substitutions, wild, threshold, cancel)
            if progress is not None:
                progress(done + 1, len(wanted))
    return found


def _pass(model, protein: Protein, substitutions: tuple[Substitution, ...], wild: WildMaps, threshold: float, cancel):
    reader = DifferenceReader(wild, None, threshold)
    read(model, variant_of(protein, substitutions), [reader], cancel=cancel)
    divergence = np.stack(reader.divergence)
    regions = regions_of([one.index for one in substitutions], len(protein))
    return np.stack([mean_change(divergence, regions[name]) for name in REGIONS]), np.stack([one.weights for one in reader.weights])


def _random(
    protein: Protein, own: tuple[Substitution, ...], segments: tuple[str, ...] | None, generator: np.random.Generator, number: int
) -> Iterator[tuple[Substitution, ...]]:
    """Different random substitutions of as many residues: of the same segments, but for the substituted ones where others are left."""
    taken = {one.index for one in own}
    free = [index for index in range(len(protein)) if index not in taken] or list(taken)
    seen: set[tuple[Substitution, ...]] = {own}
    for _ in range(_TRIES * number):
        places: list[int] = []
        for one in own:
            left = [index for index in free if index not in places]
            alike = left if segments is None else [index for index in left if segments[index] == segments[one.index]]
            # A short loop may have no other residue; then one of the whole sequence stands for it.
            places.append(int(generator.choice(alike or left or [one.index])))
        drawn = tuple(Substitution(index, old := protein.sequence[index], _other(old, generator)) for index in sorted(set(places)))
        if drawn not in seen and len(drawn) == len(own):
            seen.add(drawn)
            yield drawn


def _same(own: tuple[Substitution, ...], generator: np.random.Generator, number: int) -> Iterator[tuple[Substitution, ...]]:
    """The same residues to other letters: all of them for one residue, else different random ones."""
    if len(own) == 1:
        (one,) = own
        yield from ((one._replace(new=letter),) for letter in AMINO_ACIDS if number and letter not in (one.old, one.new))
        return
    seen = {own}
    for _ in range(_TRIES * number):
        drawn = tuple(one._replace(new=_other(one.old, generator)) for one in own)
        if drawn not in seen:
            seen.add(drawn)
            yield drawn


def _other(letter: str, generator: np.random.Generator) -> str:
    return str(generator.choice([other for other in AMINO_ACIDS if other != letter]))
