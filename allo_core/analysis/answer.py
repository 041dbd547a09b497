"""What the heads of one run say to a question."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.analysis.question import Question
from allo_core.attention.columns import Columns
from allo_core.attention.control import RandomSiteControl
from allo_core.attention.scores import HeadScores, score_heads
from allo_core.errors import ScoreError

if TYPE_CHECKING:
    from allo_core.runs.maps import AttentionMaps
    from allo_core.runs.meta import RunMeta

__all__ = ["Answer", "answer", "answer_from_columns"]


@dataclass(frozen=True, eq=False)
class Answer:
    """Scores of all heads of one run, with the question and the run they belong to.

    Parameters
    ----------
    question : Question
    columns : Columns
        Of the queries of the question, shape (layers, heads, L).
    scores : HeadScores
    meta : RunMeta or None
        What the run was computed from; None where no run is kept, as in a batch.
    """

    question: Question
    columns: Columns
    scores: HeadScores
    meta: "RunMeta | None" = None

    @property
    def run(self) -> "RunMeta":
        """What the run was computed from; ScoreError where none is kept."""
        if self.meta is None:
            raise ScoreError("These scores come from columns without a kept run, so nothing says what they were computed from.")
        return self.meta

    @property
    def control(self) -> RandomSiteControl | None:
        """How many heads pass for random sites; None under the published null.  Worked out when it is first asked for."""
        return self.scores.control


def answer(question: Question, maps: "AttentionMaps") -> Answer:
    """The answer of a kept run.

    Raises
    ------
    ScoreError
        A residue that the protein lacks, or a threshold or number of draws that is not possible.
    StoreError
        The run was deleted or damaged meanwhile.
    """
    return answer_from_columns(question, maps.columns(question.threshold, question.queries), maps.meta)


def answer_from_columns(question: Question, columns: Columns, meta: "RunMeta | None" = None) -> Answer:
    """The answer from column weights that are at hand: those of the question's queries at its threshold.

    Raises
    ------
    ScoreError
        As `answer`.
    """
    scores = score_heads(columns, question.sites, question.null, question.strata, question.draws, question.seed)
    return Answer(question, columns, scores, meta)
