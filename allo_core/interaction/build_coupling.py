"""Make the models of coupling that ship: `python -m allo_core.interaction.build_coupling`; needs the extra pairs, minutes on two cores.

AMPS is learnt as `pairs train` learns it by default, on folds without homologues; the linear model reads the regions of receptors, since
these are what a person knows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import expit

from allo_core.interaction.architectures import smaller, tokens_for
from allo_core.interaction.baselines import fitted_probabilities
from allo_core.interaction.checkpoint import Epoch
from allo_core.interaction.coupling_baselines import coupling_baselines, coupling_clusters, coupling_split
from allo_core.interaction.coupling_models import SHIPPED
from allo_core.interaction.coupling_table import COUPLING_SOURCE, coupling_pairs
from allo_core.interaction.cuts import REGIONS
from allo_core.interaction.features import token_vectors
from allo_core.interaction.fold_models import train_folds
from allo_core.interaction.kept_model import save_pair_model
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.linear_coupling import fit_linear, save_linear
from allo_core.interaction.model_card import MethodRow
from allo_core.interaction.new_families import FILE, family_split, other_families, score_new_families
from allo_core.interaction.pairs import PairInputs
from allo_core.interaction.study import Described, card_of, coupling_rows, study
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.storage.whole_file import write_whole

__all__ = ["AMPS", "COUPLING", "LINEAR", "build_coupling", "write_new_families"]

AMPS, LINEAR = "ESM2_AMPS", "logistic regression, regions"
COUPLING = "G protein families that receptors are reported to couple to"


def build_coupling(model: ProteinLanguageModel, say: Callable[[str], None]) -> None:
    """Learn both models, and write them with their cards into allo_core/data.

    Parameters
    ----------
    model : ProteinLanguageModel
    say : callable(str)
        Told of each epoch.

    Raises
    ------
    ExtraError
        scikit-learn is not installed.
    """
    features = token_vectors(model, coupling_pairs().proteins)
    segments = features.pick(tokens_for("amps"))
    inputs, split = PairInputs(coupling_pairs(), segments, segments), coupling_split()
    regions = PairInputs(coupling_pairs(), token_vectors(model, coupling_pairs().proteins, "regions").pick(REGIONS), segments)
    left_out = fitted_probabilities(regions, split, "logistic", by_partner=True)
    described = Described(("published", "published"), model.spec.id, model.sha256, COUPLING, COUPLING_SOURCE)
    rows: dict[str, tuple[MethodRow, ...]] = {}

    def compare(probabilities: np.ndarray) -> tuple[MethodRow, ...]:
        comparison = coupling_baselines(features, split, {LINEAR: left_out, AMPS: probabilities})
        rows[LINEAR] = coupling_rows(LINEAR, comparison)
        return coupling_rows(AMPS, comparison)

    def told(fold: int, epoch: Epoch) -> None:
        say(f"fold {fold}: training loss {epoch.training_loss:.4f}, validation loss {epoch.validation_loss:.4f}")

    kept = study(inputs, split, smaller("amps", inputs.width, marks=True), LearningSettings(), described, compare, None, told)
    save_pair_model(SHIPPED["amps"], kept, half=True)
    card = card_of(regions, split, replace(described, cuts=("regions", "published")), rows[LINEAR], left_out)
    save_linear(SHIPPED["linear"], fit_linear(regions, card))
    write_new_families(inputs, told)


def write_new_families(inputs: PairInputs, told: Callable[[int, Epoch], None] | None = None) -> None:
    """Learn without one family after the other, and write what that gives into allo_core/data.

    Parameters
    ----------
    inputs : PairInputs
        The pairs of `coupling_pairs`.
    told : callable(fold, Epoch), optional
    """
    split = family_split()
    folds = train_folds(inputs, split, smaller("amps", inputs.width, marks=True), LearningSettings(), None, told)
    found = {
        AMPS: expit(folds.logits),
        "logistic regression, 10 segments of both": fitted_probabilities(inputs, split, "logistic"),
        "random forest, 10 segments of both": fitted_probabilities(inputs, split, "forest"),
        "its other families (no sequence)": other_families(),
    }
    write_whole(FILE, score_new_families(found, coupling_clusters()).text().encode())


if __name__ == "__main__":
    build_coupling(load_model(DEFAULT_MODEL, "cpu"), lambda line: print(line, file=sys.stderr))
