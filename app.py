"""AlloScope: streamlit run app.py"""

from pathlib import Path

import streamlit as st

st.set_page_config(page_title="AlloScope", page_icon="🧬", layout="wide", initial_sidebar_state="expanded")
st.html(Path(__file__).parent / "allo_core/ui/page.css")
pages = [
    st.Page("pages/explore.py", title="Explore", icon=":material/biotech:", default=True),
    st.Page("pages/runs.py", title="Kept runs", icon=":material/folder_open:", url_path="runs"),
]
shown = st.navigation(pages, position="hidden")
shown.run()
with st.sidebar:
    for page in pages:
        if page.title != shown.title:
            st.page_link(page)
