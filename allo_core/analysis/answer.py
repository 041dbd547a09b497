"""What the heads of one run say to a question."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from allo_core.analysis.coupled_places import coupled_places
from allo_core.analysis.measures import WEIGHTINGS
from allo_core.analysis.places import places_of
from allo_core.analysis.question import Question
from allo_core.attention.columns import Columns
from allo_core.attention.control import RandomSiteControl
from allo_core.attention.nulls import codes_of
from allo_core.attention.pair_rank import Asymmetry, PairRank
from allo_core.attention.power import Needed, needed_among_places, needed_by_residues, null_overlap
from allo_core.attention.scores import FEWEST_RESIDUES, HeadScores, check_draws, score_before_places, score_heads, with_places
from allo_core.attention.site_rank import SiteRank, rank_site
from allo_core.errors import ScoreError, StoreError

if TYPE_CHECKING:
    from allo_core.runs.meta import RunMeta
    from allo_core.runs.weighted import HeadMaps

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
    maps : AttentionMaps or WeightedMaps or None
        The run itself, which the comparison of a coupling with other pairs reads.
    kept : dict
        Where what is worked out on demand is kept; to be shared by answers to the same question of the same run.
    """

    question: Question
    columns: Columns
    scores: HeadScores
    meta: "RunMeta | None" = None
    maps: "HeadMaps | None" = field(default=None, repr=False)
    kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def run(self) -> "RunMeta":
        """What the run was computed from; ScoreError where none is kept."""
        if self.meta is None:
            raise ScoreError("These scores come from columns without a kept run, so nothing says what they were computed from.")
        return self.meta

    @property
    def control(self) -> RandomSiteControl | None:
        """How many heads pass for random sites; None under the published and the pocket null.  Worked out when it is first asked for."""
        return self.scores.control

    @property
    def pockets_known(self) -> bool:
        """Whether `pockets` costs nothing now."""
        return "places" in self.kept or bool(_no_places(self))

    @property
    def pockets(self) -> SiteRank | str:
        """How the site stands among places that hang together like it, a coupling among such pairs; in words why that is not known.

        Worked out when it is first asked for, which takes a second for the first site of a size, and some for a coupling.
        """
        found = self._compared
        return found.rank if isinstance(found, PairRank) else found

    def completed(self) -> "Answer":
        """The answer with p and q among places, which `pending` scores still lack; worked out when it is first asked for."""
        if not self.scores.pending:
            return self
        found = self.pockets
        return replace(self, scores=with_places(self.scores, None if isinstance(found, str) else found))

    @property
    def asymmetry(self) -> Asymmetry | None:
        """Of a coupling, how much more heads look one way than back, against the pairs of `pockets`; None where these are not known."""
        found = self._compared
        return found.asymmetry if isinstance(found, PairRank) else None

    @property
    def _compared(self) -> SiteRank | PairRank | str:
        if "places" not in self.kept:
            try:
                self.kept["places"] = _among_places(self)
            except StoreError as error:  # told now, and tried again when the run is back
                return str(error)
        return self.kept["places"]

    @property
    def overlap(self) -> float | None:
        """Expected share of a random site, under the pocket null of a place, that is the marked site itself; None where that is not known,
        and under the published null, which draws from the others.
        """
        if self.question.null == "pocket":
            return None if isinstance(self.pockets, str) or np.isnan(self.pockets.overlap) else self.pockets.overlap
        codes = _codes(self)
        return None if codes is None else null_overlap(codes, np.array(self.scores.sites))

    @property
    def needed(self) -> Needed | None:
        """The enrichment that a head needs to pass alone against random residues; None under the published and the pocket null.

        Worked out when it is first asked for, from the draws of the scores.
        """
        if "needed" not in self.kept:
            codes, sites = None if self.question.null == "pocket" else _codes(self), np.array(self.scores.sites)
            found = None if codes is None else needed_by_residues(self.columns, sites, codes, self.scores.draws, self.scores.seed)
            self.kept["needed"] = found
        return self.kept["needed"]

    @property
    def needed_among_places(self) -> Needed | None:
        """The same among places like the site; None where it is not compared with any."""
        codes = _codes(self)
        if codes is None or isinstance(self.pockets, str):
            return None
        if "needed_among_places" not in self.kept:
            self.kept["needed_among_places"] = needed_among_places(self.columns, np.array(self.scores.sites), codes, self.pockets)
        return self.kept["needed_among_places"]

    @property
    def positions_from(self) -> str:
        """The structure that random pockets are grown on, as `Places` names it; "" without positions."""
        places = places_of(self.question.subject)
        return "" if places is None else places.source


def _codes(answer: Answer) -> np.ndarray | None:
    """Stratum of each residue; None under the published null."""
    return codes_of(answer.question.null, answer.question.strata, answer.columns.weights.shape[-1])


def _no_places(answer: Answer) -> str:
    """Why a site cannot be compared with places like it, as far as the question tells; "" where it can."""
    question = answer.question
    if question.null == "published":
        return "the published null gives no p"
    if question.queries is not None and answer.maps is None:
        return "a coupling is compared with other pairs where its run is kept"
    if min(len(question.sites), len(question.queries or question.sites)) < FEWEST_RESIDUES:
        return f"at least {FEWEST_RESIDUES} residues are needed"
    return ""


def _among_places(answer: Answer) -> SiteRank | PairRank | str:
    if reason := _no_places(answer):
        return reason
    question, columns = answer.question, answer.columns
    places = places_of(question.subject)
    positions = None if places is None else places.positions
    codes = _codes(answer)
    assert codes is not None, "only the published null has none"
    try:
        if question.queries is not None and answer.maps is not None:
            return coupled_places(question, answer.maps, columns.arcs, codes, positions)
        draws = question.draws if question.null == "pocket" else None
        found = rank_site(columns, np.array(question.sites), codes, positions, question.seed, draws)
    except ScoreError as error:
        return str(error).rstrip(".")
    return "without generic numbers there are no positions of the residues" if found is None else found


def answer(question: Question, maps: "HeadMaps") -> Answer:
    """The answer of a kept run.

    Parameters
    ----------
    question : Question
    maps : AttentionMaps or WeightedMaps
        As the question's weighting wants it.

    Raises
    ------
    ScoreError
        A residue that the protein lacks, a threshold or number of draws that is not possible, or maps of the other weighting.
    StoreError
        The run was deleted or damaged meanwhile.
    """
    if (maps.meta.kind == "value_norms") != (question.weighting == "value"):
        raise ScoreError(f"The question is about {WEIGHTINGS[question.weighting]}, and these maps hold something else.")
    return answer_from_columns(question, maps.columns(question.threshold, question.queries), maps.meta, maps)


def answer_from_columns(
    question: Question, columns: Columns, meta: "RunMeta | None" = None, maps: "HeadMaps | None" = None, wait: bool = False
) -> Answer:
    """The answer from column weights that are at hand: those of the question's queries at its threshold.

    With ``wait`` p and q under the pocket null are left to `Answer.completed`.

    Raises
    ------
    ScoreError
        As `answer`.
    """
    if question.null != "pocket":
        scores = score_heads(columns, question.sites, question.null, question.strata, question.draws, question.seed)
        return Answer(question, columns, scores, meta, maps)
    check_draws(question.draws, "pocket")
    scores = score_before_places(columns, question.sites, question.strata, question.seed)
    pending = Answer(question, columns, scores, meta, maps)
    return pending if wait else pending.completed()
