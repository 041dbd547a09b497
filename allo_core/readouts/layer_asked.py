"""From a property and the names of receptors to the rows that are asked: residues, receptors or pairs of residues."""

from collections.abc import Iterable

import numpy as np

from allo_core.errors import LayerError
from allo_core.library.contacts import known_contacts
from allo_core.models.registry import ModelSpec
from allo_core.readouts.layer_attention import AttentionRows
from allo_core.readouts.layer_pairs import MOST_IN_PAIRS, PairRows, most_pairs
from allo_core.readouts.layer_properties import LayerProperty, library_property
from allo_core.readouts.layer_rows import LabelledRows
from allo_core.readouts.library_panel import chosen_receptors, means_panel, panel_of

__all__ = ["rows_of"]


def rows_of(spec: ModelSpec, given: str | LayerProperty, names: Iterable[str] | None, attention: bool = False) -> LabelledRows:
    """The rows of a property for a model, on its own receptors or on those that are named (entry names); errors as in `compare_layers`.

    With ``attention`` residues are also told by the attention that they receive; pairs are anyway.
    """
    one = library_property(given) if isinstance(given, str) else given
    chosen = one.receptors if names is None else chosen_receptors(tuple(names))
    if unknown := [entry for entry in chosen if entry not in one.labels]:
        raise LayerError(f"{one.name[:40]!r} is not known of {unknown[0]}; leave it out.")
    if one.of_receptors and attention:
        raise LayerError(f"Attention is read of residues, and {one.name[:40]!r} is a property of receptors; ask its states alone.")
    if one.of_receptors:
        return LabelledRows(one, means_panel(spec, chosen))
    if one.of_pairs:
        panel = panel_of(spec, chosen, tuple(tuple(known_contacts()[entry].resolved.tolist()) for entry in chosen), MOST_IN_PAIRS)
        return PairRows(one, panel, most_pairs(spec, len(chosen)))
    panel = panel_of(spec, chosen, _labelled(one, chosen) if one.every_residue else None)
    return AttentionRows(one, panel) if attention else LabelledRows(one, panel)


def _labelled(one: LayerProperty, names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """The residues of each receptor that have a label."""
    known = (np.isfinite(one.labels[entry]) if one.kind == "number" else one.labels[entry] != "" for entry in names)
    return tuple(tuple(np.flatnonzero(own).tolist()) for own in known)
