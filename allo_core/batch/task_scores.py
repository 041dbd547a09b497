"""The task scores: column weights of all heads, and their scores where sites are asked for."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from allo_core.batch.layout import Table, sequences_table
from allo_core.batch.score_tables import COLUMNS, SCORES, ScoreResult, sequence_fields
from allo_core.batch.settings import BatchSettings, Report, chosen_model
from allo_core.errors import BatchError, LibraryError, ResidueError, ScoreError
from allo_core.models.devices import DtypeChoice
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np

    from allo_core.analysis.answer import Answer
    from allo_core.analysis.subject import Subject
    from allo_core.attention.nulls import Null
    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.runs.column_reducer import ColumnReducer

__all__ = ["ScoreSettings"]


# The fields in a file, in the order in which they always stood there.
_OF_MODEL = ("model_id", "weights_sha256", "weights_source", "licence", "layers", "heads", "dtype")
_AS_BEFORE = (*_OF_MODEL, "thresholds", "threshold", "sites", "null", "draws", "versions", "seed", "site_lists", "format")


@dataclass(frozen=True, kw_only=True)
class ScoreSettings(BatchSettings):
    """Columns, and scores of all heads.

    Parameters
    ----------
    thresholds : tuple of float
        Above these column weights are kept; ascending.
    threshold : float
        The one that scores are computed with.
    sites : str or None
        Residues as text, generic numbers or the name of a library site, looked up in each sequence; None: nothing is scored.
    null : {"uniform", "matched", "published"} or None
        None: matched where generic numbers are known, else uniform.
    draws : int or None
        Random sites to compare with; None: as many as the heads need.
    seed : int
        Of the draws.
    site_lists : str
        Where ``sites`` names a site that this machine has computed itself, which lists these are (`own_lists`); "" for the shipped ones.
    """

    task: ClassVar[str] = "scores"
    options = frozenset({"thresholds", "threshold", "sites", "null", "draws"})
    compared: ClassVar[Mapping[str, str]] = {
        "threshold": "--threshold",
        "thresholds": "--thresholds",
        "sites": "--sites",
        "site_lists": "sha256 of the sites of this name that the machine has computed itself",
        "null": "--null",
        "draws": "--draws",
        "seed": "seed",
    }
    lacking = "scores"
    sequences = sequences_table("scores", sequence_fields)
    optional = frozenset({"site_lists"})

    thresholds: tuple[float, ...]
    threshold: float
    sites: str | None
    null: str | None
    draws: int | None
    seed: int = 0
    site_lists: str = ""

    @classmethod
    def choose(
        cls,
        model_id: str,
        dtype: DtypeChoice = "auto",
        report: Report | None = None,
        *,
        thresholds: tuple[float, ...] | None = None,
        threshold: float | None = None,
        sites: str | None = None,
        null: "Null | None" = None,
        draws: int | None = None,
    ) -> "ScoreSettings":
        """As `BatchSettings.choose`.

        Parameters
        ----------
        thresholds : tuple of float, optional
            By default the threshold of the scores alone: above it most column weights are 0 and take little room, while those above 0 take
            4 bytes for each head and residue.
        threshold : float, optional
            By default 0.3.

        Raises
        ------
        WeightsError, DeviceError, ScoreError, LibraryError
            Naming the setting that is not possible.
        """
        from allo_core.attention.columns import DEFAULT_THRESHOLD
        from allo_core.attention.nulls import check_null
        from allo_core.attention.scores import check_draws
        from allo_core.library.sites import own_lists
        from allo_core.models.registry import get_spec
        from allo_core.runs.column_reducer import check_thresholds

        get_spec(model_id)
        (threshold,) = check_thresholds((DEFAULT_THRESHOLD if threshold is None else threshold,))
        thresholds = check_thresholds((threshold,) if thresholds is None else thresholds)
        if null is not None and check_null(null) == "pocket":
            raise ScoreError(
                "A batch counts no places like a site, so the null 'pocket' is not possible; choose matched, uniform or published."
            )
        check_draws(draws)
        if sites is not None:
            _check_sites(sites)
        return cls(
            **chosen_model(model_id, dtype, report),
            thresholds=thresholds,
            threshold=threshold,
            sites=sites,
            null=null,
            draws=draws,
            site_lists="" if sites is None else own_lists(sites),
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        return (COLUMNS,) if self.sites is None else (COLUMNS, SCORES)

    def prepare(self, model: "ProteinLanguageModel") -> None:
        from allo_core.library.sites import own_lists

        if self.sites is not None and own_lists(self.sites) != self.site_lists:
            raise BatchError(
                f"The sites called {self.sites[:60]!r} on {socket.gethostname()} are not those that the batch was begun with; put the same "
                "sites.json into its ALLOSCOPE_HOME, or begin the batch anew in another folder."
            )

    def compute(self, model: "ProteinLanguageModel", protein: Protein) -> ScoreResult:
        """Run the model once, reduce each layer as it comes, and score the heads."""
        import numpy as np

        from allo_core.runs.extract_columns import reduce_columns

        scored = () if self.sites is None else (self.threshold,)
        reducer = reduce_columns(model, protein, (*self.thresholds, *scored))
        kept = [reducer.thresholds.index(threshold) for threshold in self.thresholds]
        columns = (self.thresholds, reducer.weights[kept].astype(np.float32), reducer.arcs[kept])
        return ScoreResult(*columns) if self.sites is None else self._scored(columns, reducer, protein)

    def _scored(
        self, columns: "tuple[tuple[float, ...], np.ndarray, np.ndarray]", reducer: "ColumnReducer", protein: Protein
    ) -> ScoreResult:
        """The columns with generic numbers, scores and scored residues, or with why there are no scores."""
        from allo_core.analysis.subject import Subject
        from allo_core.protein.residues import format_residues

        subject = Subject.of(protein)
        numbers = subject.numbers
        origin = (None, None) if numbers is None else (numbers.receptor, numbers.identity)
        try:
            scores = self._answer(reducer, subject).scores
        except (ResidueError, LibraryError, ScoreError) as error:
            return ScoreResult(*columns, None, *origin, lacks=str(error))
        frame = scores.frame.assign(null=scores.null, threshold=scores.threshold, n_sites=scores.n_sites)
        return ScoreResult(*columns, frame, *origin, sites=format_residues(protein, scores.sites))

    def _answer(self, reducer: "ColumnReducer", subject: "Subject") -> "Answer":
        """As `analyse` scores them: from columns in float64, before they are rounded to be kept."""
        from allo_core.analysis.answer import answer_from_columns
        from allo_core.analysis.question import Question
        from allo_core.analysis.strata import possible_null
        from allo_core.attention.nulls import check_null
        from allo_core.library.sites import find_site, is_site_name

        text, protein = self.sites or "", subject.protein
        if is_site_name(text):
            if subject.receptor is None:
                raise LibraryError(
                    f"{protein.name} is near no receptor of the library, so it has no site {text.strip()!r}; use residue numbers."
                )
            find_site(subject.receptor, text)  # says which sites there are
        null = possible_null("matched", subject.numbers) if self.null is None else check_null(self.null)
        question = Question(subject, subject.residues(text), threshold=self.threshold, null=null, draws=self.draws, seed=self.seed)
        return answer_from_columns(question, reducer.columns(self.threshold))

    def to_json(self) -> dict:
        """As batches were before there were tasks: without the task, and ``site_lists`` only where there is something to say."""
        values = super().to_json()
        return {name: values[name] for name in _AS_BEFORE if name != "site_lists" or self.site_lists}


def _check_sites(text: str) -> None:
    """Refuse what can be no residue of any sequence before thousands of them are computed."""
    from allo_core.library.sites import is_site_name

    if not text.strip():
        raise ScoreError("--sites names nothing; give residues (2.50 3x50 52-55) or a library site, or leave it out.")
    if not any(character.isdigit() for character in text) and not is_site_name(text):
        raise LibraryError(f"No receptor of the library has a site {text.strip()[:60]!r}; give residues (2.50 3x50 52-55) or such a site.")
