"""Sets of heads that are removed together, beside random sets of as many heads of the same layers."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, prod
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import AblationError
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.registry import ModelSpec
from allo_core.readouts.ablation import ablate
from allo_core.readouts.ablation_masks import MaskedInput
from allo_core.readouts.ablation_rises import Rises, rises_of
from allo_core.readouts.removal import Heads, Removal, check_heads
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["RANDOM_SETS", "SetAmongRandom", "among_random", "greedy_order", "random_sets"]

RANDOM_SETS = 200
_SEED = 0


@dataclass(frozen=True, eq=False)
class SetAmongRandom:
    """What removing a set of heads costs, beside random sets of as many heads of the same layers.

    Parameters
    ----------
    value : float
        Rise without the set, in nats a residue.
    random : ndarray, dtype=float, shape=(n,)
        Rise without each random set.
    p : float
        (1 + random sets that cost as much) / (1 + n).
    where : str
        Of which residues it is the loss, in words.
    """

    value: float
    random: "Float[np.ndarray, ' n']"
    p: float
    where: str

    @property
    def sentence(self) -> str:
        """Both beside each other; a set that costs no more than random ones says so first."""
        median, (low, high) = float(np.median(self.random)), np.percentile(self.random, (2.5, 97.5))
        beside = f"random sets of as many heads of the same layers by {median:+.3f} (95 % of {len(self.random)}: {low:+.3f} to {high:+.3f})"
        first = "No more than random sets: removing" if self.p > 0.05 else "Removing"
        return f"{first} these heads together raises the loss {self.where} by {self.value:+.3f} nats, {beside}; p = {self.p:.2g}."


def random_sets(spec: ModelSpec, heads: Heads, draws: int = RANDOM_SETS) -> tuple[Heads, ...]:
    """Sets of as many heads from the same layers as a given one, all different and none of them the given one.

    Parameters
    ----------
    heads : Heads
    draws : int
        Fewer come back where there are not so many other sets.

    Raises
    ------
    AblationError
        A head that the model does not have; whole layers, of which there is no other set.
    """
    own = check_heads(spec, heads)
    counts = Counter(layer for layer, _ in own)
    others = prod(comb(spec.heads, count) for count in counts.values()) - 1
    if others == 0:
        raise AblationError("These are all heads of their layers, so there is no random set to compare them with; leave some out.")
    rng, found = np.random.default_rng(_SEED), dict[Heads, None]()
    while len(found) < min(draws, others):
        drawn = tuple(
            (layer, int(head)) for layer in sorted(counts) for head in np.sort(rng.choice(spec.heads, counts[layer], replace=False))
        )
        if drawn != own:
            found[drawn] = None
    return tuple(found)


def among_random(rises: Rises, where: str = "over all masked residues") -> SetAmongRandom:
    """The first of some sets beside all others, which are random ones.

    Parameters
    ----------
    rises : Rises
    where : str
        Of which residues they are the loss, in words.
    """
    value, random = float(rises.value[0]), rises.value[1:]
    return SetAmongRandom(value, random, float((1 + (random >= value).sum()) / (1 + len(random))), where)


def greedy_order(
    model: ProteinLanguageModel,
    inputs: Sequence[MaskedInput],
    heads: Heads,
    kind: Removal = "mean",
    report: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> tuple[tuple[tuple[int, int], float], ...]:
    """Remove one head after the other, each time the one without which the loss rises most; (head, rise of all that are gone by then).

    It takes n (n + 1) / 2 passes over each input for n heads.  Parameters and errors are those of `ablate`.

    Parameters
    ----------
    model : ProteinLanguageModel
    inputs : sequence of MaskedInput
    heads : Heads
    kind : {"mean", "zero"}
    report : callable(stage, done, total), optional
    cancel : CancelEvent, optional
    """
    left, gone, order = list(check_heads(model.spec, heads)), (), []
    while left:
        sets = [tuple(sorted((*gone, head))) for head in left]
        rises = rises_of(ablate(model, inputs, sets, kind, None, report, cancel)).value
        at = int(np.argmax(rises))
        gone = sets[at]
        order.append((left.pop(at), float(rises[at])))
    return tuple(order)
