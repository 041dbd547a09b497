"""What the page asks the worker for."""

from dataclasses import dataclass

from allo_core.folding.esmfold import fold_with_esmfold
from allo_core.models.devices import DeviceChoice
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import Report
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.shared.jobs import Load, Outcome

__all__ = ["EsmfoldRequest"]


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
