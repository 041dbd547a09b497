"""The share of a residue's state that it owes to its own embedding, layer by layer, beside an even share and untrained weights.

Hidden token attribution (Brunner et al., "On identifiability in transformers", ICLR 2020): |d state_k[i] / d embedding[j]| for j = i,
divided by the sum over all tokens j.  It tells whether what a later layer holds at a place still depends on the residue there.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled, DeviceError
from allo_core.learning.compare import group_draws
from allo_core.library.receptors import receptors
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.models.state_gradients import embedding_dependence
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import layers_folder
from allo_core.readouts.library_panel import panel_receptors
from allo_core.readouts.library_states import UNTRAINED, untrained
from allo_core.runs.extract import kept_metas, meta_of
from allo_core.runs.meta import RunMeta
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["RECEPTORS", "OwnShare", "kept_own_share", "own_share", "own_share_receptors"]

RECEPTORS = 12
_RESIDUES = 6  # of each receptor
_PROBES = 4
_SEED = 0
_FORMAT = 1
_LARGEST_UNTRAINED = 1_000_000_000  # parameters; a second model of that size in memory is too much to ask for a baseline


@dataclass(frozen=True, eq=False)
class OwnShare:
    """The share of every state of a model over sampled residues.

    Parameters
    ----------
    spec : ModelSpec
    receptors : tuple of str
        One of a cluster of homologues each.
    shares, firsts : ndarray, dtype=float64, shape=(receptors, states)
        Mean over a receptor's residues of the own share, and the share of residues whose own embedding has the largest part of all tokens.
    even : ndarray, dtype=float64, shape=(receptors,)
        1 / tokens: the share of every token if all had as much.
    untrained : ndarray, dtype=float64, shape=(receptors, states), or None
        `shares` of untrained weights; None where two models do not fit into memory.
    """

    spec: ModelSpec
    receptors: tuple[str, ...]
    shares: "Float64[np.ndarray, 'receptors states']" = field(repr=False)
    firsts: "Float64[np.ndarray, 'receptors states']" = field(repr=False)
    even: "Float64[np.ndarray, ' receptors']" = field(repr=False)
    untrained: "Float64[np.ndarray, 'receptors states'] | None" = field(repr=False)

    @cached_property
    def interval(self) -> "Float64[np.ndarray, '2 states']":
        """95 % over draws of receptors."""
        weights = group_draws(np.eye(len(self.receptors), dtype=bool))[1][1:]
        return np.percentile(weights @ self.shares, [2.5, 97.5], axis=0)

    @property
    def sentence(self) -> str:
        """The last state beside its chance level and untrained weights, and which state has the least."""
        last, even = float(self.shares[:, -1].mean()), float(self.even.mean())
        low, high = self.interval[:, -1]
        least = int(np.argmin(self.shares.mean(axis=0)))
        random = "" if self.untrained is None else f", {self.untrained[:, -1].mean():.1%} with untrained weights"
        return (
            f"In the last state a residue owes {last:.1%} (95 %: {low:.1%} to {high:.1%}) to its own embedding; even shares would be "
            f"{even:.1%}{random}. For {self.firsts[:, -1].mean():.0%} of residues no other token has a larger part. State {least} has the "
            "smallest own share."
        )


def own_share_receptors(spec: ModelSpec) -> tuple[str, ...]:
    """Receptors that are read, the same each time: drawn from one of each cluster of homologues."""
    names = [entry for entry in panel_receptors() if spec.longest is None or len(receptors()[entry].protein) <= spec.longest]
    return tuple(sorted(np.random.default_rng(_SEED).permutation(names)[:RECEPTORS].tolist()))


def own_share(
    model: ProteinLanguageModel, progress: Callable[[int, int], None] | None = None, cancel: CancelEvent | None = None
) -> OwnShare:
    """Of a model and of untrained weights of its shape; each receptor is kept, so that a job that was stopped goes on.

    Parameters
    ----------
    progress : callable(done, receptors), optional
        Receptors of both models are counted.
    cancel : CancelEvent, optional

    Raises
    ------
    DeviceError
        Too little memory for the gradients.
    StoreError
        They cannot be kept.
    Cancelled
    """
    names = own_share_receptors(model.spec)
    models = [model, *_random(model)]
    found: list[list[np.ndarray]] = [[] for _ in models]
    for number, one in enumerate(models):
        for at, entry in enumerate(names):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            path = _path(meta_of(one, receptors()[entry].protein), entry)
            kept = _kept(path, model.spec)
            if kept is None:
                kept = _of_receptor(one, entry, cancel)
                keep_arrays(path, {"shares": kept})
            found[number].append(kept)
            if progress is not None:
                progress(number * len(names) + at + 1, len(models) * len(names))
    return _of_arrays(model.spec, names, *found)


def kept_own_share(model_id: str, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> OwnShare | None:
    """The same if all of it is kept, without loading torch or the model; None otherwise; errors as in `find_kept_run`.

    Untrained weights stand beside it where they are kept.
    """
    spec = get_spec(model_id)
    names = own_share_receptors(spec)
    for meta in kept_metas(model_id, receptors()[names[0]].protein, device, dtype):
        found = [one for entry in names if (one := _kept(_path(meta, entry), spec)) is not None]
        other = replace(meta, weights_sha256=UNTRAINED)
        random = [one for entry in names if (one := _kept(_path(other, entry), spec)) is not None]
        if len(found) == len(names):
            return _of_arrays(spec, names, found, random if len(random) == len(names) else None)
    return None


def _random(model: ProteinLanguageModel) -> list[ProteinLanguageModel]:
    """The untrained model; none where memory does not suffice for two."""
    if model.spec.parameters > _LARGEST_UNTRAINED:
        return []
    try:
        return [untrained(model)]
    except DeviceError:
        return []


def _of_receptor(model: ProteinLanguageModel, entry: str, cancel: CancelEvent | None) -> "Float64[np.ndarray, '2 states']":
    """Mean over sampled residues of the own share, and the share of these that have the largest part in their own state."""
    protein = receptors()[entry].protein
    seed = zlib.crc32(protein.sequence.encode())
    residues = np.sort(np.random.default_rng([_SEED, seed]).permutation(len(protein))[:_RESIDUES])
    sizes = embedding_dependence(model, protein, residues.tolist(), _PROBES, seed, cancel).astype(float)
    own = sizes[:, np.arange(len(residues)), residues + 1]
    return np.stack([(own / sizes.sum(axis=-1)).mean(axis=1), (own >= sizes.max(axis=-1)).mean(axis=1)])


def _of_arrays(
    spec: ModelSpec, names: tuple[str, ...], found: Sequence[np.ndarray], random: Sequence[np.ndarray] | None = None
) -> OwnShare:
    shares, firsts = np.stack(found, axis=1)
    even = np.array([1 / (len(receptors()[entry].protein) + 2) for entry in names])
    return OwnShare(spec, names, shares, firsts, even, None if random is None else np.stack(random, axis=1)[0])


def _path(meta: RunMeta, entry: str) -> Path:
    """One file for each receptor, under the run that this model would leave of it."""
    own = replace(meta, protein_name=entry, sequence=receptors()[entry].protein.sequence)
    return layers_folder() / f"{key_of('own share', _FORMAT, own.key, _RESIDUES, _PROBES, _SEED)}.npz"


def _kept(path: Path, spec: ModelSpec) -> "Float64[np.ndarray, '2 states'] | None":
    """What is kept of a receptor; None where it is missing or damaged: it is then worked out anew."""
    arrays = read_arrays(path, {"shares": ("float64", (2, spec.layers + 1))})
    return None if arrays is None or not ((arrays["shares"] >= 0) & (arrays["shares"] <= 1)).all() else arrays["shares"]
