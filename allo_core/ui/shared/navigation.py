"""The pages of the app, and the way to them."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

__all__ = ["ICON", "PAGES", "Entry", "enter", "run"]

ICON = "🧬"  # of the browser's tab

_ENTERED = "entered"
_LOGO = Path(__file__).with_name("logo.svg")
# Where the pictures will stand; page.css hides it as soon as the page says what it shows, and it goes when the page is whole.
_OPENING = '<p role="status">Opening the page</p><i class="line"></i><i class="line"></i><i class="left"></i><i class="right"></i>'


class Entry(NamedTuple):
    """One page in the navigation: its script, its title, its icon and its address ("" of the page that opens first)."""

    script: str
    title: str
    icon: str
    address: str


# At most three groups and nine entries: what is new becomes a tab or a card of a page before it becomes a page.
PAGES: dict[str, tuple[Entry, ...]] = {
    "One protein": (
        Entry("pages/explore.py", "Explore", ":material/biotech:", ""),
        Entry("pages/sequence.py", "Sequence", ":material/abc:", "sequence"),
        Entry("pages/pairs.py", "Pairs", ":material/join_inner:", "pairs"),
        Entry("pages/fold.py", "Fold", ":material/view_in_ar:", "fold"),
    ),
    "Many proteins": (
        Entry("pages/receptors.py", "Receptors", ":material/groups:", "receptors"),
        Entry("pages/heads.py", "Heads", ":material/hub:", "heads"),
        Entry("pages/batch.py", "Batch", ":material/dataset:", "batch"),
    ),
    "This machine": (Entry("pages/runs.py", "Kept runs", ":material/folder_open:", "runs"),),
}


def run() -> None:
    """Run the page that the address names, under the bar with the app's name and all pages."""
    first = _ENTERED not in st.session_state
    st.session_state[_ENTERED] = True
    st.logo(_LOGO, size="large", icon_image=_LOGO)
    page = st.navigation(_pages(), position="top")
    with st.container(key="opening"):  # always there, so that what follows keeps its place
        opening = st.empty()
    if first:  # loading what the page needs takes a second or two
        opening.html(_OPENING)
    try:
        page.run()
    finally:
        opening.empty()


def enter() -> None:
    """Begin a page other than the first.

    The first address that a server is asked for is looked for in the folder pages/ and run by itself, without app.py; it is sent there.
    """
    if _ENTERED not in st.session_state:
        st.set_page_config(page_icon=ICON)  # the icon of the page itself would be fetched from the network
        st.navigation(_pages(), position="top")
        st.rerun()


def _pages() -> list:
    """Streamlit's pages, group by group: as a list, since in menus by group nobody would see which page is open."""
    return [
        st.Page(entry.script, title=entry.title, icon=entry.icon, url_path=entry.address or None, default=not entry.address)
        for entries in PAGES.values()
        for entry in entries
    ]
