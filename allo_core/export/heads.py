"""What heads look at, as a table and a record."""

import json
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.export.record import number_or_none
from allo_core.export.tables import cell
from allo_core.runs.extract import library_versions

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    import numpy as np

    from allo_core.heads.arcs import FamilyArcs
    from allo_core.heads.shares import HeadShares
    from allo_core.heads.similarity import ResidueSimilarity
    from allo_core.readouts.own_share import OwnShare

__all__ = ["DEFINITIONS", "heads_csv", "heads_record", "own_share_csv", "own_share_record"]

DEFINITIONS = {
    "share": "arcs (attention of at least 0.3) that go to it, of those of which it is known; low and high: 95 % over draws of clusters",
    "expected": "the share that arcs as far apart (contacts) or of the same receptors (residues) would have",
    "q_value": "log2(share / expected) above 0, normal over draws of clusters of homologues, Benjamini and Hochberg over heads",
    "published_share": "arcs that go to it, of all arcs of the head (Vig et al. 2021)",
    "published_error": "half the width of the normal interval, 5 % divided by the number of heads",
    "published_background": "share of residues, or of valid pairs, that have it",
    "special_share": "share of the attention of residues that goes to special tokens, mean over receptors",
    "not tested": "empty: fewer than 100 arcs",
}


def heads_csv(shares: "HeadShares", special: "np.ndarray") -> str:
    """CSV text with a row for each head and value; empty where not tested.

    Parameters
    ----------
    shares : HeadShares
    special : ndarray, dtype=float, shape=(layers, heads)
        Share of the attention of residues that goes to special tokens.
    """
    import numpy as np
    import pandas as pd

    rows = []
    layer, head = np.divmod(np.arange(len(shares.tested)), shares.spec.heads)
    for value, name in enumerate(shares.what.values):
        low, high = shares.intervals[:, :, value]
        columns = {
            "layer": layer, "head": head, "value": cell(name), "arcs": shares.arcs.sum(axis=0).astype(int),
            "special_share": special.ravel(),
            "arcs_known": shares.known[:, :, value].sum(axis=0).astype(int), "share": shares.share[:, value], "low": low, "high": high,
            "expected": shares.background[:, value], "enrichment": shares.enrichment[:, value], "q_value": shares.q_value[:, value],
            "published_share": shares.published[:, value], "published_error": shares.published_error[:, value],
            "published_background": shares.published_background[value],
        }  # fmt: skip
        rows.append(pd.DataFrame(columns))
    table = pd.concat(rows, ignore_index=True).assign(property=cell(shares.what.name), model=shares.spec.id)
    return table.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def heads_record(found: "FamilyArcs", shares: "HeadShares", similarity: "ResidueSimilarity | None" = None) -> str:
    """JSON text of what was counted, over which receptors, by which model and definitions."""
    record: dict[str, object] = {
        "what": "heads",
        "property": shares.what.name,
        "values": list(shares.what.values),
        "note": shares.what.note,
        "receptors": list(shares.receptors),
        "clusters": shares.clusters,
        "definitions": DEFINITIONS,
        "model": shares.spec.id,
        "weights_sha256": found.meta.weights_sha256,
        "dtype": found.meta.dtype,
        "device": found.meta.device_type,
        "alloscope": __version__,
        "versions": library_versions(),
    }
    if similarity is not None:
        numbers = {name: number_or_none(getattr(similarity, name)) for name in ("r", "p", "chance")}
        record["blosum62"] = {**numbers, "heads": similarity.heads, "receptors": similarity.receptors, "sentence": similarity.sentence}
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def own_share_csv(found: "OwnShare") -> str:
    """CSV text with a row for each state: own share and interval, even share, untrained weights, how often the own part is largest."""
    import pandas as pd

    low, high = found.interval
    columns: dict[str, object] = {
        "state": range(found.shares.shape[1]), "own_share": found.shares.mean(axis=0), "low": low, "high": high, "even": found.even.mean(),
        "untrained": None if found.untrained is None else found.untrained.mean(axis=0), "own_is_largest": found.firsts.mean(axis=0),
    }  # fmt: skip
    return pd.DataFrame(columns).assign(model=found.spec.id).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def own_share_record(found: "OwnShare") -> str:
    """JSON text of what was asked, of which model, over which receptors."""
    record = {
        "what": "own share of states",
        "definition": "|d state_k[i] / d embedding[i]| / sum over tokens j of |d state_k[i] / d embedding[j]| (Brunner et al. 2020)",
        "receptors": list(found.receptors),
        "sentence": found.sentence,
        "model": found.spec.id,
        "alloscope": __version__,
        "versions": library_versions(),
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
