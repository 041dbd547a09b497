"""One sequence through one model: column weights, and scores where sites are asked for."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.batch.settings import BatchSettings
from allo_core.errors import LibraryError, ResidueError, ScoreError
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pandas as pd

    from allo_core.analysis.answer import Answer
    from allo_core.analysis.subject import Subject
    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.protein.numbering import ResidueNumbers
    from allo_core.runs.column_reducer import ColumnReducer

__all__ = ["Computed", "compute"]


@dataclass(frozen=True, eq=False)
class Computed:
    """What is kept of one sequence.

    Parameters
    ----------
    weights : ndarray, dtype=float32, shape=(thresholds, layers, heads, L)
    arcs : ndarray, dtype=uint16, shape=(thresholds, layers, heads, L)
    scores : DataFrame or None
        `HeadScores.frame` with the columns null, threshold and n_sites; None where no sites were asked for, or ``no_scores`` says why not.
    device : str
    seconds : float
        Wall time of all of it.
    receptor, identity : str or None, float or None
        Where generic numbers come from; None without sites, and where no receptor is near enough.
    sites : str or None
        The residues that were scored, with their letters.
    no_scores : str or None
    notes : tuple of str
        What to know of the sequence and of the device.
    """

    weights: "np.ndarray"
    arcs: "np.ndarray"
    scores: "pd.DataFrame | None"
    device: str
    seconds: float
    receptor: str | None
    identity: float | None
    sites: str | None
    no_scores: str | None
    notes: tuple[str, ...]


def compute(model: "ProteinLanguageModel", protein: Protein, settings: BatchSettings) -> Computed:
    """Run the model once, reduce each layer as it comes, and score the heads.

    Raises
    ------
    SequenceError, DeviceError, StoreError
        Too long for the model, too little memory, values that are not attention.
    """
    import numpy as np

    from allo_core.models.tokens import length_warning, unusual_letters
    from allo_core.runs.extract import device_given_up
    from allo_core.runs.extract_columns import reduce_columns

    started = time.perf_counter()
    device_given_up(model, protein)
    scored = () if settings.sites is None else (settings.threshold,)
    reducer = reduce_columns(model, protein, (*settings.thresholds, *scored))
    kept = [reducer.thresholds.index(threshold) for threshold in settings.thresholds]
    numbers, scores, sites, no_scores = _scored(reducer, protein, settings)
    return Computed(
        reducer.weights[kept].astype(np.float32),
        reducer.arcs[kept],
        scores,
        model.device.type,
        time.perf_counter() - started,
        None if numbers is None else numbers.receptor,
        None if numbers is None else numbers.identity,
        sites,
        no_scores,
        tuple(note for note in (length_warning(model.spec, len(protein)), unusual_letters(model.spec, protein), *model.notes) if note),
    )


def _scored(
    reducer: "ColumnReducer", protein: Protein, settings: BatchSettings
) -> tuple["ResidueNumbers | None", "pd.DataFrame | None", str | None, str | None]:
    """Generic numbers, scores, scored residues, and why there are no scores."""
    from allo_core.analysis.subject import Subject
    from allo_core.protein.residues import format_residues

    if settings.sites is None:
        return None, None, None, None
    subject = Subject.of(protein)
    try:
        scores = _answer(reducer, subject, settings).scores
    except (ResidueError, LibraryError, ScoreError) as error:
        return subject.numbers, None, None, str(error)
    frame = scores.frame.assign(null=scores.null, threshold=scores.threshold, n_sites=scores.n_sites)
    return subject.numbers, frame, format_residues(protein, scores.sites), None


def _answer(reducer: "ColumnReducer", subject: "Subject", settings: BatchSettings) -> "Answer":
    """As `analyse` scores them: from columns in float64, before they are rounded to be kept."""
    from allo_core.analysis.answer import answer_from_columns
    from allo_core.analysis.question import Question
    from allo_core.analysis.strata import default_null
    from allo_core.attention.nulls import check_null
    from allo_core.library.sites import find_site, is_site_name

    text, protein = settings.sites or "", subject.protein
    if is_site_name(text):
        if subject.receptor is None:
            raise LibraryError(
                f"{protein.name} is near no receptor of the library, so it has no site {text.strip()!r}; use residue numbers."
            )
        find_site(subject.receptor, text)  # says which sites there are
    null = default_null(subject.numbers) if settings.null is None else check_null(settings.null)
    question = Question(subject, subject.residues(text), threshold=settings.threshold, null=null, draws=settings.draws, seed=settings.seed)
    return answer_from_columns(question, reducer.columns(settings.threshold))
