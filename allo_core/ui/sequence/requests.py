"""What the page asks the worker for."""

from dataclasses import dataclass, field
from functools import partial

from allo_core.models.antibody import classify_antibody
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.models.embeddings import embed
from allo_core.models.probabilities import fill_masked
from allo_core.protein.sequence import Protein
from allo_core.readouts.contacts import predict_contacts
from allo_core.readouts.layer_shapes import layer_similarity
from allo_core.readouts.layers import compare_layers
from allo_core.readouts.letter_preferences import letter_preferences
from allo_core.readouts.mean_vectors import mean_vectors
from allo_core.readouts.orthologs import OrthologExpectation, ortholog_expectation
from allo_core.readouts.site_change import SiteChange, site_change
from allo_core.readouts.state_changes import state_changes
from allo_core.readouts.value_table import property_of_table
from allo_core.readouts.variant import VariantComparison, compare_variant
from allo_core.readouts.variant_reference import REFERENCES, VariantReference, variant_reference
from allo_core.runs.extract import Report, ready_model, step
from allo_core.runs.extract_probabilities import run_probabilities
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.shared.jobs import Load, Outcome, Request

__all__ = [
    "MEAN_VECTORS",
    "SIMILARITY",
    "AntibodyRequest",
    "ChangesRequest",
    "ComparedVariant",
    "ContactsRequest",
    "FillRequest",
    "LibraryRequest",
    "ProbabilitiesRequest",
    "StatesRequest",
    "VariantRequest",
]

MEAN_VECTORS, SIMILARITY = "mean vectors", "similarity"
_CHOOSING, _LETTERS = "Choosing heads on receptor", "Which letters heads prefer: receptor"
_SUBSTITUTION, _PAIR = "Other substitution", "Other pair"


@dataclass(frozen=True)
class ProbabilitiesRequest(Request):
    """What the model expects at each residue, which is kept; ``masked`` takes a pass for each."""

    masked: bool = False

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; parameters and errors as for `run_probabilities`."""
        return Outcome(run_probabilities(self.model, self.protein, self.masked, self.device, self.dtype, step, cancel, load)[1])


@dataclass(frozen=True)
class FillRequest(Request):
    """What the model would put in the place of residues that are masked together; the value is a ResidueProbabilities."""

    residues: tuple[int, ...] = ()

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `run_model`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        _reading(step, cancel)
        return Outcome(model.notes, fill_masked(model, self.protein, self.residues, cancel))


@dataclass(frozen=True)
class AntibodyRequest(Request):
    """Which species and chain AntiBERTy takes a sequence for; the value is an AntibodyClasses."""

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `classify_antibody`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        _reading(step, cancel)
        return Outcome(model.notes, classify_antibody(model, self.protein))


@dataclass(frozen=True)
class ContactsRequest(Request):
    """Which residues the model takes for neighbours; the value is a PredictedContacts."""

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `predict_contacts`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        _reading(step, cancel)
        found = predict_contacts(model, self.protein, partial(step, _CHOOSING), cancel)
        return Outcome(model.notes, found)


@dataclass(frozen=True)
class ComparedVariant:
    """A variant beside its wild type, and what that has to be compared with.

    Parameters
    ----------
    comparison : VariantComparison
    reference : VariantReference or None
        Of substitutions, where references were asked for.
    expectation : OrthologExpectation or None
        Of an ortholog.
    site : SiteChange or None
        What changes at the marked residues, where there are some.
    """

    comparison: VariantComparison
    reference: VariantReference | None
    expectation: OrthologExpectation | None
    site: SiteChange | None


@dataclass(frozen=True)
class VariantRequest(Request):
    """What changes in the heads with a variant; the value is a `ComparedVariant`.

    Parameters
    ----------
    sites : tuple of int
        The marked residues, 0-based.
    substituted : bool
        Whether it is the protein with other letters; else an ortholog.
    others : tuple of Protein
        Further sequences, among which pairs as alike as the ortholog are looked for.
    references : int
        Random substitutions, or other pairs; 0 for none.
    variant : Protein
    """

    variant: Protein = field(kw_only=True)
    sites: tuple[int, ...] = ()
    substituted: bool = True
    others: tuple[Protein, ...] = ()
    references: int = REFERENCES

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `compare_variant`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        _reading(step, cancel)
        letters = letter_preferences(model, self.protein, partial(step, _LETTERS), cancel) if self.substituted else None
        comparison = compare_variant(model, self.protein, self.variant, letters, cancel=cancel)
        site = site_change(comparison, self.sites) if self.sites else None
        reference, expectation = None, None
        if self.references and self.substituted:
            reference = variant_reference(model, comparison, self.references, progress=partial(step, _SUBSTITUTION), cancel=cancel)
        elif self.references:
            expectation = ortholog_expectation(
                model, comparison, self.others, self.references, progress=partial(step, _PAIR), cancel=cancel
            )
        return Outcome(model.notes, ComparedVariant(comparison, reference, expectation, site))


@dataclass(frozen=True)
class StatesRequest(Request):
    """Hidden states of a protein, all of them where ``states`` is empty; the value is an Embeddings."""

    states: tuple[int, ...] = (-1,)

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `embed`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        _reading(step, cancel)
        return Outcome(model.notes, embed(model, self.protein, self.states or range(model.spec.layers + 1), cancel=cancel))


@dataclass(frozen=True)
class ChangesRequest(Request):
    """How much each layer changes each residue; the value is a StateChanges."""

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `state_changes`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        _reading(step, cancel)
        return Outcome(model.notes, state_changes(model, self.protein, cancel))


@dataclass(frozen=True)
class LibraryRequest:
    """What the states of a model tell over the receptors of the library; all of it is kept.

    Parameters
    ----------
    what : str
        A key of `PROPERTIES`, "own" for ``table``, "mean vectors" or "similarity".
    table : (text, column), optional
        As `property_of_table` takes them.
    """

    what: str
    model: str
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"
    table: tuple[str, str] | None = None

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `compare_layers`, `mean_vectors` and `layer_similarity`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        if self.what == MEAN_VECTORS:
            mean_vectors(model, partial(step, "Receptor"), cancel)
        elif self.what == SIMILARITY:
            layer_similarity(model, partial(step, "Receptor"), cancel)
        else:
            asked = self.what if self.table is None else property_of_table(*self.table)
            compare_layers(model, asked, progress=partial(step, "Step"), cancel=cancel)
        return Outcome(model.notes)


def _reading(report: Report, cancel: CancelEvent) -> None:
    step("Reading the sequence", report, cancel)
