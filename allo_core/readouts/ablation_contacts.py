"""How the precision of predicted contacts changes when heads are removed; the map's regression or heads stay as they were chosen before.

They are frozen, because a readout fitted again would be another model.  What is removed changes only maps of later layers, so heads of the
last layer change nothing by this measure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.contacts import SEPARATIONS, precisions_among
from allo_core.errors import Cancelled
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import Receptor, receptors
from allo_core.models.contacts import ContactReader, contact_probabilities
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import read
from allo_core.readouts.ablation_rises import Rises, mean_over_groups
from allo_core.readouts.contact_heads import HeadPrecisions, MeanHeadReader, choose_heads, head_precisions
from allo_core.readouts.head_means import head_means, reference_sha256
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import ablations_folder
from allo_core.readouts.known import panel
from allo_core.readouts.removal import Heads, Removal, removed
from allo_core.runs.extract import meta_of
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

    from allo_core.models.capture import Intervention

__all__ = ["ContactChanges", "contact_changes"]

_FORMAT = 1
_PASS = "Contacts without heads: pass"
_BEST = 2  # the best L and L/5 pairs


@dataclass(frozen=True, eq=False)
class ContactChanges:
    """Precision of the best L and L/5 pairs at least six residues apart, with all heads, by chance, and its change without some.

    Parameters
    ----------
    receptors : tuple of str
        Entry names; no two are homologues.
    base : tuple of two float
        Mean precision at L and at L/5 with all heads.
    random : float
        Share of contacts among all such pairs.
    at_l, at_l5 : Rises
        Change without each set, with the interval over receptors; below 0 where the map becomes worse.
    """

    receptors: tuple[str, ...]
    base: tuple[float, float]
    random: float
    at_l: Rises
    at_l5: Rises


def contact_changes(
    model: ProteinLanguageModel,
    sets: Sequence[Heads],
    kind: Removal = "mean",
    report: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> ContactChanges:
    """Remove sets of heads from passes over the sixteen receptors of `known.panel`, a pass for each set and receptor; receptors are kept.

    Parameters
    ----------
    sets : sequence of Heads
    kind : {"mean", "zero"}
    report : callable(stage, done, total), optional
    cancel : CancelEvent, optional

    Raises
    ------
    DeviceError, StoreError
        Too little memory; it cannot be kept.
    Cancelled
        Receptors that were complete are kept.
    """
    means = head_means(model, None, cancel) if kind == "mean" else None
    precisions = None if model.contact_regression is not None else head_precisions(model, None, cancel)
    found, base, random = [], [], []
    for done, entry in enumerate(panel()):
        one = _OneReceptor(model, receptors()[entry], precisions, cancel)
        random.append(one.chance)
        facts = (_FORMAT, meta_of(model, one.receptor.protein).key, tuple(sets), kind, reference_sha256() if kind == "mean" else "")
        path = ablations_folder() / "contacts" / f"{key_of('contacts', *facts)}.npz"
        kept = read_arrays(path, {"base": ("float64", (_BEST,)), "without": ("float64", (len(sets), _BEST))})
        if kept is None:
            kept = {"base": one.precision(None), "without": np.zeros((len(sets), _BEST))}
            for at, heads in enumerate(sets):
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                kept["without"][at] = one.precision(removed(model.spec, heads, means, len(one.receptor.protein) + 2))
                if report is not None:
                    report(_PASS, done * len(sets) + at + 1, len(panel()) * len(sets))
            keep_arrays(path, kept)
        base.append(kept["base"])
        found.append(kept["without"] - kept["base"])
    changes, (at_l, at_l5) = np.array(found), np.mean(base, axis=0)
    both = (mean_over_groups(changes[:, :, at], len(panel())) for at in range(_BEST))
    return ContactChanges(panel(), (float(at_l), float(at_l5)), float(np.mean(random)), *both)


class _OneReceptor:
    """The contact map of one receptor, by a readout that was chosen on others."""

    def __init__(self, model: ProteinLanguageModel, receptor: Receptor, precisions: HeadPrecisions | None, cancel: CancelEvent | None):
        self._model, self.receptor, self._cancel = model, receptor, cancel
        known = known_contacts()[receptor.entry]
        self._resolved, self._contacts = known.resolved, known.map(len(receptor.protein))
        self._heads = () if precisions is None else choose_heads(precisions, receptor.protein, receptor.numbers).heads
        nothing = np.zeros(self._contacts.shape)
        self.chance = precisions_among(nothing, self._resolved, self._contacts, SEPARATIONS[:1])[0].random

    def precision(self, intervene: "Intervention | None") -> "Float[np.ndarray, ' best']":
        """At L and L/5."""
        regression = self._model.contact_regression
        reader = MeanHeadReader(self._heads) if regression is None else ContactReader(regression.weights)
        read(self._model, self.receptor.protein, [reader], intervene, cancel=self._cancel)
        scores = reader.total if regression is None else contact_probabilities(regression, reader.total)
        at_l, _, at_l5 = precisions_among(scores, self._resolved, self._contacts, SEPARATIONS[:1])[0].values
        return np.array([at_l, at_l5])
