"""What the heads look at over the sequences of a batch, by the definitions of `allo_core.heads.shares`.

Sequences with a relative in the library (above 40 % identity) are of the cluster of homologues of that receptor; the others are laid on
each other.  Beyond `MOST_GROUPS` clusters some are drawn together, so that memory does not grow with the batch.
"""

from typing import TYPE_CHECKING

from allo_core.batch.dataset import BatchResults
from allo_core.batch.task_heads import ARCS, HEADS, OFFSET, VALUES, HeadsSettings
from allo_core.errors import BatchError, HeadsError

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pandas as pd

    from allo_core.heads.properties import HeadProperty
    from allo_core.heads.shares import HeadShares

__all__ = ["MOST_GROUPS", "properties_of", "shares_over", "special_share_over"]

MOST_GROUPS = 500  # that are drawn


def properties_of(results: BatchResults) -> tuple[str, ...]:
    """What was counted, in the order in which it is offered; BatchError for a batch of another task."""
    from allo_core.heads.labels import CONSERVED, MARKED

    settings = _settings(results)
    return ("residue type", "segment", CONSERVED, *([MARKED] if settings.positions else []), OFFSET)


def shares_over(results: BatchResults, name: str) -> "HeadShares":
    """How often every head looks at a property, over the sequences of which it is known.

    Parameters
    ----------
    results : BatchResults
        Of the task heads.
    name : str
        One of `properties_of`.

    Raises
    ------
    BatchError
        A batch of another task, or a damaged file.
    HeadsError
        A property that was not counted, or one that is known of fewer than five clusters of homologues.
    """
    import numpy as np
    import pandas as pd
    import pyarrow.compute as pc

    from allo_core.heads.shares import of_sums
    from allo_core.models.registry import get_spec

    settings = _settings(results)
    if name not in properties_of(results):
        raise HeadsError(f"{name[:40]!r} was not counted in this batch; it has {', '.join(properties_of(results))}.")
    of_it = pc.field("property") == name
    could = pd.concat([VALUES.schema.empty_table().to_pandas(), *results.by_part(VALUES.name, of_it)])
    what = _property(name, could, settings)
    known = results.sequences[results.sequences["row"].isin(could["row"])]
    group_of = pd.Series(_groups(known), known["row"].to_numpy())
    heads, groups = settings.layers * settings.heads, int(group_of.max()) + 1
    sums, arcs = np.zeros((3, groups, heads, len(what.values))), np.zeros((groups, heads))
    place = {value: at for at, value in enumerate(what.values)}
    own_values = dict(list(could.groupby("row", sort=False)))
    for frame in results.by_part(ARCS.name, of_it):
        for row, own in frame.groupby("row", sort=False):
            values, group = own_values[row], int(group_of[row])
            at = (own["layer"] * settings.heads + own["head"]).to_numpy()
            columns = [place[value] for value in values["value"]]
            of_known, hits = own["known"].to_numpy(dtype=float)[:, None], np.stack(own["hits"].to_list())
            sums[0, group, at[:, None], columns] += hits
            sums[1, group, at[:, None], columns] += of_known * (values["has"] / values["of"]).to_numpy(dtype=float)
            sums[2, group, at] += of_known
    for frame in results.by_part(HEADS.name):
        frame = frame[frame["row"].isin(known["row"])]
        at = (frame["layer"] * settings.heads + frame["head"]).to_numpy()
        np.add.at(arcs, (group_of[frame["row"]].to_numpy(), at), frame["arcs"].to_numpy())
    has = could.groupby("value")["has"].sum().reindex(list(what.values)).to_numpy(dtype=float)
    of = np.full(len(has), float(could.drop_duplicates("row")["of"].sum()))
    return of_sums(get_spec(settings.model_id), what, tuple(known["name"]), sums, arcs, np.stack([has, of]))


def special_share_over(results: BatchResults) -> "np.ndarray":
    """Share of attention that goes to special tokens, mean over the sequences; ndarray, dtype=float, shape=(layers, heads)."""
    import numpy as np

    settings = _settings(results)
    total, count = np.zeros((settings.layers, settings.heads)), 0
    for frame in results.by_part(HEADS.name):
        np.add.at(total, (frame["layer"].to_numpy(), frame["head"].to_numpy()), frame["special_share"].to_numpy())
        count += frame["row"].nunique()
    return total / max(count, 1)


def _settings(results: BatchResults) -> HeadsSettings:
    settings = results.metadata.settings
    if not isinstance(settings, HeadsSettings):
        raise BatchError(f"{results.folder} holds {settings.task} (--task {settings.task}) and not what heads look at (--task heads).")
    return settings


def _property(name: str, could: "pd.DataFrame", settings: HeadsSettings) -> "HeadProperty":
    from allo_core.heads.labels import MARKED
    from allo_core.heads.properties import HeadProperty, head_property

    if name == OFFSET:
        return head_property(OFFSET)
    note = f"{len(settings.positions)} generic numbers" if name == MARKED else head_property(name).note
    return HeadProperty(name, "target", tuple(sorted(set(could["value"]))), {}, note)


def _groups(known: "pd.DataFrame") -> "np.ndarray":
    """The group of each sequence: its cluster of homologues, or several of these; HeadsError where there are too few clusters."""
    import numpy as np

    from allo_core.heads.sample import FEWEST_CLUSTERS
    from allo_core.protein.homologues import nearest_clusters
    from allo_core.readouts.library_panel import clusters_of

    relatives = known["relative"].dropna().unique()
    cluster_of = dict(zip(relatives, clusters_of(tuple(relatives)), strict=True)) if len(relatives) else {}
    placed = known["relative"].notna().to_numpy()
    clusters = np.zeros(len(known), dtype=int)
    clusters[placed] = [cluster_of[name] for name in known["relative"][placed]]
    clusters[~placed] = len(relatives) + nearest_clusters(known["sequence"][~placed].tolist())
    clusters = np.unique(clusters, return_inverse=True)[1]
    count = int(clusters.max(initial=-1)) + 1
    if count < FEWEST_CLUSTERS:
        raise HeadsError(f"These sequences are of {count} clusters of homologues; at least {FEWEST_CLUSTERS} are needed.")
    return clusters % MOST_GROUPS
