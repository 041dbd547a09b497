"""Are sensitive heads better than simpler things at finding allosteric sites?  Leave-one-receptor-out on the sites that ship.

    python benchmarks/site_prediction.py [--model ID] [--device cpu] [--json FILE]

Prints the Markdown tables of docs/site-prediction.md, where task, folds and features are described.  All random choices have fixed seeds.
Needs tests/requirements.txt; takes five minutes of processor time, in as many processes as there are processors (at most 4), with the
model that ships.  The runs over the receptors (0.7 GB with that model) are kept in ALLOSCOPE_HOME like any others.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from allo_core.errors import AlloScopeError
from allo_core.learning.compare import RESAMPLES
from allo_core.learning.results import PREDICTOR, RATE, Comparison, Estimate, verdict
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.card import model_card
from allo_core.prediction.examples import site_examples
from allo_core.prediction.study import Study, study
from allo_core.terminal.files import check_output


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Leave-one-receptor-out prediction of allosteric sites.")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to this file")
    options = parser.parse_args(arguments)
    try:
        check_output(options.json)
        found = study(load_model(options.model, options.device), site_examples(), lambda text: print(text, file=sys.stderr))
    except AlloScopeError as error:
        raise SystemExit(f"site_prediction: {error}") from error
    print(markdown(found))
    if options.json:
        values = [comparison.to_json() for comparison in found.predictor.comparisons]
        options.json.write_text(json.dumps(values, indent=1), encoding="utf-8")


def markdown(found: Study) -> str:
    """All tables, with a line on each."""
    comparisons = found.predictor.comparisons
    parts = [
        *(part for comparison in comparisons for part in (_methods(comparison), _differences(comparison), verdict(comparison))),
        _receptors(found),
        _settings(found),
        _predictor(found),
    ]
    return "\n\n".join(parts)


def _methods(comparison: Comparison) -> str:
    listed, residues = (sum(getattr(one, name) for one in comparison.receptors) for name in ("listed", "residues"))
    head = ["method", "AUPRC, mean", "AUPRC, pooled", "AUROC, mean", "AUROC, pooled"]
    rows = [
        [name, *(_said(one) for one in (quality.auprc, quality.pooled_auprc, quality.auroc, quality.pooled_auroc))]
        for name, quality in comparison.methods.items()
    ]
    size = f"{len(comparison.receptors)} receptors, {listed} listed of {residues:,} residues"
    return (
        f"### {comparison.evidence[0].upper()}{comparison.evidence[1:]} ({size})\n\n{_table(head, rows)}\n\n"
        f"In brackets: 95 % interval over {RESAMPLES:,} resamples of the receptors. Pooled: residues are ranked within their receptor."
    )


def _differences(comparison: Comparison) -> str:
    head = [f"{PREDICTOR} minus", "AUPRC, mean", "AUPRC, pooled", "AUROC, mean", "better in"]
    rows = [
        [
            name,
            *(_said(one, "+") for one in (change.auprc, change.pooled_auprc, change.auroc)),
            f"{change.better} of {len(comparison.receptors)}",
        ]
        for name, change in comparison.differences.items()
    ]
    return f"{_table(head, rows)}\n\nPaired: each resample holds the same receptors for both. Better in: receptors with a higher AUPRC."


def _receptors(found: Study) -> str:
    everything = found.predictor.comparisons[0]
    names = [name for name in everything.methods if name != RATE]
    head = ["receptor", "evidence", "residues", "listed", "heads, C", *names, "AUROC"]
    rows = []
    for example, setting, one in zip(found.examples, found.held_out[PREDICTOR].settings, everything.receptors, strict=True):
        values = [f"{one.auprc[name]:.3f}" for name in names]
        chosen = f"{setting.size}, {setting.c:g}"
        evidence = " and ".join(example.sites)
        rows.append([one.receptor, evidence, str(one.residues), str(one.listed), chosen, *values, f"{one.auroc[PREDICTOR]:.3f}"])
    note = f"AUPRC of each method; the last column is the AUROC of {PREDICTOR}. Heads, C: what the training fold chose."
    return f"### Each receptor left out\n\n{_table(head, rows)}\n\n{note}"


def _settings(found: Study) -> str:
    pairs = [
        f"{found.examples[j].name} and {found.examples[i].name}"
        for i in range(len(found.examples))
        for j in range(i)
        if found.related[i, j]
    ]
    by_source: dict[str, list[str]] = {}
    for one in found.predictor.training:
        by_source.setdefault(one.orthosteric or "not known", []).append(one.receptor)
    versions = ", ".join(f"{name} {number}" for name, number in found.predictor.versions.items())
    return "\n".join(
        (
            "### Settings\n",
            f"- Model: {found.predictor.model_id}, weights {found.predictor.weights_sha256}; {versions}.",
            f"- Homologues that were kept out of each other's training folds: {', '.join(pairs) or 'none'}.",
            *(f"- Orthosteric site {source}: {', '.join(names)}." for source, names in by_source.items()),
        )
    )


def _predictor(found: Study) -> str:
    setting = found.predictor.setting
    chosen = f"Leaving one receptor out chose {setting.size} heads and C = {setting.c:g}; "
    weights = int((found.predictor.model.coefficients != 0).sum())
    lines = "\n".join(f"- {line}" for line in model_card(found.predictor))
    return f"### The predictor fitted to all receptors\n\n{chosen}{weights} of its weights are not 0.\n\n{lines}"


def _said(estimate: Estimate, sign: str = "") -> str:
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
