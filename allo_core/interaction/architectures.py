"""The models of pairs: ESM2_AMPS, ESM2_AMP_CSE and ESM2_DPM as published, and the two that they were compared with.

Sun et al., Brief. Bioinform. 26, bbaf434 (2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import nn

from allo_core.interaction.cuts import SEGMENTS
from allo_core.interaction.encoder import EncoderLayer

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["Architecture", "Kind", "PairModel", "build", "published", "smaller", "tokens_for"]

# amps and amp_cse: an encoder over stretches, without or with the start and end token.  dpm: the mean of each protein.  gru, mean: the same
# tokens as amps through a recurrent network, or averaged as they are.
Kind = Literal["amps", "amp_cse", "dpm", "gru", "mean"]

_ATTENDING = ("amps", "amp_cse")
_PUBLISHED_FEED_FORWARD, _PUBLISHED_LAYERS, _PUBLISHED_DROPOUT = 2048, 6, 0.3
_HEADS = 8
# Sizes of the classifiers that were found, as shares of the width 1280 (config.yaml; gru and mean: those of amps).
_HIDDEN = {"amps": (1 / 2, 3 / 16), "amp_cse": (3 / 8, 3 / 16), "dpm": (1, 3 / 8, 5 / 64), "gru": (1 / 2, 3 / 16), "mean": (1 / 2, 3 / 16)}
_MARK_SCALE = 0.02  # standard deviation of the first marks, as of the position embeddings of BERT


@dataclass(frozen=True)
class Architecture:
    """The shape of a model of pairs.

    Parameters
    ----------
    kind : {"amps", "amp_cse", "dpm", "gru", "mean"}
    width : int
        Of each token.
    sides : tuple of (int, int)
        Tokens of protein A, and of protein B.
    layers, heads, feed_forward : int
        Of the encoder; a gru has layers alone, the others 0 of each.
    dropout : float
        In the encoder, of attention too; 0 to below 1.
    hidden : tuple of int
        Sizes of the layers of the classifier before its one output.
    marks : bool
        Whether each token has a learned vector that says of which protein and which stretch it is.  Without marks, as published, an
        encoder sees a set: neither the order of the stretches nor the protein that each is of can change its answer.

    Raises
    ------
    ValueError
        Sizes below 1, a width that the heads do not divide, or marks for a model that could not use them or does not need them.
    """

    kind: Kind
    width: int
    sides: tuple[int, int]
    layers: int
    heads: int
    feed_forward: int
    dropout: float
    hidden: tuple[int, ...]
    marks: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"no kind {self.kind!r}; there are {', '.join(get_args(Kind))}")
        encoder = (self.layers, self.heads, self.feed_forward)
        used = {**dict.fromkeys(_ATTENDING, encoder), "gru": (self.layers,)}.get(self.kind, ())
        if min(self.width, *self.sides, *self.hidden, *used) < 1 or not self.hidden:
            raise ValueError(f"every size of {self} must be at least 1")
        if any(encoder[len(used) :]):
            raise ValueError(f"{self.kind} has no encoder; the sizes {encoder[len(used) :]} must be 0")
        if self.kind in _ATTENDING and self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide the width {self.width}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout} is not between 0 and 1")
        if self.marks and self.kind not in _ATTENDING:
            raise ValueError(f"{self.kind} has no marks")

    @property
    def tokens(self) -> int:
        """Of both proteins together."""
        return sum(self.sides)

    @property
    def attends(self) -> bool:
        """Whether the model has attention."""
        return self.kind in _ATTENDING


def tokens_for(kind: Kind, stretches: Sequence[str] = SEGMENTS) -> tuple[str, ...]:
    """Names of the tokens of one protein that a model takes, in their order.

    Parameters
    ----------
    kind : {"amps", "amp_cse", "dpm", "gru", "mean"}
    stretches : sequence of str
        Into which the protein is cut; the ten published ones, or `allo_core.interaction.cuts.REGIONS`.
    """
    if kind == "dpm":
        return ("mean",)
    return ("cls", *stretches, "eos") if kind == "amp_cse" else tuple(stretches)


def published(kind: Kind, width: int, sides: tuple[int, int] | None = None) -> Architecture:
    """The published model, its classifier scaled with the width from 1280: at 1280 it has the published sizes.

    Parameters
    ----------
    kind : {"amps", "amp_cse", "dpm", "gru", "mean"}
    width : int
        Of the language model; for an encoder 8 must divide it.
    sides : tuple of (int, int), optional
        Tokens of A and B; by default the published ones.
    """
    count = len(tokens_for(kind))
    hidden = tuple(max(1, round(share * width)) for share in _HIDDEN[kind])
    attends = kind in _ATTENDING
    return Architecture(
        kind,
        width,
        sides or (count, count),
        layers=_PUBLISHED_LAYERS if attends or kind == "gru" else 0,
        heads=_HEADS if attends else 0,
        feed_forward=_PUBLISHED_FEED_FORWARD if attends else 0,
        dropout=_PUBLISHED_DROPOUT if attends else 0.0,
        hidden=hidden,
    )


def smaller(
    kind: Kind,
    width: int,
    sides: tuple[int, int] | None = None,
    layers: int = 2,
    marks: bool = False,
    dropout: float = _PUBLISHED_DROPOUT,
    hidden: tuple[int, ...] | None = None,
) -> Architecture:
    """The published kind with fewer layers and a feed-forward of twice the width, for hundreds of pairs instead of tens of thousands.

    Parameters
    ----------
    kind : {"amps", "amp_cse", "dpm", "gru", "mean"}
    width : int
    sides : tuple of (int, int), optional
        Tokens of A and B; by default the published ones.
    layers : int
        Of the encoder or the recurrent network; the other kinds have none.
    marks : bool
        Taken by encoders alone.
    dropout : float
        Of encoders alone.
    hidden : tuple of int, optional
        Of the classifier; by default that of `published`.
    """
    whole = published(kind, width, sides)
    attends = whole.attends
    return Architecture(
        kind,
        width,
        whole.sides,
        layers=layers if whole.layers else 0,
        heads=whole.heads,
        feed_forward=2 * width if attends else 0,
        dropout=dropout if attends else 0.0,
        hidden=whole.hidden if hidden is None else hidden,
        marks=marks and attends,
    )


def build(architecture: Architecture, seed: int) -> PairModel:
    """A model with random parameters, the same for the same seed; the state of torch's own generator is left as it was.

    Parameters
    ----------
    architecture : Architecture
    seed : int
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PairModel(architecture)


