"""What a set of receptors gave, as tables and as the record of how it was made."""

import json
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.export.record import CAUTIONS, number_or_none, places_facts
from allo_core.export.tables import cell
from allo_core.protein.residues import format_residues, residue_label

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    import numpy as np

    from allo_core.analysis.question_log import QuestionLog
    from allo_core.family.consensus import Consensus
    from allo_core.family.members import ReceptorSet
    from allo_core.family.places import SetPlaces
    from allo_core.family.runs import SetRun
    from allo_core.family.swap import SwapControl

__all__ = ["consensus_csv", "members_csv", "receptors_csv", "set_asked", "set_found", "set_record"]


def consensus_csv(found: "Consensus", q_of_each: "np.ndarray", model_id: str, title: str, places: "SetPlaces | str") -> str:
    """CSV text of all heads in (layer, head) order: p and q against random residues and among places like the asked ones, and the number of
    receptors in which each passes alone; undefined values are empty.
    """
    from allo_core.family.each import passing_alone
    from allo_core.family.places import table_with_places

    frame = table_with_places(found, places).assign(
        receptors_passing=passing_alone(q_of_each),
        threshold=found.threshold,
        model=model_id,
        members=len(found.members),
        asked=cell(title),
    )
    return frame.to_csv(index=False, lineterminator="\n")


def receptors_csv(found: "Consensus", q_of_each: "np.ndarray") -> str:
    """CSV text of the matrix: one row for each head in each receptor."""
    import numpy as np
    import pandas as pd

    heads = len(found.frame)
    frame = pd.DataFrame(
        {
            "receptor": np.repeat([cell(member.name) for member in found.members], heads),
            "cluster": np.repeat(found.clusters, heads),
            "weight": np.repeat(found.weights, heads),
            "layer": np.tile(found.frame["layer"], len(found.members)),
            "head": np.tile(found.frame["head"], len(found.members)),
            "snr": found.snr.ravel(),
            "enrichment": found.enrichment.ravel(),
            "q_value_alone": q_of_each.ravel(),
        }
    )
    return frame.to_csv(index=False, lineterminator="\n")


def members_csv(asked: "ReceptorSet") -> str:
    """CSV text of who took part, with the residues that were asked about, and of who did not, with the reason."""
    import pandas as pd

    rows = [
        {
            "receptor": cell(member.name),
            "residues": len(member.protein),
            "asked": format_residues(member.protein, member.sites),
            "note": cell(member.note),
            "refused": "",
        }
        for member in asked.members
    ]
    rows += [{"receptor": cell(row.where), "residues": None, "asked": "", "note": "", "refused": cell(row.reason)} for row in asked.refused]
    return pd.DataFrame(rows).astype({"residues": "Int64"}).to_csv(index=False, lineterminator="\n")


def set_asked(done: "SetRun", found: "Consensus") -> dict:
    """What a set is asked, for the log of questions; plain JSON values."""
    asked, meta = done.asked, done.runs[0].meta
    return {
        "receptors": asked.title,
        "members": len(found.members),
        "set": asked.key,
        "positions": list(asked.positions),
        "null": "matched",
        "threshold": found.threshold,
        "draws": found.draws,
        "seed": found.seed,
        "model_id": meta.model_id,
        "dtype": meta.dtype,
    }


def set_found(found: "Consensus", places: "SetPlaces | str | None") -> dict:
    """What came out of it, for the log of questions; plain JSON values.

    Parameters
    ----------
    places : SetPlaces or str or None
        As from `rank_set`; None: not worked out yet.
    """
    from allo_core.analysis.question_log import PENDING

    rank = None if places is None or isinstance(places, str) else places.rank
    return {
        "heads_tested": int(found.frame["q_value"].notna().sum()),
        "heads_that_pass": len(found.passing()),
        "heads_that_pass_among_places": None if rank is None else len(rank.passing),
        "global_p": None if rank is None else number_or_none(rank.global_p),
        "not_compared": PENDING if places is None else places if isinstance(places, str) else "",
    }


def set_record(
    done: "SetRun",
    found: "Consensus",
    shuffled: int | None,
    places: "SetPlaces | str",
    swapped: "SwapControl | str",
    log: "QuestionLog | None" = None,
) -> str:
    """JSON text that names everything a reader needs to repeat the consensus.

    Parameters
    ----------
    done : SetRun
    found : Consensus
    shuffled : int, optional
        How many heads pass where the sequences are shuffled.
    places : SetPlaces or str
        How the asked residues stand among places like them, or why that is not known.
    swapped : SwapControl or str
        The own sites beside those of other receptors, or why that is not known.
    log : QuestionLog, optional
        The questions that were looked at in this session, this one among them.
    """
    asked, first = done.asked, done.runs[0].meta
    record = {
        "alloscope": __version__,
        "cautions": list(CAUTIONS),
        "model": {
            name: getattr(first, name)
            for name in ("model_id", "weights_sha256", "weights_source", "licence", "dtype", "device_type", "versions")
        },
        "notes": list(done.notes),
        "asked": {"title": asked.title, "positions": list(asked.positions), "receptor_class": asked.receptor_class or None},
        "statistic": "weighted mean over receptors of the SNR; one weight a cluster of homologues (identity above 40 %)",
        "null": "random generic positions, the same in every receptor" if found.joint else "random residues, alike in homologues",
        "strata": "segment x tertile of family conservation; one stratum, the whole sequence, in members without generic numbers",
        "threshold": found.threshold,
        "draws": found.draws,
        "seed": found.seed,
        "control": {"median": found.control.median, "percentile_95": found.control.percentile_95, "random_sets": found.control.n_sites},
        "passing_shuffled": shuffled,
        "places": _places(places),
        "swapped": _swapped(swapped),
        "passing": [[int(layer), int(head)] for layer, head in found.passing()[["layer", "head"]].to_numpy()],
        "members": [
            {
                "name": member.name,
                "run": run.meta.key,
                "first": member.protein.first,
                "sequence": member.protein.sequence,
                "sites": [residue_label(member.protein, index, member.numbers) for index in member.sites],
                "numbers_from": None
                if member.numbers is None
                else {"receptor": member.numbers.receptor, "identity": round(member.numbers.identity, 4)},
                "cluster": int(cluster),
                "weight": float(weight),
                "note": member.note,
            }
            for member, run, cluster, weight in zip(asked.members, done.runs, found.clusters, found.weights, strict=True)
        ],
        "refused": [{"where": row.where, "reason": row.reason} for row in asked.refused],
        **({"questions_looked_at": log.plain()} if log is not None else {}),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _places(found: "SetPlaces | str") -> dict:
    if isinstance(found, str):
        return {"not_compared": found}
    return {"receptors": found.receptors, "groups_moved_independently": found.groups, **places_facts(found.rank, found.source)}


def _swapped(found: "SwapControl | str") -> dict:
    if isinstance(found, str):
        return {"not_compared": found}
    return {
        "receptor_class": found.receptor_class,
        "receptors": found.receptors,
        "heads_that_pass": [int(head) for head in found.passing],
        "mean_snr_own": [number_or_none(value) for value in found.own.tolist()],
        "mean_snr_others": [number_or_none(value) for value in found.others.tolist()],
        "p": [number_or_none(value) for value in found.p_value.tolist()],
    }
