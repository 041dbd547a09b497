"""The tracks that there are.  A new one is one entry in `TRACKS`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.track import Letters, Need, Segments, Track, TrackSource, Values
from allo_core.attention.columns import Columns
from allo_core.figures.colours import ceiling_of_all, value_ceiling

if TYPE_CHECKING:
    from allo_core.models.probabilities import ResidueProbabilities

__all__ = ["OF_PROBABILITIES", "RECEIVED", "TRACKS"]


def _received(source: TrackSource) -> Values:
    values = source.counted.received(*source.head)
    everyone = source.columns(source.counted, 0.0, None) if source.shared_scale else None
    return _of_head(source, values, source.named("attention received"), everyone)


def _above_threshold(source: TrackSource) -> Values:
    threshold = source.answer.question.threshold
    everyone = source.columns(source.counted, threshold, None)
    shared = everyone if source.shared_scale else None
    return _of_head(source, everyone.weights[source.head], source.named(f"received above {threshold:.2f}"), shared)


def _from_a(source: TrackSource) -> Values:
    name = source.named("received from A")
    if not source.a:
        return _nothing_marked(source, name)
    values = source.counted[source.head][list(source.a)].sum(axis=0, dtype=float)
    return _of_head(source, values, name, source.columns(source.counted, 0.0, source.a) if source.shared_scale else None)


def _to_a(source: TrackSource) -> Values:
    name = source.named("paid to A")
    if not source.a:
        return _nothing_marked(source, name)
    rows = source.counted[source.head]
    values = rows[:, list(source.a)].sum(axis=1, dtype=float)
    if source.weighted is not None:  # rows of attention sum to 1 with the special tokens, those of value-weighted attention to anything
        total = rows.sum(axis=1, dtype=float)
        values = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    if source.shared_scale:
        return Values(values, name, 1.0, "all of its attention, the same for all heads")
    return _of_head(source, values, name, None)


def _nothing_marked(source: TrackSource, name: str) -> Values:
    return Values.none(len(source), name, "nothing is marked in set A")


def _of_head(source: TrackSource, values: np.ndarray, name: str, everyone: Columns | None) -> Values:
    """Values of one head on a scale of its own, or on that of ``everyone``."""
    if everyone is not None:
        return Values(values, name, *ceiling_of_all(everyone.weights))
    ceiling, ceiling_name = value_ceiling(values)
    return Values(values, name, ceiling, f"{ceiling_name} of this head" if ceiling_name != "nothing above 0" else ceiling_name)


def _mean_of_passing(source: TrackSource) -> Values:
    passing = source.answer.scores.passing()
    if not len(passing):
        return Values.none(len(source), source.named("mean, passing heads"), "no head passes")
    weights = source.columns(source.counted, 0.0, None).weights
    values = weights[passing["layer"].to_numpy(), passing["head"].to_numpy()].mean(axis=0)
    ceiling, ceiling_name = value_ceiling(values)
    return Values(values, source.named(f"attention received, mean of {len(passing)} passing heads"), ceiling, ceiling_name)


def _conservation(source: TrackSource) -> Values:
    numbers = source.subject.numbers
    if numbers is None:
        return Values.none(len(source), "conservation", "no generic numbers")
    return Values(numbers.family_conservation, "conservation", 1.0, "all receptors of the class alike")


def _segments(source: TrackSource) -> Segments | None:
    numbers = source.subject.numbers
    return None if numbers is None else Segments(numbers.segment)


def _plddt(source: TrackSource) -> Values:
    if source.fold_confidence is not None:
        return Values(100 * source.fold_confidence, "100/(1 + sd), how alike receptors are there", 100.0, "all alike")
    if source.plddt is None:
        return Values.none(len(source), "pLDDT", "the structure is not a prediction")
    return Values(source.plddt, "pLDDT, confidence of the prediction", 100.0, "sure", floor=50.0, floor_name="not to be relied on")


def _network(source: TrackSource) -> Values:
    return source.network or Values.none(len(source), "centrality", "no structure is shown, or its network was not computed")


def _expectation(name: str, values: "Callable[[ResidueProbabilities, str], Values | Letters]") -> Callable[[TrackSource], Values | Letters]:
    """A track of what the model expects; ``values`` is given the name with how it was asked: one pass is a ranking and no probability."""

    def of(source: TrackSource) -> Values | Letters:
        found = source.probabilities
        if found is None:
            return Values.none(len(source), name, "not kept for this model; the page Sequence reads it")
        return values(found, f"{name}, {'masked' if found.masked else 'one pass, a ranking only'}")

    return of


def _wild_type(found: "ResidueProbabilities", name: str) -> Values:
    return Values(found.wild_type, name, 1.0, "certain")


def _entropy(found: "ResidueProbabilities", name: str) -> Values:
    return Values(found.entropy, name, float(np.log2(len(found.letters))), "all twenty alike")


def _intolerance(found: "ResidueProbabilities", name: str) -> Values:
    """How unlikely the other nineteen are on the mean."""
    values = -found.mean_log_odds
    known = values[np.isfinite(values)]
    return Values(values, name, *value_ceiling(known)) if known.size else Values.none(len(values), name, "no residue is one of the twenty")


def _expected(found: "ResidueProbabilities", name: str) -> Letters:
    return Letters(found.expected)


def _tracks(*tracks: Track) -> dict[str, Track]:
    return {track.name: track for track in tracks}


RECEIVED = "received"  # what is shown where nothing else is chosen
_NOTHING = frozenset[Need]()
_LOSS = "mean loss of log odds over 19 substitutions in nats"
_ATTENTION = "attention, summed over queries"
_ONE_HEAD = frozenset[Need]({"run", "head"})

# In the order in which they are offered.
TRACKS = _tracks(
    Track(RECEIVED, "attention received", _ATTENTION, _ONE_HEAD, _received),
    Track("above threshold", "above threshold", _ATTENTION, frozenset({"run", "head", "scores"}), _above_threshold),
    Track("from A", "received from A", "attention, summed over set A", _ONE_HEAD, _from_a),
    Track("to A", "paid to A", "share of the residue's attention", _ONE_HEAD, _to_a),
    Track("passing", "mean, passing heads", _ATTENTION, frozenset({"run", "scores"}), _mean_of_passing),
    Track("wild type", "p(wild type)", "probability", _NOTHING, _expectation("p(wild type)", _wild_type), title="Expectation"),
    Track("entropy", "entropy", "bits", _NOTHING, _expectation("entropy in bits", _entropy), title="Expectation"),
    Track("intolerance", "mean mutation score", "nats", _NOTHING, _expectation(_LOSS, _intolerance), title="Expectation"),
    Track("expected", "expected residue", "", _NOTHING, _expectation("expected residue", _expected), title="Expectation"),
    Track("conservation", "conservation", "share of the receptors of the class", frozenset(), _conservation),
    Track("segment", "segment", "", frozenset(), _segments),
    Track("plddt", "pLDDT", "0 to 100, of folds 100/(1 + sd)", frozenset(), _plddt, title="Confidence"),
    Track("network", "network", "centrality", _NOTHING, _network, title="Network"),
    Track("plain", "plain", "", frozenset(), lambda source: None),
)

OF_PROBABILITIES = ("wild type", "entropy", "intolerance", "expected")  # what needs what the model expects at each residue
