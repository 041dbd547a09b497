"""Whether the model needs the heads of the protein in view: what is asked of the worker, what it takes, and what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.ablation import Ablation, ablate, kept_ablation
from allo_core.readouts.ablation_masks import masked_inputs
from allo_core.readouts.ablation_rises import SiteRises, site_rises
from allo_core.readouts.head_gradients import chosen_by_gradient, guessed_rises
from allo_core.readouts.kept_readouts import ablations_folder
from allo_core.readouts.looks_and_needs import RankAgreement, rank_agreement
from allo_core.readouts.removal import all_heads
from allo_core.runs.cost import ablation_seconds
from allo_core.runs.extract import Report, ready_model
from allo_core.storage.amounts import readable_time
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.shared.jobs import Load, Outcome, Request

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float

__all__ = ["Needed", "NeededRequest", "needed_of", "takes"]


@dataclass(frozen=True)
class NeededRequest(Request):
    """Heads that are removed from the protein, each by itself and by its mean; every pass is kept.

    Parameters
    ----------
    heads : tuple of (layer, head)
    guessed : bool
        Also those that the gradients point at.
    """

    heads: tuple[tuple[int, int], ...] = ()
    guessed: bool = False

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `ablate`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        inputs, sets = masked_inputs([self.protein]), all_heads(model.spec)
        wanted: Sequence[int] = [sets.index((head,)) for head in self.heads]
        if self.guessed:
            wanted = chosen_by_gradient(guessed_rises(model, inputs, step, cancel), self.heads)
        ablate(model, inputs, sets, "mean", wanted, step, cancel)
        return Outcome(model.notes)


@dataclass(frozen=True, eq=False)
class Needed:
    """What is kept of the heads of a protein, at the residues that the page asks about.

    Parameters
    ----------
    ablation : Ablation
        Of all heads, of which some were removed.
    rises : SiteRises or None
        None where no marked residue was masked beside one that matches it.
    result : Result
    """

    ablation: Ablation
    rises: SiteRises | None
    result: Result

    @property
    def done(self) -> "Bool[np.ndarray, ' heads']":
        """Which heads, layer by layer, were removed."""
        return self.ablation.done

    @cached_property
    def looks(self) -> "Float[np.ndarray, ' heads']":
        """How much each head looks at the site: its enrichment; NaN where none is defined or the head is flagged."""
        frame = self.result.scores.frame
        return np.where(frame["flags"] == "", frame["enrichment"], np.nan).astype(float)

    @cached_property
    def agreement(self) -> RankAgreement:
        """Whether heads that look at the site are needed there."""
        needs = np.full(len(self.looks), np.nan) if self.rises is None else self.rises.site.value
        return rank_agreement(self.looks, needs)

    def sentence(self, head: tuple[int, int]) -> str:
        """What removing one head costs; "" where it was not removed."""
        at = head[0] * self.result.scores.heads + head[1]
        if not self.done[at]:
            return ""
        if self.rises is None:
            return "Removing this head tells nothing of the site: no marked residue was masked beside an unmarked one that matches it."
        site, matched, difference = (one.value[at] for one in (self.rises.site, self.rises.matched, self.rises.difference))
        low, high = self.rises.difference.low[at], self.rises.difference.high[at]
        if not np.isfinite(low):
            judged = f"too few marked residues ({self.rises.site.residues}) for an interval"
        elif low <= 0 <= high:
            judged = f"not told apart; the difference is {difference:+.3f} [{low:+.3f}, {high:+.3f}]"
        else:
            judged = f"the difference is {difference:+.3f} [{low:+.3f}, {high:+.3f}]"
        return f"Removing it: {site:+.3f} nats at the site, {matched:+.3f} at matched residues ({judged})."


def needed_of(view: View, protein: Protein, result: Result) -> Needed | None:
    """What is kept of the heads of the protein in view; None where nothing is.  AblationError where there are too few residues to mask."""
    inputs = masked_inputs([protein])
    if not ablations_folder().is_dir():  # so that a page need not wait for the reference receptors in vain
        return None
    found = kept_ablation(view.model, inputs, all_heads(get_spec(view.model)), "mean", view.device, view.dtype)
    return None if found is None else Needed(found, site_rises(found, {protein.sequence: result.question.sites}), result)


def takes(view: View, protein: Protein, result: Result, heads: int) -> str:
    """``"about 40 s"``: what removing so many heads takes, from the time of the kept run."""
    spec = get_spec(view.model)
    middle = [spec.layers // 2] * heads
    return readable_time(ablation_seconds(spec, len(protein), len(masked_inputs([protein])), middle, result.maps.meta.seconds or 1.0))
