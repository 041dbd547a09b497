"""What a set of pairs gives away without a model of pairs: `pairs baselines`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import PairError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.terminal.files import check_output, write
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.interaction.coupling_scores import CouplingComparison
    from allo_core.interaction.given_away import GivenAway
    from allo_core.interaction.pairs import PairSet
    from allo_core.interaction.published_sets import PublishedSet
    from allo_core.learning.results import Estimate

__all__ = ["add_baselines", "own_pairs"]

_COUPLING = "coupling"
_MOST_COMPLAINTS = 10


def add_baselines(actions: argparse._SubParsersAction) -> None:
    """Add the action."""
    action = actions.add_parser(
        "baselines", help="what names, lengths, partners and plain classifiers give, which a model has to be better than"
    )
    action.add_argument("--set", default=_COUPLING, help="coupling (ships, the usual one), or the published pan or real_test (with --data)")
    action.add_argument("--data", type=Path, metavar="FOLDER", help="the files of a published set; without it, the command names them")
    action.add_argument("--sequences", type=Path, metavar="FILE", help="own pairs: names and sequences (CSV, TSV, Excel or FASTA)")
    action.add_argument("--pairs", type=Path, metavar="FILE", help="own pairs: two names and a label, 0 or 1 (CSV, TSV or Excel)")
    action.add_argument("--split", default="cluster", help="of coupling: cluster (no homologue on both sides, the usual one) or protein")
    action.add_argument("--model", default=DEFAULT_MODEL, help=f"of coupling: whose vectors are classified, by default {DEFAULT_MODEL}")
    action.add_argument("--csv", type=Path, help="write all numbers")
    action.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    action.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    action.set_defaults(run=print_baselines, after_cancel="vectors of proteins that were read are kept")


def print_baselines(options: argparse.Namespace) -> None:
    """Run `python -m allo_core pairs baselines`; AlloScopeError for what cannot be read, computed or written."""
    check_output(options.csv)
    if options.sequences is not None or options.pairs is not None:
        _print_given_away(own_pairs(options.sequences, options.pairs), "own pairs", options.csv)
    elif options.set == _COUPLING:
        _print_coupling(options)
    else:
        from allo_core.interaction.published_sets import read_published

        published = _published(options.set)
        pairs, others = read_published(options.data, published)
        if others:
            print(f"Another version of {' and '.join(others)} than the published one: numbers may differ from docs/pairs.md.")
        _print_given_away(pairs, published.label, options.csv)


def _published(name: str) -> "PublishedSet":
    from allo_core.interaction.published_sets import PUBLISHED_SETS

    if name not in PUBLISHED_SETS:
        raise PairError(f"There is no set {name[:40]!r}; choose one of {', '.join((_COUPLING, *PUBLISHED_SETS))}.")
    return PUBLISHED_SETS[name]


def own_pairs(sequences: Path | None, pairs: Path | None, labelled: bool = True) -> "PairSet":
    """The pairs of a person's tables; rows that cannot be used go to stderr.

    Parameters
    ----------
    sequences, pairs : Path or None
        PairError where one of them is missing.
    labelled : bool
        Whether the pairs must have labels.
    """
    from allo_core.interaction.tables import read_pair_table

    if sequences is None or pairs is None:
        raise PairError("Own pairs need two tables: give --sequences FILE and --pairs FILE.")
    contents = []
    for path in (sequences, pairs):
        try:
            contents.append(path.read_bytes())
        except OSError as error:
            raise PairError(f"{path} cannot be read: {error.strerror or error}.") from None
    found = read_pair_table(contents[0], contents[1], (str(sequences), str(pairs)))
    if labelled and not found.labelled:
        raise PairError(f"{pairs} has no column of labels (label, or interacts), without which nothing can be tested.")
    for one in found.complaints[:_MOST_COMPLAINTS]:
        print(printable(f"{one.table}, row {one.row}: {one.sentence}"), file=sys.stderr)
    if len(found.complaints) > _MOST_COMPLAINTS:
        print(f"... and {len(found.complaints) - _MOST_COMPLAINTS:,} more rows that are not used", file=sys.stderr)
    return found.pairs


def _print_given_away(pairs: "PairSet", label: str, csv: Path | None) -> None:
    import pandas as pd

    from allo_core.interaction.given_away import given_away

    found = given_away(pairs)
    table = _given_away_table(found)
    write(csv, lambda: pd.DataFrame(table).to_csv(index=False))
    print(printable(f"{label}: {found.pairs:,} pairs ({found.positives:,} interact) of {found.proteins:,} proteins"))
    print(
        f"{found.in_positives:,} proteins are in pairs that interact, {found.in_negatives:,} in others, {found.in_both:,} in both; "
        "5 folds, seed 42"
    )
    shown = pd.DataFrame(table).drop(columns=[name for name in table[0] if name not in _SHOWN])
    print(shown.to_string(index=False, float_format="{:.3f}".format, na_rep="-"))
    for row in found.rows:
        if row.baseline == found.rows[0].baseline:
            print(row.split.sentence)
        if undefined := [f"{name} ({why})" for name, why in row.metrics.reasons]:
            print(f"Not defined for {row.baseline} by {row.split.kind}: {'; '.join(undefined)}.")
    if found.without:
        print(f"{found.without[:1].upper()}{found.without[1:]}.")
    print(found.sentence)


_SHOWN = (
    "baseline",
    "split",
    "tested",
    "accuracy",
    "accuracy_chance",
    "mcc",
    "auc",
    "auc_chance",
    "ap",
    "ap_chance",
    "brier",
    "brier_chance",
)


def _given_away_table(found: "GivenAway") -> list[dict[str, object]]:
    rows = []
    for row in found.rows:
        numbers: dict[str, object] = {}
        for name in row.metrics.names():
            numbers |= {name: getattr(row.metrics, name), f"{name}_chance": getattr(row.chance, name)}
        rows.append({"baseline": row.baseline, "split": f"by {row.split.kind}", "tested": row.tested, **numbers})
    return rows


def _print_coupling(options: argparse.Namespace) -> None:
    import pandas as pd

    from allo_core.interaction.coupling_baselines import coupling_baselines, coupling_split
    from allo_core.interaction.coupling_table import COUPLING_SOURCE, coupling_pairs
    from allo_core.interaction.features import token_vectors
    from allo_core.models.devices import choose_dtype
    from allo_core.models.registry import get_spec
    from allo_core.runs.extract import ready_model

    spec = get_spec(options.model)
    choose_dtype(options.dtype)
    if options.split not in ("cluster", "protein"):
        raise PairError(f"Receptors cannot be divided by {options.split[:40]!r}; choose cluster or protein.")
    model = ready_model(spec.id, options.device, options.dtype, show_progress)
    features = token_vectors(model, coupling_pairs().proteins, progress=lambda done, total: show_progress("Protein", done, total))
    found = coupling_baselines(features, coupling_split(options.split), progress=lambda done, total: show_progress("Baseline", done, total))
    write(options.csv, lambda: pd.DataFrame(_coupling_rows(found)).to_csv(index=False))
    print(f"{found.receptors} receptors in {found.clusters} clusters of homologues, {spec.label}; families as {COUPLING_SOURCE}")
    print(found.split)
    print(_coupling_table(found))
    print(
        "AUC and AP within each family and fold; intervals: 95 % over clusters; top: share of receptors whose likeliest family is reported"
    )
    print(found.sentence)


def _coupling_table(found: "CouplingComparison") -> str:
    import pandas as pd

    names = [f"AUC {family}" for family in found.families]
    rows = [
        [score.name, *map(_short, score.auc), _short(score.mean_auc), _short(score.mean_ap), _short(score.top), f"{score.pooled.auc:.3f}"]
        for score in found.scores
    ]
    chance_ap = sum(found.chance_ap) / len(found.chance_ap)
    rows.append(["chance", *["0.50"] * len(names), "0.50", f"{chance_ap:.2f}", f"{found.chance_top:.2f}", "0.500"])
    return pd.DataFrame(rows, columns=["", *names, "mean AUC", "mean AP", "top", "pooled AUC"]).to_string(index=False)


def _short(estimate: "Estimate") -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _coupling_rows(found: "CouplingComparison") -> list[dict[str, object]]:
    """One row for each method and family, and for the mean over families, with chance."""
    rows: list[dict[str, object]] = []
    mean_chance = sum(found.chance_ap) / len(found.chance_ap)
    for score in found.scores:
        each = zip(
            (*found.families, "mean"),
            (*score.auc, score.mean_auc),
            (*score.ap, score.mean_ap),
            (*found.chance_ap, mean_chance),
            strict=True,
        )
        for family, auc, ap, chance in each:
            row: dict[str, object] = {"method": score.name, "family": family}
            for name, one in (("auc", auc), ("ap", ap), ("top", score.top)):
                row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
            rows.append(
                row | {"ap_chance": chance, "top_chance": found.chance_top, "pooled_auc": score.pooled.auc, "pooled_mcc": score.pooled.mcc}
            )
    return rows
