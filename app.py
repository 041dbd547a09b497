"""AlloScope: streamlit run app.py"""

from pathlib import Path

import streamlit as st

st.set_page_config(page_title="AlloScope", page_icon="🧬", layout="wide", initial_sidebar_state="expanded")
st.html(Path(__file__).parent / "allo_core/ui/page.css")
st.navigation([st.Page("pages/explore.py", title="Explore", default=True)], position="hidden").run()
