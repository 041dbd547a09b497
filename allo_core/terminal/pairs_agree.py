"""Whether methods agree on which stretches of receptors say what they couple to: `pairs agree`."""

import argparse
from typing import TYPE_CHECKING

from allo_core.errors import PairError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    import numpy as np

    from allo_core.interaction.agreement import Agreement

__all__ = ["add_agree"]

_FEWEST_SEEDS = 3


def add_agree(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    command = commands.add_parser("agree", help="whether methods agree on which tokens matter, beside shuffled labels (G protein families)")
    command.add_argument("--model", default=DEFAULT_MODEL, help=f"the language model, by default {DEFAULT_MODEL}")
    command.add_argument("--seeds", type=int, default=5, help="models with labels as they are, and as many with shuffled ones (5)")
    command.add_argument("--receptors", type=int, default=24, help="of the fold that is not learnt from, so many are explained (24)")
    command.set_defaults(run=print_agree)


def print_agree(options: argparse.Namespace) -> None:
    """Run `python -m allo_core pairs agree`; AlloScopeError for what cannot be learnt."""
    import numpy as np

    from allo_core.interaction.agreement import agreement, agreement_sentence
    from allo_core.interaction.architectures import smaller, tokens_for
    from allo_core.interaction.coupling_table import coupling_pairs
    from allo_core.interaction.features import token_vectors
    from allo_core.interaction.fold_models import fold_rows
    from allo_core.interaction.functional_sets import GPROTEIN_CONTACTS, set_coverage, set_sentence
    from allo_core.interaction.learning_settings import LearningSettings
    from allo_core.interaction.method_importance import METHODS, importance_over_seeds
    from allo_core.interaction.pairs import PairInputs
    from allo_core.interaction.splits import by_cluster, protein_clusters
    from allo_core.library.receptors import find_receptor
    from allo_core.runs.extract import ready_model

    if options.seeds < _FEWEST_SEEDS or options.receptors < 1:
        raise PairError(
            f"--seeds {options.seeds} --receptors {options.receptors}: at least {_FEWEST_SEEDS} seeds and 1 receptor are needed."
        )
    pairs = coupling_pairs()
    model = ready_model(options.model, "auto", "auto", show_progress)
    vectors = token_vectors(model, pairs.proteins, "published", lambda done, total: show_progress("Protein", done, total))
    taken = vectors.pick(tokens_for("amps"))
    inputs = PairInputs(pairs, taken, taken)
    clusters = protein_clusters(pairs.proteins)
    settings = LearningSettings()
    train, choosing, test = fold_rows(by_cluster(pairs, clusters, side="A"), 0, settings)
    # One pair of each receptor: the first family that is reported of it.
    reported = test[pairs.labels[test] == 1]
    _, first = np.unique(pairs.first[reported], return_index=True)
    asked = np.sort(np.random.default_rng(0).permutation(reported[first])[: options.receptors])
    shape = smaller("amps", inputs.width, marks=True)
    found = [
        importance_over_seeds(
            inputs, (train, choosing, asked), shape, settings, clusters, range(options.seeds), shuffled,
            lambda what, done, total: show_progress(what, done, total),
        )
        for shuffled in (False, True)
    ]  # fmt: skip
    real, control = (np.nanmean(values, axis=2) for values in found)  # pairs whose gradients do not add up are left out
    print(f"{len(train)} pairs learnt from, {len(choosing)} choose the epoch; {len(asked)} receptors of other clusters are explained")
    for title, tokens in (("all tokens", slice(None)), ("the receptor's tokens alone", slice(0, inputs.sides[0]))):
        same = agreement(METHODS, real[..., tokens], control[..., tokens])
        print(f"\n{title}: {agreement_sentence(same)}")
        print(_table(same))
    print()
    receptors = [find_receptor(pairs.proteins[row].name) for row in pairs.first[asked]]
    for method, values in zip(METHODS, np.nanmean(found[0], axis=1), strict=True):
        own = values[:, : inputs.sides[0]]
        print(printable(f"{method}: {set_sentence(set_coverage(receptors, inputs.first.tokens, own, GPROTEIN_CONTACTS))}"))


def _table(found: "Agreement") -> str:
    """Correlations with real and with shuffled labels; on the diagonal those among seeds."""
    import pandas as pd

    def written(row: int, column: int) -> str:
        values: tuple[np.ndarray, np.ndarray] = (found.real, found.control)
        return " / ".join(f"{value[row, column]:.2f}" for value in values)

    count = range(len(found.methods))
    return pd.DataFrame(
        [[written(row, column) for column in count] for row in count], index=pd.Index(found.methods), columns=pd.Index(found.methods)
    ).to_string()
