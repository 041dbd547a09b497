"""The model card of a site predictor in sentences, and what to know of it before it is asked about one protein."""

from allo_core.attention.head import Head
from allo_core.learning.results import PREDICTOR, RANDOM, Comparison, Estimate, verdict
from allo_core.library.receptors import receptors
from allo_core.library.sites import receptor_of
from allo_core.models.registry import MODELS
from allo_core.prediction.examples import EVIDENCE, LONGEST, orthosteric_site
from allo_core.prediction.predictor import SitePredictor, TrainingReceptor
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY, identity
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["model_card", "notes_on"]


def model_card(predictor: SitePredictor) -> tuple[str, ...]:
    """How good it is on receptors it has not seen, what its numbers mean, and on what it was trained; the first thing to know first."""
    label = MODELS[predictor.model_id].label if predictor.model_id in MODELS else predictor.model_id
    heads = ", ".join(Head(*head).text for head in predictor.heads)
    quality = [_quality(one) for one in predictor.comparisons]
    return (
        *quality[:1],
        *(verdict(one) for one in predictor.comparisons[:1]),
        "A residue that is not listed is unlabelled, not known to be no site: a site that nobody has found yet counts as an error.",
        "Residues of the orthosteric site itself can rank high, because their attention on each other counts as exchanged with it.",
        "Read the probabilities as a ranking within one receptor; attention is not evidence of mechanism.",
        _trained_on(predictor.training),
        *quality[1:],
        f"L1 logistic regression on the attention of {len(predictor.heads)} heads (layer.head) of {label}, weights "
        f"{predictor.weights_sha256[:12]}: {heads}.",
    )


def notes_on(predictor: SitePredictor, protein: Protein, numbers: ResidueNumbers | None) -> tuple[str, ...]:
    """What a person should know before believing a prediction for this protein; each in one sentence."""
    receptor = receptor_of(protein)
    notes = []
    if receptor is not None and receptor.entry in {one.receptor for one in predictor.training}:
        notes.append(f"The predictor was fitted to {receptor.entry} itself: what it says here is no prediction.")
    elif near := _nearest(predictor, protein):
        notes.append(f"The predictor was fitted to {near[1]}, {near[0]:.0%} identical: how well it does on homologues was not measured.")
    if len(protein) > LONGEST:
        notes.append(f"The predictor was fitted to at most {LONGEST} residues at once, these are {len(protein)}: read the 7TM domain.")
    if numbers is None:
        notes.append("Without generic numbers one feature of each head is unknown and counts as average.")
    if orthosteric_site(protein, numbers) is None:
        notes.append("The orthosteric site is not known here, so attention exchanged with it counts as average.")
    return tuple(notes)


def _trained_on(training: tuple[TrainingReceptor, ...]) -> str:
    parts = []
    for evidence in EVIDENCE:
        listed = [one.listed[evidence] for one in training if evidence in one.listed]
        if listed:
            parts.append(f"{len(listed)} with {evidence} ({sum(len(residues.split()) for residues in listed)} residues)")
    names = ", ".join(one.receptor for one in training)
    return f"Fitted to the listed allosteric sites of {len(training)} receptors, {' and '.join(parts)}: {names}."


def _quality(comparison: Comparison) -> str:
    found = comparison.methods[PREDICTOR]
    return (
        f"On receptors left out ({comparison.evidence}, {len(comparison.receptors)}): mean AUPRC {_said(found.auprc)}, of a random ranking "
        f"{comparison.methods[RANDOM].auprc.value:.3f}; mean AUROC {_said(found.auroc)}."
    )


def _said(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} (95 % {estimate.low:.3f} to {estimate.high:.3f})"


def _nearest(predictor: SitePredictor, protein: Protein) -> tuple[float, str] | None:
    """Identity and entry of the nearest homologue among the training receptors."""
    library = receptors()
    parts = [library[one.receptor].protein.crop(one.first, one.last) for one in predictor.training if one.receptor in library]
    near = max(((identity(protein.sequence, part.sequence), part.name) for part in parts), default=(0.0, ""))
    return near if near[0] > HOMOLOGUE_IDENTITY else None