class PairModel(nn.Module):
    """A model that gives the logit of interaction of pairs; made by `build`.

    Parameters
    ----------
    architecture : Architecture
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture, width = architecture, architecture.width
        self.marks = nn.Parameter(torch.randn(architecture.tokens, width) * _MARK_SCALE) if architecture.marks else None
        self.layers = _encoder(architecture) if architecture.attends else None
        self.gru = _gru(width, architecture.layers) if architecture.kind == "gru" else None
        self.head = _classifier(architecture)

    def forward(self, x: Float[Tensor, "pairs tokens width"]) -> Float[Tensor, " pairs"]:
        """The logits.

        Parameters
        ----------
        x : Tensor, dtype=float32, shape=(pairs, tokens, width)
            Tokens of A, then those of B, as `PairInputs.batch` gives them.
        """
        if self.architecture.kind == "dpm":
            return self.head(x.flatten(1)).squeeze(1)
        if self.gru is not None:
            x = self.gru(x)[0]
        if self.layers is not None:
            x = self._marked(x)
            for layer in self.layers:
                x, _ = layer(x)
        return self.head(x.mean(dim=1)).squeeze(1)

    def attention(self, x: Float[Tensor, "pairs tokens width"]) -> Float[Tensor, "layers pairs heads tokens tokens"]:
        """How much each token (row) looks at each token (column); rows sum to 1, before dropout.

        Parameters
        ----------
        x : Tensor, dtype=float32, shape=(pairs, tokens, width)

        Raises
        ------
        ValueError
            The model has no attention, or is in training mode, where dropout would change what later layers see.
        """
        if self.layers is None:
            raise ValueError(f"{self.architecture.kind} has no attention")
        if self.training:
            raise ValueError("attention is read in evaluation mode: call eval() first")
        x, maps = self._marked(x), []
        for layer in self.layers:
            x, weights = layer(x)
            maps.append(weights)
        return torch.stack(maps)

    def _marked(self, x: Tensor) -> Tensor:
        return x if self.marks is None else x + self.marks


def _encoder(architecture: Architecture) -> nn.ModuleList:
    shape = architecture.width, architecture.heads, architecture.feed_forward, architecture.dropout
    return nn.ModuleList(EncoderLayer(*shape) for _ in range(architecture.layers))


def _gru(width: int, layers: int) -> nn.GRU:
    gru = nn.GRU(width, width, layers, batch_first=True)
    for name, values in gru.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.kaiming_normal_(values, nonlinearity="relu")
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(values)
        else:
            nn.init.zeros_(values)
    return gru


def _classifier(architecture: Architecture) -> nn.Sequential:
    """Linear layers with ReLU between them; of dpm each normalised first.  Kaiming's normal distribution, no bias at the beginning."""
    dpm = architecture.kind == "dpm"
    sizes = (architecture.width * (architecture.tokens if dpm else 1), *architecture.hidden)
    steps: list[nn.Module] = []
    for given, made in pairwise(sizes):
        steps += [nn.Linear(given, made), *([nn.LayerNorm(made)] if dpm else []), nn.ReLU()]
    head = nn.Sequential(*steps, nn.Linear(sizes[-1], 1))
    for part in head:
        if isinstance(part, nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            nn.init.zeros_(part.bias)
    return head
