"""Heads that are removed together, beside random sets of the same layers: what is asked of the worker, and what is kept of it."""

from dataclasses import dataclass

from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.ablation import ablate, kept_ablation
from allo_core.readouts.ablation_masks import masked_inputs
from allo_core.readouts.ablation_rises import rises_of, site_rises
from allo_core.readouts.head_sets import SetAmongRandom, among_random, random_sets
from allo_core.readouts.kept_readouts import ablations_folder
from allo_core.readouts.removal import Heads, parse_heads
from allo_core.runs.cost import ablation_seconds
from allo_core.runs.extract import Report, ready_model
from allo_core.storage.amounts import readable_time
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.shared.jobs import Load, Outcome, Request

__all__ = ["DRAWS", "SetRequest", "heads_of_set", "set_among_random", "set_takes"]

DRAWS = 20  # random sets, as the command ablate takes them
EVERYWHERE, AT_SITE, BEYOND = "all residues", "marked residues", "marked less matched"
_WORDS = {
    EVERYWHERE: "over all masked residues",
    AT_SITE: "at the marked residues",
    BEYOND: "at the marked residues more than at matched ones",
}


@dataclass(frozen=True)
class SetRequest(Request):
    """A set of heads that is removed from the protein by its mean, and random sets of the same layers; every pass is kept.

    Parameters
    ----------
    heads : tuple of (layer, head)
    """

    heads: Heads = ()

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `ablate`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        sets = (self.heads, *random_sets(model.spec, self.heads, DRAWS))
        ablate(model, masked_inputs([self.protein]), sets, "mean", None, step, cancel)
        return Outcome(model.notes)


def heads_of_set(view: View, result: Result) -> Heads:
    """The heads that a person named, else all that pass; empty where none does.  AblationError for one that the model does not have."""
    if view.removed:
        return parse_heads(view.removed, get_spec(view.model))
    return tuple(sorted((int(row["layer"]), int(row["head"])) for _, row in result.scores.passing().iterrows()))


def set_among_random(view: View, protein: Protein, result: Result, heads: Heads) -> dict[str, SetAmongRandom] | None:
    """What is kept of a set, by the residues that the loss is of; None unless all of it is kept.

    Raises
    ------
    AblationError
        Whole layers, of which there is no other set; a protein of too few residues.
    """
    sets = (heads, *random_sets(get_spec(view.model), heads, DRAWS))
    if not ablations_folder().is_dir():  # so that a page need not wait for the reference receptors in vain
        return None
    found = kept_ablation(view.model, masked_inputs([protein]), sets, "mean", view.device, view.dtype)
    if found is None or not found.done.all():
        return None
    rises = {EVERYWHERE: rises_of(found)}
    site = site_rises(found, {protein.sequence: result.question.sites})
    if site is not None:
        rises |= {AT_SITE: site.site, BEYOND: site.difference}
    return {name: among_random(of_it, _WORDS[name]) for name, of_it in rises.items()}


def set_takes(view: View, protein: Protein, result: Result, heads: Heads) -> str:
    """``"about 40 s"``: what removing the set and random ones takes, from the time of the kept run."""
    spec, firsts = get_spec(view.model), [min(heads)[0]] * (1 + DRAWS)
    return readable_time(ablation_seconds(spec, len(protein), len(masked_inputs([protein])), firsts, result.maps.meta.seconds or 1.0))
