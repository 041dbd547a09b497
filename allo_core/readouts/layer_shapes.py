"""How alike the states of a model are at the same residues, and in how many directions each extends: they choose no layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.geometry import linear_cka, participation_ratio, two_nn
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.readouts.library_panel import Panel, panel_of, panel_receptors
from allo_core.readouts.library_states import counted, kept_states, library_states
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["LayerShapes", "kept_shapes", "layer_similarity", "reference_panel", "shapes_of"]

_MOST_VECTORS = 2000  # what follows is steady from there on, and all pairs of 34 states still take a minute or two


@dataclass(frozen=True, eq=False)
class LayerShapes:
    """The shapes of the states of a model at some residues of the library.

    Parameters
    ----------
    similarity : ndarray, dtype=float64, shape=(states, states)
        Linear CKA from unbiased HSIC: 1 for states that are equal up to rotation and scale, about 0 for unrelated ones.
    participation : tuple of float
        Participation ratio of each state: about in how many directions it extends.
    dimension : tuple of float
        Intrinsic dimension by TwoNN; NaN where most vectors equal another one, as those of token embeddings do.
    vectors : int
        Residues that were taken.
    """

    similarity: "Float[np.ndarray, 'states states']"
    participation: tuple[float, ...]
    dimension: tuple[float, ...]
    vectors: int


def reference_panel(spec: ModelSpec) -> Panel:
    """The residues of the library to which a protein is compared: those on which layers are compared; LayerError as in `panel_of`."""
    return panel_of(spec, panel_receptors())


def layer_similarity(
    model: ProteinLanguageModel, progress: Callable[[int, int], None] | None = None, cancel: CancelEvent | None = None
) -> LayerShapes:
    """The shapes of all states of a model; parameters and errors as in `library_states`, whose passes ``progress(done, total)`` counts."""
    panel = reference_panel(model.spec)
    return shapes_of(library_states(model, panel, counted(progress, len(panel.receptors)), cancel))


def kept_shapes(model_id: str, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> LayerShapes | None:
    """The same from states that are kept, without loading torch; None where there are none.  Takes a second or more: keep the result."""
    states = kept_states(model_id, reference_panel(get_spec(model_id)), device, dtype)
    return None if states is None else shapes_of(states)


def shapes_of(states: "Float[np.ndarray, 'states rows width']") -> LayerShapes:
    """The shapes of states at the same residues, of which at most 2,000 are taken at equal steps."""
    rows = np.unique(np.linspace(0, states.shape[1] - 1, min(states.shape[1], _MOST_VECTORS)).astype(int))
    clouds = [np.asarray(state[rows], dtype=np.float64) for state in states]
    similarity = np.eye(len(clouds))
    for one in range(len(clouds)):
        for other in range(one):
            similarity[one, other] = similarity[other, one] = linear_cka(clouds[one], clouds[other])
    return LayerShapes(similarity, tuple(map(participation_ratio, clouds)), tuple(map(two_nn, clouds)), len(rows))
