"""One vector for each receptor, the mean over its residues: whether those of one family lie together, beside what their sequences tell."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.grouped import GroupedScore, better_than, not_told_apart
from allo_core.learning.neighbours import adjusted_rand, clusters_at, cosine_distances, nearest_agrees, neighbour_chance
from allo_core.library.families import family_of_name
from allo_core.library.receptors import receptors
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.registry import get_spec
from allo_core.protein.homologues import homologue_clusters, identities
from allo_core.readouts.layer_comparison import LayerScore, states_in_words
from allo_core.readouts.layer_properties import library_property
from allo_core.readouts.library_panel import means_panel
from allo_core.readouts.library_states import counted, kept_states, library_states
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32

__all__ = ["NEAR_IDENTICAL", "FamilyAgreement", "MeanVectors", "family_agreement", "kept_mean_vectors", "mean_vectors"]

# Above this share of identical residues a neighbour is left out: that such receptors are of one family says the sequence at a glance.
NEAR_IDENTICAL = 0.6


@dataclass(frozen=True, eq=False)
class MeanVectors:
    """Mean vectors of the library's receptors with generic numbers, at most 510 residues long, from every state.

    Parameters
    ----------
    model_id, model_label : str
    receptors, names, classes, families : tuple of str
        Entry names, UniProt's names, GPCR classes, and ligand families ("" for orphans).
    vectors : ndarray, dtype=float32, shape=(states, receptors, width)
    """

    model_id: str
    model_label: str
    receptors: tuple[str, ...]
    names: tuple[str, ...] = field(repr=False)
    classes: tuple[str, ...] = field(repr=False)
    families: tuple[str, ...] = field(repr=False)
    vectors: "Float32[np.ndarray, 'states receptors width']" = field(repr=False)


@dataclass(frozen=True)
class FamilyAgreement:
    """How well the mean vectors of each state tell families, beside sequence identity; orphans and families of one receptor are left out.

    Parameters
    ----------
    nearest, nearest_far : tuple of LayerScore
        Of each state: share of receptors whose nearest neighbour (cosine from the mean) is of their family; the second without neighbours
        above 60 % identity, over the receptors that have another one of their family left.
    identity, identity_far : LayerScore
        The same where the neighbour is the receptor with the most identical residues.
    chance, chance_far : float
        The same for a neighbour drawn at random.
    rand : tuple of float
        Adjusted Rand index of each state: clusters (average linkage, as many as families) against families; 0 by chance.
    rand_identity : float
        Of clusters by sequence identity.
    best, alike, not_above : int, tuple of int, tuple of int
        Without near neighbours: the best state, those not told apart from it, and those not above sequence identity, by a paired bootstrap
        over clusters of homologues.
    receptors, receptors_far, families : int
    """

    model_label: str
    nearest: tuple[LayerScore, ...]
    nearest_far: tuple[LayerScore, ...]
    identity: LayerScore
    identity_far: LayerScore
    chance: float
    chance_far: float
    rand: tuple[float, ...]
    rand_identity: float
    best: int
    alike: tuple[int, ...]
    not_above: tuple[int, ...]
    receptors: int
    receptors_far: int
    families: int

    @property
    def sentence(self) -> str:
        """The answer, what is not above sequence identity first."""
        how = f"without neighbours above {NEAR_IDENTICAL:.0%} identity"
        best, bar = self.nearest_far[self.best], self.identity_far
        found = f"of state {self.best} the nearest neighbour is of the same family for {best} of {self.receptors_far} receptors ({how})"
        rest = f"the most identical sequence is for {bar}, a random one for {self.chance_far:.3f}"
        if len(self.not_above) == len(self.nearest):
            return f"No state of {self.model_label} tells families better than sequence identity: {found}; {rest}."
        said = (
            f"{states_in_words(self.not_above).capitalize()} do not tell families better than sequence identity. " if self.not_above else ""
        )
        others = tuple(state for state in self.alike if state != self.best)
        apart = f"; {states_in_words(others)} not told apart from it" if others else ""
        return f"{said}{found[:1].upper()}{found[1:]}; {rest}{apart}."


def mean_vectors(
    model: ProteinLanguageModel, progress: Callable[[int, int], None] | None = None, cancel: CancelEvent | None = None
) -> MeanVectors:
    """The mean vectors of a model, a pass for each receptor; kept.

    Parameters
    ----------
    progress : callable(done, receptors), optional
    cancel : CancelEvent, optional

    Raises
    ------
    DeviceError, StoreError, Cancelled
        As in `library_states`.
    """
    panel = means_panel(model.spec, library_property("class").receptors)
    return _described(model.spec.id, library_states(model, panel, counted(progress, len(panel.receptors)), cancel))


def kept_mean_vectors(model_id: str, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> MeanVectors | None:
    """The same if they were kept, without loading torch; None where they were not; errors as in `find_kept_run`."""
    states = kept_states(model_id, means_panel(get_spec(model_id), library_property("class").receptors), device, dtype)
    return None if states is None else _described(model_id, states)


def _described(model_id: str, states: np.ndarray) -> MeanVectors:
    entries = library_property("class").receptors
    known = [receptors()[entry] for entry in entries]
    names = tuple(one.name for one in known)
    classes = tuple(one.receptor_class for one in known)
    return MeanVectors(model_id, get_spec(model_id).label, entries, names, classes, tuple(map(family_of_name, names)), states)


def family_agreement(found: MeanVectors) -> FamilyAgreement:
    """How well each state tells families, beside sequence identity and chance."""
    families = np.array(found.families)
    names, count = np.unique(families, return_counts=True)
    rows = np.flatnonzero(np.isin(families, names[(names != "") & (count > 1)]))
    families = families[rows]
    alike = _identities(tuple(found.receptors[row] for row in rows))
    near = alike > NEAR_IDENTICAL
    groups = homologue_clusters(alike)
    # Those that have another one of their family which is no near neighbour.
    far = np.flatnonzero(neighbour_chance(families, near) > 0)
    everyone = np.arange(len(rows))
    distances = [cosine_distances(state[rows]) for state in found.vectors] + [1 - alike]
    nearest, nearest_far = (
        [_score(nearest_agrees(distance, families, excluded), counted, groups) for distance in distances]
        for excluded, counted in ((np.zeros_like(near), everyone), (near, far))
    )
    rand = [adjusted_rand(clusters_at(distance, len(set(families))), families) for distance in distances]
    states, bar = nearest_far[:-1], nearest_far[-1]
    return FamilyAgreement(
        model_label=found.model_label,
        nearest=_plain(nearest[:-1]),
        nearest_far=_plain(states),
        identity=_plain(nearest[-1:])[0],
        identity_far=_plain([bar])[0],
        chance=float(neighbour_chance(families, np.zeros_like(near)).mean()),
        chance_far=float(neighbour_chance(families, near)[far].mean()),
        rand=tuple(rand[:-1]),
        rand_identity=rand[-1],
        best=int(np.argmax([one.value for one in states])),
        alike=not_told_apart(states),
        not_above=tuple(at for at, one in enumerate(states) if not better_than(one, bar)),
        receptors=len(rows),
        receptors_far=len(far),
        families=len(set(families)),
    )


@cache
def _identities(names: tuple[str, ...]) -> "Float[np.ndarray, 'receptors receptors']":
    return identities([receptors()[entry] for entry in names])


def _score(agrees: np.ndarray, counted: np.ndarray, groups: np.ndarray) -> GroupedScore:
    """The share of receptors that agree, over clusters of homologues."""
    group = np.unique(groups[counted], return_inverse=True)[1]
    possible = np.bincount(group).astype(np.float64)[:, None]
    return GroupedScore(np.bincount(group, weights=agrees[counted].astype(np.float64))[:, None], possible)


def _plain(scores: list[GroupedScore]) -> tuple[LayerScore, ...]:
    return tuple(LayerScore(score.value, score.error) for score in scores)
