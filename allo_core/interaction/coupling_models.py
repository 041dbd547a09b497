"""What the shipped models say of the G protein families of a receptor, best first in their comparison on receptors without homologues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from allo_core.errors import PairError
from allo_core.interaction.coupling_table import families, studied
from allo_core.interaction.features import Cut
from allo_core.interaction.kept_model import KeptModel, load_pair_model
from allo_core.interaction.learn import predict_logits
from allo_core.interaction.linear_coupling import LinearCoupling, load_linear
from allo_core.interaction.model_card import ModelCard
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import DATA, receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import Relative, identities_to
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = [
    "RANKED_BY",
    "SHIPPED",
    "CouplingPrediction",
    "ShippedModel",
    "family_inputs",
    "nearest_studied",
    "predict_coupling",
    "shipped_models",
]

RANKED_BY = "mean AUC"  # over families, within folds
# Short name -> the file of parameters in allo_core/data; the card stands beside it.
SHIPPED = {"amps": DATA / "coupling_amps.safetensors", "linear": DATA / "coupling_linear.safetensors"}


@dataclass(frozen=True, eq=False)
class ShippedModel:
    """A model of coupling that ships.

    Parameters
    ----------
    key : {"amps", "linear"}
    model : KeptModel or LinearCoupling
    """

    key: str
    model: KeptModel | LinearCoupling = field(repr=False)

    @property
    def card(self) -> ModelCard:
        return self.model.card

    @property
    def name(self) -> str:
        """As it stands in the comparison."""
        return self.card.comparison[0].name


@dataclass(frozen=True)
class CouplingPrediction:
    """What one model says of one receptor.

    Parameters
    ----------
    key : {"amps", "linear"}
    name : str
        Of the method in the comparison.
    rank, methods : int
        Place among all methods of the comparison, baselines and chance among them, from 1, by mean AUC; how many there are.
    probabilities : tuple of float
        One for each of `families`, of the model that learnt from all receptors.
    out_of_fold : tuple of float, or None
        Of the receptor ``known``, by a model that had learnt from none of its homologues; None where there is no such receptor.
    known : str
        Entry name of the receptor itself, or of the nearest homologue, that the model learnt from; "" for none above 40 % identity.
    identity : float
        With it; 0 for none.
    """

    key: str
    name: str
    rank: int
    methods: int
    probabilities: tuple[float, ...]
    out_of_fold: tuple[float, ...] | None
    known: str
    identity: float


@cache
def shipped_models() -> tuple[ShippedModel, ...]:
    """The models that ship, the one with the larger mean AUC first; PairError if a file is missing or damaged."""
    found = [ShippedModel("amps", load_pair_model(SHIPPED["amps"])), ShippedModel("linear", load_linear(SHIPPED["linear"]))]
    return tuple(sorted(found, key=lambda one: -one.card.comparison[0].measure(RANKED_BY)))


def predict_coupling(protein: Protein, vectors: Mapping[Cut, TokenVectors]) -> tuple[CouplingPrediction, ...]:
    """What every shipped model says of a receptor.

    Parameters
    ----------
    protein : Protein
    vectors : mapping of Cut to TokenVectors
        As `token_vectors` gives them for the protein and then the partner of each of `families`, in that order; for each cut of the cards
        of `shipped_models`.  They must be of the language model and weights that the cards name: ask `check_language_model`.

    Returns
    -------
    tuple of CouplingPrediction
        In the order of `shipped_models`.

    Raises
    ------
    PairError
        A cut that is missing, or a shipped file that is missing or damaged.
    """
    identity, known = nearest_studied(protein)
    found = []
    for shipped in shipped_models():
        card = shipped.card
        if missing := [cut for cut in card.cuts if cut not in vectors]:
            raise PairError(f"{shipped.name} reads proteins that are cut by {missing[0]}; give these vectors too.")
        logits = _logits(shipped.model, protein, vectors)
        own = card.out_of_fold.get(known)
        said = None if own is None else tuple(own[family.partner.name] for family in families())
        rank = 1 + len(card.better(RANKED_BY))
        probabilities = tuple(expit(logits).tolist())
        found.append(CouplingPrediction(shipped.key, shipped.name, rank, len(card.comparison), probabilities, said, known, identity))
    return tuple(found)


def nearest_studied(protein: Protein) -> tuple[float, str]:
    """Identity and entry name of the nearest receptor of which families are reported; 0 and "" for none above 40 % identity.

    Parameters
    ----------
    protein : Protein
    """
    library = receptors()
    same = [entry for entry in studied() if library[entry].protein.sequence == protein.sequence]
    if same:
        return 1.0, same[0]
    shares = identities_to(Relative(protein.sequence, numbers_for(protein)), [library[entry] for entry in studied()]).tolist()
    identity, entry = max(zip(shares, studied(), strict=True))
    return (identity, entry) if identity > HOMOLOGUE_IDENTITY else (0.0, "")


def family_inputs(card: ModelCard, protein: Protein, vectors: Mapping[Cut, TokenVectors]) -> PairInputs:
    """A protein with the partner of each family, as a model of pairs reads them.

    Parameters
    ----------
    card : ModelCard
    protein : Protein
    vectors : mapping of Cut to TokenVectors
        As in `predict_coupling`.
    """
    # The protein may be one of the partners, so it has a name of its own here.
    members = (Protein("", protein.sequence), *(family.partner for family in families()))
    first = np.zeros(len(families()), dtype=np.int64)
    own, partners = (vectors[cut].pick(tokens) for cut, tokens in zip(card.cuts, card.tokens, strict=True))
    return PairInputs(PairSet(members, first, 1 + np.arange(len(first)), first), own, partners)


def _logits(model: KeptModel | LinearCoupling, protein: Protein, vectors: Mapping[Cut, TokenVectors]) -> Float64[np.ndarray, " families"]:
    card = model.card
    if isinstance(model, LinearCoupling):
        return model.logits(vectors[card.cuts[0]].pick(card.tokens[0]).vectors[0])
    inputs = family_inputs(card, protein, vectors)
    return predict_logits(model.model, inputs, np.arange(len(inputs.pairs)))
