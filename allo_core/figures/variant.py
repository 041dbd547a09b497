"""How a heatmap shows what changes in heads."""

from allo_core.figures.head_scores import HeadScore

__all__ = ["CHANGE"]

# Bits; what the scale reaches at least is what random substitutions change the median head by, so that nothing looks large by itself.
CHANGE = HeadScore("change (bits)", "", lambda frame: frame["change"].to_numpy(dtype=float), 0.005, "no change", from_zero=True)
