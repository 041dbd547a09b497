"""Choices of Explore that a link from another page may hold."""

from allo_core.attention.nulls import Null

__all__ = ["DRAWS", "NULLS", "THRESHOLDS"]

NULLS: tuple[Null, ...] = ("pocket", "matched", "uniform", "published")
DRAWS = (0, 50_000, 100_000)  # 0: as many as the heads need (attention/nulls.py)
THRESHOLDS = (0.0, *(round(step / 100, 2) for step in range(1, 96)))
