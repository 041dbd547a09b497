"""What the page asks the worker for."""

from dataclasses import dataclass, field
from functools import partial

from allo_core.interaction.architectures import smaller, tokens_for
from allo_core.interaction.checkpoint import Epoch
from allo_core.interaction.coupling_answer import answer_coupling, coupling_model
from allo_core.interaction.inputs import pair_inputs
from allo_core.interaction.kept_model import PARAMETERS, save_pair_model
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairSet
from allo_core.interaction.splits import SplitKind, split_by
from allo_core.interaction.study import Described, compare_pairs, study
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_readouts import pair_models_folder
from allo_core.runs.extract import Report, ready_model
from allo_core.runs.extract import step as tell
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.shared.jobs import Load, Outcome

__all__ = ["AMPS", "CouplingRequest", "TrainRequest"]

AMPS = "ESM2_AMPS"


@dataclass(frozen=True)
class CouplingRequest:
    """Which G protein families a receptor couples to, and why; the value is a CouplingAnswer.

    Parameters
    ----------
    protein : Protein
    device, dtype : str
    """

    protein: Protein
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Ask; errors as for `answer_coupling`."""
        model = ready_model(coupling_model(), self.device, self.dtype, step, cancel, load)
        return Outcome(model.notes, answer_coupling(model, self.protein, step, cancel))


@dataclass(frozen=True)
class TrainRequest:
    """AMPS, learnt from a person's own pairs and kept; the value is its ModelCard.

    Parameters
    ----------
    key : str
        Of the tables, the split and the model: another one is another model.
    pairs : PairSet
    split : {"pair", "protein", "cluster"}
    model : str
    device, dtype : str
    """

    key: str
    pairs: PairSet = field(compare=False, repr=False)
    split: SplitKind
    model: str
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Learn; errors as for `study`.  Stopped, the same request goes on where it was."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        split, tokens = split_by(self.split, self.pairs), tokens_for("amps")
        inputs = pair_inputs(model, self.pairs, ("published", "published"), (tokens, tokens), partial(step, "Protein"), cancel)
        architecture, settings = smaller("amps", inputs.width, marks=True), LearningSettings()
        described = Described(("published", "published"), self.model, model.sha256, "own pairs", "not stated")
        done: dict[int, int] = {}

        def told(fold: int, epoch: Epoch) -> None:
            done[fold] = done.get(fold, 0) + 1
            stage = "Model of all pairs" if fold == split.count else f"Fold {fold + 1} of {split.count}"
            tell(f"{stage}, epoch", step, cancel, done[fold], settings.epochs)

        folder = pair_models_folder() / self.key
        kept = study(
            inputs, split, architecture, settings, described, lambda found: compare_pairs(AMPS, found, inputs, split),
            folder / "checkpoints", told, cancel,
        )  # fmt: skip
        return Outcome(model.notes, save_pair_model(folder / PARAMETERS, kept))
