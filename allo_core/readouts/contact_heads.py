"""Heads that see contacts, chosen on receptors that are no homologues of the protein they are used on.

For models without a published regression: the mean of the best few APC-corrected heads, which needs one pass and no fit (as Thorstenson
2026, arXiv 2606.21876, does with ten proteins; there the maps are not brought to one scale before).  Measured for the models at hand in
docs/sequence.md.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.contacts import SEPARATIONS, apc, far_pairs, precision_at
from allo_core.errors import Cancelled, StoreError
from allo_core.library.contacts import KnownContacts, known_contacts
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.readouts.known import others_than, panel
from allo_core.storage.cancel import CancelEvent
from allo_core.storage.home import home
from allo_core.storage.plain_json import check_version, from_plain
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["HEADS", "ContactHeads", "HeadPrecisions", "choose_heads", "head_precisions"]

# 3 to 8 are not told apart on 42 receptors (docs/sequence.md).
HEADS = 5
_FORMAT = 1


@dataclass(frozen=True)
class HeadPrecisions:
    """How many of the best L pairs of each head touch, on each receptor of `panel`; pairs at least six residues apart.

    Parameters
    ----------
    receptors : tuple of str
        Entry names.
    values : tuple of tuple of tuple of float, shape=(receptors, layers, heads)
    random : tuple of float
        Share of contacts among all pairs of each receptor.
    """

    receptors: tuple[str, ...]
    values: tuple[tuple[tuple[float, ...], ...], ...]
    random: tuple[float, ...]
    format: int = _FORMAT


@dataclass(frozen=True)
class ContactHeads:
    """The chosen heads (layer, head), the best first; the receptors they were chosen on; their mean precision there, and chance."""

    heads: tuple[tuple[int, int], ...]
    receptors: tuple[str, ...]
    precision: float
    random: float


class _HeadReader(Reader):
    """Looks at each head of a receptor with known contacts.

    Attributes
    ----------
    values : list of list of float
        Precision of each layer's heads.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, known: KnownContacts, length: int):
        self._pairs = far_pairs(known.resolved, SEPARATIONS[0])
        self.contact = known.map(length)[self._pairs]
        self._number = len(known.resolved)
        self.values: list[list[float]] = []

    def layer(self, layer: Layer) -> None:
        own = []
        for one in layer.tokens.cut(layer.attention, 1, 2):
            own.append(precision_at(apc(one.cpu().numpy())[self._pairs], self.contact, self._number))
        self.values.append(own)


def head_precisions(
    model: ProteinLanguageModel, progress: Callable[[int, int], None] | None = None, cancel: CancelEvent | None = None
) -> HeadPrecisions:
    """The heads of a model on the receptors of `panel`, a pass for each; kept on this machine for each model and its weights.

    Parameters
    ----------
    progress : callable(done, receptors), optional
    cancel : CancelEvent, optional

    Raises
    ------
    DeviceError
        Too little memory.
    StoreError
        They cannot be kept.
    Cancelled
        Nothing was kept.
    """
    facts = (_FORMAT, model.sha256, model.dtype, [(entry, known_contacts()[entry].entry) for entry in panel()])
    name = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    path = home() / "contact_heads" / f"{name}.json"
    # A damaged file is worked out anew: it is a minute's work and nobody's own.
    with suppress(OSError, ValueError):
        return from_plain(HeadPrecisions, check_version(json.loads(path.read_bytes()), HeadPrecisions, _FORMAT))
    values, random = [], []
    for done, entry in enumerate(panel(), 1):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        protein = receptors()[entry].protein
        reader = _HeadReader(known_contacts()[entry], len(protein))
        read(model, protein, [reader], cancel=cancel)
        values.append(tuple(map(tuple, reader.values)))
        random.append(float(reader.contact.mean()))
        if progress is not None:
            progress(done, len(panel()))
    found = HeadPrecisions(panel(), tuple(values), tuple(random))
    try:
        write_whole(path, json.dumps(asdict(found)).encode())
    except OSError as error:
        raise StoreError(f"Cannot write to {path.parent}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
    return found


def choose_heads(precisions: HeadPrecisions, protein: Protein, numbers: ResidueNumbers | None, count: int = HEADS) -> ContactHeads:
    """The ``count`` heads with the highest mean precision on receptors that are no homologues of a protein."""
    chosen = others_than(protein, numbers, precisions.receptors)
    rows = [precisions.receptors.index(entry) for entry in chosen]
    mean = np.array(precisions.values)[rows].mean(axis=0)
    best = np.argsort(-mean, axis=None, kind="stable")[:count]
    heads = tuple((int(k) // mean.shape[1], int(k) % mean.shape[1]) for k in best)
    random = float(np.mean([precisions.random[row] for row in rows]))
    return ContactHeads(heads, chosen, float(mean.ravel()[best].mean()), random)


class MeanHeadReader(Reader):
    """Averages the APC-corrected maps of some heads, each divided by its standard deviation over the pairs that contacts are counted on.

    Attributes
    ----------
    total : ndarray, dtype=float32, shape=(L, L)
        There after the last of these heads; in standard deviations of a pair.
    """

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, heads: tuple[tuple[int, int], ...]):
        self._heads = heads
        self.total: Float32[np.ndarray, "L L"] = np.zeros((0, 0), dtype=np.float32)

    def layer(self, layer: Layer) -> None:
        for at, head in self._heads:
            if at == layer.index:
                one = scaled(apc(layer.tokens.cut(layer.attention[head], 0, 1).cpu().numpy())) / len(self._heads)
                self.total = one if self.total.size == 0 else self.total + one


def scaled(corrected: "Float32[np.ndarray, 'L L']") -> "Float32[np.ndarray, 'L L']":
    """A corrected map in standard deviations from its mean, both over pairs at least six residues apart; zeros where all are alike."""
    far = corrected[np.triu_indices(len(corrected), SEPARATIONS[0])]
    deviation = far.std() if far.size else 0.0
    return (corrected - far.mean()) / deviation if deviation > 0 else np.zeros_like(corrected)
