"""Moving the CA of a fold by a small network that turns with it: E(n) equivariant graph layers (Satorras et al. 2021, arXiv 2102.09844).

Nodes are residues, edges their nearest ones in the fold as it is given and along the chain.  Whether it makes a fold better is measured in
docs/folds.md.  A mirror image is moved as the mirror image of what the fold would become: which hand a fold has is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.refinement_settings import CHAIN, RefinementSettings
from allo_core.folding.scaling import CA_BOND
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Int64
    from torch import Tensor

__all__ = ["Refinement", "RefinementCase", "learn_refinement", "letter_features", "refine"]

_TENFOLD = 10.0  # Å: lengths are given to the network in it
_FARTHEST_STEPS = 64  # residues along the chain that are told apart
_EDGE = 7  # numbers of an edge
_FAR = 20.0  # Å in the target: pairs beyond it do not count in the loss
_HUBER = 1.0  # Å, from which on an error counts linearly
_CLIP = 1.0


@dataclass(frozen=True, eq=False)
class RefinementCase:
    """A fold to begin with, what was known of it, and where its residues are.

    Parameters
    ----------
    start, target : ndarray, dtype=float, shape=(L, 3)
        CA, Å; NaN where there is none.
    features : ndarray, dtype=float, shape=(L, F)
    centre, spread : ndarray, dtype=float, shape=(L, L)
        Expected distances and their spreads in Å; NaN where nothing is expected.
    """

    start: Float[np.ndarray, "L 3"] = field(repr=False)
    target: Float[np.ndarray, "L 3"] = field(repr=False)
    features: Float[np.ndarray, "L F"] = field(repr=False)
    centre: Float[np.ndarray, "L L"] = field(repr=False)
    spread: Float[np.ndarray, "L L"] = field(repr=False)


class _Graph(NamedTuple):
    """Places [n, 3], features [n, F], the k neighbours of each [n, k], what is known of each edge [n, k, 5], residues [n]."""

    xyz: Tensor
    features: Tensor
    neighbours: Tensor
    edges: Tensor
    residues: np.ndarray


class Refinement(nn.Module):
    """The network; in double precision.  It begins as one that moves nothing.

    Parameters
    ----------
    settings : RefinementSettings
    """

    def __init__(self, settings: RefinementSettings) -> None:
        super().__init__()
        self.settings = settings
        self.embed = nn.Linear(settings.features, settings.width)
        self.layers = nn.ModuleList(_Layer(settings.width) for _ in range(settings.layers))
        self.double()

    def forward(
        self,
        xyz: Float64[Tensor, "n 3"],
        features: Float64[Tensor, "n F"],
        neighbours: Int64[Tensor, "n k"],
        edges: Float64[Tensor, "n k 5"],
    ) -> Float64[Tensor, "n 3"]:
        """Moved places, Å; `edges` holds expected distance, its spread (both in 10 Å), whether they are known, separation, and bond."""
        state = self.embed(features)
        for layer in self.layers:
            state, xyz = layer(state, xyz, neighbours, edges)
        return xyz


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.message = nn.Sequential(nn.Linear(2 * width + _EDGE, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.move = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1))
        self.update = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width))
        last = self.move[2]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, state: Tensor, xyz: Tensor, neighbours: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        toward = xyz[:, None] - xyz[neighbours]
        squared = toward.square().sum(dim=-1, keepdim=True)
        distance = (squared + 1e-12).sqrt()
        centre, spread, known = (edges[..., at : at + 1] for at in range(3))
        off = known * (distance / _TENFOLD - centre) / (1 / _TENFOLD + spread)
        own = state[:, None].expand(-1, neighbours.shape[1], -1)
        message = self.message(torch.cat([own, state[neighbours], squared / _TENFOLD**2, off, edges], dim=-1))
        xyz = xyz + (toward / (distance + 1) * self.move(message)).mean(dim=1)
        return state + self.update(torch.cat([state, message.mean(dim=1)], dim=-1)), xyz


def refine(
    refinement: Refinement,
    xyz: Float[np.ndarray, "L 3"],
    features: Float[np.ndarray, "L F"],
    centre: Float[np.ndarray, "L L"],
    spread: Float[np.ndarray, "L L"],
) -> Float64[np.ndarray, "L 3"]:
    """The moved CA of a fold, in the frame of what was given.

    Parameters
    ----------
    refinement : Refinement
    xyz : ndarray, dtype=float, shape=(L, 3)
        CA, Å; residues that are NaN stay NaN and move no other.
    features : ndarray, dtype=float, shape=(L, F)
    centre, spread : ndarray, dtype=float, shape=(L, L)
        Å, as `allo_core.folding.distogram.distogram_distances` gives them; NaN where nothing is expected.

    Returns
    -------
    ndarray, dtype=float64, shape=(L, 3)

    Raises
    ------
    FoldError
        Features of another width than the network reads, or arrays of another length than the fold.
    """
    graph = _graph(refinement.settings, xyz, features, centre, spread)
    found = np.array(xyz, dtype=float)
    if len(graph.residues) > 1:
        with torch.no_grad():
            found[graph.residues] = refinement(*graph[:4]).numpy()
    return found


def letter_features(protein: Protein) -> Float64[np.ndarray, "L 20"]:
    """1 at the amino acid of each residue and 0 elsewhere, ndarray, dtype=float64, shape=(L, 20); 0 everywhere for other letters.

    Parameters
    ----------
    protein : Protein
        Of L residues.
    """
    return np.array([[float(letter == one) for one in AMINO_ACIDS] for letter in protein.sequence])


def learn_refinement(
    cases: Sequence[RefinementCase],
    settings: RefinementSettings,
    progress: Callable[[int, int, float], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Refinement:
    """A network that moves the folds of cases towards their targets.

    The loss is the mean Huber loss of distances, over pairs within 20 Å in the target, and that of the bonds of the chain from 3.8 Å.

    Parameters
    ----------
    cases : sequence of RefinementCase
    settings : RefinementSettings
    progress : callable(done, epochs, loss), optional
        After each epoch, with the mean loss in it.
    cancel : CancelEvent, optional

    Raises
    ------
    FoldError
        No case, or one whose arrays do not belong together.
    Cancelled
    """
    if not cases:
        raise FoldError("There is no fold to learn a refinement from; give some with their targets.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        refinement = Refinement(settings)
    graphs = [_graph(settings, one.start, one.features, one.centre, one.spread) for one in cases]
    optimizer = torch.optim.Adam(refinement.parameters(), lr=settings.learning_rate)
    generator = np.random.default_rng(settings.seed)
    for epoch in range(1, settings.epochs + 1):
        losses = []
        for at in generator.permutation(len(cases)).tolist():
            if cancel is not None and cancel.is_set():
                raise Cancelled
            graph = graphs[at]
            optimizer.zero_grad()
            loss = _loss(refinement(*graph[:4]), torch.from_numpy(np.asarray(cases[at].target, dtype=float)[graph.residues]), graph)
            loss.backward()
            nn.utils.clip_grad_norm_(refinement.parameters(), _CLIP)
            optimizer.step()
            losses.append(loss.item())
        if progress is not None:
            progress(epoch, settings.epochs, float(np.mean(losses)))
    return refinement.eval()


def _graph(settings: RefinementSettings, xyz: np.ndarray, features: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> _Graph:
    length = len(xyz)
    if features.shape != (length, settings.features) or centre.shape != (length, length) or spread.shape != (length, length):
        raise FoldError(
            f"A fold of {length} residues has features of shape {features.shape}, distances {centre.shape} and spreads {spread.shape}; "
            f"({length}, {settings.features}) and twice ({length}, {length}) are needed."
        )
    residues = np.flatnonzero(np.isfinite(xyz).all(axis=1))
    places = np.asarray(xyz, dtype=float)[residues]
    apart = np.abs(residues[:, None] - residues)
    order = np.linalg.norm(places[:, None] - places, axis=-1)
    order[apart <= CHAIN] = -1
    np.fill_diagonal(order, np.inf)
    neighbours = np.argsort(order, axis=1, kind="stable")[:, : min(settings.nearest, max(len(residues) - 1, 0))]
    pairs = residues[:, None], residues[neighbours]
    known = np.isfinite(centre[pairs]) & np.isfinite(spread[pairs])
    steps = np.abs(pairs[0] - pairs[1])
    edges = np.stack(
        [
            np.where(known, centre[pairs], 0) / _TENFOLD,
            np.where(known, spread[pairs], 0) / _TENFOLD,
            known,
            np.log1p(np.minimum(steps, _FARTHEST_STEPS)) / np.log1p(_FARTHEST_STEPS),
            steps == 1,
        ],
        axis=-1,
    ).astype(float)
    chosen = np.asarray(features, dtype=float)[residues]
    return _Graph(torch.from_numpy(places), torch.from_numpy(chosen), torch.from_numpy(neighbours), torch.from_numpy(edges), residues)


def _loss(xyz: Tensor, target: Tensor, graph: _Graph) -> Tensor:
    """In Å; 0 where the target shows none of the residues."""
    first, second = torch.triu_indices(len(xyz), len(xyz), 1)
    true = (target[first] - target[second]).norm(dim=-1)
    near = true < _FAR  # never where the target is not known
    moved = ((xyz[first[near]] - xyz[second[near]]).square().sum(dim=-1) + 1e-12).sqrt()
    bonds = torch.from_numpy(np.flatnonzero(np.diff(graph.residues) == 1))
    lengths = ((xyz[bonds] - xyz[bonds + 1]).square().sum(dim=-1) + 1e-12).sqrt()
    parts = [(moved, true[near]), (lengths, torch.full_like(lengths, CA_BOND))]
    return xyz.sum() * 0 + sum(nn.functional.huber_loss(*part, delta=_HUBER) for part in parts if len(part[0]))
