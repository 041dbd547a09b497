"""A question on disk: a JSON file that fixes it before the model runs, and shows by its sha256 whether it was changed since."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime

from allo_core import __version__
from allo_core.analysis.basis import earliest_run, strata_sha256, weights_here
from allo_core.analysis.measures import Measure, Weighting
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.errors import FrozenError
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein

__all__ = [
    "FROZEN_FORMAT",
    "Finding",
    "FrozenAnalysis",
    "FrozenProtein",
    "FrozenQuestion",
    "FrozenSet",
    "check_question",
    "freeze",
    "frozen_question",
    "sha256_of",
]

# Raised when the file changes its meaning.  A new field with a default needs no new format: a file without it asks what was asked before.
FROZEN_FORMAT = 1
_MOST_SHOWN = 60
_SETS = ("A", "B")
_TITLES = {"model_id": "model", "draws": "random draws", "dtype": "precision"}  # of fields that people call otherwise


@dataclass(frozen=True, kw_only=True)
class FrozenProtein:
    """The protein: its name, the entry of the library that it is or whose numbers it has, and its sequence, with a sha256 for people."""

    name: str
    entry: str | None
    first: int
    sequence: str
    sequence_sha256: str


@dataclass(frozen=True, kw_only=True)
class FrozenSet:
    """One set: its residues as letter and UniProt number (``"D52"``), and how a person gave them."""

    residues: tuple[str, ...]
    given_as: str


@dataclass(frozen=True, kw_only=True)
class FrozenQuestion:
    """A `Question` to one model, as plain values; fields of a `Question` have the same names here.

    Parameters
    ----------
    protein : FrozenProtein
    sets : dict of str to FrozenSet
        "A" and "B", or the one of them that the measure needs.
    measure : {"A", "B", "AB", "BA"}
    threshold : float
    null : {"uniform", "matched", "pocket", "published"}
    draws, seed : int
        Of the random sites; the number of draws is always told.
    model_id : str
    dtype : {"float32", "bfloat16"}
    weighting : {"attention", "value"}
    """

    protein: FrozenProtein
    sets: dict[str, FrozenSet]
    measure: Measure
    threshold: float
    null: str
    draws: int
    seed: int
    model_id: str
    dtype: str
    weighting: Weighting = "attention"

    def differences(self, other: "FrozenQuestion") -> tuple[str, ...]:
        """In what another question differs, one phrase each: ``"threshold 0.1 instead of 0.3"``; how sets were given does not matter."""
        found = []
        if (self.protein.sequence, self.protein.first) != (other.protein.sequence, other.protein.first):
            found.append(f"protein {_named(other.protein, self.protein)}")
        found += [_other_set(name, self.sets[name], other.sets[name]) for name in self.sets if _differ(self, other, name)]
        for item in fields(self):
            own, others = getattr(self, item.name), getattr(other, item.name)
            if item.name not in ("protein", "sets") and own != others:
                found.append(f"{_TITLES.get(item.name, item.name.replace('_', ' '))} {others} instead of {own}")
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What counts as a finding: a head with q below a level, or the model as a whole with a global p up to a level."""

    q_below: float
    global_p_up_to: float


