"""What the page asks the worker for."""

from dataclasses import dataclass

from allo_core.folding.esmfold import fold_with_esmfold
from allo_core.folding.model_fold import model_fold
from allo_core.folding.removed_folds import removed_folds
from allo_core.models.devices import DeviceChoice
from allo_core.protein.sequence import Protein
from allo_core.readouts.removal import Heads
from allo_core.runs.extract import Report
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.shared.jobs import Load, Outcome

__all__ = ["EsmfoldRequest", "ModelFoldRequest", "RemovedFoldsRequest"]


@dataclass(frozen=True)
class EsmfoldRequest:
    """A protein folded by ESMFold and kept.

    Parameters
    ----------
    protein : Protein
    device : str
    """

    protein: Protein
    device: DeviceChoice = "auto"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Fold; errors as for `fold_with_esmfold`."""
        step("Loading ESMFold", 0, 0)
        fold_with_esmfold(self.protein, self.device, None, lambda done, total: step("ESMFold, step", done, total), cancel)
        return Outcome()


@dataclass(frozen=True)
class ModelFoldRequest:
    """A protein folded from what the default model says of it, and kept.

    Parameters
    ----------
    protein : Protein
    device : str
    """

    protein: Protein
    device: DeviceChoice = "auto"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Fold; errors as for `model_fold`."""
        step("Running the model", 0, 0)
        model_fold(self.protein, device=self.device, progress=step, cancel=cancel)
        return Outcome()


@dataclass(frozen=True)
class RemovedFoldsRequest:
    """The same without some attention heads, and without as many random ones.

    Parameters
    ----------
    protein : Protein
    removed : tuple of (layer, head)
    device : str
    """

    protein: Protein
    removed: Heads
    device: DeviceChoice = "auto"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Fold; errors as for `removed_folds`."""
        step("Running the model", 0, 0)
        removed_folds(self.protein, self.removed, device=self.device, progress=step, cancel=cancel)
        return Outcome()
