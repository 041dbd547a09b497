"""What each layer changes, as this session has computed it, and over which layers it is shown."""

from allo_core.models.registry import get_spec
from allo_core.readouts.state_changes import StateChanges, comparable_layers
from allo_core.ui.protein.view import protein_of
from allo_core.ui.sequence.requests import ChangesRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.worker import job_of

__all__ = ["changes_request", "kept_changes", "span_of"]


def changes_request(view: SequenceView) -> ChangesRequest:
    """What is asked of the worker for a view."""
    return ChangesRequest(protein_of(view), view.model, view.device, view.dtype)


def kept_changes(view: SequenceView) -> StateChanges | None:
    """What was computed for a view; None if nothing was."""
    job = job_of(changes_request(view))
    found = None if job is None else job.outcome.value
    return found if isinstance(found, StateChanges) else None


def span_of(view: SequenceView) -> tuple[int, int]:
    """The first and last layer that are shown."""
    return view.span or comparable_layers(get_spec(view.model))
