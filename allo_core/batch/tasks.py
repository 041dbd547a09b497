"""The tasks of a batch: each is an entry here, and a kind of `BatchSettings` in a module of its own."""

from allo_core.batch.settings import BatchSettings
from allo_core.batch.task_contacts import ContactSettings
from allo_core.batch.task_embeddings import EmbeddingSettings
from allo_core.batch.task_heads import HeadsSettings
from allo_core.batch.task_probabilities import ProbabilitySettings
from allo_core.batch.task_scores import ScoreSettings
from allo_core.batch.task_variant import VariantSettings
from allo_core.errors import BatchError
from allo_core.storage.plain_json import OtherVersion

__all__ = ["DEFAULT_TASK", "TASKS", "check_options", "read_settings"]

DEFAULT_TASK = ScoreSettings.task

TASKS: dict[str, type[BatchSettings]] = {
    kind.task: kind for kind in (ScoreSettings, EmbeddingSettings, ProbabilitySettings, ContactSettings, VariantSettings, HeadsSettings)
}


def read_settings(values: object) -> BatchSettings:
    """The settings of any task from plain JSON values; errors as `BatchSettings.from_json`.

    Batches of before tasks have none in their file: they computed scores.
    """
    name = values.get("task", DEFAULT_TASK) if isinstance(values, dict) else DEFAULT_TASK
    if not isinstance(name, str):
        raise ValueError("the task is no text")
    if name not in TASKS:
        raise OtherVersion(f"with the task {name[:40]!r}, which this version does not have")
    return TASKS[name].from_json(values)


def check_options(task: str, given: set[str]) -> None:
    """BatchError where an option was given that belongs to another task."""
    for name in sorted(given - TASKS[task].options):
        owners = " or ".join(other for other, kind in TASKS.items() if name in kind.options)
        raise BatchError(f"--{name.replace('_', '-')} belongs to --task {owners}, not to {task}; leave it out.")
