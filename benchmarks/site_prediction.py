"""Is anything better than position memory at finding allosteric sites?  Leave-one-group-out on the sites that ship.

    python benchmarks/site_prediction.py [--model ID] [--device cpu] [--json FILE]

Prints the Markdown tables of docs/site-prediction.md, where task, folds and features are described.  All random choices have fixed seeds.
Needs tests/requirements.txt; takes a few minutes of two processors with the model that ships, in as many processes as there are processors
(at most 4).  The runs over the receptors (0.7 GB with that model) are kept in ALLOSCOPE_HOME like any others.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from allo_core.errors import AlloScopeError
from allo_core.learning.compare import RESAMPLES
from allo_core.learning.results import Comparison, Difference, Estimate, added, verdict
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.card import model_card
from allo_core.prediction.examples import site_examples
from allo_core.prediction.methods import COMBINED, POSITION_MEMORY, WITH_AND_WITHOUT
from allo_core.prediction.relatives import SAME_SITE, shared_positions
from allo_core.prediction.reproduction import CurvePoint
from allo_core.prediction.study import Study, study
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities
from allo_core.terminal.files import check_output

_SHOWN = (POSITION_MEMORY, COMBINED, "segment", "pocket geometry", "sensitive heads", "final-layer embeddings")  # by receptor


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Leave-one-group-out prediction of allosteric sites.")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to this file")
    options = parser.parse_args(arguments)
    try:
        check_output(options.json)
        model = load_model(options.model, options.device)
        found = study(model, site_examples(), lambda text: print(text, file=sys.stderr), reproductions=True)
    except AlloScopeError as error:
        raise SystemExit(f"site_prediction: {error}") from error
    print(markdown(found))
    if options.json:
        values = {"comparison": asdict(_comparison(found)), "curves": [asdict(point) for point in found.curves]}
        options.json.write_text(json.dumps(values, indent=1), encoding="utf-8")


def markdown(found: Study) -> str:
    """All tables, with a line on each."""
    comparison = _comparison(found)
    parts = [_methods(comparison), _differences(comparison), verdict(comparison), added(comparison), _chosen(found)]
    return "\n\n".join([*parts, _receptors(found), _curves(found.curves), _settings(found), _predictor(found)])


def _comparison(found: Study) -> Comparison:
    if found.predictor.comparison is None:
        raise ValueError("a study has a comparison")
    return found.predictor.comparison


def _methods(comparison: Comparison) -> str:
    listed, residues = (sum(getattr(one, name) for one in comparison.receptors) for name in ("listed", "residues"))
    rows = [[name, _said(one.auroc), _said(one.normalised), f"{one.auprc:.3f}"] for name, one in comparison.methods.items()]
    size = f"{len(comparison.receptors)} receptors in {len(comparison.groups)} groups, {listed} listed of {residues:,} residues"
    return (
        f"### Methods ({size})\n\n{_table(['method', 'AUROC', 'normalised AUPRC', 'AUPRC'], rows)}\n\n"
        f"Means over receptors. In brackets: 95 % interval over {RESAMPLES:,} resamples of the groups."
    )


def _differences(comparison: Comparison) -> str:
    count = len(comparison.receptors)

    def row(name: str, change: Difference) -> list[str]:
        return [name, _said(change.auroc, "+"), _said(change.normalised, "+"), f"{change.higher} of {count}"]

    rows = [row(f"{comparison.predictor} minus {name}", change) for name, change in comparison.differences.items()]
    if comparison.attention is not None:
        rows.append(row(" minus ".join(WITH_AND_WITHOUT), comparison.attention))
    head = ["difference", "AUROC", "normalised AUPRC", "AUROC higher in"]
    return f"{_table(head, rows)}\n\nPaired: each resample holds the same receptors for both."


def _chosen(found: Study) -> str:
    counts: dict[str, int] = {}
    for setting in found.held_out[COMBINED].settings:
        counts[setting.choice] = counts.get(setting.choice, 0) + 1
    said = "; ".join(f"{choice} in {count}" for choice, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f"What the training folds chose for the combination, of {len(found.examples)}: {said}."


def _receptors(found: Study) -> str:
    comparison = _comparison(found)
    rows = [
        [one.receptor, " and ".join(example.sites), str(one.residues), str(one.listed)]
        + [f"{one.auroc[name]:.2f} / {one.normalised[name]:.2f}" for name in _SHOWN]
        for example, one in zip(found.examples, comparison.receptors, strict=True)
    ]
    head = ["receptor", "evidence", "residues", "listed", *_SHOWN]
    return f"### Each receptor left out\n\n{_table(head, rows)}\n\nAUROC / normalised AUPRC; 0.50 / 0.00 is a random ranking."


def _curves(curves: Sequence[CurvePoint]) -> str:
    rows = []
    for point in curves:
        taught = "all, sites moved by chance" if point.shifted else "all" if point.training is None else str(point.training)
        heads = "" if point.heads is None else f"{point.heads:.1f}"
        without = "" if point.heads is None else f"{point.without:.0%}"
        rows.append([point.method, taught, _said(point.auroc), _said(point.normalised), heads, without])
    head = ["method", "training receptors", "AUROC", "normalised AUPRC", "heads", "folds without a head"]
    return f"### Reproductions, and what they learn\n\n{_table(head, rows)}"


def _settings(found: Study) -> str:
    examples = found.examples
    identical, shared = identities(examples), shared_positions(examples)
    pairs = list(combinations(range(len(examples)), 2))
    alike = [f"{examples[i].name} and {examples[j].name} ({identical[i, j]:.0%})" for i, j in pairs if identical[i, j] > HOMOLOGUE_IDENTITY]
    same = [f"{examples[i].name} and {examples[j].name} ({shared[i, j]:.0%})" for i, j in pairs if shared[i, j] > SAME_SITE]
    by_source: dict[str, list[str]] = {}
    for one in found.predictor.training:
        by_source.setdefault(one.orthosteric or "not known", []).append(one.receptor)
    versions = ", ".join(f"{name} {number}" for name, number in found.predictor.versions.items())
    groups = [" ".join(group) for group in _comparison(found).groups]
    return "\n".join(
        (
            "### Settings\n",
            f"- Model: {found.predictor.model_id}, weights {found.predictor.weights_sha256}; {versions}.",
            f"- Homologues: {', '.join(alike) or 'none'}.",
            f"- One site: {', '.join(same) or 'none'}.",
            f"- Groups: {', '.join(groups)}.",
            *(f"- Orthosteric site {source}: {', '.join(names)}." for source, names in by_source.items()),
        )
    )


def _predictor(found: Study) -> str:
    setting = found.predictor.setting
    weights = int((found.predictor.model.coefficients != 0).sum())
    chosen = f"Ingredients: {setting.choice}; C = {setting.c:g}; {weights} of its weights are not 0."
    lines = "\n".join(f"- {line}" for line in model_card(found.predictor))
    return f"### The predictor fitted to all receptors\n\n{chosen}\n\n{lines}"


def _said(estimate: Estimate, sign: str = "") -> str:
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
