"""What a comparison of methods found: areas with intervals, differences to the predictor, and what they amount to in words."""

from dataclasses import asdict, dataclass

from allo_core.storage.plain_json import from_plain

__all__ = ["ALL_EVIDENCE", "PREDICTOR", "RANDOM", "RATE", "Comparison", "Difference", "Estimate", "Quality", "ReceptorResult", "verdict"]

ALL_EVIDENCE = "all sites"
PREDICTOR = "sensitive heads"
# What needs no scores: the expectation of a random ranking, and the share of listed residues, which is less where few are listed.
RANDOM, RATE = "random ranking", "positive rate"


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % percentile interval over resampled receptors."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Quality:
    """One method: areas as a mean over receptors, and over pooled residues."""

    auprc: Estimate
    pooled_auprc: Estimate
    auroc: Estimate
    pooled_auroc: Estimate


@dataclass(frozen=True)
class Difference:
    """The predictor minus one other method, on the same resamples; `better`: receptors in which its AUPRC is higher."""

    auprc: Estimate
    pooled_auprc: Estimate
    auroc: Estimate
    better: int


@dataclass(frozen=True)
class ReceptorResult:
    """One receptor: its residues and those listed, and the areas of every method, by name."""

    receptor: str
    residues: int
    listed: int
    auprc: dict[str, float]
    auroc: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """What was found for the sites of one evidence (or all).

    Parameters
    ----------
    evidence : str
        One of `EVIDENCE`, or `ALL_EVIDENCE`.
    receptors : tuple of ReceptorResult
        Those that have such sites.
    methods : dict of str to Quality
    differences : dict of str to Difference
        Every method but the predictor.
    """

    evidence: str
    receptors: tuple[ReceptorResult, ...]
    methods: dict[str, Quality]
    differences: dict[str, Difference]

    def to_json(self) -> dict:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: object) -> "Comparison":
        """The inverse of `to_json`; ValueError where fields are missing, unknown or of another type."""
        return from_plain(cls, values)


def verdict(comparison: Comparison) -> str:
    """In words, which methods the predictor is better than, worse than or not told apart from: in mean AUPRC, then in mean AUROC."""
    who = f"({comparison.evidence}, {len(comparison.receptors)} receptors) the prediction from {PREDICTOR} is"
    parts = []
    for title, measure in (("In mean AUPRC", "auprc"), ("In mean AUROC", "auroc")):
        changes = {name: getattr(difference, measure) for name, difference in comparison.differences.items()}
        better = [name for name, change in changes.items() if change.low > 0]
        worse = [name for name, change in changes.items() if change.high < 0]
        level = [name for name in changes if name not in (*better, *worse)]
        parts.append(f"{title} {who} better than: {_joined(better)}; not told apart from: {_joined(level)}; worse than: {_joined(worse)}.")
        who = "it is"
    return " ".join(parts)


def _joined(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
