"""The architecture of the compared models, small."""

from dataclasses import replace

from allo_core.models.registry import MODELS

SMALL = replace(MODELS["esm2_t6_8M_UR50D"], layers=2, heads=4, width=32, feed_forward=64)
