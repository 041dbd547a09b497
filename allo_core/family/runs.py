"""One model over every receptor of a set, with progress, and going on where it was stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.errors import AlloScopeError, Cancelled
from allo_core.family.members import Member, ReceptorSet, Refused, fitted
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.column_reducer import KEPT_THRESHOLDS
from allo_core.runs.column_store import ColumnRun
from allo_core.runs.extract import LoadModel, Report, ready_model
from allo_core.runs.extract_columns import extract_columns, find_kept_columns
from allo_core.storage.cancel import CancelEvent

__all__ = ["RECEPTOR", "SetRun", "kept_set", "run_set", "shuffled"]

RECEPTOR = "Receptor"  # the stage of `run_set` that counts receptors


@dataclass(frozen=True, eq=False)
class SetRun:
    """A set of which every member has been run.

    Parameters
    ----------
    asked : ReceptorSet
        Members that were run; those that failed are among the refused ones.
    runs : tuple of ColumnRun, length R
    notes : tuple of str
        What to know of the device, each once.
    """

    asked: ReceptorSet
    runs: tuple[ColumnRun, ...]
    notes: tuple[str, ...] = ()

    def columns(self, threshold: float) -> list[Columns]:
        """Column weights of each member at one of the thresholds; errors as in `ColumnRun.columns`."""
        return [run.columns(threshold) for run in self.runs]


def run_set(
    model_id: str,
    asked: ReceptorSet,
    thresholds: tuple[float, ...] = KEPT_THRESHOLDS,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    report: Report | None = None,
    cancel: CancelEvent | None = None,
    load: LoadModel = load_model,
) -> SetRun:
    """Run a model over each member; every receptor is kept as soon as it is done, so a stopped set goes on from there.

    The model is loaded only if a member has not been run before.  A receptor that is longer than the model knows is read by its 7TM domain
    (`fitted`).

    Parameters
    ----------
    report : callable(stage, done, total), optional
        As for `run_model`; the stage `RECEPTOR` counts members.

    Raises
    ------
    Cancelled
        What was done stays kept.
    WeightsError, DeviceError
        The model cannot be had.
    AlloScopeError
        Every receptor failed: the first reason.
    """
    asked = fitted(asked, get_spec(model_id))
    model: ProteinLanguageModel | None = None
    members, runs, refused = [], [], list(asked.refused)
    failures: list[AlloScopeError] = []
    for done, member in enumerate(asked.members):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        run = find_kept_columns(model_id, member.protein, thresholds, device, dtype)
        if run is None:
            model = model or ready_model(model_id, device, dtype, report, cancel, load)
        if report is not None:
            report(RECEPTOR, done, len(asked.members))
        try:
            if run is None and model is not None:
                run = extract_columns(model, member.protein, thresholds, cancel)
            runs.append(run)
            members.append(member)
        except AlloScopeError as error:
            failures.append(error)
            refused.append(Refused(member.name, str(error)))
    if not runs:
        raise failures[0]
    if report is not None:
        report(RECEPTOR, len(asked.members), len(asked.members))
    notes = dict.fromkeys(note for run in runs for note in run.meta.notes)
    return SetRun(_replaced(asked, members, refused), tuple(runs), tuple(notes))


def kept_set(
    model_id: str,
    asked: ReceptorSet,
    thresholds: tuple[float, ...] = KEPT_THRESHOLDS,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
) -> tuple[SetRun | None, int]:
    """The members that have been run before (None where there is none), and how many have not; neither torch nor the model is loaded.

    Raises
    ------
    WeightsError, DeviceError, ScoreError
        As `run_set`.
    """
    asked = fitted(asked, get_spec(model_id))
    found = [(member, find_kept_columns(model_id, member.protein, thresholds, device, dtype)) for member in asked.members]
    done = [(member, run) for member, run in found if run is not None]
    if not done:
        return None, len(found)
    members, runs = zip(*done, strict=True)
    missing = [Refused(member.name, "was not run, or its run failed") for member, run in found if run is None]
    return SetRun(_replaced(asked, members, (*asked.refused, *missing)), runs), len(missing)


def shuffled(asked: ReceptorSet, seed: int = 0) -> ReceptorSet:
    """The same set with the residues of each sequence in random order: what a model makes of composition and length alone.

    Segments, numbers, the places that are asked about and who is whose homologue stay, so that statistic and null are the same.
    """
    members = []
    for member in asked.members:
        letters = np.array(list(member.protein.sequence))
        # By the sequence, so that a receptor is shuffled alike in every set.
        generator = np.random.default_rng([seed, *member.protein.sequence.encode()])
        protein = Protein(f"{member.name}, shuffled", "".join(generator.permutation(letters)), member.protein.first)
        members.append(Member(member.name, protein, member.numbers, member.sites, "shuffled", member.kin))
    return _replaced(asked, members, asked.refused)


def _replaced(asked: ReceptorSet, members: Sequence[Member], refused: Sequence[Refused]) -> ReceptorSet:
    return ReceptorSet(asked.title, tuple(members), tuple(refused), asked.positions, asked.receptor_class)
