"""Which layer of a model for which property: `layers`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.storage.amounts import amount
from allo_core.terminal.files import check_output, read_table, write
from allo_core.terminal.progress import STEP, show_progress

if TYPE_CHECKING:
    from allo_core.readouts.layer_comparison import LayerComparison
    from allo_core.readouts.layer_properties import LayerProperty

__all__ = ["add_layers"]


def add_layers(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    command = commands.add_parser("layers", help="which layer of a model tells a property of residues, beside baselines without a model")
    command.add_argument("model", nargs="?", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}")
    command.add_argument(
        "--property",
        default="segment",
        help="residue type, segment (the usual one), TM or not, generic number, conservation, contacts, contact of two residues, "
        "contact to a ligand, class",
    )
    command.add_argument("--table", type=Path, metavar="FILE", help="own values instead: CSV with columns receptor, residue and values")
    command.add_argument("--column", default="", help="the column of the table, if it has several")
    command.add_argument("--receptors", nargs="*", metavar="ENTRY", help="only these receptors; by default one of each homology cluster")
    command.add_argument(
        "--from", dest="source", default="states", choices=["states", "attention"],
        help="attention: residues are also told by the ten largest weights that they receive in every head of a layer (states)",
    )  # fmt: skip
    command.add_argument("--csv", type=Path, help="write the scores of all states and baselines")
    command.add_argument("--json", type=Path, help="write all numbers and how they were made")
    command.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.set_defaults(run=print_layers)


def print_layers(options: argparse.Namespace) -> None:
    """Run `python -m allo_core layers`; AlloScopeError for what cannot be read, computed or written."""
    from allo_core.export.layers import layers_csv, layers_record
    from allo_core.models.devices import choose_dtype
    from allo_core.readouts.layers import compare_layers, kept_layers, states_size
    from allo_core.runs.extract import ready_model

    spec = get_spec(options.model)
    choose_dtype(options.dtype)
    asked = _property(options)
    for path in (options.csv, options.json):
        check_output(path)
    attention = options.source == "attention"
    size = states_size(spec.id, asked, options.receptors)
    found = kept_layers(spec.id, asked, options.receptors, options.device, options.dtype, attention)
    if found is None:
        model = ready_model(spec.id, options.device, options.dtype, show_progress)
        print(f"The states of the library's receptors are kept: {amount(size)}, and as much of an untrained model.")
        found = compare_layers(model, asked, options.receptors, lambda done, total: show_progress(STEP, done, total), None, attention)
    write(options.csv, lambda: layers_csv(found))
    write(options.json, lambda: layers_record(found))
    print(
        printable(
            f"{found.property_name}, {found.model_label}: {found.rows} rows of {len(found.receptors)} receptors, {found.clusters} clusters"
        )
    )
    if found.note:
        print(printable(found.note))
    print(_table(found))
    print(printable(found.sentence))


def _property(options: argparse.Namespace) -> "LayerProperty":
    from allo_core.readouts.layer_properties import library_property
    from allo_core.readouts.value_table import property_of_table

    if options.table is None:
        return library_property(options.property)
    return property_of_table(read_table(options.table), options.column)


def _table(found: "LayerComparison") -> str:
    import pandas as pd

    rows = []
    for state, score in enumerate(found.states):
        notes = ["best"] if state == found.best else ["not told apart from the best"] if state in found.alike else []
        notes += ["not above its baseline"] if state in found.not_above else []
        untrained = f"{found.untrained[state].value:.3f}" if found.untrained else "-"
        rows.append([f"state {state}", str(score), untrained, ", ".join(notes)])
    rows.append(["all states", str(found.all_states), "-", ""])
    for layer, alone in enumerate(found.attention):
        so_far = f"of layers 0 to {layer}: {found.attention_so_far[layer]}" if found.attention_so_far else ""
        untrained = f"{found.attention_untrained[layer].value:.3f}" if found.attention_untrained else "-"
        rows.append([f"attention of layer {layer}", str(alone), untrained, so_far])
    rows += [[printable(one.name), str(one.score), "-", "baseline"] for one in found.baselines]
    return pd.DataFrame(rows, columns=["", found.measure, "untrained", ""]).to_string(index=False)
