"""Which layer of a model to use for a property: the scores of all states beside their baselines, and the answer in a sentence."""

from dataclasses import dataclass

from allo_core.learning.probes import Measure

__all__ = ["Baseline", "LayerComparison", "LayerScore", "states_in_words"]

_DIGITS = 3
# Baselines as the beginning of a sentence, where the name alone will not do.
_BARS = {
    "residue type and position": "residue type and position give",
    "untrained weights": "an untrained model gives",
    "chance": "guessing gives",
    "residue types": "residue types alone give",
    "family's contacts": "the contacts of other receptors of the class give",
}


@dataclass(frozen=True)
class LayerScore:
    """A score out of fold, and its standard error over clusters of homologues (NaN with fewer than three)."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.{_DIGITS}f} ± {self.error:.{_DIGITS}f}"


@dataclass(frozen=True)
class Baseline:
    """What needs no trained model.

    Parameters
    ----------
    name : str
        "residue type", "position in the chain", "residue type and position", "untrained weights" (its best state), "shuffled labels" (of
        the best state) or "chance"; of receptors "amino acid composition" and "length"; of pairs "separation", "residue types" and
        "family's contacts".
    score : LayerScore
    """

    name: str
    score: LayerScore


@dataclass(frozen=True)
class LayerComparison:
    """How well a linear probe reads a property from each state of a model, on receptors of clusters that it was not fitted to.

    Parameters
    ----------
    model_id, model_label, weights_sha256, device_type, dtype : str
    property_name, kind, note : str
        What is read; "class" or "number".
    measure : {"accuracy", "balanced accuracy", "R²"}
        Balanced where one class is more than two thirds of all.
    states : tuple of LayerScore
        0 (token embedding) to the last.
    accuracies : tuple of LayerScore
        Plain accuracy of each state where the measure is balanced accuracy; else empty.
    all_states : LayerScore
        All states beside one another, each number standardised.
    reduced_to : int
        How many principal components of each state were put beside one another; 0: all numbers.
    baselines : tuple of Baseline
    untrained, shuffled, control : tuple of LayerScore
        Of each state: a model of the same shape with random weights (empty where it was left out), labels permuted among residues of one
        type, and the control task of Hewitt and Liang (one random label for each residue type; empty for properties of receptors).
    best, earliest : int
        The best state, and the earliest within one standard error of it.
    alike : tuple of int
        States that a paired bootstrap over clusters does not tell apart from the best.
    bar : str
        Name of the best baseline but for shuffled labels, which stand for themselves.
    not_above : tuple of int
        States that are not above it in a paired bootstrap.
    all_above_best : bool
        Whether all states together are above the best one.
    classes : tuple of str
        Those that were told apart.
    left_out : tuple of str
        Classes that stand in too few clusters.
    receptors : tuple of str
    clusters, rows, folds : int
    seconds : float
    attention, attention_so_far : tuple of LayerScore
        What the heads of each layer tell, where attention was asked, and of pairs of residues those of all layers up to it; else empty.
    attention_untrained : tuple of LayerScore
        Of residues: what attention tells in a model of the same shape with random weights; else empty.
    """

    model_id: str
    model_label: str
    weights_sha256: str
    device_type: str
    dtype: str
    property_name: str
    kind: str
    note: str
    measure: Measure
    states: tuple[LayerScore, ...]
    accuracies: tuple[LayerScore, ...]
    all_states: LayerScore
    reduced_to: int
    baselines: tuple[Baseline, ...]
    untrained: tuple[LayerScore, ...]
    shuffled: tuple[LayerScore, ...]
    control: tuple[LayerScore, ...]
    best: int
    earliest: int
    alike: tuple[int, ...]
    bar: str
    not_above: tuple[int, ...]
    all_above_best: bool
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    receptors: tuple[str, ...]
    clusters: int
    rows: int
    folds: int
    seconds: float
    attention: tuple[LayerScore, ...] = ()
    attention_so_far: tuple[LayerScore, ...] = ()
    attention_untrained: tuple[LayerScore, ...] = ()
    format: int = 1

    def baseline(self, name: str) -> Baseline:
        """The baseline of this name; KeyError if there is none."""
        return {one.name: one for one in self.baselines}[name]

    @property
    def sentence(self) -> str:
        """The answer, what is not above its baseline first."""
        bar = self.baseline(self.bar)
        best = self.states[self.best]
        alone = _BARS.get(bar.name, f"{bar.name} alone gives")
        if len(self.not_above) == len(self.states):
            first = f"No state of {self.model_label} is above what {alone} for {self.property_name} ({bar.score})"
            return f"{first}: state {self.best} is the best of them ({best}).{self._of_attention}{self._few}"
        said = ""
        if self.not_above:
            told = "is" if len(self.not_above) == 1 else "are"
            said = f"{_capital(states_in_words(self.not_above))} {told} not above what {alone} ({bar.score}). "
        said += f"For {self.property_name}, state {self.best} is best ({self.measure} {best}); "
        others = tuple(state for state in self.alike if state != self.best)
        if others:
            told = "is" if len(others) == 1 else "are"
            said += (
                f"{states_in_words(others)} {told} not told apart from it, and the earliest within one standard error is {self.earliest}"
            )
        else:
            said += "every other state is worse"
        if not self.not_above:
            said += f"; {alone} {bar.score}"
        if self.all_above_best:
            said += f"; all states together give {self.all_states}"
        return f"{said}.{self._of_attention}{self._few}"

    @property
    def _of_attention(self) -> str:
        """What the heads tell, beside the states; of residues no more than a baseline is said as such."""
        if not self.attention:
            return ""
        best = max(range(len(self.attention)), key=lambda layer: self.attention[layer].value)
        told = f" Of attention, layer {best} tells most ({self.attention[best]})"
        if self.attention_so_far:
            return f"{told}, all heads together {self.attention_so_far[-1]}."
        bar = self.baseline(self.bar)
        alone = _BARS.get(bar.name, f"{bar.name} alone gives")
        beside = "no more than what" if self.attention[best].value <= bar.score.value else "more than what"
        random = max((one.value for one in self.attention_untrained), default=None)
        untrained = "" if random is None else f"; attention of untrained weights at most {random:.{_DIGITS}f}"
        return f"{told}, {beside} {alone}{untrained}."

    @property
    def _few(self) -> str:
        few = 10  # below it a standard error over clusters is itself hardly known
        return f" Only {self.clusters} clusters of homologues were asked, so the errors are rough." if self.clusters < few else ""


def states_in_words(states: tuple[int, ...]) -> str:
    """ "state 3", "states 2 and 5", "states 0 to 3 and 5"; the numbers ascend."""
    runs: list[list[int]] = []
    for state in states:
        if runs and state == runs[-1][-1] + 1:
            runs[-1].append(state)
        else:
            runs.append([state])
    words: list[str] = []
    for run in runs:
        words += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else list(map(str, run))
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"state{'s' if len(states) > 1 else ''} {listed}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
