"""Kept runs: what lies on this machine, how much room it takes, and deleting it."""

import streamlit as st

from allo_core.ui.kept.panels import draw_kept_runs
from allo_core.ui.shared.navigation import enter

enter()
st.markdown("### Kept runs")
draw_kept_runs()
