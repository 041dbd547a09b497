"""The pages of the app, and the way to them."""

import streamlit as st

__all__ = ["enter", "run"]

_ENTERED = "entered"


def run() -> None:
    """Run the page that the address names, and draw the links to the others."""
    st.session_state[_ENTERED] = True
    pages = _pages()
    shown = st.navigation(pages, position="hidden")
    shown.run()
    with st.sidebar:
        for page in pages:
            if page.title != shown.title:
                st.page_link(page)


def enter() -> None:
    """Begin a page other than the first.

    The first address that a server is asked for is looked for in the folder pages/ and run by itself, without app.py; it is sent there.
    """
    if _ENTERED not in st.session_state:
        st.navigation(_pages(), position="hidden")
        st.rerun()


def _pages() -> list:
    return [
        st.Page("pages/explore.py", title="Explore", icon=":material/biotech:", default=True),
        st.Page("pages/receptors.py", title="Receptors", icon=":material/groups:", url_path="receptors"),
        st.Page("pages/batch.py", title="Batch", icon=":material/dataset:", url_path="batch"),
        st.Page("pages/runs.py", title="Kept runs", icon=":material/folder_open:", url_path="runs"),
    ]
