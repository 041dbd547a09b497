"""AlloScope: streamlit run app.py"""

from pathlib import Path

import streamlit as st

from allo_core.ui.shared import navigation

st.set_page_config(page_title="AlloScope", page_icon=navigation.ICON, layout="wide", initial_sidebar_state="expanded")
st.html(Path(__file__).parent / "allo_core/ui/shared/page.css")
navigation.run()
