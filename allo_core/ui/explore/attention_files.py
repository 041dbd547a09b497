"""The attention of the run as arrays: too large for the ZIP of all files, so its size is said on the button."""

import tempfile
from pathlib import Path

import streamlit as st

from allo_core.export.attention import MapDtype, size_of_attention_export, write_attention_zip
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.storage.amounts import amount
from allo_core.ui.shared.help import HELP

__all__ = ["draw_attention_files"]


def draw_attention_files(maps: AttentionMaps, protein: Protein, stem: str) -> None:
    """All heads as one NPY a layer, and their arcs as sparse matrices; each is a ZIP that is written when it is asked for."""
    _draw(maps, protein, stem, "Attention of all heads, NPY a layer", "float16", False)
    _draw(maps, protein, stem, "Arcs above 0.01, sparse (CSR)", None, True)


def _draw(maps: AttentionMaps, protein: Protein, stem: str, label: str, dtype: MapDtype | None, sparse: bool) -> None:
    what = "arcs" if sparse else "attention"
    st.download_button(
        f"{label}: {amount(size_of_attention_export(maps, dtype, sparse=sparse))}", lambda: _zip(maps, protein, dtype, sparse),
        f"{stem}_{what}.zip", "application/zip", key=f"download_{what}", on_click="ignore", icon=":material/data_array:", width="stretch",
        help=HELP["attention_files"],
    )  # fmt: skip


def _zip(maps: AttentionMaps, protein: Protein, dtype: MapDtype | None, sparse: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_attention_zip(maps, Path(folder) / "attention.zip", dtype, sparse=sparse, protein=protein).read_bytes()
