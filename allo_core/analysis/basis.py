"""What an answer rests on beside its question, as this machine has it: weights, strata, and what the model has read before."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from allo_core.analysis.question import Question
from allo_core.models.registry import get_spec
from allo_core.models.weights import OWN_PACKAGE, known_sha256, locate

__all__ = ["earliest_run", "strata_sha256", "weights_here"]


def earliest_run(model_id: str, sequence: str) -> str | None:
    """When a model first read a sequence, by the runs and columns that this machine keeps and this version reads; None where it has not."""
    from allo_core.runs.column_store import column_metas
    from allo_core.runs.store import list_runs

    metas = chain((run.meta for run in list_runs()), column_metas())
    created = (meta.created for meta in metas if (meta.model_id, meta.sequence) == (model_id, sequence))
    return min(_times(created), key=datetime.fromisoformat, default=None)


def _times(created: Iterator[str]) -> Iterator[str]:
    """Times with a zone alone; anything else stands in a file that somebody wrote by hand."""
    for text in created:
        try:
            if datetime.fromisoformat(text).tzinfo is not None:
                yield text
        except ValueError:
            continue


def weights_here(model_id: str) -> str | None:
    """sha256 of a model's weights on this machine, where it is known without reading them."""
    spec = get_spec(model_id)
    path = locate(spec).path
    known = None if path is None else known_sha256(path)
    if known is None and spec.sources[0].package == OWN_PACKAGE:
        return spec.sources[0].sha256
    return known


def strata_sha256(question: Question) -> str | None:
    """sha256 of the strata within which is matched; None for a null without."""
    return None if question.strata is None else hashlib.sha256("\n".join(question.strata).encode()).hexdigest()
