"""What figures have in common."""

__all__ = ["QUIET", "escaped", "legend_at_top"]

# No ground of its own, so that a figure lies on light and dark pages alike; sizes that are read from the back of a room.
QUIET = {"plot_bgcolor": "rgba(0,0,0,0)", "paper_bgcolor": "rgba(0,0,0,0)", "font": {"size": 13}}


def legend_at_top(y: float) -> dict:
    """A legend in one line at the right end, its top at this share of the height."""
    return {"orientation": "h", "x": 1, "xanchor": "right", "y": y, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"}


def escaped(text: str) -> str:
    """Text from outside as text: Plotly reads a small HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
