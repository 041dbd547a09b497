"""How much each layer changes each residue, as a table."""

from typing import TYPE_CHECKING

from allo_core.export.tables import cell, residue_columns
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    from allo_core.readouts.state_changes import StateChanges

__all__ = ["state_changes_csv"]


def state_changes_csv(found: "StateChanges", numbers: ResidueNumbers | None) -> str:
    """CSV text with a row for each residue: relative update and cosine of every layer, then those of untrained weights where known."""
    import pandas as pd

    table = residue_columns(found.protein, numbers)
    for prefix, update, cosine in (
        ("", found.update, found.cosine),
        ("untrained_", found.untrained_update, found.untrained_cosine),
    ):
        if update is not None and cosine is not None:
            table |= {f"{prefix}update_{layer}": values for layer, values in enumerate(update)}
            table |= {f"{prefix}cosine_{layer}": values for layer, values in enumerate(cosine)}
    table |= {"model": found.spec.id, "protein": cell(found.protein.name)}
    return pd.DataFrame(table).to_csv(index=False, lineterminator="\n", float_format="%.6g")
