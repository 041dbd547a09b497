"""What stands around every page: notices above, and below what was run and what it does not show."""

from collections.abc import Sequence

import streamlit as st

from allo_core.ui.shared.components import component_without_picture, in_order
from allo_core.ui.shared.page_session import PageSession
from allo_core.ui.shared.text import plain

__all__ = ["FOOT", "draw_foot", "draw_notices"]

FOOT = "Attention is not evidence of mechanism."


def draw_notices(page: PageSession) -> None:
    """What was ignored in the link, or is no longer there; said until it is dismissed."""
    if not page.notices:
        return
    text, dismiss = st.columns([12, 1.2], vertical_alignment="center")
    text.warning("\n\n".join(plain(notice) for notice in page.notices))
    dismiss.button("Dismiss", key="dismiss", on_click=page.notices.clear, width="stretch")


def draw_foot(sentences: Sequence[str]) -> None:
    """What was run, and what it does not show."""
    with st.container(key="foot"):
        st.markdown(plain(" ".join(sentence for sentence in sentences if sentence)))
        st.markdown(f"**{plain(FOOT)}**")
    component_without_picture("back")(key="back", data=in_order("back", {}), height=1)
