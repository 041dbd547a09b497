"""What a model of pairs looks at, as tables: importance of tokens, and coverage of the stretches that are pointed out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from allo_core.export.tables import cell

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    import numpy as np
    from jaxtyping import Float

    from allo_core.interaction.ranked_lists import ListCoverage

__all__ = ["coverage_csv", "importance_csv"]


def importance_csv(
    names: Sequence[str],
    methods: "Mapping[str, Float[np.ndarray, ' tokens']]",
    chances: Mapping[str, float],
    settings: Mapping[str, object],
) -> str:
    """CSV text with a row for each method and token: importance, chance level and rank; empty where a method was not asked or has none.

    Parameters
    ----------
    names : sequence of str, length tokens
        "A segment0" ... "B segment9".
    methods : mapping of str to ndarray, dtype=float, shape=(tokens,)
        By the name of the method; NaN where a token has no value.
    chances : mapping of str to float
        What every token would have if none mattered more than another, by method.
    settings : mapping of str to object
        The same in every row, so that tables can be put together: model, pair, seed, weights ...  Text is made safe for spreadsheets.
    """
    import numpy as np
    import pandas as pd

    tables = []
    for method, values in methods.items():
        known = np.isfinite(values)
        rank = np.full(len(values), np.nan)
        rank[known] = np.argsort(np.argsort(-np.abs(values[known]), kind="stable"), kind="stable") + 1
        side, token = zip(*(name.split(" ", 1) for name in names), strict=True)
        columns = {
            "method": method, "side": side, "token": [cell(text) for text in token], "importance": values,
            "chance": chances.get(method, np.nan), "rank": pd.array(rank, dtype="Int64"),
        }  # fmt: skip
        tables.append(pd.DataFrame(columns))
    fixed = {name: cell(value) if isinstance(value, str) else value for name, value in settings.items()}
    return pd.concat(tables, ignore_index=True).assign(**fixed).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def coverage_csv(found: "ListCoverage") -> str:
    """CSV text with a row for each group, type and choice of segments, with both chance levels; all coverages are shares."""
    import pandas as pd

    rows = [
        {
            "group": row.group, "type": cell(row.type), "chosen": row.chosen, "pairs": row.pairs, "proteins": row.proteins,
            "coverage": row.test.observed, "all_segments": row.every, "turned": row.test.turned, "turned_low": row.test.low,
            "turned_high": row.test.high, "p_value": row.test.p, "q_value": row.q_value, "other_proteins": row.test.places,
            "other_proteins_p": row.test.places_p,
        }
        for row in found.rows
    ]  # fmt: skip
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n", float_format="%.6g")
