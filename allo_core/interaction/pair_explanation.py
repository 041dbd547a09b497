"""What a kept model of pairs looks at for one pair, and what moves its answer; beside chance, with what speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import expit

from allo_core.errors import PairError
from allo_core.interaction.coupling_baselines import coupling_split
from allo_core.interaction.coupling_models import nearest_studied
from allo_core.interaction.coupling_table import coupling_pairs
from allo_core.interaction.fold_models import fold_rows
from allo_core.interaction.gradients import Attributions, integrated_gradients
from allo_core.interaction.kept_model import KeptModel
from allo_core.interaction.learn import predict_logits
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairInputs
from allo_core.interaction.received import Received, attention_received, block_sentence
from allo_core.protein.sequence import Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

    from allo_core.interaction.latent_importance import LatentImportance

__all__ = ["EXPLAINERS", "Explainer", "PairExplanation", "explain_pair", "rows_without_homologues"]

# Attention and gradients of the model itself; a forest and a network that learn the same pairs anew, without homologues of the receptor.
Explainer = Literal["attention", "gradients", "latent"]
EXPLAINERS: tuple[Explainer, ...] = ("attention", "gradients", "latent")


@dataclass(frozen=True, eq=False)
class PairExplanation:
    """Importance of the tokens of one pair.

    Parameters
    ----------
    names : tuple of str, length tokens
        "A segment0" ... "B segment9".
    sides : tuple of int
        How many tokens are of A, and of B.
    probability : float
        That the model gives the pair.
    received : Received or None
        None where it was not asked for.
    gradients : Attributions or None
    latent : LatentImportance or None
    marks : bool
        Whether the model is told which token is of which protein.
    """

    names: tuple[str, ...]
    sides: tuple[int, int]
    probability: float
    received: Received | None = field(repr=False)
    gradients: Attributions | None = field(repr=False)
    latent: LatentImportance | None = field(repr=False)
    marks: bool

    @property
    def importance(self) -> dict[str, Float64[np.ndarray, " tokens"]]:
        """By the name of the method; those of gradients and SHAP have signs."""
        found = {}
        if self.received is not None:
            found["attention received"] = self.received.tokens[0]
            found["attention rollout"] = self.received.rollout[0].astype(np.float64)
        if self.gradients is not None:
            found["gradients (logit)"] = self.gradients.signed[0]
        if self.latent is not None:
            found["SHAP of a forest (probability)"] = self.latent.shap.signed[0]
            found["Gini of a forest (training)"] = self.latent.forest.gini
            found["gradients of a network (logit)"] = self.latent.gradients.signed[0]
        return found

    @property
    def chances(self) -> dict[str, float]:
        """What each token would have if none mattered more than another: 0 where values have signs."""
        shared = 1 / len(self.names)
        return {method: 0.0 if method.endswith(("(logit)", "(probability)")) else shared for method in self.importance}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What has to be known of these values."""
        said = []
        if self.received is not None:
            said.append(block_sentence(self.received, self.marks))
        if self.gradients is not None:
            change = float(self.gradients.logits[0] - self.gradients.baseline_logit)
            said.append(
                f"Gradients sum to {self.gradients.signed[0].sum():+.3f}; the logit is {change:+.3f} from that of the training's mean pair "
                f"(gap {self.gradients.gaps[0]:.2%}, {self.gradients.steps[0]} steps)."
            )
        if self.latent is not None:
            said.append(self.latent.reducer.sentence)
            said.append(
                f"SHAP values start from {self.latent.shap.expected:.3f} and miss the forest's answer by {self.latent.shap.miss:.0e}."
            )
        return tuple(said)


def explain_pair(
    kept: KeptModel,
    inputs: PairInputs,
    methods: tuple[Explainer, ...],
    latent: LatentImportance | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> PairExplanation:
    """Explain the first pair of some inputs.

    Parameters
    ----------
    kept : KeptModel
    inputs : PairInputs
        As the model's card says that proteins are cut.
    methods : tuple of {"attention", "gradients", "latent"}
    latent : LatentImportance, optional
        What `latent_importance` found of this pair; needed for "latent".
    progress : callable, optional
        Of what is under way, how much of it is done, and how much there is.
    cancel : CancelEvent, optional

    Raises
    ------
    PairError
        A model without attention that is asked for it, or gradients that do not add up.
    Cancelled
    """

    def report(what: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(what, done, total) if progress is not None else None

    first = np.zeros(1, dtype=np.int64)
    vectors, received, gradients = inputs.batch(first), None, None
    if "attention" in methods:
        received = attention_received(kept.model, vectors, inputs.names, inputs.sides, report("attention"), cancel)
    if "gradients" in methods:
        gradients = integrated_gradients(kept.model, vectors, kept.mean, report("gradients"), cancel)
    logit = float(predict_logits(kept.model, inputs, first)[0])
    marks = kept.model.architecture.marks
    return PairExplanation(inputs.names, inputs.sides, float(expit(logit)), received, gradients, latent, marks)


def rows_without_homologues(
    receptor: Protein,
) -> tuple[Integer[np.ndarray, " train"], Integer[np.ndarray, " choosing"]]:
    """Coupling pairs that a model may learn from to be asked about a receptor, and those that choose its epoch: no homologue is in either.

    Parameters
    ----------
    receptor : Protein
        Any; one without a homologue among the receptors that were studied is left out of no fold, so that the first one is.

    Raises
    ------
    PairError
        The table of couplings is damaged.
    """
    _, known = nearest_studied(receptor)
    pairs, split, fold = coupling_pairs(), coupling_split(), 0
    if known:
        (place,) = [at for at, protein in enumerate(pairs.proteins) if protein.name == known]
        fold = int(split.first[pairs.first == place][0])
    train, choosing, _ = fold_rows(split, fold, LearningSettings())
    if not len(train):
        raise PairError("No pair of the table of couplings is without homologues of this receptor; get AlloScope again.")
    return train, choosing
