"""What a comparison of methods found: areas with intervals, differences to the predictor, and what they amount to in words."""

from dataclasses import asdict, dataclass

from allo_core.storage.plain_json import from_plain

__all__ = [
    "CHANCE",
    "Comparison",
    "Difference",
    "Estimate",
    "Quality",
    "ReceptorResult",
    "added",
    "verdict",
]

CHANCE = "random ranking"  # what needs no scores
# Measure -> in words; a row of the table has both.
_MEASURES = {"auroc": "AUROC", "normalised": "normalised AUPRC"}


@dataclass(frozen=True)
class Estimate:
    """A mean over receptors and its 95 % percentile interval over resampled groups of relatives."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Quality:
    """One method: mean areas over receptors; `auprc` is the plain one, which mixes receptors with few and with many listed residues."""

    auroc: Estimate
    normalised: Estimate
    auprc: float


@dataclass(frozen=True)
class Difference:
    """One method minus another, on the same resamples; `higher`: receptors in which its AUROC is higher."""

    auroc: Estimate
    normalised: Estimate
    higher: int


@dataclass(frozen=True)
class ReceptorResult:
    """One receptor: its residues, those listed, and AUROC and normalised AUPRC of every method, by name."""

    receptor: str
    residues: int
    listed: int
    auroc: dict[str, float]
    normalised: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """What was found on receptors left out.

    Parameters
    ----------
    predictor : str
        Name of the method that the differences belong to.
    groups : tuple of tuple of str
        Receptors that are left out together, and resampled together.
    receptors : tuple of ReceptorResult
    methods : dict of str to Quality
    differences : dict of str to Difference
        The predictor minus each baseline.
    attention : Difference or None
        All ingredients minus those without attention; None where that was not compared.
    """

    predictor: str
    groups: tuple[tuple[str, ...], ...]
    receptors: tuple[ReceptorResult, ...]
    methods: dict[str, Quality]
    differences: dict[str, Difference]
    attention: Difference | None

    @property
    def looked_at(self) -> int:
        """How many differences were looked at: each baseline, and attention, in two measures."""
        return len(_MEASURES) * (len(self.differences) + (self.attention is not None))

    def to_json(self) -> dict:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: object) -> "Comparison":
        """The inverse of `to_json`; ValueError where fields are missing, unknown or of another type."""
        return from_plain(cls, values)


def verdict(comparison: Comparison) -> str:
    """In words: first where the predictor is worse than a baseline or not told apart from it, then where its whole interval lies above."""
    parts = []
    for measure, title in _MEASURES.items():
        changes = {name: getattr(difference, measure) for name, difference in comparison.differences.items()}
        better = [name for name, change in changes.items() if change.low > 0]
        worse = [name for name, change in changes.items() if change.high < 0]
        level = [name for name in changes if name not in (*better, *worse)]
        said = (("worse than", worse), ("not told apart from", level), ("better than", better))
        words = "; ".join(f"{how} {', '.join(names)}" for how, names in said if names)
        parts.append(f"In mean {title} it is {words}.")
    size = f"{len(comparison.receptors)} receptors left out in {len(comparison.groups)} groups of relatives"
    return f"The predictor ({comparison.predictor}) on {size}. {' '.join(parts)} {_many(comparison)}"


def added(comparison: Comparison) -> str:
    """In words: what attention adds to the other ingredients; nothing is said of better or worse where the interval holds 0."""
    if comparison.attention is None:
        return "What attention adds was not measured."
    changes = {title: getattr(comparison.attention, measure) for measure, title in _MEASURES.items()}
    numbers = ", ".join(f"{title} {_signed(change)}" for title, change in changes.items())
    if all(change.low <= 0 <= change.high for change in changes.values()):
        word = "nothing that can be told from 0"
    elif any(change.high < 0 for change in changes.values()):
        word = "nothing: it makes the prediction worse" if all(change.low <= 0 for change in changes.values()) else "no clear gain"
    else:
        word = "something"
    return f"Attention adds {word} to position memory and structure: {numbers} (paired, 95 % interval)."


def _many(comparison: Comparison) -> str:
    count = comparison.looked_at
    return f"{count} differences were looked at; of so many, about {max(1, round(count / 20))} would miss 0 by chance."


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"
