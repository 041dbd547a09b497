"""What the page asks the worker for."""

from dataclasses import dataclass
from functools import partial

from allo_core.heads.arcs import family_arcs
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.readouts.own_share import own_share
from allo_core.runs.extract import Report, ready_model
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.shared.jobs import Load, Outcome

__all__ = ["HeadsRequest", "OwnShareRequest"]


@dataclass(frozen=True)
class HeadsRequest:
    """The arcs of a model over a sample of receptors, which are kept; receptors that are done are not done again.

    Parameters
    ----------
    model : str
    receptors : tuple of str
        Entry names.
    device, dtype : str
    """

    model: str
    receptors: tuple[str, ...]
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `family_arcs`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        family_arcs(model, self.receptors, partial(step, "Receptor"), cancel)
        return Outcome(model.notes)


@dataclass(frozen=True)
class OwnShareRequest:
    """The own share of the states of a model, which is kept; receptors that are done are not done again.

    Parameters
    ----------
    model : str
    device, dtype : str
    """

    model: str
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; errors as for `own_share`."""
        model = ready_model(self.model, self.device, self.dtype, step, cancel, load)
        own_share(model, partial(step, "Receptor"), cancel)
        return Outcome(model.notes)
