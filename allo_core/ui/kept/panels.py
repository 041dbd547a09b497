"""The kept runs as a table, and deleting them."""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.library.sites import receptor_of
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_readouts import FOLDERS, delete_readouts, kept_readouts
from allo_core.runs.column_store import columns_folder, delete_columns, kept_columns
from allo_core.runs.meta import RunMeta
from allo_core.runs.store import KeptRun, OtherRun, damaged_runs, delete_run, list_runs, other_version_runs, runs_folder
from allo_core.ui.shared import inputs
from allo_core.ui.shared.models import model_label, readable_size
from allo_core.ui.shared.text import plain

__all__ = ["draw_kept_runs"]

_AGAIN = "They can be computed again; nothing else is lost."


def draw_kept_runs() -> None:
    """Every run on this machine, and what is kept of sets of receptors."""
    _draw_runs()
    columns, size = kept_columns()
    if columns:
        st.markdown("##### Sets of receptors")
        many = f"{columns} receptor{'s' if columns > 1 else ''}"
        st.markdown(f"{many} read for the page Receptors, {readable_size(size)} in all, in {plain(str(columns_folder()))}")
        st.button(
            f"Delete {many}, {readable_size(size)}", key="delete_columns", on_click=_delete_columns,
            help=_AGAIN,
        )  # fmt: skip
    if readouts := kept_readouts():
        st.markdown("##### The page Sequence")
    for name, size in readouts.items():
        st.markdown(f"{name.capitalize()}, {readable_size(size)}, in {plain(str(FOLDERS[name]()))}")
        st.button(f"Delete {name}, {readable_size(size)}", key=f"delete_{name}", on_click=_delete_readouts, args=(name,), help=_AGAIN)


def _draw_runs() -> None:
    """The runs, the newest first; chosen rows can be deleted."""
    runs, damaged = list_runs(), damaged_runs()
    for problem in st.session_state.pop("delete_problems", ()):
        st.error(plain(problem))
    if damaged:
        st.warning(f"{len(damaged)} run{'s' if len(damaged) > 1 else ''} in the folder cannot be read.")
        st.button("Delete what cannot be read", key="delete_damaged", on_click=_delete, args=(damaged,))
    if others := other_version_runs():
        _draw_others(others)
    if not runs and (others or damaged):
        return
    if not runs:
        st.info("No run is kept yet. Each run of a model over a sequence is kept here until you delete it.")
        return
    total = sum(run.bytes for run in runs)
    st.markdown(f"{len(runs)} run{'s' if len(runs) > 1 else ''}, {readable_size(total)} in all, in {plain(str(runs_folder()))}")
    # A key of its own for each list: chosen rows must not stay chosen when other runs move into their places.
    event = st.dataframe(
        _table(runs),
        key=f"runs_{hashlib.sha256(''.join(run.key for run in runs).encode()).hexdigest()[:12]}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"MB": st.column_config.NumberColumn("MB", format="%.1f"), "seconds": st.column_config.NumberColumn(format="%.1f")},
    )
    chosen = [runs[row] for row in event.selection.rows if row < len(runs)]
    if not chosen:
        st.caption("Choose a row at its left edge to open it in Explore, or several to delete them.")
        return
    if len(chosen) == 1 and chosen[0].meta.kind != "probabilities":  # which Explore does not show
        _draw_way_to_explore(chosen[0])
    size = readable_size(sum(run.bytes for run in chosen))
    st.button(
        f"Delete {len(chosen)} run{'s' if len(chosen) > 1 else ''}, {size}",
        key="delete_runs",
        on_click=_delete,
        args=([run.key for run in chosen],),
        help="They can be computed again; nothing else is lost.",
    )


def _draw_way_to_explore(run: KeptRun) -> None:
    """The run in Explore, with the marks that its protein begins with there."""
    protein = _protein_of(run.meta)
    try:
        key = inputs.key_of(protein)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    choices = {"protein": key, "model": run.meta.model_id, "device": run.meta.device_type, "dtype": run.meta.dtype}
    if run.meta.kind == "value_norms":
        choices["weighting"] = "value"
    st.link_button("Open in Explore", f"/?{urlencode(choices)}", icon=":material/biotech:", type="primary")


def _protein_of(meta: RunMeta) -> Protein:
    """The protein of a run, in UniProt numbers where it is a part of the receptor that it is named after."""
    protein = Protein(meta.protein_name, meta.sequence)
    receptor = receptor_of(protein)
    if receptor is None or receptor.entry != protein.name or protein.sequence not in receptor.protein.sequence:
        return protein
    return Protein(protein.name, protein.sequence, receptor.protein.sequence.index(protein.sequence) + 1)


def _draw_others(others: Sequence[OtherRun]) -> None:
    """Runs of another version: not damaged, and deleted by a button of their own alone."""
    size = readable_size(sum(run.bytes for run in others))
    many, were, them = ("1 run", "was", "it") if len(others) == 1 else (f"{len(others)} runs", "were", "them")
    reasons = "; ".join(dict.fromkeys(run.reason for run in others))
    said = f"{many}, {size}, {were} made by another version of AlloScope (written {reasons}). Run again, or open {them} with that version."
    st.info(plain(said))
    st.button(
        f"Delete {many} of another version, {size}", key="delete_other_versions", on_click=_delete, args=([run.key for run in others],),
        help=f"That version can still read {them}; this one cannot.",
    )  # fmt: skip


def _table(runs: Sequence[KeptRun]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "protein": [run.meta.protein_name for run in runs],
            "residues": [len(run.meta.sequence) for run in runs],
            "model": [model_label(run.meta.model_id) for run in runs],
            "holds": [run.meta.holds for run in runs],
            "device": [f"{run.meta.device_type}, {run.meta.dtype}" for run in runs],
            "MB": [run.bytes / 1e6 for run in runs],
            "seconds": [run.meta.seconds for run in runs],
            "made (UTC)": [run.meta.created.replace("T", " ").removesuffix("+00:00") for run in runs],
            "weights sha256": [run.meta.weights_sha256[:12] for run in runs],
        }
    )


def _delete_columns() -> None:
    try:
        delete_columns()
    except AlloScopeError as error:
        st.session_state.delete_problems = [str(error)]


def _delete_readouts(name: str) -> None:
    try:
        delete_readouts(name)
    except AlloScopeError as error:
        st.session_state.delete_problems = [str(error)]


def _delete(keys: Sequence[str]) -> None:
    problems = []
    for key in keys:
        try:
            delete_run(key)
        except AlloScopeError as error:
            problems.append(str(error))
    st.session_state.delete_problems = problems
