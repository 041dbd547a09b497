"""What the page asks the worker for."""

from dataclasses import dataclass

from allo_core.interaction.coupling_answer import answer_coupling, coupling_model
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import Report, ready_model
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.shared.jobs import Load, Outcome

__all__ = ["CouplingRequest"]


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
