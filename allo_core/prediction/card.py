"""The model card of a site predictor in sentences, and what to know of it before it is asked about one protein."""

from allo_core.attention.head import Head
from allo_core.learning.results import CHANCE, Comparison, Estimate, added, verdict
from allo_core.library.receptors import receptors
from allo_core.library.sites import receptor_of
from allo_core.models.registry import MODELS
from allo_core.prediction.examples import EVIDENCE, LONGEST, Example, orthosteric_site
from allo_core.prediction.frame import place
from allo_core.prediction.methods import MEMORY, STRUCTURE
from allo_core.prediction.predictor import SitePredictor, TrainingReceptor
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities_to
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["model_card", "notes_on"]

_WORDS = {
    MEMORY: "position memory (the listed residues of the training receptors, carried over by generic number and space)",
    STRUCTURE: "structure (burial, pocketness, distance to the orthosteric site)",
}


_PICKED = (
    "Which row ships was decided on these same receptors, its width too, so its numbers are somewhat too good; a lead over other widths or "
    "the combination is no finding."
)


def model_card(predictor: SitePredictor) -> tuple[str, ...]:
    """Where it does not beat its baselines first, then what attention adds, how good it is, what it reads, and what it was fitted to."""
    comparison = predictor.comparison
    return (
        *(
            (verdict(comparison), _PICKED, added(comparison), _quality(comparison))
            if comparison is not None
            else ("How good it is was not measured.", "What attention adds was not measured.")
        ),
        _reads(predictor),
        "A residue that is not listed is unlabelled, not known to be no site: a site that nobody has found yet counts as an error.",
        "Read the probabilities as a ranking within one receptor: they say where sites of other receptors lie, not how this one works.",
        "Residues of the orthosteric site itself can rank high, because some listed sites overlap it.",
        _trained_on(predictor.training),
    )


def notes_on(predictor: SitePredictor, protein: Protein, numbers: ResidueNumbers | None) -> tuple[str, ...]:
    """What a person should know before believing a prediction for this protein; each in one sentence."""
    receptor = receptor_of(protein)
    notes = []
    if receptor is not None and receptor.entry in {one.receptor for one in predictor.training}:
        notes.append(f"The predictor was fitted to {receptor.entry} itself: what it says here is no prediction.")
    elif near := _nearest(predictor, protein, numbers):
        notes.append(f"The predictor was fitted to {near[1]}, {near[0]:.0%} identical: how well it does on homologues was not measured.")
    placed = place(protein)
    if placed is None:
        notes.append("Without generic numbers of class A, B, C or F no site can be carried over: position memory is missing here.")
    elif placed.source.endswith("by generic number"):
        notes.append(f"No structure of it ships: its residues were placed as in {placed.source}.")
    if predictor.reads_attention:
        if len(protein) > LONGEST:
            notes.append(f"The predictor was fitted to at most {LONGEST} residues at once, these are {len(protein)}: read the 7TM domain.")
        if numbers is None:
            notes.append("Without generic numbers one feature of each head is unknown and counts as average.")
    if (predictor.reads_attention or STRUCTURE in predictor.ingredients) and orthosteric_site(protein, numbers) is None:
        notes.append("The orthosteric site is not known here, so what depends on it counts as average.")
    return tuple(notes)


def _reads(predictor: SitePredictor) -> str:
    label = MODELS[predictor.model_id].label if predictor.model_id in MODELS else predictor.model_id
    heads = ", ".join(Head(*head).text for head in predictor.heads)
    attention = f"the attention of {len(predictor.heads)} heads (layer.head) of {label}, weights {predictor.weights_sha256[:12]}: {heads}"
    parts = [_WORDS.get(one, attention) for one in predictor.ingredients]
    without = (
        ""
        if predictor.reads_attention
        else (
            f" It reads no attention: that of {label}, and structure, would be added only if the combination beat position memory "
            "alone with the whole interval of AUROC, and it does not."
        )
    )
    return f"L1 logistic regression on {', and '.join(parts)}.{without}"


def _trained_on(training: tuple[TrainingReceptor, ...]) -> str:
    parts = []
    for evidence in EVIDENCE:
        listed = [one.listed[evidence] for one in training if evidence in one.listed]
        if listed:
            parts.append(f"{len(listed)} with {evidence} ({sum(len(residues.split()) for residues in listed)} residues)")
    names = ", ".join(one.receptor for one in training)
    return f"Fitted to the listed allosteric sites of {len(training)} receptors, {' and '.join(parts)}: {names}."


def _quality(comparison: Comparison) -> str:
    found, chance = comparison.methods[comparison.predictor], comparison.methods[CHANCE]
    return (
        f"On receptors left out: mean AUROC {_said(found.auroc)}, at random 0.5; mean normalised AUPRC (0 at random, 1 at best) "
        f"{_said(found.normalised)}; mean AUPRC {found.auprc:.3f}, at random {chance.auprc:.3f}."
    )


def _said(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} (95 % {estimate.low:.3f} to {estimate.high:.3f})"


def _nearest(predictor: SitePredictor, protein: Protein, numbers: ResidueNumbers | None) -> tuple[float, str] | None:
    """Identity and entry of the nearest homologue among the training receptors."""
    library, asked = receptors(), Example(protein, numbers, {}, None)
    known = [one.receptor for one in predictor.training if one.receptor in library]
    shares = identities_to(asked, [library[entry] for entry in known]).tolist()
    near = max(zip(shares, known, strict=True), default=(0.0, ""))
    return near if near[0] > HOMOLOGUE_IDENTITY else None
