"""A person's own values of residues, uploaded as a table: on each page where a property may be one of theirs."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.readouts.value_table import property_of_table, value_columns
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain

__all__ = ["draw_own_values"]

_EXAMPLE = "receptor,residue,pKi shift\nAA2AR,W246,1.2\nADRB2,6x48,0.9\n"


def draw_own_values() -> tuple[str, str] | None:
    """The upload of a table, and the choice of its column: text and column as `property_of_table` takes them, None without a good table."""
    upload = st.file_uploader(
        "Table: receptor, residue, values", type=["csv", "tsv", "txt"], key="own_table", max_upload_size=5, help=HELP["own_property"]
    )
    if upload is None:
        st.caption("CSV with a header, such as")
        st.code(_EXAMPLE, language=None)
        return None
    text = upload.getvalue().decode(errors="replace")
    try:
        columns = value_columns(text)
        column = st.selectbox("Column", columns, key="own_column") or ""
        property_of_table(text, column)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return None
    return text, column
