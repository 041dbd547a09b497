"""What the shipped models say of a receptor's G protein families, and which stretches of it say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import PairError
from allo_core.interaction.coupling_models import CouplingPrediction, family_inputs, predict_coupling, shipped_models
from allo_core.interaction.coupling_table import coupling_pairs, families
from allo_core.interaction.cuts import region_numbers, stretches_of
from allo_core.interaction.features import Cut, token_vectors
from allo_core.interaction.gradients import integrated_gradients
from allo_core.interaction.kept_model import KeptModel, check_language_model
from allo_core.interaction.linear_coupling import LinearCoupling
from allo_core.interaction.pairs import TokenVectors
from allo_core.interaction.received import Received, attention_received
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.protein.sequence import Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Float64, Integer

__all__ = ["By", "CouplingAnswer", "Stretches", "answer_coupling", "coupling_model", "family_rates"]

# By what stretches are weighed: what they add in the linear model, Integrated Gradients of AMPS, the attention that they receive there.
By = Literal["linear", "gradients", "attention"]
_READING, _EXPLAINING = "Reading protein", "Explaining family"


@dataclass(frozen=True, eq=False)
class Stretches:
    """How much each stretch of a receptor says for each family.

    Parameters
    ----------
    names : tuple of str
        "segment0" ..., or regions.
    residues : tuple of ndarray of int
        0-based; empty for a region that the receptor lacks.
    values : ndarray, dtype=float64, shape=(families, stretches)
        NaN where the receptor lacks the stretch.
    chance : float
        What each stretch would have if none mattered more than another; 0 for values with a sign.
    unit : str
    signed : bool
        Whether values below 0 speak against a family.
    """

    names: tuple[str, ...]
    residues: tuple[Integer[np.ndarray, " ..."], ...] = field(repr=False)
    values: Float64[np.ndarray, "families stretches"] = field(repr=False)
    chance: float
    unit: str
    signed: bool


@dataclass(frozen=True, eq=False)
class CouplingAnswer:
    """The answer for one receptor.

    Parameters
    ----------
    protein : Protein
    predictions : tuple of CouplingPrediction
        The model that is best in the comparison first.
    stretches : mapping of By to Stretches
    received : Received
        Attention of AMPS among the tokens of the receptor and of each family's G protein, one pair a family.
    maps : ndarray, dtype=float32, shape=(families, layers, tokens, tokens)
        That attention, means over heads; queries are rows.
    gradients : ndarray, dtype=float64, shape=(families, tokens)
        Integrated Gradients of the logit of AMPS, of the tokens of both proteins.
    gaps : ndarray, dtype=float64, shape=(families,)
        What they miss of the change of the logit, as a share.
    marks : bool
        Whether AMPS is told which token is of which protein.
    """

    protein: Protein
    predictions: tuple[CouplingPrediction, ...]
    stretches: Mapping[By, Stretches]
    received: Received
    maps: Float32[np.ndarray, "families layers tokens tokens"] = field(repr=False)
    gradients: Float64[np.ndarray, "families tokens"] = field(repr=False)
    gaps: Float64[np.ndarray, " families"]
    marks: bool


def family_rates() -> Float64[np.ndarray, " families"]:
    """The share of studied receptors of which each family is reported: what is known without any sequence."""
    return coupling_pairs().labels.reshape(-1, len(families())).mean(axis=0)


def coupling_model() -> str:
    """Id of the language model whose vectors the shipped models read."""
    return shipped_models()[0].card.model_id


def answer_coupling(
    model: ProteinLanguageModel,
    protein: Protein,
    step: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> CouplingAnswer:
    """Ask the shipped models, and ask them why.

    Parameters
    ----------
    model : ProteinLanguageModel
        The one of `coupling_model`.
    protein : Protein
    step : callable(stage, done, total), optional
    cancel : CancelEvent, optional

    Raises
    ------
    PairError
        A protein that is no receptor; another language model, or other weights; a shipped file that is missing or damaged; gradients that
        do not add up.
    SequenceError, DeviceError
        The protein is too long for the model; too little memory.
    Cancelled
    """
    if region_numbers(protein) is None:
        raise PairError(
            f"{protein.name} is like no receptor of the library (40 % identity), so its helices are not known and G protein families "
            "are not asked; open a receptor."
        )
    report = step or (lambda stage, done, total: None)
    members = [protein, *(family.partner for family in families())]
    shipped = {one.key: one.model for one in shipped_models()}
    amps, linear = shipped["amps"], shipped["linear"]
    assert isinstance(amps, KeptModel)
    assert isinstance(linear, LinearCoupling)
    for one in (amps, linear):
        check_language_model(one.card, model.spec.id, model.sha256)
    cuts: list[Cut] = sorted({*amps.card.cuts, *linear.card.cuts})
    vectors: dict[Cut, TokenVectors] = {}
    for cut in cuts:
        vectors[cut] = token_vectors(model, members, cut, lambda done, total: report(_READING, done, total), cancel)
    predictions = predict_coupling(protein, vectors)
    inputs = family_inputs(amps.card, protein, vectors)
    batch = inputs.batch(np.arange(len(inputs.pairs)))
    found = integrated_gradients(amps.model, batch, amps.mean, lambda done, total: report(_EXPLAINING, done, total), cancel)
    received = attention_received(amps.model, batch, inputs.names, inputs.sides, cancel=cancel)
    own = linear.contributions(vectors[linear.card.cuts[0]].pick(linear.card.tokens[0]).vectors[0])
    first = inputs.sides[0]
    stretches: dict[By, Stretches] = {
        "linear": _stretches(protein, linear.card.tokens[0], own, 0.0, "change of the log odds", True),
        "gradients": _stretches(protein, amps.card.tokens[0], found.signed[:, :first], 0.0, "change of the log odds", True),
        "attention": _stretches(protein, amps.card.tokens[0], received.tokens[:, :first], received.chance, "attention received", False),
    }
    maps = _maps(amps, batch)
    return CouplingAnswer(protein, predictions, stretches, received, maps, found.signed, found.gaps, amps.model.architecture.marks)


def _maps(amps: KeptModel, batch: np.ndarray) -> np.ndarray:
    """Attention of each pair, the mean over heads."""
    import torch

    with torch.no_grad():
        return amps.model.attention(torch.from_numpy(batch)).mean(dim=2).transpose(0, 1).numpy()


def _stretches(protein: Protein, names: tuple[str, ...], values: np.ndarray, chance: float, unit: str, signed: bool) -> Stretches:
    residues = stretches_of(protein, names)
    there = np.array([len(own) > 0 for own in residues])
    return Stretches(names, residues, np.where(there, values, np.nan), chance, unit, signed)
