"""Which layer for which property as files: a table of the states, and what it was computed from."""

import json
from dataclasses import asdict

from allo_core import __version__
from allo_core.export.record import number_or_none
from allo_core.export.tables import cell
from allo_core.readouts.layer_comparison import LayerComparison
from allo_core.runs.extract import library_versions

__all__ = ["layers_csv", "layers_record"]

_FORMULA = (
    "ridge regression on features standardised over the training folds (penalty chosen inside them), for classes on indicator columns, the "
    "largest wins; score out of fold over whole clusters of homologues, standard error by drawing clusters"
)


def layers_csv(found: LayerComparison) -> str:
    """CSV text with a row for each state, all states together, and each baseline; what was not tested is empty."""
    import pandas as pd

    rows = []
    for state, score in enumerate(found.states):
        row = {"what": f"state {state}", "state": state, "score": score.value, "standard_error": score.error}
        row |= {"not_told_apart_from_best": state in found.alike, "above_baselines": state not in found.not_above}
        for name, of_states in (("accuracy", found.accuracies), ("untrained", found.untrained)):
            row |= {name: of_states[state].value} if of_states else {}
        for name, of_states in (("shuffled", found.shuffled), ("control_task", found.control)):
            row |= {name: of_states[state].value} if of_states else {}
        rows.append(row)
    rows.append({"what": "all states together", "score": found.all_states.value, "standard_error": found.all_states.error})
    of_attention = {
        "attention of layer": found.attention,
        "attention of layers up to": found.attention_so_far,
        "attention, untrained, of layer": found.attention_untrained,
    }
    for what, scores in of_attention.items():
        rows += [{"what": f"{what} {layer}", "score": one.value, "standard_error": one.error} for layer, one in enumerate(scores)]
    rows += [{"what": one.name, "score": one.score.value, "standard_error": one.score.error} for one in found.baselines]
    table = pd.DataFrame(rows).astype({"state": "Int64"})
    return table.assign(measure=found.measure, property=cell(found.property_name), model=found.model_id).to_csv(
        index=False, lineterminator="\n", float_format="%.6g"
    )


def layers_record(found: LayerComparison) -> str:
    """JSON text of all numbers of a comparison and what they come from; null where something was not tested."""
    values = {name: value for name, value in _plain(asdict(found)).items() if name != "format"}
    record = {"what": "layers", "sentence": found.sentence, "formula": _FORMULA, "alloscope": __version__, "versions": library_versions()}
    return json.dumps(record | values, indent=1, ensure_ascii=False) + "\n"


def _plain(value):
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return number_or_none(value) if isinstance(value, float) else value
