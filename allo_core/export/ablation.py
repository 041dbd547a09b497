"""What a model loses without heads, as a table."""

from typing import TYPE_CHECKING

from allo_core.readouts.ablation_rises import Rises, SiteRises
from allo_core.readouts.removal import Heads, heads_text

if TYPE_CHECKING:  # the app need not wait for them
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from jaxtyping import Bool

__all__ = ["ablation_csv", "ablation_frame"]


def ablation_frame(sets: "Sequence[Heads]", done: "Bool[np.ndarray, ' S']", rises: Rises, site: SiteRises | None = None) -> "pd.DataFrame":
    """A row for each set of heads that was removed, the largest rise first: rises in nats a masked residue, with their intervals.

    Parameters
    ----------
    sets : sequence of Heads, length S
    done : ndarray, dtype=bool, shape=(S,)
        Those that were not removed have no row.
    rises : Rises
    site : SiteRises, optional
        Adds the rise at marked residues, at matched ones, and the difference.
    """
    import pandas as pd

    table = pd.DataFrame({"heads": [heads_text(heads) for heads in sets], **_columns("rise", rises)})
    if site is not None:
        for name, one in (("site", site.site), ("matched", site.matched), ("difference", site.difference)):
            table = table.assign(**_columns(name, one))
    return table[done].sort_values("rise", ascending=False, kind="stable")


def ablation_csv(frame: "pd.DataFrame", model: str, kind: str) -> str:
    """CSV text of the table; the last columns say of which model, and how heads were removed.

    Parameters
    ----------
    frame : DataFrame
        As from `ablation_frame`.
    model, kind : str
    """
    return frame.assign(model=model, removed_by=kind).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def _columns(name: str, rises: Rises) -> "dict[str, np.ndarray]":
    return {name: rises.value, f"{name}_low": rises.low, f"{name}_high": rises.high}
