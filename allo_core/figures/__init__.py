"""Plotly figures from plain arrays."""