@dataclass(frozen=True, kw_only=True)
class FrozenAnalysis:
    """What stands in the file.

    Parameters
    ----------
    format : int
    frozen : str
        When, ISO 8601 in UTC, by the clock of the machine that froze it.
    alloscope : str
        Version that froze it.
    question : FrozenQuestion
    finding : Finding
    weights_sha256 : str or None
        Of the model's weights; None where they were not on the machine that froze it, or had never been read there.
    strata_sha256 : str or None
        Of the strata within which is matched; None for a null without.
    places_from : str or None
        The structure that random pockets are grown on; None for a protein without known positions.
    earlier_run : str or None
        When the model had first read this sequence on the machine that froze it; None where no such run was kept.
    sha256 : str
        Of everything above, see `sha256_of`.
    """

    format: int
    frozen: str
    alloscope: str
    question: FrozenQuestion
    finding: Finding
    weights_sha256: str | None
    strata_sha256: str | None
    places_from: str | None
    earlier_run: str | None
    sha256: str

    def asked(self) -> Question:
        """The question itself.

        Raises
        ------
        FrozenError
            Residues that are not those of the sequence.
        AlloScopeError
            A sequence, model or setting that this version refuses.
        """
        question = self.question
        stored = question.protein
        protein = Protein(stored.name, stored.sequence, stored.first)
        a, b = (_indices(name, question.sets[name], protein) if name in question.sets else () for name in _SETS)
        settings = {name: getattr(question, name) for name in _settings()}
        asked = Question(Subject.of(protein), a, b, **settings)
        check_question(asked, question.model_id, question.dtype)
        return asked

    def text(self) -> str:
        """The file of an analysis that was just frozen; what was read from a file keeps the file as it is."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sha256_of(values: Mapping[str, object]) -> str:
    """sha256 (hex) of the fields of a file but "sha256": as JSON with sorted keys, without blanks, in ASCII."""
    rest = {name: value for name, value in values.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def check_question(question: Question, model_id: str, dtype: str) -> None:
    """AlloScopeError for what could not be answered whatever the model says: an unknown model or setting, a sequence too long for it."""
    from allo_core.attention.columns import check_threshold
    from allo_core.attention.nulls import check_null
    from allo_core.attention.scores import check_draws
    from allo_core.models.devices import DTYPES
    from allo_core.models.tokens import check_length
    from allo_core.runs.layout import FLOOR

    check_length(get_spec(model_id), question.subject.protein)
    check_threshold(question.threshold, smallest=FLOOR)
    check_null(question.null)
    check_draws(question.draws, question.null)
    if dtype not in DTYPES:
        raise FrozenError(f"The precision {dtype[:_MOST_SHOWN]!r} is unknown; choose one of {', '.join(DTYPES)}.")
    if question.seed < 0:
        raise FrozenError(f"The seed {question.seed} is negative; use 0 or more.")


def frozen_question(question: Question, model_id: str, dtype: str, given_as: Mapping[str, str] | None = None) -> FrozenQuestion:
    """A question to a model as plain values; what its measure does not need of the sets is left out.

    Parameters
    ----------
    question : Question
    model_id : str
    dtype : {"float32", "bfloat16"}
    given_as : mapping of str to str, optional
        How the residues of "A" and "B" were given.
    """
    from allo_core.attention.nulls import default_draws

    spec, subject = get_spec(model_id), question.subject
    protein, receptor = subject.protein, subject.receptor
    sha256 = hashlib.sha256(protein.sequence.encode()).hexdigest()
    entry = None if receptor is None else receptor.entry
    settings = {name: getattr(question, name) for name in _settings()}
    settings["draws"] = default_draws(spec.layers * spec.heads) if question.draws is None else question.draws
    return FrozenQuestion(
        protein=FrozenProtein(name=protein.name, entry=entry, first=protein.first, sequence=protein.sequence, sequence_sha256=sha256),
        sets={
            name: FrozenSet(residues=tuple(map(protein.label, sorted(question.sets[name]))), given_as=(given_as or {}).get(name, ""))
            for name in sorted(question.measure)
        },
        model_id=model_id,
        dtype=dtype,
        **settings,
    )


def freeze(question: Question, model_id: str, dtype: str = "float32", given_as: Mapping[str, str] | None = None) -> FrozenAnalysis:
    """Fix a question now; parameters as in `frozen_question`.  Nothing is downloaded and no model is loaded.

    Raises
    ------
    AlloScopeError
        As `check_question`, or a folder of weights that does not exist.
    """
    from allo_core.analysis.places import places_of
    from allo_core.attention.control import LEVEL

    check_question(question, model_id, dtype)
    places = places_of(question.subject)
    frozen = FrozenAnalysis(
        format=FROZEN_FORMAT,
        frozen=datetime.now(UTC).isoformat(timespec="seconds"),
        alloscope=__version__,
        question=frozen_question(question, model_id, dtype, given_as),
        finding=Finding(q_below=LEVEL, global_p_up_to=LEVEL),
        weights_sha256=weights_here(model_id),
        strata_sha256=strata_sha256(question),
        places_from=None if places is None else places.source,
        earlier_run=earliest_run(model_id, question.subject.protein.sequence),
        sha256="",
    )
    return replace(frozen, sha256=sha256_of(asdict(frozen)))


def _settings() -> list[str]:
    """Fields of a `Question` that are plain values, those to come among them."""
    return [item.name for item in fields(Question) if item.name not in ("subject", "a", "b")]


def _indices(name: str, stored: FrozenSet, protein: Protein) -> tuple[int, ...]:
    place = {protein.label(index): index for index in range(len(protein))}
    if wrong := [label for label in stored.residues if label not in place]:
        raise FrozenError(f"Set {name} names {wrong[0][:_MOST_SHOWN]!r}, which is no residue of {protein.name[:_MOST_SHOWN]}.")
    return tuple(sorted({place[label] for label in stored.residues}))


def _differ(own: FrozenQuestion, other: FrozenQuestion, name: str) -> bool:
    return name in other.sets and own.sets[name].residues != other.sets[name].residues


def _other_set(name: str, own: FrozenSet, other: FrozenSet) -> str:
    more, fewer = len(set(other.residues) - set(own.residues)), len(set(own.residues) - set(other.residues))
    return f"set {name} with {more} more and {fewer} fewer residues"


def _named(other: FrozenProtein, own: FrozenProtein) -> str:
    if other.name != own.name:
        return f"{other.name} instead of {own.name}"
    return f"{other.name} with another sequence or numbering"
