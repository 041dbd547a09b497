"""The rows of a panel that have a label of a property, and what a probe is asked of them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from allo_core.errors import LayerError, PredictionError
from allo_core.learning.folds import group_folds
from allo_core.learning.grouped import GroupedScore
from allo_core.learning.probes import Task, class_task, control_labels, number_task, probe, shuffled_within
from allo_core.library.receptors import receptors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.readouts.layer_baselines import chances
from allo_core.readouts.layer_properties import LayerProperty
from allo_core.readouts.library_panel import Panel, clusters_of
from allo_core.storage.cancel import CancelEvent

__all__ = ["FEWEST_CLUSTERS", "FOLDS", "LabelledRows"]

FOLDS = 5
FEWEST_CLUSTERS = 3  # in which a class must stand, and on which a comparison may rest


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """A property on its panel: the rows that have a label, and what else is known of them."""

    what: LayerProperty
    panel: Panel

    @cached_property
    def _all_labels(self) -> np.ndarray:
        values = [self.what.labels[entry] for entry in self.panel.receptors]
        if not self.what.of_receptors:
            values = [own[list(residues)] for own, residues in zip(values, self.panel.residues, strict=True)]
        return np.concatenate(values)

    @property
    def _receptors_of_all(self) -> np.ndarray:
        """The place of the receptor of each label among those of the panel."""
        return self.panel.receptor_of_rows

    @cached_property
    def _clusters_of_rows(self) -> np.ndarray:
        return clusters_of(self.panel.receptors)[self._receptors_of_all]

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Classes that stand in too few clusters: no fold could learn them from others."""
        if self.what.kind == "number":
            return ()
        labels = self._all_labels
        stands_in = {name: np.unique(self._clusters_of_rows[labels == name]).size for name in np.unique(labels) if name}
        return tuple(sorted(str(name) for name, count in stands_in.items() if count < FEWEST_CLUSTERS))

    @cached_property
    def rows(self) -> np.ndarray:
        """Places among all labels, one for each row of the panel; LayerError where they are of too few clusters."""
        labels, clusters = self._all_labels, self._clusters_of_rows
        known = np.isfinite(labels) if self.what.kind == "number" else labels != ""
        if (count := np.unique(clusters[known]).size) < FEWEST_CLUSTERS:
            known_in = f"{self.what.name[:40]!r} is known in too few clusters of homologues ({count})"
            raise LayerError(f"{known_in}; name receptors of at least {FEWEST_CLUSTERS}.")
        rows = np.flatnonzero(known & ~np.isin(labels, self.left_out))
        if not len(rows):
            raise LayerError(
                f"No class of {self.what.name[:40]!r} stands in {FEWEST_CLUSTERS} clusters of homologues; ask of more receptors."
            )
        return rows

    @property
    def receptors(self) -> tuple[str, ...]:
        """Those of the panel that have such a row."""
        return tuple(self.panel.receptors[at] for at in np.unique(self._receptors_of_all[self.rows]))

    @property
    def labels(self) -> np.ndarray:
        return self._all_labels[self.rows]

    @property
    def groups(self) -> np.ndarray:
        return self._clusters_of_rows[self.rows]

    @cached_property
    def folds(self) -> np.ndarray:
        return group_folds(self.groups, FOLDS)

    @property
    def types(self) -> np.ndarray:
        """The residue type of each row; of receptors all alike."""
        if self.what.of_receptors:
            return np.full(len(self.rows), "")
        letters = [np.array(list(receptors()[entry].protein.sequence)) for entry in self.panel.receptors]
        return np.concatenate([own[list(at)] for own, at in zip(letters, self.panel.residues, strict=True)])[self.rows]

    @cached_property
    def task(self) -> Task:
        return self._task_of(self.labels)

    def _task_of(self, labels: np.ndarray, like: Task | None = None) -> Task:
        if self.what.kind == "number":
            return number_task(labels)
        return class_task(labels, None if like is None or like.measure == "R²" else like.measure)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The property, and what a probe must not be able to read; they share the work on the features."""
        # The type tells its own label: shuffled among residues of one type it would be what it was.
        told = self.what.name == "residue type" or self.what.of_receptors
        mixed = shuffled_within(self.labels, np.zeros(len(self.rows)) if told else self.types)
        found = {"": self.task, "shuffled": self._task_of(mixed, self.task)}
        if self.task.measure == "balanced accuracy":
            found["accuracy"] = replace(self.task, measure="accuracy")
        if not self.what.of_receptors:
            with suppress(LayerError, PredictionError):  # all types were given one label
                found["control"] = self._task_of(control_labels(self.labels, self.types), self.task)
        return found

    def features(self, state: np.ndarray) -> np.ndarray:
        """What a probe is given of one state [panel rows, width]: features [rows, d]."""
        return state[self.rows]

    def chances(self) -> dict[str, np.ndarray]:
        """Features [rows, d] of the baselines that need no model, by name."""
        return chances(self.panel, self.rows)

    @property
    def attention_passes(self) -> int:
        """Passes of the model that `from_attention` takes."""
        return 0

    @property
    def adds_layers(self) -> bool:
        """Whether the heads of all layers so far are asked together, too."""
        return False

    def from_attention(self, model: ProteinLanguageModel, step: Callable[[], None], cancel: CancelEvent | None = None) -> np.ndarray | None:
        """Features [layers, rows, heads] of what each head gives; None where attention is not asked."""
        return None

    def read(self, features: np.ndarray) -> dict[str, GroupedScore]:
        """All tasks from features [rows, d]."""
        return dict(zip(self.tasks, probe(features, list(self.tasks.values()), self.folds, self.groups), strict=True))

    def score(self, features: np.ndarray) -> GroupedScore:
        """The property alone from features [rows, d]."""
        return probe(features, [self.task], self.folds, self.groups)[0]
