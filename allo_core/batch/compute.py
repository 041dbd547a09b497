"""One sequence through one model, whatever the task: what every task says of it, around what the task computes."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.batch.result import Result
from allo_core.batch.settings import BatchSettings
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for it
    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["Computed", "compute"]


@dataclass(frozen=True, eq=False)
class Computed:
    """What is kept of one sequence.

    Parameters
    ----------
    result : Result
        Of the task.
    device : str
    seconds : float
        Wall time of all of it.
    notes : tuple of str
        What to know of the sequence and of the device.
    """

    result: Result
    device: str
    seconds: float
    notes: tuple[str, ...] = ()


def compute(model: "ProteinLanguageModel", protein: Protein, settings: BatchSettings) -> Computed:
    """Give a sequence to the task; errors are those of `BatchSettings.compute`."""
    from allo_core.models.tokens import length_warning, unusual_letters
    from allo_core.runs.extract import device_given_up

    started = time.perf_counter()
    device_given_up(model, protein)
    result = settings.compute(model, protein)
    notes = (length_warning(model.spec, len(protein)), unusual_letters(model.spec, protein), *model.notes)
    return Computed(result, model.device.type, time.perf_counter() - started, tuple(note for note in notes if note))
